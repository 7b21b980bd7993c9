"""Doubtful places: listed, gone through by keys, ticked off, outlined and saved."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QFileDialog, QLineEdit

from engine.data.labels.doubt import doubtful_regions
from engine.results import SegmentationResult
from tests.app.segment.driving import (
    AXIAL,
    LEFT,
    choose,
    file_answer,
    go,
    key,
    settled,
    view_of,
)
from tests.app.segment.methods import Bench
from tests.app.segment.review.made import FAR, land, with_votes
from widgets.panels.volume.doubt_panel import DoubtPanel
from widgets.viewer.volume.slice_view import SliceView

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
MM3 = 3.0  # of the head's voxels


@pytest.fixture
def panel(bench: Bench) -> DoubtPanel:
    bench.space.view.showDock(bench.space.view.dock.doubt)
    return bench.space.view.dock.doubt


@pytest.fixture
def found(bench: Bench, panel: DoubtPanel) -> SegmentationResult:
    """The head with a doubtful rim and a doubtful voxel far from it."""
    return land(bench)


def voxel(bench: Bench) -> tuple[int, int, int]:
    """What the crosshair is at."""
    image = bench.space.study.image()
    assert image is not None
    d, h, w = (round(at) for at in image.grid.voxel(bench.space.view.volume.crosshair()))
    return d, h, w


def status(bench: Bench) -> str:
    return bench.window.status.currentMessage()


def test_regions_are_listed_with_what_they_are_about(
    bench: Bench, panel: DoubtPanel, found: SegmentationResult
) -> None:
    regions = doubtful_regions(found.variance)
    lines = panel.lines()
    assert [line.voxel for line in lines] == [region.peak for region in regions]
    rim, far = lines
    assert (rim.structure, far.structure) == ("Ball", "")
    assert rim.mm3 == pytest.approx(MM3 * (4 * 12 * 12 - 4 * 8 * 8))
    assert rim.total == pytest.approx(regions[0].total)
    assert far.voxel == (10, 2, 3)
    tabs = bench.space.view.dock.tabs
    assert tabs.tabText(tabs.indexOf(panel)) == "Doubt (2)"


def test_keys_go_through_them_and_leave_out_what_is_ticked_off(
    bench: Bench, panel: DoubtPanel, found: SegmentationResult
) -> None:
    view, lines = view_of(bench.space), panel.lines()
    key(view, "j")
    assert voxel(bench) == lines[0].voxel
    assert panel.current() == 0
    assert "Doubtful place 1 of 2: Ball" in status(bench)
    key(view, "j")
    assert voxel(bench) == (10, 2, 3)
    key(view, "j")
    assert voxel(bench) == (10, 2, 3)
    assert "last" in status(bench)
    key(view, "j", modifiers=SHIFT)
    assert voxel(bench) == lines[0].voxel
    key(view, "j", modifiers=ALT)
    assert panel.isSeen(0)
    assert voxel(bench) == (10, 2, 3)
    key(view, "j", modifiers=SHIFT)
    assert voxel(bench) == (10, 2, 3), "what was seen is left out"
    key(view, "j", modifiers=ALT)
    assert panel.count.text() == "2 of 2 seen"
    assert "ticked off" in status(bench)


def test_a_click_in_the_list_goes_there_and_space_ticks_off(
    bench: Bench, panel: DoubtPanel, found: SegmentationResult
) -> None:
    item = panel.view.topLevelItem(1)
    at = panel.view.visualRect(panel.view.indexFromItem(item, 1)).center()
    QTest.mouseClick(panel.view.viewport(), LEFT, pos=at)
    assert voxel(bench) == (10, 2, 3)
    QTest.keyClick(panel.view, Qt.Key.Key_Space)
    assert panel.isSeen(1)
    key(view_of(bench.space), "j", modifiers=SHIFT)
    key(view_of(bench.space), "j")
    assert voxel(bench) == panel.lines()[0].voxel


def test_the_most_doubtful_slice_of_the_view(
    bench: Bench, panel: DoubtPanel, found: SegmentationResult
) -> None:
    view = view_of(bench.space, AXIAL)
    go(view, (11, 0, 0))
    key(view, "u", modifiers=SHIFT)
    settled(bench.window, bench.qtbot)
    assert view.index() == int(found.variance.sum(axis=(1, 2)).argmax())
    assert found.variance[voxel(bench)] == found.variance[view.index()].max()
    assert f"axial slice: {view.index() + 1} of 12" in status(bench)


def test_another_limit_lists_others_and_keeps_the_ticks(
    bench: Bench, panel: DoubtPanel, found: SegmentationResult
) -> None:
    panel.setCurrent(1)
    QTest.keyClick(panel.view, Qt.Key.Key_Space)
    field = panel.least.findChild(QLineEdit)
    assert field is not None
    field.setFocus()
    for text, count in (("0.2", 1), ("0.3", 1), ("0.24", 0), ("0.01", 2)):
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
        settled(bench.window, bench.qtbot)
        if text != "0.3":  # more than any variance: not taken
            expected = doubtful_regions(found.variance, least=float(text))
            assert len(panel.lines()) == len(expected) == count
    assert [panel.isSeen(row) for row in range(2)] == [False, True]


def colours(view: SliceView) -> set[int]:
    image = view.grab().toImage()
    return {image.pixel(x, y) for x in range(view.width()) for y in range(0, view.height(), 2)}


def test_disagreement_is_outlined_by_a_key_and_by_the_menu(
    bench: Bench, panel: DoubtPanel, found: SegmentationResult
) -> None:
    view, white = view_of(bench.space), 0xFFFFFFFF
    bench.space.view.volume.setCrosshairVisible(False)
    go(view, (5, 0, 0))
    before = colours(view)
    key(view, "o", modifiers=SHIFT)
    assert panel.outline_button.isChecked()
    drawn = colours(view)
    assert white in drawn
    choose(bench.window, "View", "Outline where votes disagree")
    assert not panel.outline_button.isChecked()
    assert colours(view) == before


def test_the_table_is_saved_as_the_command_line_has_it(
    bench: Bench, panel: DoubtPanel, found: SegmentationResult, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    path = tmp_path / "doubt.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", file_answer(path))
    QTest.mouseClick(panel.save_button, LEFT)
    settled(bench.window, bench.qtbot)
    rim, far = csv.DictReader(path.read_text().splitlines())
    assert (rim["name"], rim["rank"]) == ("Ball", "1")
    assert [far[axis] for axis in "ijk"] == ["3", "2", "10"]
    assert float(far["volume_mm3"]) == pytest.approx(MM3)


def test_names_follow_the_table(bench: Bench, panel: DoubtPanel, found: SegmentationResult) -> None:
    bench.space.reviewing.doubt.goTo(0)
    bench.space.study.table.change(1, name="Globe")
    assert panel.lines()[0].structure == "Globe"
    assert panel.current() == 0


def test_all_agree(bench: Bench, panel: DoubtPanel) -> None:
    job_id = bench.run()
    result = with_votes(bench.engine.jobs[job_id])
    result.variance[...] = 0
    bench.engine.finish(job_id, result)
    bench.settle()
    assert panel.lines() == ()
    key(view_of(bench.space), "j")
    assert "No variance above 0.0625" in status(bench)
    key(view_of(bench.space), "u", modifiers=SHIFT)
    settled(bench.window, bench.qtbot)
    assert "Nothing is uncertain" in status(bench)


def test_where_votes_nearly_agree_the_most_doubtful_places_are_listed(
    bench: Bench, panel: DoubtPanel
) -> None:
    job_id = bench.run()
    result = with_votes(bench.engine.jobs[job_id])
    result.variance[...] *= 0.0305 / result.variance.max()
    bench.engine.finish(job_id, result)
    bench.settle()
    assert panel.least.value() == 0.015
    assert panel.lines()
    key(view_of(bench.space), "j")
    assert "Doubtful place 1" in status(bench)


def test_a_limit_that_was_chosen_stays(bench: Bench, panel: DoubtPanel) -> None:
    land(bench)
    panel.least.setFocus()
    panel.least.selectAll()
    QTest.keyClicks(panel.least, "0.2")
    QTest.keyClick(panel.least, Qt.Key.Key_Return)
    settled(bench.window, bench.qtbot)
    job_id = bench.run()
    result = with_votes(bench.engine.jobs[job_id])
    result.variance[...] *= 0.0305 / result.variance.max()
    bench.engine.finish(job_id, result)
    bench.settle()
    assert panel.least.value() == 0.2
    assert panel.lines() == ()


def test_without_a_result_the_keys_say_why(bench: Bench, panel: DoubtPanel) -> None:
    for keys in ({"modifiers": None}, {"modifiers": SHIFT}, {"modifiers": ALT}):
        key(view_of(bench.space), "j", **keys)
        assert "run a method first" in status(bench)
    key(view_of(bench.space), "o", modifiers=SHIFT)
    assert not panel.outline_button.isChecked()
    land(bench)
    assert panel.lines()
    bench.space.study.close()
    settled(bench.window, bench.qtbot)
    assert panel.lines() == ()


def test_the_probe_says_that_it_is_a_variance(
    bench: Bench, panel: DoubtPanel, found: SegmentationResult
) -> None:
    image = bench.space.study.image()
    assert image is not None
    bench.space.view.volume.setCrosshair(image.grid.world((10, 2, 3)))
    texts = bench.space.view.probe.texts()
    assert any(t.startswith("Uncertainty") and t.endswith("0.16 variance") for t in texts)
    assert any(t.startswith("Probability") and t.endswith(": 0.2") for t in texts)
    assert found.variance[FAR] == pytest.approx(0.2 * 0.8)

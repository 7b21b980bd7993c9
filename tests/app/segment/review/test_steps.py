"""The filmstrip of a run: followed, kept with its result, and written to files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QComboBox, QFileDialog

from app.workspaces.segment.dock import StepsPanel
from tests.app.segment.driving import file_answer, settled
from tests.app.segment.methods import Bench
from tests.app.segment.review.made import SIDE, VOTES, land, preview, with_votes
from tests.app.window.driving import settle
from widgets.timeline.strip import Strip


@pytest.fixture
def panel(bench: Bench) -> StepsPanel:
    return bench.space.view.dock.steps


def level(panel: StepsPanel) -> float:
    """Of the picture beside the strip."""
    image = panel.image.image()
    assert image is not None
    return round(float(image.mean()), 3)


def captions(panel: StepsPanel) -> list[str]:
    return [frame.caption() for frame in panel.timeline.frames()]


def choose(box: QComboBox, place: int) -> None:
    """Take an entry by keys, as in its list."""
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Home)
    for _ in range(place):
        QTest.keyClick(box, Qt.Key.Key_Down)
    box.activated.emit(box.currentIndex())


def test_a_run_opens_the_dock_and_is_followed_step_by_step(bench: Bench, panel: StepsPanel) -> None:
    view = bench.space.view
    assert not view.isDockShown()
    job_id = bench.run()
    assert view.isDockShown()
    assert view.dock.tabs.currentWidget() is panel
    assert panel.timeline.frames() == ()
    assert panel.image.image() is None
    preview(bench, job_id, 0)
    assert captions(panel) == ["noise", "t = 1"]
    assert level(panel) == 0.5, "the estimate of the first step"
    preview(bench, job_id, 1)
    assert captions(panel) == ["noise", "t = 1", "t = 0"]
    assert level(panel) == 0.6
    assert panel.vote.count() == VOTES


def test_other_votes_the_other_state_and_the_noise(bench: Bench, panel: StepsPanel) -> None:
    job_id = bench.run()
    for index in (0, 1):
        preview(bench, job_id, index)
    choose(panel.vote, 2)
    assert level(panel) == 0.62
    choose(panel.state, 0)
    assert panel.shown() == "x_t"
    assert level(panel) == 0.12
    strip = panel.timeline.findChild(Strip)
    assert strip is not None
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Home)
    assert level(panel) == -0.5
    choose(panel.state, 1)
    assert level(panel) == -0.5, "the noise comes before any estimate"
    QTest.keyClick(strip, Qt.Key.Key_Right)
    assert level(panel) == 0.52


def test_a_run_that_begins_anew_with_less_memory(bench: Bench, panel: StepsPanel) -> None:
    job_id = bench.run()
    preview(bench, job_id, 0)
    preview(bench, job_id, 0)
    preview(bench, job_id, 1)
    assert captions(panel) == ["noise", "t = 1", "t = 0"]


def test_steps_stay_with_their_result(bench: Bench, panel: StepsPanel) -> None:
    first = bench.run()
    for index in (0, 1):
        preview(bench, first, index)
    bench.engine.finish(first, with_votes(bench.engine.jobs[first]))
    bench.settle()
    assert len(panel.timeline.frames()) == 3
    second = bench.run()
    assert panel.timeline.frames() == ()
    preview(bench, second, 0)
    bench.engine.cancel(second)
    settle(bench.window, bench.qtbot)
    assert captions(panel) == ["noise", "t = 1", "t = 0"], "those of the result that is there"
    bench.space.study.close()
    settled(bench.window, bench.qtbot)
    assert panel.timeline.frames() == ()
    assert panel.image.image() is None
    assert not panel.vote.isEnabled()


def test_a_result_without_previews_has_no_steps(bench: Bench, panel: StepsPanel) -> None:
    job_id = bench.run()
    preview(bench, job_id, 0)
    bench.engine.cancel(job_id)
    settle(bench.window, bench.qtbot)
    assert panel.timeline.frames() == ()
    tabs = bench.space.view.dock.tabs
    land(bench)
    assert panel.timeline.frames() == ()
    assert not tabs.isTabVisible(tabs.indexOf(panel)), "an empty strip tells nothing"
    assert tabs.currentWidget() is not panel
    bench.run()
    assert tabs.isTabVisible(tabs.indexOf(panel)), "of this one there will be some"


def test_export(
    bench: Bench, panel: StepsPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = bench.run()
    for index in (0, 1):
        preview(bench, job_id, index)
    strip, gif, folder = tmp_path / "a.png", tmp_path / "b.gif", tmp_path / "frames"
    for kind, path in (("strip", strip), ("gif", gif), ("frames", folder)):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", file_answer(path))
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, p=path: str(p))
        panel.timeline.exportRequested.emit(kind)
        settled(bench.window, bench.qtbot)
    with Image.open(strip) as picture:
        assert picture.text["vote"] == "1"
        assert "cDAL" in picture.text["job"]
    with Image.open(gif) as moving:
        assert moving.n_frames == 3
        assert moving.size == (2 * SIDE, SIDE)
        assert b"cDAL" in moving.info["comment"]
    written = sorted(path.name for path in folder.iterdir())
    assert written[0] == "step0000_x0_hat.png"
    assert len(written) == 6
    with Image.open(folder / "step0002_x_t.png") as last:
        # From [-1, 1], as the network works on labels.
        assert np.asarray(last).mean() == pytest.approx(255 * (0.1 + 1) / 2, abs=1)

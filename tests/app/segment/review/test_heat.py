"""Heat maps cut anew: R and the threshold act without sampling, as one step, by hand stays."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest

from app.controllers.segment.review import heat as heat_module
from engine.methods.cdm.cutting import recut
from engine.methods.cdm.use_params import CutParams
from tests.app.segment.driving import go, key, stroke, view_of
from tests.app.segment.methods import Bench
from tests.app.segment.review.made_heat import (
    FIRST,
    INNER,
    OUTER,
    ROUNDS,
    heated,
    land,
    preview,
    show_cdm,
    squares,
    write_models,
)
from widgets.forms.controls.number import NumberControl
from widgets.panels.volume.heat_panel import HeatPanel

LEFT = Qt.MouseButton.LeftButton
K = Qt.Key
HERE = FIRST + 1  # a slice that shows something


@pytest.fixture
def checkpoint() -> None:
    write_models()


@pytest.fixture
def panel(bench: Bench) -> HeatPanel:
    show_cdm(bench.panel)
    go(view_of(bench.space), (HERE, 0, 0))
    dock = bench.space.view.dock
    bench.space.view.showDock(dock.heat)
    return dock.heat


def at(panel: HeatPanel, value: float) -> QPoint:
    plot = panel.threshold.plot
    return QPoint(round(plot.valueToX(value)), int(plot.plotRect().center().y()))


def drag(bench: Bench, panel: HeatPanel, start: float, end: float) -> None:
    plot = panel.threshold.plot
    QTest.mousePress(plot, LEFT, pos=at(panel, start))
    QTest.mouseMove(plot, at(panel, end))
    QTest.mouseRelease(plot, LEFT, pos=at(panel, end))
    bench.settle()


def expected(result: Any, **values: Any) -> Any:
    return recut(result, CutParams.parse({"keep": "all", **values})).labels


def test_a_result_shows_the_map_its_histogram_and_otsus_line(
    bench: Bench, panel: HeatPanel
) -> None:
    result = land(bench)
    assert "Heat map (CDM)" in bench.layers()
    assert np.array_equal(bench.labels, result.labels)
    assert bench.space.study.model.names() == ["CDM, Lesions"]
    tabs = bench.space.view.dock.tabs
    seen = [tabs.tabText(i) for i in range(tabs.count()) if tabs.isTabVisible(i)]
    assert seen == ["Heat map", "Jobs"], "this one left no steps"
    assert panel.threshold.plot.value() == pytest.approx(float(result.thresholds[1]), abs=1e-6)
    assert f"slice {HERE + 1} of 12, Otsu's threshold" in panel.where.text()
    count = int((result.labels > 0).sum())
    assert panel.threshold.count.text().startswith(f"{count:,} voxels")
    assert "on 4 slices" in panel.threshold.count.text()
    assert panel.used() == ROUNDS


def test_another_slice_has_another_histogram(bench: Bench, panel: HeatPanel) -> None:
    land(bench)
    go(view_of(bench.space), (0, 0, 0))
    bench.settle()
    assert not panel.threshold.box.isEnabled()
    assert panel.where.text() == "Axial slice 1 of 12"
    go(view_of(bench.space), (HERE, 0, 0))
    bench.settle()
    assert panel.threshold.box.isEnabled()


def test_the_threshold_acts_without_sampling_again_as_one_step(
    bench: Bench, panel: HeatPanel
) -> None:
    result = land(bench)
    jobs = len(bench.engine.jobs)
    names = bench.space.study.model.names()
    drag(bench, panel, 0.5, 0.9)
    value = panel.threshold.plot.value()
    assert np.array_equal(bench.labels, expected(result, threshold=value))
    assert bench.labels[HERE][INNER].all()
    assert not bench.labels[HERE, 4, 6]
    drag(bench, panel, value, 0.3)
    value = panel.threshold.plot.value()
    assert np.array_equal(bench.labels, expected(result, threshold=value))
    assert bench.labels[HERE][OUTER].all()
    assert bench.space.study.model.names() == [*names, f"Threshold {value:.3g}"]
    assert bench.panel.values()["threshold"] == value, "the next run cuts alike"
    assert "changed" in panel.threshold.state.text()
    bench.space.study.editor.undo()
    bench.settle()
    assert np.array_equal(bench.labels, result.labels)
    assert not panel.threshold.majority.isEnabled(), "Otsu's again"
    assert bench.panel.values()["threshold"] == -1
    bench.space.study.editor.redo()
    bench.settle()
    assert panel.threshold.plot.value() == value
    QTest.mouseClick(panel.threshold.majority, LEFT)
    bench.settle()
    assert np.array_equal(bench.labels, result.labels)
    assert len(bench.engine.jobs) == jobs, "nothing was sampled"


def test_a_run_by_a_threshold_shows_it(bench: Bench, panel: HeatPanel) -> None:
    bench.panel.setValues({"threshold": 0.8})
    result = land(bench)
    assert panel.threshold.plot.value() == 0.8
    assert panel.threshold.majority.isEnabled()
    go(view_of(bench.space), (HERE + 1, 0, 0))
    bench.settle()
    assert panel.threshold.plot.value() == 0.8
    QTest.mouseClick(panel.threshold.majority, LEFT)
    bench.settle()
    assert np.array_equal(bench.labels, expected(result))


def test_fewer_steps_act_without_sampling_and_the_map_follows(
    bench: Bench, panel: HeatPanel
) -> None:
    result = land(bench)
    jobs, layer = len(bench.engine.jobs), bench.space.findings.current().maps[0]
    before = layer.array.copy()
    panel.steps.setFocus()
    for _ in range(2):
        QTest.keyClick(panel.steps, K.Key_Left)
    bench.settle()
    assert panel.used() == 2
    assert np.array_equal(bench.labels, expected(result, steps=2))
    assert not bench.labels[HERE, 4, 6], "the first steps find the inner box alone"
    assert np.array_equal(layer.array[0], recut(result, CutParams(steps=2)).heat[0])
    assert bench.space.reviewing.heat.result().provenance["parameters"]["steps"] == 2
    QTest.keyClick(panel.steps, K.Key_End)
    bench.settle()
    assert np.array_equal(bench.labels, result.labels)
    assert np.array_equal(layer.array, before)
    assert len(bench.engine.jobs) == jobs


def test_the_methods_own_fields_act_at_once_too(bench: Bench, panel: HeatPanel) -> None:
    result = land(bench)
    form, jobs = bench.panel.form, len(bench.engine.jobs)
    rounds = form.control("rounds")
    assert isinstance(rounds, NumberControl)
    slider = rounds.slider()
    assert slider is not None
    QTest.keyClick(slider, K.Key_Left)
    QTest.keyClick(slider, K.Key_Left)
    bench.settle()
    assert (bench.panel.values()["rounds"], panel.used()) == (2, 2)
    assert np.array_equal(bench.labels, expected(result, steps=2))
    assert bench.panel.values()["steps"] == 0, "all that the next run samples"
    QTest.keyClick(slider, K.Key_End)
    bench.settle()
    assert "needs another run: 4 steps" in panel.threshold.state.text()
    assert np.array_equal(bench.labels, expected(result, steps=2))
    assert len(bench.engine.jobs) == jobs


def test_parts_and_range_are_chosen_beside_it(bench: Bench, panel: HeatPanel) -> None:
    result = land(bench)
    for name in ("scope", "keep"):
        editor = panel.form.control(name).editor()
        editor.setFocus()
        QTest.keyClick(editor, K.Key_Down)
        bench.settle()
    values = panel.form.values()
    assert values["scope"] == "volume"
    assert "All 4 slices" in panel.where.text()
    assert np.array_equal(bench.labels, expected(result, scope="volume", keep=values["keep"]))
    assert bench.panel.values()["scope"] == "volume"


def test_what_was_edited_by_hand_stays(bench: Bench, panel: HeatPanel) -> None:
    land(bench)
    view, study = view_of(bench.space), bench.space.study
    key(view, "e")
    study.editor.setSize(1)
    stroke(view, (HERE, 8, 9), (HERE, 8, 12))
    assert not bench.labels[HERE, 8, 9:13].any()
    drag(bench, panel, 0.5, 0.3)
    assert not bench.labels[HERE, 8, 9:13].any()
    assert bench.labels[HERE, 9, 9:13].all()
    assert "edited by hand stayed" in panel.threshold.state.text()


def test_of_many_wishes_the_last_counts_and_the_window_goes_on(
    bench: Bench, panel: HeatPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = land(bench)
    free, plain, cuts = threading.Event(), heat_module.cutout, []

    def slow(*given: Any) -> Any:
        assert free.wait(20), "it is let go"
        cuts.append(given)
        return plain(*given)

    monkeypatch.setattr(heat_module, "cutout", slow)
    panel.steps.setFocus()
    for _ in range(3):
        QTest.keyClick(panel.steps, K.Key_Left)
    assert panel.threshold.state.text() == "Working…"
    free.set()
    bench.settle()
    assert np.array_equal(bench.labels, expected(result, steps=1))
    assert len(cuts) == 2, "the first and the last"
    assert len(bench.space.study.model.names()) == 2


def test_an_outline_shows_what_a_threshold_would_take(bench: Bench, panel: HeatPanel) -> None:
    land(bench)
    view = view_of(bench.space)
    before, labels = view.grab().toImage(), bench.labels.copy()
    QTest.mousePress(panel.threshold.plot, LEFT, pos=at(panel, 0.5))
    QTest.mouseMove(panel.threshold.plot, at(panel, 0.9))
    assert view.grab().toImage() != before
    assert np.array_equal(bench.labels, labels)
    QTest.keyClick(panel.threshold.plot, K.Key_Escape)
    assert view.grab().toImage() == before
    QTest.mouseRelease(panel.threshold.plot, LEFT, pos=at(panel, 0.9))


def test_two_findings_have_their_own_maps(bench: Bench, panel: HeatPanel) -> None:
    land(bench, classes=2)
    assert panel.label.isVisible()
    assert [panel.label.itemText(i) for i in range(2)] == ["Lesion", "Bleeding"]
    assert "Heat map, Bleeding (CDM)" in bench.layers()
    panel.label.setFocus()
    QTest.keyClick(panel.label, K.Key_Down)
    bench.settle()
    assert panel.threshold.box.isEnabled()


def test_an_image_that_shows_nothing_is_told(bench: Bench, panel: HeatPanel) -> None:
    whole = squares()
    none = {name: getattr(whole, name)[:0] for name in ("images", "maps", "slices", "classes")}
    land(bench, found=type(whole)(**{**vars(whole), **none, "shown": -1}))
    assert not bench.labels.any()
    assert not panel.threshold.box.isEnabled()
    assert not panel.steps.isEnabled()
    assert panel.threshold.count.text() == "Nothing is above the threshold"


def test_both_ways_lie_side_by_side_on_the_timeline(bench: Bench, panel: HeatPanel) -> None:
    steps = bench.space.view.dock.steps
    job_id = bench.run()
    for index in range(ROUNDS):
        preview(bench, job_id, index)
    frames = steps.timeline.frames()
    assert len(frames) == ROUNDS
    assert list(frames[0].pictures()) == ["label", "blend"]
    means = [float(picture.mean()) for picture in frames[0].pictures().values()]
    assert means == [0.25, -0.75]
    assert [steps.vote.itemText(i) for i in range(steps.vote.count())] == [
        "Under the label", "Under the blend",
    ]  # fmt: skip
    bench.engine.finish(job_id, heated(bench.engine.jobs[job_id]))
    bench.settle()
    assert steps.vote.itemText(2) == "Change so far"
    assert list(steps.timeline.frames()[-1].ways) == ["label", "blend", "change"]
    bench.space.view.showDock(steps)
    steps.vote.setFocus()
    QTest.keyClick(steps.vote, K.Key_End)
    steps.vote.activated.emit(2)
    shown = steps.image.image()
    assert shown is not None
    assert (shown[INNER] > shown[0, 0]).all()
    steps.state.setFocus()
    QTest.keyClick(steps.state, K.Key_Home)
    steps.state.activated.emit(0)
    assert float(steps.timeline.frames()[0].ways["label"].mean()) == 0.5

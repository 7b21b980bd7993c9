"""A threshold of one's own: shown while it is dragged, one step, and nothing done by hand lost."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QTest

from app.controllers.segment.review.threshold import LINE, MAJORITY
from engine.data.labels import cutoff
from engine.data.labels.cutoff import cut_off
from tests.app.segment.driving import AXIAL, LEFT, go, key, pick, place, stroke, view_of
from tests.app.segment.methods import Bench
from tests.app.segment.review.made import FAR, RIM, SURE, land, shares
from tests.helpers import pointer
from widgets.panels.volume.threshold_plot import ThresholdPlot
from widgets.viewer.volume.slice_view import SliceView

K = Qt.Key
LOW, MIDDLE, HIGH = 0.1, 0.3, 0.97


@pytest.fixture
def plot(bench: Bench) -> ThresholdPlot:
    dock = bench.space.view.dock
    bench.space.view.showDock(dock.threshold)
    return dock.threshold.plot


def at(plot: ThresholdPlot, value: float) -> QPoint:
    return QPoint(round(plot.valueToX(value)), int(plot.plotRect().center().y()))


def drag(bench: Bench, plot: ThresholdPlot, *values: float) -> None:
    """Drag the line, and wait until the labels are cut."""
    QTest.mousePress(plot, LEFT, pos=at(plot, values[0]))
    for value in values[1:]:
        QTest.mouseMove(plot, at(plot, value))
    QTest.mouseRelease(plot, LEFT, pos=at(plot, values[-1]))
    bench.settle()


def seen_colours(view: SliceView) -> set[int]:
    picture = view.grab().toImage()
    return {picture.pixel(x, y) for x in range(view.width()) for y in range(0, view.height(), 3)}


def test_letting_go_relabels_as_one_step_that_the_next_one_replaces(
    bench: Bench, plot: ThresholdPlot
) -> None:
    land(bench)
    model = bench.space.study.model
    before = model.names()
    assert np.array_equal(bench.labels == 1, shares() > 0.5)
    drag(bench, plot, 0.5, 0.4, MIDDLE)
    assert np.array_equal(bench.labels == 1, shares() > MIDDLE)
    assert bench.labels[RIM].all()
    drag(bench, plot, MIDDLE, LOW)
    assert bench.labels[FAR]
    drag(bench, plot, LOW, HIGH)
    assert not bench.labels.any()
    drag(bench, plot, HIGH, LOW)
    assert np.array_equal(bench.labels == 1, shares() > LOW)
    value = bench.space.reviewing.threshold.value()
    assert value == pytest.approx(LOW, abs=0.01)
    assert model.names() == [*before, f"Threshold {value:.3g}"]
    bench.space.study.editor.undo()
    assert np.array_equal(bench.labels == 1, shares() > 0.5)
    bench.space.study.editor.undo()
    assert not bench.labels.any()


def test_undo_and_redo_move_the_line(bench: Bench, plot: ThresholdPlot) -> None:
    land(bench)
    panel = bench.space.view.dock.threshold
    drag(bench, plot, 0.5, MIDDLE)
    moved = plot.value()
    assert panel.majority.isEnabled()
    bench.space.study.editor.undo()
    assert not panel.majority.isEnabled(), "the labels are those of the majority"
    assert plot.value() == 0.5
    bench.space.study.editor.redo()
    assert plot.value() == moved
    drag(bench, plot, moved, LOW)
    names = bench.space.study.model.names()
    assert [name.split()[0] for name in names[-2:]] == ["cDAL,", "Threshold"]
    assert len(names) == 2, "after a redo, too, the step is replaced"


def test_the_majority_comes_back(bench: Bench, plot: ThresholdPlot) -> None:
    result = land(bench, classes=2)
    panel = bench.space.view.dock.threshold
    drag(bench, plot, 0.5, LOW)
    assert not np.array_equal(bench.labels, result.labels)
    QTest.mouseClick(panel.majority, LEFT)
    bench.settle()
    assert np.array_equal(bench.labels, result.labels)
    assert bench.space.reviewing.threshold.value() is None
    names = bench.space.study.model.names()
    assert len(names) <= 2
    assert MAJORITY not in names, "nothing differs from what the run left"


def test_several_classes_keep_the_most_probable(bench: Bench, plot: ThresholdPlot) -> None:
    result = land(bench, classes=2)
    drag(bench, plot, 0.5, MIDDLE)
    expected = cut_off(result.probability, plot.value())
    assert set(np.unique(expected)) == {0, 1, 2}
    assert np.array_equal(bench.labels, expected)


def test_what_was_edited_by_hand_stays(bench: Bench, plot: ThresholdPlot) -> None:
    land(bench)
    view, study = view_of(bench.space), bench.space.study
    key(view, "b")
    study.editor.setSize(1)
    go(view, (5, 0, 0))
    stroke(view, (5, 1, 2), (5, 1, 12))  # outside of all that any threshold finds
    key(view, "e")
    study.editor.setSize(1)
    stroke(view, (5, 9, 9), (5, 9, 14))  # within the structure
    painted, erased = np.s_[5, 1, 2:13], np.s_[5, 9, 9:15]
    assert bench.labels[painted].all()
    assert not bench.labels[erased].any()
    strokes = len(study.model.names())
    for value in (LOW, HIGH, MIDDLE, LOW):
        drag(bench, plot, plot.value(), value)
        assert bench.labels[painted].all()
        assert not bench.labels[erased].any()
    assert len(study.model.names()) == strokes + 1
    assert bench.labels[RIM].sum() == np.prod([4, 12, 12]) - 6
    assert "edited by hand stayed" in bench.space.view.dock.threshold.state.text()


def test_an_edit_in_between_is_a_step_of_its_own(bench: Bench, plot: ThresholdPlot) -> None:
    land(bench)
    view, model = view_of(bench.space), bench.space.study.model
    drag(bench, plot, 0.5, LOW)
    key(view, "e")
    bench.space.study.editor.setSize(1)
    go(view, (5, 0, 0))
    stroke(view, (5, 5, 8), (5, 5, 14))  # in the rim
    drag(bench, plot, LOW, MIDDLE)
    kinds = [name.split()[0] for name in model.names()]
    assert kinds[1] == kinds[-1] == "Threshold"
    assert len(kinds) == 4
    assert not bench.labels[5, 5, 8:15].any()
    drag(bench, plot, MIDDLE, HIGH)
    assert len(model.names()) == model.position() == 4
    for _ in range(2):
        bench.space.study.editor.undo()
    assert np.array_equal(bench.labels == 1, shares() > LOW)


def test_locked_labels_stay(bench: Bench, plot: ThresholdPlot) -> None:
    land(bench, classes=2)
    before = bench.labels.copy()
    (locked,) = [row.value for row in bench.space.study.table.labels() if row.name == "Rim"]
    bench.space.study.table.change(locked, locked=True)
    drag(bench, plot, 0.5, LOW)
    assert np.array_equal(bench.labels == locked, before == locked)
    assert (bench.labels == 1).sum() > (before == 1).sum()
    bench.space.study.table.change(locked, locked=False)
    drag(bench, plot, LOW, MIDDLE)
    assert (bench.labels == locked).sum() > (before == locked).sum()


def test_only_the_region_is_cut(bench: Bench, plot: ThresholdPlot) -> None:
    view = view_of(bench.space)
    go(view, (5, 0, 0))
    land(bench, place="slice")
    drag(bench, plot, 0.5, LOW)
    assert bench.labels[5].any()
    assert not np.delete(bench.labels, 5, 0).any()


def test_a_later_run_does_not_take_the_threshold_for_work_by_hand(
    bench: Bench, plot: ThresholdPlot
) -> None:
    land(bench)
    drag(bench, plot, 0.5, LOW)
    land(bench)  # would ask if anything were by hand
    assert np.array_equal(bench.labels == 1, shares() > 0.5)
    assert bench.space.reviewing.threshold.value() is None


def test_a_layer_apart_is_cut_in_place(bench: Bench, plot: ThresholdPlot) -> None:
    view = view_of(bench.space)
    key(view, "b")
    go(view, (5, 0, 0))
    stroke(view, (5, 9, 9), (5, 9, 14))
    before = bench.labels.copy()
    job_id = bench.run()
    from tests.app.segment.review.made import with_votes

    bench.engine.finish(job_id, with_votes(bench.engine.jobs[job_id]))
    bench.settle()
    pick(bench.window, bench.qtbot, "As another layer")
    bench.settle()
    finding = bench.space.findings.current()
    assert finding is not None
    assert finding.layer is not None
    steps = bench.space.study.model.names()
    drag(bench, plot, 0.5, LOW)
    assert np.array_equal(finding.layer.array[0] == 1, shares() > LOW)
    assert np.array_equal(bench.labels, before)
    assert bench.space.study.model.names() == steps


# --- while it is dragged


def test_dragging_outlines_what_would_be_found_and_relabels_nothing(
    bench: Bench, plot: ThresholdPlot
) -> None:
    land(bench)
    view, names = view_of(bench.space, AXIAL), bench.space.study.model.names()
    go(view, (5, 0, 0))
    line = QColor(LINE).rgb()
    assert line not in seen_colours(view)
    QTest.mousePress(plot, LEFT, pos=at(plot, 0.5))
    QTest.mouseMove(plot, at(plot, LOW))
    assert line in seen_colours(view)
    assert bench.space.study.model.names() == names
    plot.setFocus()
    QTest.keyClick(plot, K.Key_Escape)
    assert line not in seen_colours(view)
    QTest.mouseRelease(plot, LEFT, pos=at(plot, LOW))
    bench.settle()
    assert bench.space.study.model.names() == names


def test_a_stroke_under_way_is_not_ended(bench: Bench, plot: ThresholdPlot) -> None:
    land(bench)
    view, model = view_of(bench.space), bench.space.study.model
    key(view, "b")
    bench.space.study.editor.setSize(1)
    go(view, (5, 0, 0))
    pointer.press(view, place(view, (5, 1, 2)))
    bench.space.reviewing.threshold.cut(LOW)
    bench.settle()
    assert model.isEditing()
    pointer.move(view, place(view, (5, 1, 9)), LEFT)
    pointer.release(view, place(view, (5, 1, 9)))
    bench.qtbot.waitUntil(lambda: bench.space.reviewing.threshold.value() == LOW)
    assert bench.labels[5, 1, 2:10].all()
    assert bench.labels[FAR]


def test_closing_the_image_lets_go(bench: Bench, plot: ThresholdPlot) -> None:
    land(bench)
    bench.space.reviewing.threshold.cut(LOW)
    bench.space.study.close()
    bench.settle()
    panel = bench.space.view.dock.threshold
    assert not panel.box.isEnabled()
    assert bench.space.study.model.shape == (1, 1, 1)


def test_the_status_bar_cancels_it_and_the_line_goes_back(
    bench: Bench, plot: ThresholdPlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(bench)
    free, plain = threading.Event(), cutoff.cut_off

    def slow(*given: Any) -> Any:
        assert free.wait(20), "it is let go"
        return plain(*given)

    monkeypatch.setattr(cutoff, "cut_off", slow)
    panel, labels = bench.space.view.dock.threshold, bench.labels.copy()
    QTest.mouseClick(plot, LEFT, pos=at(plot, LOW))
    assert panel.state.text() == "Working…"
    bench.qtbot.waitUntil(bench.window.status.progress.isVisible)
    QTest.mouseClick(bench.window.status.progress.cancel_button, LEFT)
    free.set()
    bench.settle()
    assert panel.state.text() == ""
    assert plot.value() == 0.5
    assert not panel.majority.isEnabled()
    assert np.array_equal(bench.labels, labels)


def test_the_last_of_several_wishes_counts(
    bench: Bench, plot: ThresholdPlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(bench)
    free, plain = threading.Event(), cutoff.cut_off

    def slow(*given: Any) -> Any:
        assert free.wait(20), "it is let go"
        return plain(*given)

    monkeypatch.setattr(cutoff, "cut_off", slow)
    for value in (LOW, HIGH, MIDDLE):
        QTest.mouseClick(plot, LEFT, pos=at(plot, value))
    free.set()
    bench.settle()
    assert np.array_equal(bench.labels == 1, shares() > MIDDLE)
    assert len(bench.space.study.model.names()) == 2


def test_a_run_by_a_threshold_shows_it(bench: Bench, plot: ThresholdPlot) -> None:
    values: dict[str, Any] = {"threshold": 0.3}
    bench.panel.form.setValues(values)
    land(bench)
    assert plot.value() == 0.3
    assert bench.space.view.dock.threshold.majority.isEnabled()
    assert bench.labels[SURE].all()

"""Results in the labels: one step each, and never over work by hand without a question."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.controllers.segment import landing
from app.window import MainWindow
from engine import library
from tests.app.segment.driving import (
    LEFT,
    SHAPE,
    dialog,
    go,
    key,
    no_dialog,
    open_image,
    pick,
    place,
    stroke,
    view_of,
)
from tests.app.segment.methods import Bench, result_of, write_card
from tests.helpers import pointer
from widgets.panels.choice_dialog import ChoiceDialog
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.layers import LayerKind

KEEP, REPLACE, LAYER = "Keep mine", "Replace", "As another layer"
DEFAULT = [(1, "Label 1")]


@pytest.fixture
def bench(window: MainWindow, image: Path, qtbot: QtBot) -> Bench:
    write_card(library.user_folder() / "balls.safetensors")
    space = open_image(window, qtbot, image)
    space.choosing.reload()
    return Bench(window, space, qtbot)


def block(value: int = 1, *, d: tuple[int, int] = (2, 8)) -> NDArray[np.uint8]:
    """A block in the middle of the volume."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[d[0] : d[1], 5:15, 6:18] = value
    return labels


def paint(bench: Bench, d: int, h: int, w: int, value: int = 1) -> None:
    """A dab of 3 x 3 voxels by mouse."""
    view = view_of(bench.space)
    bench.space.study.table.setActive(value)
    key(view, "b" if value else "e")
    bench.space.study.editor.setSize(3)
    go(view, (d, 0, 0))
    stroke(view, (d, h, w), (d, h, w + 2))
    bench.space.showing.setTool("navigate")


def names(bench: Bench) -> list[tuple[int, str]]:
    return [(label.value, label.name) for label in bench.space.study.table.labels()]


# --- one step


def test_a_result_is_one_step_that_can_be_undone(bench: Bench) -> None:
    found = block(1)
    found[9, 2:5, 2:5] = 2
    bench.land(found)
    model = bench.space.study.model
    np.testing.assert_array_equal(bench.labels, found)
    assert model.names() == ["cDAL, Balls"]
    assert names(bench) == [(1, "Ball"), (2, "Rim")]
    assert bench.space.study.table.colour(1) == (0, 128, 255)
    assert bench.window.status.currentMessage() == "cDAL, Balls: Ball 720 voxels, Rim 9 voxels"
    bench.space.study.editor.undo()
    assert not bench.labels.any()
    bench.space.study.editor.redo()
    np.testing.assert_array_equal(bench.labels, found)


def test_maps_lie_over_the_image_and_the_next_ones_take_their_place(bench: Bench) -> None:
    bench.land(block())
    assert bench.layers()[0] == "head"
    assert bench.layers()[-1] == "Labels"
    assert {"Probability (cDAL)", "Uncertainty (cDAL)"} <= set(bench.layers())
    study = bench.space.study
    maps = {layer.name: layer for layer in study.stack if layer.kind is LayerKind.MAP}
    assert maps["Probability (cDAL)"].look.visible
    assert not maps["Uncertainty (cDAL)"].look.visible
    assert maps["Uncertainty (cDAL)"].look.high == 0.25
    finding = bench.space.findings.current()
    assert finding is not None
    assert finding.probability is maps["Probability (cDAL)"]
    assert finding.uncertainty is maps["Uncertainty (cDAL)"]
    assert finding.values == {1: 1, 2: 2}
    assert study.stack.active() is study.image(), "the user goes on with the same layer"
    maps["Uncertainty (cDAL)"].change(visible=True, lut="viridis")
    count = len(bench.layers())
    bench.land(block(d=(3, 8)))
    assert len(bench.layers()) == count
    again = {layer.name: layer for layer in study.stack if layer.kind is LayerKind.MAP}
    assert again["Uncertainty (cDAL)"] is not maps["Uncertainty (cDAL)"]
    look = again["Uncertainty (cDAL)"].look
    assert (look.visible, look.lut) == (True, "viridis"), "they keep the look"
    assert not again["Probability (cDAL)"].array[0, 2].any()
    study.stack.setActive(again["Uncertainty (cDAL)"])
    bench.land(block(d=(4, 8)))
    active = study.stack.active()
    assert active is not None
    assert active.name == "Uncertainty (cDAL)", "also where that is a map"
    assert active is not again["Uncertainty (cDAL)"]


def test_only_the_region_that_was_run_changes(bench: Bench) -> None:
    bench.land(block(1))
    bench.space.placing.model.setBox(Box((0, 0, 0), (4, 20, 12)))
    bench.land(np.full(SHAPE, 2, np.uint8), "region")
    expected = block(1)
    expected[0:4, :, 0:12] = 2
    np.testing.assert_array_equal(bench.labels, expected)


def test_the_same_result_again_leaves_no_step(bench: Bench) -> None:
    bench.land(block())
    bench.land(block())
    assert bench.space.study.model.names() == ["cDAL, Balls"]
    assert "the same" in bench.window.status.currentMessage()


def test_nothing_found_is_said(bench: Bench) -> None:
    bench.land(np.zeros(SHAPE, np.uint8))
    assert bench.window.status.currentMessage() == "cDAL, Balls found nothing there"


def test_a_result_waits_for_the_end_of_a_stroke(bench: Bench, qtbot: QtBot) -> None:
    job = bench.run()
    view = view_of(bench.space)
    key(view, "b")
    bench.space.study.editor.setSize(1)
    go(view, (10, 0, 0))
    pointer.press(view, place(view, (10, 2, 2)))
    pointer.move(view, place(view, (10, 2, 5)), LEFT)
    bench.finish(job, block())
    model = bench.space.study.model
    assert model.isEditing()
    pointer.release(view, place(view, (10, 2, 5)))
    # What was painted meanwhile lies where the result has background: that is asked.
    pick(bench.window, qtbot, KEEP)
    bench.settle()
    qtbot.waitUntil(lambda: len(model.names()) == 2)
    assert model.array[10, 2, 2:6].all()
    # The dab is of label 1, which is the ball's no more.
    assert (model.count(1), model.count(3)) == (4, 720)


# --- the table


def test_a_number_that_is_taken_is_left_alone_and_told(bench: Bench) -> None:
    table = bench.space.study.table
    table.change(1, name="Lesion")
    paint(bench, 10, 2, 2)
    bench.space.placing.model.setBox(Box((0, 0, 0), (9, 20, 24)))
    bench.land(block(1), "region")
    assert names(bench) == [(1, "Lesion"), (3, "Ball"), (2, "Rim")]
    assert bench.space.study.model.count(3) == 720
    assert "Ball is label 3: 1 is Lesion." in bench.window.message.message()


def test_a_label_of_the_same_name_is_taken_whatever_its_number(bench: Bench) -> None:
    table = bench.space.study.table
    table.add("ball", (1, 2, 3), 9)
    bench.land(block(1))
    assert bench.space.study.model.used() == [9]
    assert table.colour(9) == (1, 2, 3), "the user's own colour stays"
    assert names(bench) == [(1, "Label 1"), (9, "ball"), (2, "Rim")]


def test_locked_labels_stay_as_they_are(bench: Bench) -> None:
    bench.space.study.table.change(1, name="Mine")
    paint(bench, 4, 8, 8)
    before = bench.labels.copy()
    bench.space.study.table.change(1, locked=True)
    bench.land(block(2))
    assert no_dialog(bench.window), "nothing can be lost"
    np.testing.assert_array_equal(bench.labels == 1, before == 1)
    assert (bench.labels == 2).sum() == 720 - (before == 1).sum()
    assert "locked" in bench.window.message.message()


# --- work by hand


def test_labels_that_were_there_are_asked_for(bench: Bench, qtbot: QtBot) -> None:
    paint(bench, 4, 2, 2)
    painted = bench.labels.copy()
    bench.land(block(2))
    shown = dialog(bench.window, qtbot, ChoiceDialog)
    assert isinstance(shown, ChoiceDialog)
    count = int(painted.astype(bool).sum())
    assert shown.list.item(0).text().startswith(KEEP)
    assert f"{count} of yours" in shown.list.item(1).text().replace(" voxels", "")
    pick(bench.window, qtbot, REPLACE)
    bench.settle()
    np.testing.assert_array_equal(bench.labels, block(2))
    bench.space.study.editor.undo()
    np.testing.assert_array_equal(bench.labels, painted)


def test_what_was_painted_is_kept_and_the_rest_is_filled(bench: Bench, qtbot: QtBot) -> None:
    bench.land(block(2))
    paint(bench, 4, 8, 8, value=1)
    paint(bench, 5, 8, 8, value=0)
    now = bench.labels.copy()
    mine = now != block(2)
    assert mine.any()
    assert (now[mine] == 0).any(), "erasing is work, too"
    bench.land(block(2, d=(3, 10)))
    shown = dialog(bench.window, qtbot, ChoiceDialog)
    assert isinstance(shown, ChoiceDialog)
    pick(bench.window, qtbot, KEEP)
    bench.settle()
    np.testing.assert_array_equal(bench.labels, np.where(mine, now, block(2, d=(3, 10))))
    # They are still the user's own at the next run.
    bench.land(block(2))
    pick(bench.window, qtbot, REPLACE)
    bench.settle()
    np.testing.assert_array_equal(bench.labels, block(2))


def test_a_result_as_a_layer_leaves_the_labels(bench: Bench, qtbot: QtBot) -> None:
    paint(bench, 4, 8, 8)
    before = bench.labels.copy()
    bench.land(block(2))
    pick(bench.window, qtbot, LAYER)
    bench.settle()
    np.testing.assert_array_equal(bench.labels, before)
    assert names(bench) == DEFAULT
    layer = next(layer for layer in bench.space.study.stack if layer.name == "cDAL, Balls")
    assert layer.kind is LayerKind.LABELS
    np.testing.assert_array_equal(layer.array[0], block(2))
    palette = layer.palette()
    assert palette is not None
    assert tuple(palette[2]) == (255, 128, 0, 255)
    assert bench.space.findings.current() is not None


def test_a_result_that_is_not_wanted_is_let_go(bench: Bench, qtbot: QtBot) -> None:
    paint(bench, 4, 8, 8)
    before, layers = bench.labels.copy(), bench.layers()
    abandoned: list[bool] = []
    bench.space.findings.abandoned.connect(lambda: abandoned.append(True))
    bench.land(block(2))
    QTest.keyClick(dialog(bench.window, qtbot, ChoiceDialog), Qt.Key.Key_Escape)
    bench.settle()
    np.testing.assert_array_equal(bench.labels, before)
    assert bench.layers() == layers
    assert abandoned == [True]
    bench.land(block(1, d=(9, 11)))
    pick(bench.window, qtbot, REPLACE)
    bench.settle()
    assert bench.space.study.model.count(3) == 240, "the next one lands"


def test_what_a_result_made_is_no_work_by_hand(bench: Bench) -> None:
    bench.land(block(1))
    bench.land(block(2, d=(4, 9)))
    assert no_dialog(bench.window)
    np.testing.assert_array_equal(bench.labels, block(2, d=(4, 9)))


def test_slices_one_after_the_other_need_no_question(bench: Bench) -> None:
    whole = block(1)
    view = view_of(bench.space)
    for slice_ in (5, 6, 5):
        go(view, (slice_, 0, 0))
        bench.land(whole, "slice")
        assert no_dialog(bench.window)
    assert bench.space.study.model.count(1) == 2 * 120


def test_undoing_a_result_makes_the_one_before_count_again(bench: Bench) -> None:
    bench.land(block(1))
    bench.land(block(2))
    bench.space.study.editor.undo()
    bench.land(block(2))
    assert no_dialog(bench.window), "they are the first result's labels"
    bench.space.study.editor.undo()
    bench.space.study.editor.undo()
    assert not bench.labels.any()
    bench.land(block(1))
    assert no_dialog(bench.window)
    bench.space.study.editor.undo()
    bench.space.study.editor.redo()
    bench.land(block(2))
    assert no_dialog(bench.window)


def test_painting_over_a_result_in_its_own_colour_is_noticed(bench: Bench, qtbot: QtBot) -> None:
    bench.land(block(1))
    paint(bench, 10, 2, 2, value=1)
    bench.land(block(1))
    pick(bench.window, qtbot, REPLACE)
    bench.settle()
    np.testing.assert_array_equal(bench.labels, block(1))


def test_results_wait_for_each_other(bench: Bench, qtbot: QtBot) -> None:
    paint(bench, 4, 8, 8)
    first, second = bench.run(), bench.run()
    bench.finish(first, block(2))
    bench.finish(second, block(2, d=(9, 11)))
    assert len([d for d in bench.window.findChildren(ChoiceDialog) if d.isVisible()]) == 1
    pick(bench.window, qtbot, REPLACE)
    bench.settle()
    np.testing.assert_array_equal(bench.labels, block(2, d=(9, 11)))
    assert bench.space.study.model.names()[-2:] == ["cDAL, Balls", "cDAL, Balls"]


def test_many_classes_need_wider_labels(bench: Bench) -> None:
    table = bench.space.study.table
    table.reset(())
    for value in range(1, 256):
        table.add(f"Structure {value}", value=value)
    found = block(1)
    bench.land(found)
    assert bench.space.study.model.used() == [256]
    assert bench.labels.dtype == np.uint16
    assert table.name(256) == "Ball"


# --- while it is compared


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Comparisons that wait until they are let go."""
    free, plain = threading.Event(), landing.clash_of

    def slow(*parts: Any) -> Any:
        assert free.wait(20)
        return plain(*parts)

    monkeypatch.setattr(landing, "clash_of", slow)
    return free.set


def test_an_image_that_is_closed_meanwhile_lets_the_result_go(
    bench: Bench, held: Callable[[], None], qtbot: QtBot
) -> None:
    job = bench.run()
    bench.engine.finish(job, result_of(bench.engine.jobs[job], block()))
    works = bench.window.spaces.computing
    qtbot.waitUntil(lambda: "Comparing labels" in [work.what for work in works.underWay()])
    bench.space.study.close()
    held()
    bench.settle()
    assert "head is not open any more" in bench.window.message.message()
    assert bench.space.findings.current() is None


def test_a_result_that_is_cancelled_lets_the_next_one_land(
    bench: Bench, held: Callable[[], None], qtbot: QtBot
) -> None:
    first, second = bench.run(), bench.run()
    bench.engine.finish(first, result_of(bench.engine.jobs[first], block()))
    status = bench.window.status.progress
    qtbot.waitUntil(lambda: status.isVisible() and "Comparing" in status.text())
    QTest.mouseClick(status.cancel_button, LEFT)
    held()
    bench.settle()
    assert not bench.labels.any()
    assert "it was cancelled" in bench.window.message.message()
    bench.finish(second, block(2))
    assert bench.space.study.model.count(2) == 720

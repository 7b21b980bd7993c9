"""The region that a method runs in: drawn, typed, or found by the program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QSpinBox
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from engine import library
from tests.app.segment.driving import (
    AXIAL,
    CORONAL,
    LEFT,
    choose,
    go,
    key,
    open_image,
    place,
    stroke,
    view_of,
)
from tests.app.segment.methods import Bench, write_card
from tests.helpers import pointer
from widgets.paint.labels.tools import ToolName
from widgets.viewer.volume.box import Box

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def bench(window: MainWindow, image: Path, qtbot: QtBot) -> Bench:
    write_card(library.user_folder() / "balls.safetensors")
    space = open_image(window, qtbot, image)
    space.choosing.reload()
    return Bench(window, space, qtbot)


def region_of(bench: Bench) -> list[list[int]]:
    """Of a job that is asked for now."""
    region = bench.engine.jobs[bench.run("region")].inputs["region"]
    assert isinstance(region, np.ndarray)
    found: list[list[int]] = region.tolist()
    return found


def type_in(field: QSpinBox, number: int) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, str(number))
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_a_frame_drawn_in_a_slice_reaches_through_all_of_them(bench: Bench) -> None:
    where, view = bench.panel.where, view_of(bench.space, AXIAL)
    bench.place("region")
    assert where.draw.isChecked(), "there is nothing else to do first"
    assert bench.space.view.tools.otherButton("roi").isChecked()
    go(view, (6, 0, 0))
    stroke(view, (6, 5, 4), (6, 8, 10), (6, 14, 19))
    assert [tuple(f.value() for f in where.ends()[axis]) for axis in "ijk"] == [
        (4, 19), (5, 14), (0, 11),
    ]  # fmt: skip
    assert where.line() == "16 × 10 × 12 voxels, 5.76 ml."
    assert region_of(bench) == [[0, 5, 4], [12, 15, 20]]
    # The sides are dragged in another plane.
    coronal = view_of(bench.space, CORONAL)
    go(coronal, (0, 10, 0))
    feet = place(coronal, (-0.5, 10, 12))
    pointer.drag(coronal, feet, place(coronal, (1.0, 10, 12)), place(coronal, (2.5, 10, 12)))
    assert region_of(bench) == [[3, 5, 4], [12, 15, 20]]


def test_numbers_may_be_typed(bench: Bench) -> None:
    bench.place("region")
    ends = bench.panel.where.ends()
    type_in(ends["k"][0], 4)
    type_in(ends["k"][1], 6)
    type_in(ends["i"][1], 9)
    assert region_of(bench) == [[4, 0, 0], [7, 20, 10]]
    type_in(ends["k"][0], 9)
    assert region_of(bench)[0][0] == 6, "from and to may be given the other way round"
    type_in(ends["j"][1], 3)
    assert region_of(bench) == [[6, 0, 0], [10, 4, 10]]


def test_a_number_that_is_still_being_typed_counts(bench: Bench) -> None:
    bench.place("region")
    field = bench.panel.where.ends()["k"][0]
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "4")
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    bench.settle()
    region = bench.engine.last.inputs["region"]
    assert isinstance(region, np.ndarray)
    assert region[0].tolist() == [4, 0, 0]


def test_around_labels_and_what_is_seen(bench: Bench) -> None:
    where, view = bench.panel.where, view_of(bench.space)
    bench.place("region")
    where.setRequested.emit("labels")
    bench.settle()
    assert "No voxel" in bench.window.message.message()
    labels = np.zeros(bench.labels.shape, np.uint8)
    labels[5:7, 9:11, 10:14] = 2
    bench.space.study.model.replace(labels, "Block")
    bench.space.study.name_used()
    next(a for a in where.sets.actions() if a.text() == "Around all labels").trigger()
    bench.settle()
    assert region_of(bench) == [[0, 1, 2], [12, 19, 22]]
    where.setRequested.emit("active")
    bench.settle()
    assert "painted as Label 1" in bench.window.message.message()
    where.setRequested.emit("whole")
    assert bench.space.placing.model.isWhole()
    view.zoomBy(4.0)
    view.setFocus()
    where.setRequested.emit("view")
    box = bench.space.placing.model.box()
    assert (box.low[0], box.high[0]) == (0, 12)
    assert 0 < box.shape[1] < 20
    assert 0 < box.shape[2] < 24


def test_the_tool_comes_and_goes(bench: Bench) -> None:
    where, tools, view = bench.panel.where, bench.space.view.tools, view_of(bench.space)
    model = bench.space.placing.model
    key(view, "c", modifiers=SHIFT)
    assert where.place() == "region"
    assert where.draw.isChecked()
    assert model.isShown()
    key(view, "b")
    assert not where.draw.isChecked()
    assert model.isShown(), "it is still where the method runs"
    QTest.mouseClick(where.draw, LEFT)
    assert bench.space.showing.tool() == "roi"
    QTest.mouseClick(where.draw, LEFT)
    assert bench.space.showing.tool() == ToolName.NAVIGATE.value
    QTest.mouseClick(tools.otherButton("roi"), LEFT)
    assert where.draw.isChecked()
    bench.place("slice")
    assert not model.isShown()
    assert bench.space.showing.tool() == ToolName.NAVIGATE.value
    choose(bench.window, "Tools", "Region to run on")
    assert where.place() == "region"
    assert "(Shift+C)" in where.draw.toolTip()


def test_another_image_has_a_region_of_its_own(bench: Bench, qtbot: QtBot, image: Path) -> None:
    bench.space.placing.model.setBox(Box((1, 2, 3), (4, 5, 6)))
    bench.space.study.close()
    assert bench.space.placing.box().empty
    bench.window.open([image])
    qtbot.waitUntil(lambda: bench.space.study.volume is not None)
    bench.settle()
    assert bench.space.placing.model.isWhole()


def test_esc_gives_a_frame_up(bench: Bench) -> None:
    view = view_of(bench.space)
    bench.place("region")
    go(view, (6, 0, 0))
    pointer.press(view, place(view, (6, 5, 4)))
    pointer.move(view, place(view, (6, 12, 12)), LEFT)
    assert not bench.space.placing.model.isWhole()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert bench.space.placing.model.isWhole()
    pointer.release(view, place(view, (6, 12, 12)))
    assert bench.space.placing.model.isWhole()

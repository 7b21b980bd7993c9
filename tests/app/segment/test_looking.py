"""Layouts, crosshair, sides, window and level, and measuring, as the user does it."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QTreeWidget
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.segment.space import SegmentSpace
from tests.app.segment.driving import (
    AXIAL,
    CORONAL,
    LEFT,
    RIGHT,
    SAGITTAL,
    go,
    key,
    menu_action,
    phantom,
    place,
    settled,
    view_of,
)
from tests.helpers import pointer
from widgets.viewer.volume.arrangement import ViewLayout
from widgets.viewer.volume.layers import Layer

K = Qt.Key
ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


def image_of(space: SegmentSpace) -> Layer:
    layer = space.study.image()
    assert layer is not None
    return layer


def test_layouts_by_key_and_button(window: MainWindow, space: SegmentSpace) -> None:
    volume = space.view.volume
    for number, layout in enumerate(
        (ViewLayout.ONE, ViewLayout.MAIN, ViewLayout.GRID, ViewLayout.COMPARE)
    ):
        QTest.keyClick(window, f"{number + 1}", ALT)
        assert volume.viewLayout() is layout
        assert space.view.header.button(layout.value).isChecked()
    QTest.mouseClick(space.view.header.button("one"), LEFT)
    assert volume.viewLayout() is ViewLayout.ONE
    assert [view.name() for view in volume.shownViews()] == [AXIAL]


def test_a_double_click_maximises_and_brings_back(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    volume = space.view.volume
    QTest.keyClick(window, "3", ALT)
    view = view_of(space, CORONAL)
    key(view, K.Key_H)
    pointer.double_click(view, place(view, (6, 10, 12)))
    assert volume.isMaximised()
    assert [v.name() for v in volume.shownViews()] == [CORONAL]
    qtbot.wait(20)
    pointer.double_click(view, place(view, (6, 10, 12)))
    assert not volume.isMaximised()
    assert len(volume.shownViews()) == 3


def test_the_crosshair_takes_the_other_views_along(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    QTest.keyClick(window, "3", ALT)
    qtbot.wait(20)
    key(view_of(space), K.Key_H)
    go(view_of(space), (4, 0, 0))
    pointer.click(view_of(space), place(view_of(space), (4, 7, 17)))
    assert view_of(space, CORONAL).index() == 7
    assert view_of(space, SAGITTAL).index() == 17
    expected = image_of(space).grid.world((4, 7, 17))
    assert space.view.volume.crosshair() == pytest.approx(expected, abs=0.3)


def test_the_side_is_switched_and_said(window: MainWindow, space: SegmentSpace) -> None:
    view, volume = view_of(space), space.view.volume
    assert volume.isRadiological()
    plane = view.plane()
    assert plane is not None
    assert plane.letters[0] == "R"
    key(view, K.Key_R, modifiers=SHIFT)
    plane = view.plane()
    assert plane is not None
    assert plane.letters[0] == "L"
    assert not space.view.header.button("radiological").isChecked()


def test_a_drag_changes_window_and_level(space: SegmentSpace) -> None:
    view, layer = view_of(space), image_of(space)
    low, high = layer.look.low, layer.look.high
    key(view, K.Key_H)
    at = QPoint(view.width() // 2, view.height() // 2)
    QTest.mousePress(view, RIGHT, pos=at)
    QTest.mouseMove(view, at + QPoint(60, 0))
    QTest.mouseRelease(view, RIGHT, pos=at + QPoint(60, 0))
    assert layer.look.high - layer.look.low > high - low
    key(view, K.Key_C)  # window and level in hand: the left button does it too
    width = layer.look.high - layer.look.low
    QTest.mousePress(view, LEFT, pos=at)
    QTest.mouseMove(view, at - QPoint(40, 0))
    QTest.mouseRelease(view, LEFT, pos=at - QPoint(40, 0))
    assert layer.look.high - layer.look.low < width
    pointer.double_click(view, place(view, (6, 10, 12)), CONTROL)
    assert (layer.look.low, layer.look.high) == (low, high)
    assert not space.study.model.array.any()


def test_presets_and_automatic_contrast(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    layer = image_of(space)
    home = layer.look.low, layer.look.high
    menu = menu_action(window, "View", "CT windows").menu()
    assert menu is not None
    bone = next(action for action in menu.actions() if action.text().startswith("Bone"))
    bone.trigger()
    assert (layer.look.low, layer.look.high) == (-100.0, 900.0)
    assert space.view.contrast.range() == (-100.0, 900.0)
    key(view_of(space), K.Key_J, modifiers=CONTROL)
    settled(window, qtbot)
    assert (layer.look.low, layer.look.high) == pytest.approx(home)


def test_the_probe_tells_value_and_label(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    view = view_of(space)
    key(view, K.Key_B)
    go(view, (6, 0, 0))
    pointer.click(view, place(view, (6, 10, 12)))
    pointer.move(view, place(view, (6, 10, 12)))
    text = " ".join(window.status.probeText().split())
    assert text.startswith("R 8.0 P 15.0 S 2.0 mm i 12 j 10 k 6 (0-based)")
    assert f"head {phantom()[6, 10, 12]}" in text
    assert "Label 1" in text


# --- measuring


def listed(space: SegmentSpace, qtbot: QtBot) -> list[list[str]]:
    """Rows of the list of measurements, once they are there."""
    tree = space.view.measurements.findChild(QTreeWidget)
    assert tree is not None
    qtbot.waitUntil(lambda: tree.topLevelItemCount() == len(space.measuring.items.items()))
    items = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    return [
        [item.text(column) for column in range(tree.columnCount())]
        for item in items
        if item is not None
    ]


def test_ruler_angle_and_region_are_listed_in_mm(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    view = view_of(space)
    go(view, (6, 0, 0))
    key(view, K.Key_K)
    pointer.drag(view, place(view, (6, 4, 4)), place(view, (6, 4, 14)))  # 10 voxels of 1 mm
    key(view, K.Key_K, modifiers=SHIFT)
    pointer.drag(view, place(view, (6, 14, 4)), place(view, (6, 14, 12)))
    pointer.move(view, place(view, (6, 8, 12)))
    pointer.click(view, place(view, (6, 8, 12)))
    key(view, K.Key_G, modifiers=SHIFT)
    pointer.drag(view, place(view, (6, 9, 10)), place(view, (6, 12, 14)))
    ruler, angle, region = space.measuring.items.items()
    assert np.linalg.norm(np.subtract(*ruler.points)) == pytest.approx(10.0, abs=0.2)
    rows = listed(space, qtbot)
    texts = [" ".join(row) for row in rows]
    assert any("10.0 mm" in text or "9.9 mm" in text for text in texts), texts
    assert any("90.0°" in text for text in texts), texts
    assert region.kind.region
    assert angle.kind.value == "angle"
    assert any("mean" in text.lower() or "mm²" in text for text in texts), texts
    assert not space.study.model.array.any(), "measuring paints nothing"
    # A click on a handle selects what Delete takes away.
    pointer.click(view, place(view, (6, 4, 4)))
    key(view, K.Key_Delete)
    assert ruler.key not in {item.key for item in space.measuring.items.items()}
    assert len(listed(space, qtbot)) == 2

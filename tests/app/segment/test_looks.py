"""Where things are in the workspace: messages, tools at hand, panels, keys in tool tips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QSlider,
)
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.segment.operation_dialog import OperationDialog
from app.workspaces.segment.space import SegmentSpace
from engine.data.labels.operations import OPERATIONS
from tests.app.segment.driving import AFFINE, open_image, phantom, settled, write_nifti
from tests.helpers import pointer
from widgets.paint.labels.tools import ToolName
from widgets.viewer.volume.arrangement import ViewLayout

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def space(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> SegmentSpace:
    path = write_nifti(tmp_path / "ball.nii.gz", phantom(), AFFINE)
    window.spaces.show("segment")
    return open_image(window, qtbot, path)


def test_a_message_covers_no_tool_and_goes_with_the_workspace(
    window: MainWindow, space: SegmentSpace
) -> None:
    window.teller.say("warning", "Slices are missing.", "Look at them.")
    bar, tools = window.message, space.view.tools
    assert bar.isVisible()
    top = tools.mapTo(window, QPoint(0, tools.height())).y()
    assert bar.y() >= top
    assert bar.geometry().right() <= space.view.sides.mapTo(window, QPoint(0, 0)).x()
    window.spaces.show("segment")
    assert bar.isVisible(), "it is about this one"
    window.spaces.show("synthesize")
    assert not bar.isVisible()


def test_tools_that_look_exclude_those_that_paint(space: SegmentSpace) -> None:
    tools, showing = space.view.tools, space.showing
    told: list[str] = []
    showing.toolChanged.connect(told.append)
    for key in ("ruler", "window", "ellipse"):
        QTest.mouseClick(tools.otherButton(key), LEFT)
        assert showing.tool() == told[-1] == key
        assert tools.otherButton(key).isChecked()
    QTest.mouseClick(tools.button(ToolName.NAVIGATE), LEFT)
    assert showing.tool() == "navigate"
    assert not tools.otherButton("ellipse").isChecked()
    view = space.view.volume.currentView()
    assert view.tool() is None
    QTest.keyClick(view, Qt.Key.Key_K)
    assert tools.otherButton("ruler").isChecked()
    QTest.keyClick(view, Qt.Key.Key_B)
    assert tools.button(ToolName.BRUSH).isChecked()
    assert told[-1] == "brush"


def test_tool_tips_say_the_keys_there_are(window: MainWindow, space: SegmentSpace) -> None:
    view, keymap = space.view, window.actions_.keymap
    assert "(B)" in view.tools.button(ToolName.BRUSH).toolTip()
    assert "(K)" in view.tools.otherButton("ruler").toolTip()
    assert "(N)" in view.header.button("smooth").toolTip()
    keymap.setKeys("tool.brush", ["F8"])
    assert "(F8)" in view.tools.button(ToolName.BRUSH).toolTip()
    keymap.setPreset("ITK-SNAP")
    assert "(4)" in view.tools.button(ToolName.BRUSH).toolTip()


def test_contrast_has_its_own_place_where_there_is_room(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    view = space.view
    window.resize(1440, 1100)
    qtbot.waitUntil(lambda: view.value_tabs.isVisible())
    assert view.layers.isVisible()
    assert view.contrast.isVisible()
    view.showPanel(view.probe)
    window.resize(1100, 600)
    qtbot.waitUntil(lambda: not view.value_tabs.isVisible())
    assert view.image_tabs.count() == 3
    view.showPanel(view.contrast)
    assert view.contrast.isVisible()
    window.resize(1440, 1100)
    qtbot.waitUntil(lambda: view.value_tabs.isVisible())
    assert view.value_tabs.currentWidget() is view.contrast


def test_flags_and_layer_are_in_step(window: MainWindow, space: SegmentSpace, qtbot: QtBot) -> None:
    study, panel = space.study, space.view.contrast
    assert study.volume is not None
    layer = study.add(study.volume)
    settled(window, qtbot)
    assert panel.plot.limits().shown
    panel.limitsChanged.emit(120.0, None)
    assert (layer.look.threshold, layer.look.threshold_high) == (120.0, None)
    layer.change(threshold_high=300.0)
    assert panel.plot.limits().above == 300.0
    image = study.image()
    assert image is not None
    study.stack.setActive(image)
    assert not panel.plot.limits().shown


def test_every_control_has_a_name_and_is_reached_by_tab(
    window: MainWindow, space: SegmentSpace
) -> None:
    view = space.view
    space.showing.setTool("brush")
    view.showPanel(view.contrast)
    nameless = [
        part
        for kind in (QAbstractButton, QAbstractSpinBox, QComboBox, QLabel, QSlider)
        for part in view.findChildren(kind)
        if part.isVisible()
        and part.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not (part.accessibleName() or (isinstance(part, QAbstractButton) and part.text()))
    ]
    assert nameless == []
    view.tools.button(ToolName.NAVIGATE).setFocus()
    passed = []
    for _ in range(120):
        QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Tab)
        here = QApplication.focusWidget()
        if here is view.tools.button(ToolName.NAVIGATE):
            break
        passed.append(here)
    order = [view.tools.size_box, view.volume.currentView(), view.labels.view, view.contrast.plot]
    places = [passed.index(widget) for widget in order if widget in passed]
    assert len(places) == len(order)
    assert places == sorted(places)
    assert np.all(np.diff(places) > 0)


def test_a_picture_is_shown_alone_and_the_layout_comes_back(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot, tmp_path: Path
) -> None:
    volume, files = space.view.volume, space.files
    volume.setViewLayout(ViewLayout.GRID)
    flat = write_nifti(tmp_path / "flat.nii.gz", phantom((1, 20, 24)), AFFINE)
    deep = write_nifti(tmp_path / "deep.nii.gz", phantom(), AFFINE)
    for path, layout in ((flat, ViewLayout.ONE), (deep, ViewLayout.GRID)):
        space.study.close()
        with qtbot.waitSignal(files.opened, timeout=15_000):
            files.open(path)
        settled(window, qtbot)
        assert volume.viewLayout() is layout
    space.study.close()


def test_limits_begin_with_the_values_of_the_image(space: SegmentSpace) -> None:
    image, settings = space.study.image(), space.study.editor.settings
    assert image is not None
    assert (settings.low, settings.high) == (image.look.low, image.look.high)
    assert 0 < settings.tolerance < image.look.high - image.look.low


def test_without_a_pointer_the_probe_is_about_the_crosshair(space: SegmentSpace) -> None:
    image = space.study.image()
    assert image is not None
    space.view.volume.setCrosshair(image.grid.world((4, 5, 6)))
    value = image.value((4, 5, 6))
    shown = " ".join(label.text() for label in space.view.probe.findChildren(QLabel))
    assert f"{value:g}" in shown


def test_the_probe_follows_layers_that_come_and_go(space: SegmentSpace) -> None:
    study, probe = space.study, space.view.probe
    assert study.volume is not None

    def shown() -> str:
        return " ".join(label.text() for label in probe.findChildren(QLabel) if label.isVisible())

    space.view.showPanel(probe)
    view = space.view.volume.currentView()
    for under in (None, view):
        if under is not None:
            pointer.move(under, (8.0, 8.0))
        layer = study.add(study.volume, name="Another")
        assert "Another" in shown()
        study.remove(layer)
        assert "Another" not in shown()


def test_an_operation_asks_for_a_slice_only_where_one_is_meant(space: SegmentSpace) -> None:
    what = next(each for each in OPERATIONS if each.name == "islands")
    space.asking.askOperation(what)
    (dialog,) = space.view.findChildren(OperationDialog)
    axis = dialog.form.control("axis")
    assert not axis.isVisible()
    dialog.form.setValues({"extent": "slice"})
    dialog.form.changed.emit("extent")
    assert axis.isVisible()
    dialog.close()

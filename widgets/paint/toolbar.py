"""The row of tools above the mask canvas."""

from __future__ import annotations

import math
from functools import partial

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolButton,
    QWidget,
)

from widgets.icons import icon, tool_size
from widgets.paint.canvas import MaskCanvas
from widgets.paint.flow import FlowLayout
from widgets.paint.size_menu import SizeMenu
from widgets.paint.tools.base import INFO, MAX_SIZE, SIZED, Tool
from widgets.tips import give_tip

SLIDER_STEPS = 200


class PaintToolBar(QWidget):
    """Tools, widths and whole-mask actions of a canvas; wraps into rows where it is narrow.

    What needs more than a canvas (growing a tree, opening a file) is only asked for, by signals.
    """

    growRequested = pyqtSignal()
    importRequested = pyqtSignal()
    sizeRequested = pyqtSignal(int, int)  # width, height

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas: MaskCanvas | None = None
        self._tools = QButtonGroup(self)
        self._buttons: dict[Tool, QToolButton] = {}
        self.undo_button = _button("mdi6.undo", "Undo")
        self.redo_button = _button("mdi6.redo", "Redo")
        self.clear_button = _button("mdi6.delete-outline", "Clear the mask")
        self.invert_button = _button("mdi6.invert-colors", "Invert the mask")
        self.grow_button = _button("mdi6.sprout-outline", "Grow a vessel tree from the strokes")
        self.import_button = _button("mdi6.file-import-outline", "Import a mask")
        self.size_button = _button("mdi6.resize", "Canvas size")
        self.size_menu = SizeMenu(self)
        self._size_label = QLabel("Size")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.size_box = _width_box("Tool width in image pixels")
        self._end_label = QLabel("End")
        self.end_box = _width_box("Width at the end of a vessel, in image pixels")
        self._build()
        self._connect()
        self.setEnabled(False)

    def bind(self, canvas: MaskCanvas) -> None:
        """Control this canvas, and follow it; once in the toolbar's life."""
        if self._canvas is not None:
            raise RuntimeError("this toolbar already controls a canvas")
        self._canvas = canvas
        self.setEnabled(True)
        for box, set_width in (
            (self.size_box, canvas.setBrushSize),
            (self.end_box, canvas.setVesselEnd),
        ):
            box.valueChanged.connect(set_width)
        self.undo_button.clicked.connect(canvas.undo)
        self.redo_button.clicked.connect(canvas.redo)
        self.clear_button.clicked.connect(canvas.clear)
        self.invert_button.clicked.connect(canvas.invert)
        canvas.toolChanged.connect(self._show_tool)
        canvas.brushSizeChanged.connect(self._show_size)
        canvas.vesselEndChanged.connect(self.end_box.setValue)
        canvas.model.historyChanged.connect(self._show_history)
        canvas.maskEdited.connect(self._show_mask)
        self._show_tool(canvas.tool())
        self.end_box.setValue(canvas.vesselEnd())
        self._show_history(canvas.model.canUndo(), canvas.model.canRedo(), "", "")
        self._show_mask()

    def button(self, tool: Tool) -> QToolButton:
        """The button of a tool."""
        return self._buttons[tool]

    def sizeHint(self) -> QSize:
        return QSize(700, self.heightForWidth(700))

    # --- building

    def _build(self) -> None:
        row = FlowLayout(self, gap=14)
        row.setContentsMargins(6, 4, 6, 4)
        self._tools.setExclusive(True)
        for tool, info in INFO.items():
            button = _button(info.icon, info.label, info.hint)
            button.setCheckable(True)
            self._tools.addButton(button)
            self._buttons[tool] = button
            button.clicked.connect(partial(self._choose, tool))
        self.slider.setRange(0, SLIDER_STEPS)
        self.slider.setFixedWidth(110)
        self.slider.setAccessibleName("Tool width")
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.size_button.setMenu(self.size_menu)
        self.size_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.size_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._size_label.setProperty("role", "muted")
        self._end_label.setProperty("role", "muted")
        row.addWidget(_group(*self._buttons.values(), gap=1))
        self._width_group = _group(self._size_label, self.slider, self.size_box, gap=6)
        self._end_group = _group(self._end_label, self.end_box, gap=6)
        row.addWidget(self._width_group)
        row.addWidget(self._end_group)
        row.addWidget(_group(self.undo_button, self.redo_button, gap=1))
        whole = (self.grow_button, self.import_button, self.invert_button, self.clear_button)
        row.addWidget(_group(*whole, gap=1))
        row.addWidget(_group(self.size_button))
        self.setSizePolicy(_wrapping())

    def _connect(self) -> None:
        self.slider.valueChanged.connect(lambda step: self.size_box.setValue(_width_at(step)))
        self.grow_button.clicked.connect(self.growRequested)
        self.import_button.clicked.connect(self.importRequested)
        self.size_menu.sizeRequested.connect(self.sizeRequested)

    # --- both ways

    def _choose(self, tool: Tool) -> None:
        if self._canvas is not None:
            self._canvas.setTool(tool)
            self._buttons[self._canvas.tool()].setChecked(True)
            self._canvas.setFocus()  # so that the keys of the canvas work at once

    def _show_tool(self, tool: Tool) -> None:
        self._buttons[tool].setChecked(True)
        self._width_group.setEnabled(tool in SIZED)
        self._end_group.setVisible(tool is Tool.VESSEL)
        self._size_label.setText("Start" if tool is Tool.VESSEL else "Size")
        if self._canvas is not None:
            self._show_size(self._canvas.brushSize())

    def _show_size(self, size: int) -> None:
        self.size_box.setValue(size)
        # The slider is coarser than the box; it must not answer with its own rounding.
        self.slider.blockSignals(True)
        self.slider.setValue(_step_of(size))
        self.slider.blockSignals(False)

    def _show_history(self, can_undo: bool, can_redo: bool, undo: str, redo: str) -> None:
        self.undo_button.setEnabled(can_undo)
        self.redo_button.setEnabled(can_redo)
        give_tip(self.undo_button, f"Undo {undo}".rstrip())
        give_tip(self.redo_button, f"Redo {redo}".rstrip())

    def _show_mask(self) -> None:
        if self._canvas is None:
            return
        height, width = self._canvas.model.shape
        self.clear_button.setEnabled(not self._canvas.model.isEmpty())
        self.size_button.setText(f"{width} × {height}")
        self.size_menu.showSize(width, height)


def _button(glyph: str, label: str, hint: str = "") -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(glyph))
    button.setIconSize(tool_size(button))
    button.setAutoRaise(True)
    give_tip(button, label, hint)
    button.setAccessibleName(label)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _width_box(tip: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(1, MAX_SIZE)
    box.setSuffix(" px")
    box.setToolTip(tip)
    box.setAccessibleName(tip)
    box.setKeyboardTracking(False)
    box.setFixedWidth(box.fontMetrics().horizontalAdvance(f"{MAX_SIZE} px") + 52)  # arrows, frame
    return box


def _group(*widgets: QWidget, gap: int = 0) -> QWidget:
    group = QWidget()
    row = QHBoxLayout(group)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(gap)
    for widget in widgets:
        row.addWidget(widget)
    return group


def _wrapping() -> QSizePolicy:
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    return policy


def _width_at(step: int) -> int:
    """Equal slider steps are equal ratios of width: fine ones where vessels are thin."""
    return round(MAX_SIZE ** (step / SLIDER_STEPS))


def _step_of(width: int) -> int:
    return round(SLIDER_STEPS * math.log(width) / math.log(MAX_SIZE))

"""What a method is to run on: the slice in view, a region, or all of the image."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets.icons import icon
from widgets.tips import give_tip
from widgets.viewer.volume.box import Box

SLICE, REGION, ALL = "slice", "region", "all"
PLACES = {
    SLICE: ("Slice in view", "The slice of the view that was last in use"),
    REGION: ("Region", "A box of voxels, drawn in the views or typed"),
    ALL: ("Whole volume", "Every voxel of the image"),
}
AROUND_LABELS, AROUND_ACTIVE, IN_VIEW, EVERYTHING = "labels", "active", "view", "whole"
SETS = {
    AROUND_LABELS: "Around all labels",
    AROUND_ACTIVE: "Around the active label",
    IN_VIEW: "What the view in use shows",
    EVERYTHING: "Whole image",
}
AXES = ("i", "j", "k")


class RunOn(QWidget):
    """Buttons for the three, the numbers of the region, and a line that says what it comes to.

    Attributes:
        draw: Whether the region is drawn by pointer; checkable.
        sets: The menu of boxes that the program can find.
    """

    chosen = pyqtSignal(str)  # one of PLACES, by the user
    boxEdited = pyqtSignal(object)  # Box, typed
    setRequested = pyqtSignal(str)  # one of SETS

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._place = SLICE
        self._whole = Box((0, 0, 0), (1, 1, 1))
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        self._ends: dict[str, tuple[QSpinBox, QSpinBox]] = {}
        self._rows: dict[str, tuple[QWidget, ...]] = {}
        self.draw = QToolButton(self)
        self.draw.setIcon(icon("mdi6.vector-square-edit"))
        self.draw.setText("Draw")
        self.draw.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.draw.setCheckable(True)
        self.draw.setAccessibleName("Draw the region")
        give_tip(self.draw, "Draw the region", "Drag in a view; drag its sides in any view")
        self.sets = QMenu(self)
        self._line = QLabel(self)
        self._line.setProperty("role", "muted")
        self._line.setTextFormat(Qt.TextFormat.PlainText)
        self._line.setWordWrap(True)
        self._region = self._make_region()
        self._build()
        self.setPlace(SLICE)

    # --- what is chosen

    def place(self) -> str:
        """One of PLACES."""
        return self._place

    def setPlace(self, place: str) -> None:
        """Choose one of PLACES, silently."""
        self._place = place
        self._buttons[place].setChecked(True)
        self._region.setVisible(place == REGION)

    def setFlat(self, flat: bool) -> None:
        """Whether the image has one slice: then that is all of it."""
        self._buttons[SLICE].setVisible(not flat)
        self._buttons[ALL].setText("Whole image" if flat else PLACES[ALL][0])
        for widget in self._rows["k"]:
            widget.setVisible(not flat)
        if flat and self._place == SLICE:
            self.setPlace(ALL)

    def setBox(self, box: Box, whole: Box) -> None:
        """Show the region within an image, silently."""
        self._whole = whole
        for axis, name in zip((2, 1, 0), AXES, strict=True):
            low, high, size = box.low[axis], box.high[axis] - 1, whole.high[axis]
            for field, value in zip(self._ends[name], (low, high), strict=True):
                with QSignalBlocker(field):
                    field.setRange(0, max(size - 1, 0))
                    field.setValue(value)

    def takeTyped(self) -> None:
        """Take a number that is still being typed."""
        for fields in self._ends.values():
            for field in fields:
                field.interpretText()

    def setLine(self, text: str) -> None:
        """What the choice comes to."""
        self._line.setText(text)

    def line(self) -> str:
        return self._line.text()

    def button(self, place: str) -> QToolButton:
        """The button of one of PLACES."""
        return self._buttons[place]

    def ends(self) -> Mapping[str, tuple[QSpinBox, QSpinBox]]:
        """ "i", "j", "k" -> the fields of the first and the last voxel."""
        return self._ends

    # --- inside

    def _edited(self) -> None:
        low, high = [0, 0, 0], [0, 0, 0]
        for axis, name in zip((2, 1, 0), AXES, strict=True):
            ends = sorted(field.value() for field in self._ends[name])
            low[axis], high[axis] = ends[0], ends[1] + 1
        self.boxEdited.emit(Box((low[0], low[1], low[2]), (high[0], high[1], high[2])))

    def _clicked(self, place: str) -> None:
        self.setPlace(place)
        self.chosen.emit(place)

    def _make_region(self) -> QWidget:
        holder = QWidget(self)
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        em = self.fontMetrics().height()
        grid.setHorizontalSpacing(em // 3)
        grid.setVerticalSpacing(em // 4)
        for row, name in enumerate(AXES):
            caption = QLabel(name, holder)
            caption.setProperty("role", "muted")
            to = QLabel("to", holder)
            to.setProperty("role", "muted")
            first, last = self._field(name, "first"), self._field(name, "last")
            self._ends[name] = first, last
            self._rows[name] = caption, first, to, last
            for column, widget in enumerate(self._rows[name]):
                grid.addWidget(widget, row, column)
        for action_id, text in SETS.items():
            action = QAction(text, self.sets)
            action.triggered.connect(partial(self._set, action_id))
            self.sets.addAction(action)
        choose = QToolButton(holder)
        choose.setText("Set to")
        choose.setIcon(icon("mdi6.chevron-down"))
        choose.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        choose.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        choose.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        choose.setMenu(self.sets)
        choose.setAccessibleName("Set the region to")
        side = QVBoxLayout()
        side.setSpacing(em // 4)
        side.addWidget(self.draw)
        side.addWidget(choose)
        side.addStretch(1)
        grid.addLayout(side, 0, len(self._rows["i"]) + 1, len(AXES), 1)
        for column in (1, 3):
            grid.setColumnStretch(column, 1)
        return holder

    def _set(self, which: str) -> None:
        self.setRequested.emit(which)

    def _field(self, axis: str, end: str) -> QSpinBox:
        field = QSpinBox()
        field.setKeyboardTracking(False)
        # For four digits; the widest number possible would widen the panel.
        field.setMinimumWidth(1)
        field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        field.setAccessibleName(f"{end.capitalize()} voxel along {axis}")
        field.setToolTip(f"{end.capitalize()} voxel along {axis}, from 0")
        field.valueChanged.connect(self._edited)
        return field

    def _build(self) -> None:
        em = self.fontMetrics().height()
        row = QHBoxLayout()
        row.setSpacing(em // 4)
        for place, (text, tip) in PLACES.items():
            button = self._buttons[place] = QToolButton(self)
            button.setText(text)
            button.setCheckable(True)
            button.setToolTip(tip)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(partial(self._clicked, place))
            self._group.addButton(button)
            row.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(em // 3)
        column.addLayout(row)
        column.addWidget(self._region)
        column.addWidget(self._line)

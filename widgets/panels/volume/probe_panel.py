"""What lies under the pointer or the crosshair."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QFontDatabase, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QGridLayout, QLabel, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from widgets.elided_label import ElidedLabel
from widgets.panels.volume.parts import muted, paint_swatch
from widgets.panels.volume.place import (
    ProbeLine,
    Voxel,
    World,
    parse_world,
    voxel_text,
    world_text,
)

_NOWHERE = "–"


class ProbePanel(QWidget):
    """World coordinates, voxel index and the value of every layer, in places that do not jump.

    A click on the coordinates, or Enter with the focus there, lets one type others:
    `goTo(world)` asks to go there, RAS+ mm.
    """

    goTo = pyqtSignal(object)  # (x, y, z)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.coordinates = Coordinates(self)
        self.coordinates.entered.connect(self.goTo)
        self._voxel = QLabel(self)
        self._voxel.setFont(_fixed())
        self._voxel.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._error = QLabel(self)
        self._error.setProperty("role", "error")
        self._error.setWordWrap(True)
        self._error.hide()
        self.coordinates.failed.connect(self._fail)
        self._grid = QGridLayout()
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(2, 1)
        self._rows: list[tuple[_Swatch, ElidedLabel, ElidedLabel]] = []
        self._hint = muted("Point at an image to see its values.", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.coordinates, self._error, self._voxel, self._hint):
            column.addWidget(widget)
        column.addLayout(self._grid)
        column.addStretch(1)
        self.setPlace(None, None)

    def setPlace(
        self,
        world: World | None,
        voxel: Voxel | None,
        lines: Sequence[ProbeLine] = (),
        *,
        oriented: bool = True,
    ) -> None:
        """Show a place: RAS+ mm, voxel (d, h, w) and one line for each layer; None for nowhere."""
        self.coordinates.setWorld(world, oriented)
        self._voxel.setText(_NOWHERE if voxel is None else voxel_text(voxel))
        self._hint.setVisible(world is None)
        while len(self._rows) < len(lines):
            self._add_row()
        for place, row in enumerate(self._rows):
            shown = place < len(lines)
            for widget in row:
                widget.setVisible(shown)
            if shown:
                swatch, name, value = row
                line = lines[place]
                swatch.setColour(line.colour)
                if name.text() != line.layer:
                    name.setText(line.layer)
                value.setText(line.text())

    def texts(self) -> list[str]:
        """Coordinates, voxel, then "layer: value" of what is shown."""
        rows = [f"{n.text()}: {v.text()}" for _, n, v in self._rows if v.isVisibleTo(self)]
        return [self.coordinates.text(), self._voxel.text(), *rows]

    def error(self) -> str:
        """Why the coordinates that were typed cannot be used."""
        return self._error.text()

    def _add_row(self) -> None:
        swatch, name, value = _Swatch(self), ElidedLabel("", self), ElidedLabel("", self)
        name.setProperty("role", "muted")
        value.setFont(_fixed())
        for column, widget in enumerate((swatch, name, value)):
            self._grid.addWidget(widget, len(self._rows), column)
        self._rows.append((swatch, name, value))

    def _fail(self, message: str) -> None:
        self._error.setText(message)
        self._error.setVisible(bool(message))


class ProbeLabel(QLabel):
    """The same in one line, for a status bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(_fixed())
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAccessibleName("Under the pointer")
        widest = f"{world_text((-100.0, -100.0, -100.0))}   {voxel_text((0, 0, 0))}"
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance(widest))

    def setPlace(
        self,
        world: World | None,
        voxel: Voxel | None,
        lines: Sequence[ProbeLine] = (),
        *,
        oriented: bool = True,
    ) -> None:
        """Show a place as `ProbePanel.setPlace` does, with at most two of the layers."""
        if world is None or voxel is None:
            self.setText("")
            return
        values = [line.text() for line in lines[:2]]
        self.setText("   ".join([world_text(world, oriented), voxel_text(voxel), *values]))


class Coordinates(QStackedWidget):
    """World coordinates that turn into a field when they are clicked."""

    entered = pyqtSignal(object)  # (x, y, z) in RAS+ mm
    failed = pyqtSignal(str)  # why the text cannot be used; empty when all is well

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = QLabel(_NOWHERE, self)
        self._label.setFont(_fixed())
        self._field = _Field(self)
        self._field.setFont(_fixed())
        self._field.setPlaceholderText("R 12.3 A 4.5 S 30")
        self._field.setAccessibleName("Coordinates in mm")
        self._field.returnPressed.connect(self._take)
        self._field.left.connect(self._leave)
        self.addWidget(self._label)
        self.addWidget(self._field)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setToolTip("Click to type coordinates to go to")
        self.setAccessibleName("Coordinates")
        self.setFixedHeight(self._field.sizeHint().height())
        widest = world_text((-100.0, -100.0, -100.0)) + "  "
        self.setMinimumWidth(self._label.fontMetrics().horizontalAdvance(widest))

    def setWorld(self, world: World | None, oriented: bool = True) -> None:
        self._label.setText(_NOWHERE if world is None else world_text(world, oriented))

    def text(self) -> str:
        return self._label.text()

    def startEditing(self) -> None:
        """Show the field with the present coordinates, all selected."""
        text = self.text()
        self._field.setText("" if text == _NOWHERE else " ".join(text.split()))
        self.setCurrentWidget(self._field)
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)
        self._field.selectAll()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        self.startEditing()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        enter = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event is not None and Qt.Key(event.key()) in enter:
            self.startEditing()
        else:
            super().keyPressEvent(event)

    def _take(self) -> None:
        try:
            world = parse_world(_without_axes(self._field.text()))
        except ValueError as problem:
            self.failed.emit(str(problem))
            return
        self._leave()
        self.entered.emit(world)

    def _leave(self) -> None:
        self.failed.emit("")
        self.setCurrentWidget(self._label)


class _Field(QLineEdit):
    left = pyqtSignal()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)
        if event is not None:
            event.accept()  # Enter is not for the dialog around


class _Swatch(QWidget):
    """The colour of a label; empty where there is none."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._colour: tuple[int, int, int] | None = None
        side = round(0.9 * self.fontMetrics().height())
        self.setFixedSize(side, side)

    def setColour(self, colour: tuple[int, int, int] | None) -> None:
        if colour != self._colour:
            self._colour = colour
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        if self._colour is not None:
            painter = QPainter(self)
            box = (1, 1, self.width() - 2, self.height() - 2)
            paint_swatch(painter, self, QColor(*self._colour), box)
            painter.end()


def _without_axes(text: str) -> str:
    """The text without the names of axes that pictures without a patient have."""
    return "".join(" " if letter in "xyzXYZ" else letter for letter in text)


def _fixed() -> QFont:
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)

"""The legend of a plot, whose entries show values and switch their curves off and on."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QAbstractButton, QLabel, QVBoxLayout, QWidget

from widgets.paint.flow import FlowRow
from widgets.theme import theme_of

_WIDEST_VALUE = "8.88e-8"


class LegendEntry(QAbstractButton):
    """A dot in the curve's colour, its name, and a value; checked while the curve is shown."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = QColor()
        self._value = ""
        self.setText(name)
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def setColour(self, colour: str) -> None:
        self._colour = QColor(colour)
        self.update()

    def value(self) -> str:
        return self._value

    def setValue(self, value: str) -> None:
        if value != self._value:
            self._value = value
            self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        em = metrics.height()
        # Room for any value, so that the legend stands still while values change.
        texts = metrics.horizontalAdvance(self.text()) + metrics.horizontalAdvance(_WIDEST_VALUE)
        return QSize(texts + 2 * em, round(1.3 * em))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        theme, em = theme_of(self), self.fontMetrics().height()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(QColor(theme.accent if self.hasFocus() else theme.border), 1))
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 0.3 * em, 0.3 * em)
        shown = self.isChecked()
        painter.setPen(QPen(self._colour, 1.4))
        painter.setBrush(self._colour if shown else QColor(0, 0, 0, 0))
        painter.drawEllipse(QPointF(0.6 * em, self.height() / 2), 0.25 * em, 0.25 * em)
        painter.setPen(QColor(theme.text if shown else theme.muted))
        room = QRect(em + 2, 0, self.width() - em, self.height())
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(room, middle, self.text())
        painter.setPen(QColor(theme.muted))
        room.setLeft(room.left() + self.fontMetrics().horizontalAdvance(self.text()) + em // 3)
        painter.drawText(room, middle, self._value if shown else "")
        painter.end()


class Legend(QWidget):
    """A title and the entries of a plot, in rows where there is no room for one line."""

    toggled = pyqtSignal(str, bool)  # name, shown

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: dict[str, LegendEntry] = {}
        self._said = f"{title.lower()} "
        self._flow = FlowRow(self.fontMetrics().height() // 2)
        heading = QLabel(title)
        heading.setProperty("role", "heading")
        self._flow.add(heading)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._flow)

    def add(self, name: str, label: str = "") -> LegendEntry:
        """An entry more, shown at first; it does not say again what the title, or the entry that
        it belongs to, says: after "Dice" comes "left", not "Dice, left".

        Args:
            label: What it says, where that is not the name.
        """
        entry = LegendEntry(label or self._short(name))
        entry.setAccessibleName(f"Show {label or name}")
        entry.setToolTip(f"Show or hide {label or name}")
        entry.toggled.connect(lambda shown: self.toggled.emit(name, shown))
        self._entries[name] = entry
        self._flow.add(entry)
        self._flow.updateGeometry()
        return entry

    def entry(self, name: str) -> LegendEntry:
        return self._entries[name]

    def _short(self, name: str) -> str:
        whole, _, part = name.partition(", ")
        return part if whole in self._entries and part else name.removeprefix(self._said)

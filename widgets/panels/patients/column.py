"""A list of patients that others can be dragged to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QItemSelectionModel, QPoint, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PyQt6.QtWidgets import QAbstractItemView, QApplication, QListWidget, QListWidgetItem, QWidget

from widgets.panels.patients.card import CARD, CardPainter, PatientCard, Structure
from widgets.theme import theme_of

LEFT = Qt.MouseButton.LeftButton


@dataclass(frozen=True)
class Column:
    """What a column is.

    Attributes:
        key: Comes back in signals.
        title: Over it.
        about: What being in it means, a sentence.
        letter: The key that brings patients here.
        needs_labels: Whether patients without a label are refused.
    """

    key: str
    title: str
    about: str
    letter: str
    needs_labels: bool = True


class PatientColumn(QListWidget):
    """Cards below each other; clicks and arrows select, with Shift and Ctrl several.

    A drag is told in places of the screen: `dragged` while it goes on, `dropped` at its end,
    `called_off` where it is given up. `stepped` asks for the column at the left (-1) or right (1),
    with what is selected or without; `sent` for the column with a letter.
    """

    dragged = pyqtSignal(QPoint)
    dropped = pyqtSignal(QPoint)
    called_off = pyqtSignal()
    stepped = pyqtSignal(int, bool)
    sent = pyqtSignal(str)
    asked = pyqtSignal(QPoint)  # for a menu

    def __init__(self, column: Column, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = column
        self._start: QPoint | None = None
        self._pressed: QListWidgetItem | None = None
        self._dragging = False
        self._look = ""
        self._painter = CardPainter(self, marked=column.needs_labels)
        self.setItemDelegate(self._painter)
        self.setAccessibleName(column.title)
        self.setAccessibleDescription(column.about)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)

    def setCards(self, cards: Iterable[PatientCard], structures: Mapping[int, Structure]) -> None:
        """Show these; what was selected stays so, and the place in the list."""
        row, chosen, at = self.currentRow(), set(self.selected()), self._offset()
        self._painter.setStructures(structures)
        self.clear()
        for card in cards:
            item = QListWidgetItem(self)
            item.setData(CARD, card)
            item.setToolTip(card.tip)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{card.name}, {card.told}")
        self.select(chosen)
        if self.count():
            keep = QItemSelectionModel.SelectionFlag.NoUpdate
            self.setCurrentRow(min(max(row, 0), self.count() - 1), keep)
        bar = self.verticalScrollBar()
        if bar is not None:
            bar.setValue(at)

    def names(self) -> list[str]:
        """Who is in it, in order."""
        return [self._card(self.item(row)).name for row in range(self.count())]

    def selected(self) -> list[str]:
        """Who is selected, in order."""
        rows = sorted(self.row(item) for item in self.selectedItems())
        return [self._card(self.item(row)).name for row in rows]

    def select(self, names: Iterable[str]) -> None:
        """Select these and no others."""
        wanted = set(names)
        for row in range(self.count()):
            item = self.item(row)
            if item is not None:
                item.setSelected(self._card(item).name in wanted)

    def chosen(self) -> list[str]:
        """Who is meant: the selected ones, else the current one."""
        item = self.currentItem()
        return self.selected() or ([self._card(item).name] if item is not None else [])

    def setTarget(self, look: str) -> None:
        """How the column shows that a drag is over it: "takes", "refuses", or "" without any."""
        if look != self._look:
            self._look = look
            port = self.viewport()
            if port is not None:
                port.update()

    def isDragging(self) -> bool:
        return self._dragging

    def callOff(self) -> bool:
        """Give up the drag under way; False where there is none."""
        was = self._dragging
        self._stop()
        if was:
            self.called_off.emit()
        return was

    # --- the mouse

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        self._stop()
        if event.button() != LEFT:
            return
        item = self.itemAt(event.position().toPoint())
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        self._start = event.position().toPoint() if item is not None else None
        self._pressed = item if item is not None and item.isSelected() and plain else None
        if self._pressed is None:
            super().mousePressEvent(event)  # else several that are selected are dragged together
        else:
            self.setCurrentItem(item, QItemSelectionModel.SelectionFlag.NoUpdate)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        if self._start is None or not event.buttons() & LEFT:
            super().mouseMoveEvent(event)
            return
        away = event.position().toPoint() - self._start
        if self._dragging or away.manhattanLength() >= QApplication.startDragDistance():
            self._dragging = True
            self.dragged.emit(event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        was, pressed = self._dragging, self._pressed
        self._stop()
        if was:
            self.dropped.emit(event.globalPosition().toPoint())
        elif pressed is not None:
            self.setCurrentItem(pressed, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        super().mouseReleaseEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        if event is None:
            return
        item = self.itemAt(event.pos())
        if item is not None and not item.isSelected():
            self.setCurrentItem(item, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if self.chosen():
            self.asked.emit(event.globalPos())

    # --- keys

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        if event.key() == Qt.Key.Key_Escape and self.callOff():
            return
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        letter = event.text().upper()
        if step:
            self.stepped.emit(step, control)
        elif letter and letter.isalpha() and not control:
            self.sent.emit(letter)
        else:
            super().keyPressEvent(event)

    # --- the look

    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        port = self.viewport()
        if not self._look or port is None:
            return
        theme, painter = theme_of(self), QPainter(port)
        colour = theme.accent if self._look == "takes" else theme.danger
        painter.setPen(QPen(QColor(colour), 2, Qt.PenStyle.DashLine))
        painter.drawRect(port.rect().adjusted(1, 1, -2, -2))
        painter.end()

    def _stop(self) -> None:
        self._start, self._pressed, self._dragging = None, None, False

    def _offset(self) -> int:
        bar = self.verticalScrollBar()
        return bar.value() if bar is not None else 0

    @staticmethod
    def _card(item: QListWidgetItem | None) -> PatientCard:
        card = item.data(CARD) if item is not None else None
        assert isinstance(card, PatientCard), "every row has one"
        return card


def in_order(cards: Sequence[PatientCard], names: Iterable[str]) -> list[PatientCard]:
    """Those of some names, as they stand among all."""
    wanted = set(names)
    return [card for card in cards if card.name in wanted]

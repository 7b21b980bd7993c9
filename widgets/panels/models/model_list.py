"""Checkpoints in a list: each with a picture or a sign, its names, and what it finds in colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from PyQt6.QtCore import QItemSelectionModel, QModelIndex, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QImage, QPainter, QPen
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from widgets.icons import icon
from widgets.theme import DARK, Theme, theme_of

ROW = Qt.ItemDataRole.UserRole
HEIGHT_EM = 4.9
MOST_CHIPS = 4


@dataclass(frozen=True, eq=False)
class ModelRow:
    """What the list shows of a checkpoint.

    Attributes:
        key: Comes back in signals.
        title, kind, facts: Three lines, the most important first.
        badge: A word in the corner, such as "bundled".
        glyph, sign: Icon and word that stand for a picture where there is none.
        picture: What there is to see of it.
        chips: (colour as #rrggbb, name) of what it finds.
    """

    key: str
    title: str
    kind: str
    facts: str
    badge: str
    glyph: str
    sign: str
    picture: QImage | None = None
    chips: tuple[tuple[str, str], ...] = ()


class ModelList(QListWidget):
    """One is looked at; several that are chosen with Ctrl or Shift are compared.

    `chosenChanged` tells that others are chosen, `opened` the key of one that was double-clicked
    or entered.
    """

    chosenChanged = pyqtSignal()
    opened = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Models")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.setItemDelegate(_Painter(self))
        self._filling = False
        self.itemSelectionChanged.connect(self._tell)
        self.itemActivated.connect(lambda item: self.opened.emit(_row(item).key))

    def setRows(self, rows: Sequence[ModelRow], chosen: Sequence[str] = ()) -> None:
        """Show these; those of `chosen` that are among them stay chosen, else the first is."""
        self._filling = True
        self.clear()
        for row in rows:
            item = QListWidgetItem(self)
            item.setData(ROW, row)
            item.setData(
                Qt.ItemDataRole.AccessibleTextRole, f"{row.title}, {row.kind}, {row.badge}"
            )
            item.setToolTip("\n".join((row.title, row.kind, row.facts)))
        self._filling = False
        self.choose(chosen)

    def choose(self, keys: Sequence[str]) -> None:
        """Choose these, or where none of them is there the first one."""
        self._filling = True
        self.clearSelection()
        places = [i for i in range(self.count()) if self._at(i).key in keys]
        for place in places or ([0] if self.count() else []):
            item = self.item(place)
            assert item is not None, "it was counted"
            item.setSelected(True)
        if self.count():
            keep = QItemSelectionModel.SelectionFlag.NoUpdate
            first = places[0] if places else 0
            self.setCurrentRow(first, keep)
            self.scrollToItem(cast(QListWidgetItem, self.item(first)))
        self._filling = False
        self._tell()

    def rows(self) -> list[ModelRow]:
        """What is shown, from the top."""
        return [self._at(place) for place in range(self.count())]

    def chosen(self) -> list[str]:
        """The keys of those that are chosen, from the top."""
        marked = {self.row(item) for item in self.selectedItems()}
        return [self._at(place).key for place in sorted(marked)]

    def _at(self, place: int) -> ModelRow:
        item = self.item(place)
        assert item is not None, "there are fewer"
        return _row(item)

    def _tell(self) -> None:
        if not self._filling:
            self.chosenChanged.emit()


class _Painter(QStyledItemDelegate):
    """Draws a row."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(0, round(HEIGHT_EM * option.fontMetrics.height()))

    def paint(
        self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        row = index.data(ROW)
        if painter is None or not isinstance(row, ModelRow):
            return
        widget = cast(QWidget, self.parent())
        theme, em = theme_of(widget), option.fontMetrics.height()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        back = _background(option, theme)
        if back is not None:
            painter.fillRect(option.rect, QColor(back))
        painter.setPen(QColor(theme.border))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
        pad = round(0.5 * em)
        side = option.rect.height() - 2 * pad
        place = QRect(option.rect.left() + pad, option.rect.top() + pad, side, side)
        paint_picture(painter, place, row.picture, row.glyph, row.sign)
        left = place.right() + round(0.8 * em)
        room = QRect(left, place.top(), option.rect.right() - left - pad, side)
        _paint_texts(painter, room, row, theme, option.font)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(option.rect.adjusted(0, 0, -1, -2))
        painter.restore()


def paint_picture(
    painter: QPainter, place: QRect, picture: QImage | None, glyph: str, sign: str
) -> None:
    """A picture fitted into a square, or an icon with a word on the same ground."""
    painter.fillRect(place, QColor(DARK.canvas))
    if picture is not None and not picture.isNull():
        size = picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(place.topLeft(), size)
        target.moveCenter(place.center())
        painter.drawImage(target, picture)
        return
    side = round(0.42 * place.width())
    inner = QRect(0, 0, side, side)
    inner.moveCenter(place.center())
    inner.moveTop(place.top() + round(0.16 * place.height()))
    # The ground is dark in both themes.
    icon(glyph, theme=DARK, tone="muted").paint(painter, inner)
    font = painter.font()
    font.setPixelSize(max(8, round(0.17 * place.height())))
    painter.setFont(font)
    painter.setPen(QColor(DARK.muted))
    below = QRect(
        place.left() + 2, inner.bottom(), place.width() - 4, place.bottom() - inner.bottom()
    )
    text = painter.fontMetrics().elidedText(sign, Qt.TextElideMode.ElideRight, below.width())
    painter.drawText(below, int(Qt.AlignmentFlag.AlignCenter), text)


def _paint_texts(painter: QPainter, room: QRect, row: ModelRow, theme: Theme, usual: QFont) -> None:
    bold = QFont(usual)
    bold.setBold(True)
    line = room.height() // 3
    painter.setFont(usual)
    badge = painter.fontMetrics().horizontalAdvance(row.badge)
    right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
    painter.setPen(QColor(theme.muted))
    painter.drawText(QRect(room.left(), room.top(), room.width(), line), int(right), row.badge)
    free = room.width() - badge - painter.fontMetrics().height() // 2
    _line(painter, QRect(room.left(), room.top(), free, line), row.title, bold, theme.text)
    middle = QRect(room.left(), room.top() + line, room.width(), line)
    _line(painter, middle, row.kind, usual, theme.muted)
    last = QRect(room.left(), room.top() + 2 * line, room.width(), line)
    used = _paint_chips(painter, last, row.chips, theme, usual)
    if used < last.width() // 2:
        _line(painter, last.adjusted(used, 0, 0, 0), row.facts, usual, theme.muted)


def _paint_chips(
    painter: QPainter, room: QRect, chips: Sequence[tuple[str, str]], theme: Theme, usual: QFont
) -> int:
    """Squares of colour, with the name where there is only one; returns the width they took."""
    side = round(0.7 * painter.fontMetrics().height())
    left = room.left()
    painter.setFont(usual)
    for colour, _ in chips[:MOST_CHIPS]:
        painter.setPen(QColor(theme.border))
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(left, room.center().y() - side // 2, side, side, 2, 2)
        left += side + side // 2
    more = len(chips) - MOST_CHIPS
    if more > 0:
        painter.setPen(QColor(theme.muted))
        text = f"+{more}"
        painter.drawText(QRect(left, room.top(), 3 * side, room.height()), int(_V), text)
        left += painter.fontMetrics().horizontalAdvance(text) + side // 2
    return left - room.left()


_V = Qt.AlignmentFlag.AlignVCenter


def _line(painter: QPainter, room: QRect, text: str, font: QFont, colour: str) -> None:
    painter.setFont(font)
    painter.setPen(QColor(colour))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, int(_V), shown)


def _background(option: QStyleOptionViewItem, theme: Theme) -> str | None:
    if option.state & QStyle.StateFlag.State_Selected:
        return theme.accent_soft
    return theme.hover if option.state & QStyle.StateFlag.State_MouseOver else None


def _row(item: QListWidgetItem | Any) -> ModelRow:
    row = item.data(ROW)
    assert isinstance(row, ModelRow), "every item has one"
    return row

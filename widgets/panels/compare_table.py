"""What is said of several things, side by side in groups of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QModelIndex, QPointF, QSize, Qt
from PyQt6.QtGui import QBrush, QColor, QIcon, QPainter, QPixmap, QResizeEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from widgets.plots.colours import curve_colour
from widgets.theme import theme_of

Row = tuple[str, Sequence[str]]
"""Label, and a value of each. A label may have parts, with `UNDER` between them."""

UNDER = " › "

OTHER, SAME = "Differs", "The same"
"""Titles of groups."""
_HEAD = Qt.ItemDataRole.UserRole
_INDENT = "   "
_NAME_EM = 17
_LEAST_EM = 9
_ROW_EM = 1.6


@dataclass(frozen=True)
class CompareGroup:
    """Rows under a heading.

    Attributes:
        title: Of the group.
        rows: What is said, and how of each.
        open: Whether it begins unfolded.
        none: What is said where there are no rows.
    """

    title: str
    rows: Sequence[Row]
    open: bool = True
    none: str = ""


class CompareTable(QTreeWidget):
    """A column each. Groups fold; texts that are too long for a cell are in its tool tip. What
    the labels of rows begin with alike stands above them once.

    Args:
        dots: Whether each has a dot in the colour of its curves.
    """

    def __init__(self, parent: QWidget | None = None, *, dots: bool = False) -> None:
        super().__init__(parent)
        self._dots = dots
        self._shown: dict[str, bool] = {}
        self.setAccessibleName("Side by side")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setUniformRowHeights(True)
        self.setItemDelegate(_Cell(self))
        self.setIndentation(self.fontMetrics().height())
        self.itemExpanded.connect(lambda item: self._remember(item, is_open=True))
        self.itemCollapsed.connect(lambda item: self._remember(item, is_open=False))

    def setGroups(self, heads: Sequence[str], groups: Sequence[CompareGroup]) -> None:
        """Show these; a group that was folded or unfolded by hand stays so."""
        shown, self._shown = self._shown, {}
        self.clear()
        self.setColumnCount(1 + len(heads))
        self.setHeaderLabels(["", *heads])
        item = self.headerItem()
        for column, head in enumerate(heads, 1):
            if item is not None:
                item.setToolTip(column, head)
        for group in groups:
            self._add(group).setExpanded(shown.get(group.title, group.open))
        self._shown = shown
        self._restyle()
        self._share()

    def rows(self, title: str) -> list[tuple[str, ...]]:
        """The rows of a group with their whole labels."""
        group = self._group(title)
        children = [] if group is None else [group.child(i) for i in range(group.childCount())]
        values = range(1, self.columnCount())
        return [
            (c.toolTip(0) or c.text(0), *(c.text(i) for i in values))
            for c in children
            if c is not None and not c.data(0, _HEAD)
        ]

    def isOpen(self, title: str) -> bool:
        """Whether a group is unfolded."""
        group = self._group(title)
        return group is not None and group.isExpanded()

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._restyle()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._share()

    def _group(self, title: str) -> QTreeWidgetItem | None:
        groups = (self.topLevelItem(place) for place in range(self.topLevelItemCount()))
        return next((g for g in groups if g is not None and _title_of(g) == title), None)

    def _add(self, group: CompareGroup) -> QTreeWidgetItem:
        head = QTreeWidgetItem(self, [f"{group.title} ({len(group.rows)})"])
        head.setFirstColumnSpanned(True)
        font = head.font(0)
        font.setBold(True)
        head.setFont(0, font)
        head.setSizeHint(0, QSize(0, round(_ROW_EM * self.fontMetrics().height())))
        before = ""
        for label, values in group.rows:
            parts, _, last = label.rpartition(UNDER)
            if parts != before and parts:
                self._add_parts(head, parts)
            before = parts
            item = QTreeWidgetItem(head, [_INDENT * bool(parts) + last, *values])
            for column, text in enumerate((label, *values)):
                item.setToolTip(column, text)
        if not group.rows and group.none:
            QTreeWidgetItem(head, [group.none]).setFirstColumnSpanned(True)
        return head

    def _add_parts(self, head: QTreeWidgetItem, parts: str) -> None:
        item = QTreeWidgetItem(head, [parts])
        item.setData(0, _HEAD, True)
        item.setToolTip(0, parts)
        item.setFirstColumnSpanned(True)
        font = item.font(0)
        font.setItalic(True)
        item.setFont(0, font)

    def _remember(self, item: QTreeWidgetItem, *, is_open: bool) -> None:
        self._shown[_title_of(item)] = is_open

    def _restyle(self) -> None:
        """Labels are quieter than values."""
        theme, heads = theme_of(self), self.headerItem()
        quiet = QBrush(QColor(theme.muted))
        for place in range(self.topLevelItemCount()):
            group = self.topLevelItem(place)
            for child in range(0 if group is None else group.childCount()):
                item = None if group is None else group.child(child)
                if item is not None:
                    item.setForeground(0, quiet)
        if self._dots and heads is not None:
            for column in range(1, self.columnCount()):
                heads.setIcon(column, self._dot(curve_colour(theme, column - 1)))

    def _dot(self, colour: str) -> QIcon:
        side, ratio = self.fontMetrics().height(), self.devicePixelRatioF()
        picture = QPixmap(round(side * ratio), round(side * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawEllipse(QPointF(side / 2, side / 2), 0.28 * side, 0.28 * side)
        painter.end()
        return QIcon(picture)

    def _share(self) -> None:
        head, viewport = self.header(), self.viewport()
        columns = self.columnCount() - 1
        if head is None or viewport is None or columns < 1:
            return
        em = self.fontMetrics().height()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        head.setTextElideMode(Qt.TextElideMode.ElideRight)
        head.setStretchLastSection(False)
        first = min(_NAME_EM * em, viewport.width() * 2 // 5)
        self.setColumnWidth(0, first)
        width = max(_LEAST_EM * em, (viewport.width() - first) // columns)
        for column in range(1, columns + 1):
            self.setColumnWidth(column, width)


class _Cell(QStyledItemDelegate):
    """Words are told by their beginning; paths and hashes, which have no spaces, by both ends."""

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        if option is not None:
            ends = Qt.TextElideMode.ElideMiddle, Qt.TextElideMode.ElideRight
            option.textElideMode = ends[" " in (option.text or "").strip()]


def _title_of(group: QTreeWidgetItem) -> str:
    """Without the count."""
    return group.text(0).rsplit(" (", 1)[0]

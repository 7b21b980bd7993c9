"""Settings of several runs side by side: those that differ first, the others folded."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QPointF, QSize, Qt
from PyQt6.QtGui import QBrush, QColor, QIcon, QPainter, QPixmap, QResizeEvent
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from widgets.plots.colours import curve_colour
from widgets.theme import theme_of

Row = tuple[str, Sequence[str]]
"""Label, and a value a run."""

OUTCOME, OTHER, SAME = "What came of it", "Differs", "The same"
NOTHING_DIFFERS = "Nothing: they were asked for the same"
_NAME_EM = 15
_LEAST_EM = 9
_ROW_EM = 1.6


class SettingsTable(QTreeWidget):
    """A column a run, and three groups of rows, of which the last is folded at first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._groups: list[QTreeWidgetItem] = []
        self.setAccessibleName("Settings side by side")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setUniformRowHeights(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setExpandsOnDoubleClick(True)
        self.setIndentation(self.fontMetrics().height())

    def setRuns(
        self, names: Sequence[str], outcome: Sequence[Row], other: Sequence[Row],
        same: Sequence[Row],
    ) -> None:  # fmt: skip
        """Show these; a group that was folded or opened by hand stays so.

        Args:
            names: Of the runs, for the heads of the columns.
            outcome: What they found, how long they took.
            other, same: Settings that differ, and that do not.
        """
        opened = [group.isExpanded() for group in self._groups] or [True, True, False]
        self.clear()
        self.setColumnCount(1 + len(names))
        self.setHeaderLabels(["", *names])
        rows = ((OUTCOME, outcome), (OTHER, other), (SAME, same))
        self._groups = [self._group(title, found) for title, found in rows]
        if not other:
            QTreeWidgetItem(self._groups[1], [NOTHING_DIFFERS])
        for group, is_open in zip(self._groups, opened, strict=True):
            group.setExpanded(is_open)
        self._restyle()
        self._share()

    def rows(self, title: str) -> list[tuple[str, ...]]:
        """The rows of a group as they are shown."""
        group = next(g for g in self._groups if g.text(0).startswith(title))
        return [self._texts(group.child(place)) for place in range(group.childCount())]

    def isOpen(self, title: str) -> bool:
        """Whether a group is unfolded."""
        return next(g for g in self._groups if g.text(0).startswith(title)).isExpanded()

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._restyle()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._share()

    def _group(self, title: str, rows: Sequence[Row]) -> QTreeWidgetItem:
        head = QTreeWidgetItem(self, [f"{title} ({len(rows)})"])
        head.setFirstColumnSpanned(True)
        head.setSizeHint(0, self._row())
        font = head.font(0)
        font.setBold(True)
        head.setFont(0, font)
        for label, values in rows:
            item = QTreeWidgetItem(head, [label, *values])
            item.setSizeHint(0, self._row())
            for column, text in enumerate((label, *values)):
                item.setToolTip(column, text)
        return head

    def _row(self) -> QSize:
        return QSize(0, round(_ROW_EM * self.fontMetrics().height()))

    def _texts(self, item: QTreeWidgetItem | None) -> tuple[str, ...]:
        if item is None:
            return ()
        return tuple(item.text(column) for column in range(self.columnCount()))

    def _restyle(self) -> None:
        """Labels are quieter than values; each run has a dot in the colour of its curves."""
        theme, head = theme_of(self), self.headerItem()
        quiet = QBrush(QColor(theme.muted))
        if head is not None:
            for column in range(1, self.columnCount()):
                head.setIcon(column, self._dot(curve_colour(theme, column - 1)))
        for group in self._groups:
            for place in range(group.childCount()):
                child = group.child(place)
                if child is not None:
                    child.setForeground(0, quiet)

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
        head.setStretchLastSection(False)
        first = _NAME_EM * em
        self.setColumnWidth(0, first)
        width = max(_LEAST_EM * em, (viewport.width() - first) // columns)
        for column in range(1, columns + 1):
            self.setColumnWidth(column, width)

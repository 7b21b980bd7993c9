"""The Models workspace: which checkpoints there are, what each says about itself, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QRect, Qt
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.workspaces.models.detail import ModelDetail
from app.workspaces.models.rows import compared
from engine.library import Entry
from engine.library.choosing import Compared
from widgets.icons import icon
from widgets.panels.compare_table import CompareTable
from widgets.panels.models.filter_bar import FilterBar
from widgets.panels.models.model_list import ModelList, ModelRow

ORDERS = (("name", "By name"), ("method", "By method"), ("newest", "Newest"), ("size", "Largest"))
NONE = "No models yet."
NONE_HINT = "Train one, or import weights that others have published."
NO_MATCH = "No model fits what is asked for."
COMPARE_HINT = "Ctrl+click another one to compare."


class ModelsView(QWidget):
    """A list with filters, and beside it one card, or several side by side.

    Attributes:
        list, filters: What there is, and what of it is asked for.
        detail: The card.
        comparison: The table.
        bring: Imports; connected by whoever does.
        clear: Asks for everything again.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self.filters = FilterBar(ORDERS, self)
        self.list = ModelList(self)
        self.detail = ModelDetail(self)
        self.comparison = CompareTable(self)
        self.comparison.setFrameShape(QFrame.Shape.NoFrame)
        self.bring = QPushButton(icon("mdi6.tray-arrow-down"), "Import…", self)
        self.bring.setToolTip("Published weights of one of the methods")
        self.clear = QPushButton("Ask for all again", self)
        self.clear.clicked.connect(self.filters.clear)
        self._count = QLabel(self)
        self._count.setProperty("role", "muted")
        self._compare_title = QLabel(self)
        self._compare_title.setProperty("role", "heading")
        self._empty = QLabel(self)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setProperty("role", "muted")
        self._pages = QStackedWidget(self)
        self._build(em)
        self.showNothing(narrow=False)

    def showRows(self, rows: Sequence[ModelRow], total: int, chosen: Sequence[str]) -> None:
        """List these of so many."""
        self.list.setRows(rows, chosen)
        shown = f"{len(rows)} of {total}" if len(rows) != total else f"{total}"
        self._count.setText(f"{shown} model{'' if total == 1 else 's'}" if total else "")

    def showNothing(self, *, narrow: bool) -> None:
        """There is nothing to show beside the list.

        Args:
            narrow: There is something, but the filters leave it out.
        """
        self._empty.setText(NO_MATCH if narrow else f"{NONE}\n{NONE_HINT}")
        self.clear.setVisible(narrow)
        self._pages.setCurrentIndex(0)

    def showEntry(self, entry: Entry, picture: QImage | None) -> None:
        """One card."""
        self.detail.showEntry(entry, picture)
        self._pages.setCurrentIndex(1)

    def showComparison(self, titles: Sequence[str], rows: Sequence[Compared]) -> None:
        """Several side by side."""
        self.comparison.setGroups(titles, compared(rows))
        self._compare_title.setText(f"{len(titles)} models side by side")
        self._pages.setCurrentIndex(2)

    def isComparing(self) -> bool:
        return self._pages.currentIndex() == 2

    def text(self) -> str:
        """What is shown beside the list."""
        page = self._pages.currentIndex()
        return (self._empty.text(), self.detail.text(), self._compare_title.text())[page]

    def messageArea(self) -> QRect:
        """What messages may cover: not the list."""
        left = self._pages.mapTo(self, self._pages.rect().topLeft())
        return QRect(left, self._pages.size())

    def _build(self, em: int) -> None:
        heading = QLabel("Models", self)
        heading.setProperty("role", "heading")
        head = QHBoxLayout()
        head.addWidget(heading)
        head.addWidget(self._count)
        head.addStretch(1)
        head.addWidget(self.bring)
        hint = QLabel(COMPARE_HINT, self)
        hint.setProperty("role", "muted")
        side = QWidget(self)
        left = QVBoxLayout(side)
        left.setContentsMargins(em // 2, em // 2, em // 4, em // 2)
        left.setSpacing(em // 2)
        left.addLayout(head)
        left.addWidget(self.filters)
        left.addWidget(self.list, 1)
        left.addWidget(hint)
        for page in (self._empty_page(), self.detail, self._compare_page(em)):
            self._pages.addWidget(page)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.setChildrenCollapsible(False)
        split.addWidget(side)
        split.addWidget(self._pages)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        side.setMinimumWidth(19 * em)
        split.setSizes([27 * em, 48 * em])
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(split)

    def _empty_page(self) -> QWidget:
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.addStretch(2)
        column.addWidget(self._empty)
        column.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(3)
        return page

    def _compare_page(self, em: int) -> QWidget:
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(em, em, em, em)
        column.setSpacing(em // 2)
        column.addWidget(self._compare_title)
        column.addWidget(self.comparison, 1)
        return page

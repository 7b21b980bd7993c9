"""The table of training runs, with what narrows it."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QResizeEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QStackedLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from widgets.panels.run_table.rows import (
    BEST,
    DATA,
    HEADS,
    ITERATIONS,
    KEY,
    METHOD,
    NAME,
    SIZE,
    STARTED,
    STATE,
    TOOK,
    RunFilter,
    RunItem,
    RunRows,
)

EMPTY = "There are no runs here yet."
NONE_FIT = "No run fits the filter."
ANY_METHOD, ANY_STATE = "All methods", "All states"
_EM = {
    NAME: 9, STATE: 7, METHOD: 9.5, ITERATIONS: 7, BEST: 8.5, DATA: 7.5, STARTED: 7.5, TOOK: 7,
    SIZE: 4.5,
}  # fmt: skip
_STRETCH = {NAME: 2, METHOD: 3, DATA: 2, BEST: 1}
"""Shares of the room that is left."""


class RunsTable(QWidget):
    """Rows that are sorted by a click on a head, and filtered by words, method and state.

    `opened` names the row of a double click or Enter, `deletePressed` tells of Del, `menuAsked`
    where a menu for the rows that are selected belongs.

    Attributes:
        words, method, state: The filter.
        view: The rows.
    """

    opened = pyqtSignal(str)
    selected = pyqtSignal()
    deletePressed = pyqtSignal()
    menuAsked = pyqtSignal(QPoint)  # global

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = RunRows(self)
        self._filter = RunFilter(self._rows, self)
        self.words = QLineEdit(self)
        self.words.setPlaceholderText("Filter by name, data, notes …")
        self.words.setClearButtonEnabled(True)
        self.words.setAccessibleName("Filter")
        self.words.textChanged.connect(self._filter.setText)
        self.method = self._choice("Method")
        self.state = self._choice("State")
        self.method.currentIndexChanged.connect(
            lambda: self._filter.setMethod(self.method.currentData() or "")
        )
        self.state.currentIndexChanged.connect(
            lambda: self._filter.setState(self.state.currentData() or "")
        )
        self._count = QLabel(self)
        self._count.setProperty("role", "muted")
        self.view = _View(self)
        self.view.setModel(self._filter)
        for column in (METHOD, BEST):
            # What they begin with says most; of names and paths, both ends do.
            self.view.setItemDelegateForColumn(column, _FromTheLeft(self.view))
        self.view.sortByColumn(STARTED, Qt.SortOrder.DescendingOrder)
        self.view.doubleClicked.connect(lambda index: self.opened.emit(index.data(KEY)))
        self.view.enterPressed.connect(self._enter)
        self.view.deletePressed.connect(self.deletePressed)
        self.view.customContextMenuRequested.connect(self._ask_menu)
        chosen = self.view.selectionModel()
        assert chosen is not None, "a view with a model has one"
        chosen.selectionChanged.connect(lambda: self.selected.emit())
        for signal in (
            self._filter.rowsInserted, self._filter.rowsRemoved, self._filter.modelReset,
            self._filter.layoutChanged,
        ):  # fmt: skip
            signal.connect(self._tell)
        self._empty = QLabel(EMPTY, self)
        self._arrange()
        self.setItems(())

    def setItems(self, items: Sequence[RunItem]) -> None:
        """Show these runs; what is selected stays so, as far as it is there."""
        keys = self.keys()
        if self._rows.setItems(items):
            self.select(keys)
        methods = sorted({item.method for item in items if item.method})
        _fill(self.method, ANY_METHOD, methods)
        _fill(self.state, ANY_STATE, sorted({item.state for item in items if item.state}))
        self._tell()

    def items(self) -> list[RunItem]:
        """All runs, whatever the filter."""
        return self._rows.items()

    def shown(self) -> list[RunItem]:
        """The runs that the filter lets through, from the top."""
        sources = (
            self._filter.mapToSource(self._filter.index(row, 0))
            for row in range(self._filter.rowCount())
        )
        return [self._rows.item(source.row()) for source in sources]

    def keys(self) -> list[str]:
        """The runs that are selected, from the top."""
        chosen = self.view.selectionModel()
        rows = [] if chosen is None else sorted(i.row() for i in chosen.selectedRows())
        return [str(self._filter.index(row, 0).data(KEY)) for row in rows]

    def select(self, keys: Sequence[str]) -> None:
        """Select these rows and no others."""
        chosen = self.view.selectionModel()
        if chosen is None:
            return
        chosen.clear()
        flag = QItemSelectionModel.SelectionFlag
        for row in range(self._filter.rowCount()):
            index = self._filter.index(row, 0)
            if index.data(KEY) in keys:
                chosen.setCurrentIndex(index, flag.Select | flag.Rows)

    def setEmptyText(self, text: str) -> None:
        """What stands in place of the rows where there are none."""
        self._empty.setText(text)
        self._tell()

    def count(self) -> str:
        """How many there are, and pass the filter."""
        return self._count.text()

    def _choice(self, name: str) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        return box

    def _enter(self) -> None:
        index = self.view.currentIndex()
        if index.isValid():
            self.opened.emit(index.data(KEY))

    def _ask_menu(self, place: QPoint) -> None:
        viewport = self.view.viewport()
        if viewport is not None and self.keys():
            self.menuAsked.emit(viewport.mapToGlobal(place))

    def _tell(self) -> None:
        count, shown = self._rows.rowCount(), self._filter.rowCount()
        what = "1 run" if count == 1 else f"{count:,} runs"
        self._count.setText(what if shown == count else f"{shown:,} of {what}")
        self._count.setVisible(count > 0)
        self._none.setText(NONE_FIT)
        self._stack.setCurrentIndex(0 if shown else 1 if count else 2)

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        bar = QHBoxLayout()
        bar.setSpacing(em // 2)
        self.words.setMaximumWidth(22 * em)
        bar.addWidget(self.words, 1)
        bar.addWidget(self.method)
        bar.addWidget(self.state)
        bar.addWidget(self._count)
        bar.addStretch(1)
        self._none = QLabel(NONE_FIT, self)
        for label in (self._none, self._empty):
            label.setProperty("role", "muted")
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
        self._stack = QStackedLayout()
        for page in (self.view, self._none, self._empty):
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(em // 2)
        column.addLayout(bar)
        column.addLayout(self._stack, 1)


class _FromTheLeft(QStyledItemDelegate):
    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        if option is not None:
            option.textElideMode = Qt.TextElideMode.ElideRight


class _View(QTableView):
    """Whole rows, several of them; columns share the width that there is."""

    enterPressed = pyqtSignal()
    deletePressed = pyqtSignal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "runs")
        self.setShowGrid(False)
        self.setSortingEnabled(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setAccessibleName("Runs")
        rows, heads = self.verticalHeader(), self.horizontalHeader()
        assert rows is not None, "a table has heads"
        assert heads is not None, "as above"
        rows.hide()
        rows.setDefaultSectionSize(round(1.9 * self.fontMetrics().height()))
        heads.setHighlightSections(False)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        heads.sectionResized.connect(self._resized)
        self._own = False
        self._by_hand = False

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        enters = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event is not None and event.key() in enters:
            self.enterPressed.emit()
        elif event is not None and event.key() == Qt.Key.Key_Delete:
            self.deletePressed.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if not self._by_hand:
            self._share()

    def _resized(self) -> None:
        self._by_hand = self._by_hand or not self._own

    def _share(self) -> None:
        em, viewport = self.fontMetrics().height(), self.viewport()
        if viewport is None:
            return
        least = {column: round(_EM[column] * em) for column in range(len(HEADS))}
        left = max(0, viewport.width() - sum(least.values()))
        whole = sum(_STRETCH.values())
        self._own = True
        for column, width in least.items():
            self.setColumnWidth(column, width + left * _STRETCH.get(column, 0) // whole)
        self._own = False


def _fill(box: QComboBox, every: str, names: Sequence[str]) -> None:
    """Offer these; what was chosen stays, also where no run is so at the moment."""
    chosen = str(box.currentData() or "")
    wanted = sorted({*names, chosen} - {""})
    if [box.itemData(place) for place in range(1, box.count())] == wanted and box.count():
        return
    with QSignalBlocker(box):
        box.clear()
        box.addItem(every, "")
        for name in wanted:
            box.addItem(name, name)
        box.setCurrentIndex(max(0, box.findData(chosen)))

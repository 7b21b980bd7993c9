"""The table of labels: which is painted, how each looks, how large it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import QModelIndex, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QColor, QFocusEvent, QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QColorDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QStackedLayout,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets.paint.labels.table import LabelTable
from widgets.panels.volume.label_rows import (
    COLOUR,
    EYE,
    LOCK,
    ML,
    NAME,
    VOXELS,
    LabelCell,
    LabelRows,
)
from widgets.panels.volume.parts import RowDrag, muted, tool_button

FIGURES = ML, VOXELS
SEARCH_FROM = 13  # labels, from which on they can be searched
_THROTTLE_MS = 120


class LabelPanel(QWidget):
    """Shows a LabelTable and changes it.

    Deleting a label is only asked for, as its voxels have to go somewhere; files and presets are
    others' work too.
    """

    deleteRequested = pyqtSignal(int)  # value
    importRequested = pyqtSignal()
    exportRequested = pyqtSignal()
    presetChosen = pyqtSignal(str)  # its name

    def __init__(self, table: LabelTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._rows = LabelRows(table, self)
        self.view = _View(self)
        self.search = QLineEdit(self)
        self.add_button = tool_button("mdi6.plus", "Add a label (M)", self)
        self.delete_button = tool_button("mdi6.delete-outline", "Delete the label (Del)", self)
        self.presets_button = tool_button("mdi6.playlist-star", "Presets", self)
        self.import_button = tool_button("mdi6.import", "Read a label table", self)
        self.export_button = tool_button("mdi6.export", "Save the label table", self)
        self._menu = QMenu(self)
        self._waiting: dict[int, tuple[int, float]] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_THROTTLE_MS)
        # A method, not a lambda: the collector may empty one while the timer still runs.
        self._timer.timeout.connect(self._show_volumes)
        self._set_up_view()
        self._build()
        self._connect()
        self.setPresets(())
        self._refresh()

    def setVolumes(self, volumes: Mapping[int, tuple[int, float]]) -> None:
        """Voxels and ml by label; shown a moment later, so that it may be called often."""
        self._waiting = dict(volumes)
        if not self._timer.isActive():
            self._timer.start()

    def setPresets(self, names: Sequence[str]) -> None:
        """What the presets' menu offers; without any there is no menu."""
        self._menu.clear()
        for name in names:
            action = self._menu.addAction(name)
            assert action is not None, "the menu makes it"
            action.triggered.connect(lambda _, name=name: self.presetChosen.emit(name))
        self.presets_button.setVisible(bool(names))

    def _show_volumes(self) -> None:
        self._rows.setVolumes(self._waiting)
        self._fit_figures()

    def chooseColour(self, value: int) -> QColorDialog | None:
        """Open a dialog for a label's colour, which blocks nothing; None without such a label."""
        label = self._table.label(value)
        if label is None:
            return None
        dialog = QColorDialog(QColor(*label.colour), self)
        dialog.setWindowTitle(f"Colour of {label.name}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(lambda colour: self._recolour(value, colour))
        dialog.open()
        return dialog

    def _set_up_view(self) -> None:
        view = self.view
        view.setModel(self._rows)
        view.setItemDelegate(LabelCell(view))
        view.setAccessibleName("Labels")
        view.setWordWrap(False)
        head, side = view.horizontalHeader(), view.verticalHeader()
        assert head is not None, "a table has headers"
        assert side is not None, "a table has headers"
        side.hide()
        side.setDefaultSectionSize(round(1.8 * self.fontMetrics().height()))
        head.setHighlightSections(False)
        head.setMinimumSectionSize(round(1.7 * self.fontMetrics().height()))
        for column in (EYE, LOCK, COLOUR):
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            view.setColumnWidth(column, round(1.7 * self.fontMetrics().height()))
        head.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column in FIGURES:
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        self._fit_figures()

    def _fit_figures(self) -> None:
        """No wider than the numbers are, in steps: names need the room, and should not tremble."""
        head, step = self.view.horizontalHeader(), self.fontMetrics().height() // 2
        assert head is not None, "a table has headers"
        for column in FIGURES:
            least = max(self.view.sizeHintForColumn(column), head.sectionSizeHint(column))
            self.view.setColumnWidth(column, (least // step + 1) * step)

    def _build(self) -> None:
        self.presets_button.setMenu(self._menu)
        self.presets_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.search.setPlaceholderText("Search labels")
        self.search.setClearButtonEnabled(True)
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.add_button)
        head.addWidget(self.delete_button)
        head.addStretch(1)
        for button in (self.presets_button, self.import_button, self.export_button):
            head.addWidget(button)
        self._empty = muted("", self, centred=True)
        self._pages = QStackedLayout()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addWidget(self.search)
        column.addLayout(self._pages, 1)

    def _connect(self) -> None:
        self._drag = RowDrag(self.view)
        self._drag.moved.connect(self._move)
        self.view.clicked.connect(self._clicked)
        self.view.deletePressed.connect(self._ask_delete)
        self.view.spacePressed.connect(self._toggle_visible)
        chosen = self.view.selectionModel()
        assert chosen is not None, "a view with a model has one"
        chosen.currentRowChanged.connect(self._chosen)
        self.add_button.clicked.connect(self._add)
        self.delete_button.clicked.connect(self._ask_delete)
        self.import_button.clicked.connect(self.importRequested)
        self.export_button.clicked.connect(self.exportRequested)
        self.search.textChanged.connect(self._filter)
        self._table.changed.connect(self._refresh)
        self._table.activeChanged.connect(self._follow)

    def _refresh(self) -> None:
        self.search.setVisible(len(self._table.labels()) >= SEARCH_FROM or self._rows.isFiltered())
        filtered = self._rows.isFiltered()
        self._drag.enabled = not filtered
        self._empty.setText(
            "No label has this name." if filtered else "No labels. Add one to paint with."
        )
        self._pages.setCurrentIndex(1 if self._rows.rowCount() else 0)
        self._follow()

    def _filter(self, text: str) -> None:
        self._rows.setFilter(text)
        self._refresh()

    def _follow(self) -> None:
        row = self._rows.rowOf(self._table.active())
        self.delete_button.setEnabled(self._table.active() != 0)
        chosen = self.view.selectionModel()
        assert chosen is not None, "a view with a model has one"
        if row < 0:
            chosen.clear()
        elif self.view.currentIndex().row() != row or not chosen.isRowSelected(row):
            self.view.selectRow(row)

    def _chosen(self, current: QModelIndex, _before: QModelIndex) -> None:
        if current.isValid():
            self._table.setActive(self._rows.label(current.row()).value)

    def _clicked(self, index: QModelIndex) -> None:
        label = self._rows.label(index.row())
        if index.column() == EYE:
            self._table.change(label.value, visible=not label.visible)
        elif index.column() == LOCK:
            self._table.change(label.value, locked=not label.locked)
        elif index.column() == COLOUR:
            self.chooseColour(label.value)

    def _toggle_visible(self) -> None:
        label = self._table.label(self._table.active())
        if label is not None:
            self._table.change(label.value, visible=not label.visible)

    def _recolour(self, value: int, colour: QColor) -> None:
        if self._table.label(value) is not None:  # it may have gone while the dialog was open
            self._table.change(value, colour=(colour.red(), colour.green(), colour.blue()))

    def _add(self) -> None:
        self.search.clear()
        label = self._table.add()
        self._table.setActive(label.value)
        self.view.edit(self._rows.index(self._rows.rowOf(label.value), NAME))

    def _ask_delete(self) -> None:
        if self._table.active():
            self.deleteRequested.emit(self._table.active())

    def _move(self, row: int, place: int) -> None:
        self._table.move(self._rows.label(row).value, place)


class _View(QTableView):
    """A table without a grid that tells of Del and Space."""

    deletePressed = pyqtSignal()
    spacePressed = pyqtSignal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        trigger = QAbstractItemView.EditTrigger
        self.setEditTriggers(trigger.DoubleClicked | trigger.EditKeyPressed)

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        # Qt would choose the first row where none is, and with it another label to paint with.
        if self.currentIndex().isValid():
            super().focusInEvent(event)
        else:
            QAbstractScrollArea.focusInEvent(self, event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        signals = {Qt.Key.Key_Delete: self.deletePressed, Qt.Key.Key_Space: self.spacePressed}
        signal = None if event is None else signals.get(Qt.Key(event.key()))
        if signal is None:
            super().keyPressEvent(event)
        else:
            signal.emit()

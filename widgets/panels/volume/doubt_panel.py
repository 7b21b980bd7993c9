"""Regions in which votes disagree, the most doubtful first, to go through one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QSignalBlocker, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QBrush, QColor, QIcon, QKeyEvent, QPainter, QPixmap
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from widgets.forms.number_box import NumberBox, NumberRange
from widgets.panels.volume.parts import muted, paint_swatch, tool_button
from widgets.panels.volume.values import plain

HEADS = ("Seen", "Voxel i j k, from 0", "Structure", "Volume", "Summed variance")
NOTHING_YET = "After a run, the places where its votes disagree are listed here."
NONE_FOUND = "No voxel has a variance above {}. Lower it to list more."
SETTLE_MS = 400  # after the last change of the limit
MOST_VARIANCE = 0.25  # of values from 0 to 1


@dataclass(frozen=True)
class DoubtLine:
    """One region.

    Attributes:
        voxel: Its peak (d, h, w).
        structure: What it is about, or "".
        colour: Of the structure.
        mm3: Its volume.
        total: Sum of the variance over its voxels.
        highest: The variance at the peak.
    """

    voxel: tuple[int, int, int]
    structure: str
    colour: tuple[int, int, int] | None
    mm3: float
    total: float
    highest: float

    def place(self) -> str:
        """i j k, from 0."""
        d, h, w = self.voxel
        return f"{w}  {h}  {d}"


class DoubtPanel(QWidget):
    """A list of regions with what goes through it; a click or Enter goes to one.

    What has been looked at is ticked off, by a click or Space.
    """

    jumpRequested = pyqtSignal(int)  # row
    seenChanged = pyqtSignal(int, bool)  # row, ticked off or not, by the user
    leastChanged = pyqtSignal(float)  # variance above which voxels are listed, by the user

    def __init__(self, least: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[DoubtLine, ...] = ()
        self.previous_button = tool_button("mdi6.chevron-up", "Doubtful place before", self)
        self.next_button = tool_button("mdi6.chevron-down", "Next doubtful place", self)
        self.done_button = tool_button(
            "mdi6.check-all", "Tick off and go on", self, text="Seen, next"
        )
        self.slice_button = tool_button(
            "mdi6.layers-search-outline", "Most doubtful slice of the view", self
        )
        self.outline_button = tool_button(
            "mdi6.vector-polyline", "Outline where votes disagree", self, checkable=True
        )
        self.save_button = tool_button("mdi6.content-save-outline", "Save as CSV…", self)
        self.least = NumberBox(NumberRange(False, 0.0, MOST_VARIANCE, 0.01), least, self)
        self.least.setAccessibleName("Least variance")
        self.least.setToolTip(
            "Votes whose variance is above 0.0625 do not all lie on one side of one half"
        )
        self.view = _List(self)
        self.count = muted("", self)
        self._empty = muted(NOTHING_YET, self, centred=True)
        self._pages = QStackedWidget(self)
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(SETTLE_MS)
        self._clock.timeout.connect(self._settle)
        self._build()
        self.view.itemClicked.connect(self._clicked)
        self.view.itemChanged.connect(self._ticked)
        self.view.entered_row.connect(self.jumpRequested)
        self.least.valueEdited.connect(self._clock.start)
        self.least.editingFinished.connect(self._settle_now)
        self.clear()

    # --- what is shown

    def clear(self) -> None:
        """Nothing was found yet."""
        self._show((), NOTHING_YET)
        self.least.setEnabled(False)
        for button in (self.slice_button, self.outline_button, self.save_button):
            button.setEnabled(False)

    def setLeast(self, least: float) -> None:
        """Show another limit, silently."""
        with QSignalBlocker(self.least):
            self.least.setValue(least)

    def setLines(self, lines: Sequence[DoubtLine], seen: Sequence[bool]) -> None:
        """Show these, some ticked off."""
        self.least.setEnabled(True)
        for button in (self.slice_button, self.outline_button, self.save_button):
            button.setEnabled(True)
        self._show(tuple(lines), NONE_FOUND.format(plain(self.least.value(), 3)))
        for row, ticked in enumerate(seen):
            self.setSeen(row, ticked)

    def setSeen(self, row: int, seen: bool) -> None:
        """Tick one off, silently, or take that back."""
        item = self.view.topLevelItem(row)
        assert item is not None, "there is such a row"
        with QSignalBlocker(self.view):
            item.setCheckState(0, Qt.CheckState.Checked if seen else Qt.CheckState.Unchecked)
            self._tone(item)
        self._tell()

    def setCurrent(self, row: int) -> None:
        """Mark the region that is looked at, silently; -1 for none."""
        with QSignalBlocker(self.view):
            item = self.view.topLevelItem(row) if row >= 0 else None
            self.view.setCurrentItem(item)
            if item is not None:
                self.view.scrollToItem(item)

    def lines(self) -> tuple[DoubtLine, ...]:
        return self._lines

    def current(self) -> int:
        """The row that is marked; -1 for none."""
        return self.view.indexOfTopLevelItem(self.view.currentItem())

    def isSeen(self, row: int) -> bool:
        item = self.view.topLevelItem(row)
        return item is not None and item.checkState(0) == Qt.CheckState.Checked

    # --- inside

    def _show(self, lines: tuple[DoubtLine, ...], empty: str) -> None:
        self._lines = lines
        with QSignalBlocker(self.view):
            self.view.clear()
            for line in lines:
                self.view.addTopLevelItem(self._item(line))
        self._empty.setText(empty)
        self._pages.setCurrentIndex(1 if lines else 0)
        for button in (self.previous_button, self.next_button, self.done_button):
            button.setEnabled(bool(lines))
        self._tell()

    def _item(self, line: DoubtLine) -> QTreeWidgetItem:
        numbers = f"{plain(line.mm3, 3)} mm³", plain(line.total, 3)
        item = QTreeWidgetItem(["", line.place(), line.structure or "–", *numbers])
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(0, Qt.CheckState.Unchecked)
        if line.colour is not None:
            item.setIcon(2, self._swatch(line.colour))
        for column in (3, 4):
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            item.setTextAlignment(column, right)
        tip = f"Highest variance {plain(line.highest, 3)}; Space ticks it off"
        for column in range(len(HEADS)):
            item.setToolTip(column, tip)
        return item

    def _swatch(self, colour: tuple[int, int, int]) -> QIcon:
        side = round(0.8 * self.fontMetrics().height())
        pixmap = QPixmap(QSize(side, side))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        paint_swatch(painter, self, QColor(*colour), (1, 1, side - 3, side - 3))
        painter.end()
        return QIcon(pixmap)

    def _tone(self, item: QTreeWidgetItem) -> None:
        seen = item.checkState(0) == Qt.CheckState.Checked
        brush = self.palette().placeholderText() if seen else QBrush()
        for column in range(1, len(HEADS)):
            item.setForeground(column, brush)

    def _tell(self) -> None:
        seen = sum(self.isSeen(row) for row in range(len(self._lines)))
        self.count.setText(f"{seen} of {len(self._lines)} seen" if self._lines else "")

    def _clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if column > 0:
            self.jumpRequested.emit(self.view.indexOfTopLevelItem(item))

    def _ticked(self, item: QTreeWidgetItem, column: int) -> None:
        if column == 0:
            row = self.view.indexOfTopLevelItem(item)
            self.setSeen(row, self.isSeen(row))
            self.seenChanged.emit(row, self.isSeen(row))

    def _settle_now(self) -> None:
        if self._clock.isActive():
            self._settle()

    def _settle(self) -> None:
        self._clock.stop()
        self.leastChanged.emit(self.least.value())

    def _build(self) -> None:
        em = self.fontMetrics().height()
        name = QLabel("Variance above", self)
        name.setBuddy(self.least)
        self.least.setFixedWidth(round(6.5 * em))
        head = QHBoxLayout()
        head.setSpacing(em // 4)
        for widget in (self.previous_button, self.next_button, self.done_button):
            head.addWidget(widget)
        head.addWidget(self.count)
        head.addStretch(1)
        head.addWidget(name)
        head.addWidget(self.least)
        for widget in (self.outline_button, self.slice_button, self.save_button):
            head.addWidget(widget)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.view)
        column = QVBoxLayout(self)
        column.setSpacing(em // 4)
        column.addLayout(head)
        column.addWidget(self._pages, 1)


class _List(QTreeWidget):
    """Rows of regions; Enter goes to one, the arrows too."""

    entered_row = pyqtSignal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setColumnCount(len(HEADS))
        self.setHeaderLabels(HEADS)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName("Doubtful places")
        head = self.header()
        assert head is not None, "a tree has a header"
        head.setStretchLastSection(False)
        for column in range(len(HEADS)):
            head.setSectionResizeMode(column, head.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(2, head.ResizeMode.Stretch)
        for column in (3, 4):
            item = self.headerItem()
            assert item is not None, "it was just made"
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            item.setTextAlignment(column, right)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        before = self.currentIndex().row()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if before >= 0:
                self.entered_row.emit(before)
            return
        if event.text().isprintable() and event.text().strip():
            # Rows are not looked up by letters, which are for whatever is around.
            event.ignore()
            return
        super().keyPressEvent(event)
        after = self.currentIndex().row()
        if after != before and after >= 0:
            self.entered_row.emit(after)

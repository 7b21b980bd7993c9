"""What is wrong with a set, a row each: picture, reason, remedy, and a button that mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PyQt6.QtCore import QSignalBlocker, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QPixmap
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from widgets.icon_label import IconLabel
from widgets.icons import icon

MOST = 100
"""Rows that are shown; more would not be read."""
AT_ONCE = 3
SIDE_EM = 4.5
Severity = Literal["error", "warning", "note"]
_ICONS = {
    "error": ("mdi6.alert-circle-outline", "danger"),
    "warning": ("mdi6.alert-outline", "warning"),
    "note": ("mdi6.information-outline", "muted"),
}


@dataclass(frozen=True)
class FindingItem:
    """A row.

    Attributes:
        title: What was looked at.
        picture: PNG, b"" for none.
        fix: What the button says; "" where nothing can be done by itself.
    """

    severity: Severity
    title: str
    message: str
    remedy: str
    picture: bytes = b""
    fix: str = ""


class FindingList(QWidget):
    """Rows in the order given; a row's button says whether it is to be mended.

    Rows are made a few at a time, so that the window answers while there are many.
    """

    toggled = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[FindingItem] = []
        self._marked: list[bool] = []
        self._rows: list[_Row] = []
        self._above: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(self.fontMetrics().height() // 3)
        self._more = QLabel(self)
        self._more.setProperty("role", "muted")
        self._column.addWidget(self._more)
        self._column.addStretch(1)
        self._more.hide()
        self._clock = QTimer(self)
        self._clock.setInterval(0)
        self._clock.timeout.connect(self._add)

    def focusAfter(self, widget: QWidget) -> None:
        """Let Tab lead from this one, which stands above, to the first row, and down the rows."""
        self._above = widget

    def setItems(self, items: Sequence[FindingItem]) -> None:
        """Show these in place of the present ones; none of them is to be mended."""
        for row in self._rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = []
        self._items = list(items)
        self._marked = [False] * len(items)
        left = len(items) - MOST
        self._more.setText(f"{left} more are in the report; Mark all marks them too.")
        self._more.setVisible(left > 0)
        self._add()
        self._clock.start()

    def checked(self) -> tuple[int, ...]:
        """Places of the items that are to be mended."""
        return tuple(i for i, marked in enumerate(self._marked) if marked)

    def canMend(self) -> bool:
        """Whether there is anything that can be mended."""
        return any(item.fix for item in self._items)

    def setAllChecked(self, checked: bool) -> None:
        """Mend all that can be, or nothing."""
        self._marked = [checked and bool(item.fix) for item in self._items]
        for row, marked in zip(self._rows, self._marked, strict=False):
            with QSignalBlocker(row.button):
                row.button.setChecked(marked)
            row.mark(marked)
        self.toggled.emit()

    def buttons(self) -> tuple[QPushButton, ...]:
        """Of the rows in sight that can be mended."""
        return tuple(row.button for row in self._rows if row.item.fix)

    def _add(self) -> None:
        """A few rows more."""
        first = len(self._rows)
        for place in range(first, min(first + AT_ONCE, len(self._items), MOST)):
            row = _Row(self._items[place], self)
            row.button.setChecked(self._marked[place])
            row.button.toggled.connect(lambda on, place=place: self._toggle(place, on))
            # Rows come late: the focus would reach them after all that stands below.
            before = self._rows[-1].button if self._rows else self._above
            if before is not None:
                QWidget.setTabOrder(before, row.button)
            self._rows.append(row)
            self._column.insertWidget(place, row)
        if len(self._rows) >= min(len(self._items), MOST):
            self._clock.stop()

    def _toggle(self, place: int, marked: bool) -> None:
        self._marked[place] = marked
        self.toggled.emit()


class _Row(QFrame):
    def __init__(self, item: FindingItem, parent: QWidget) -> None:
        super().__init__(parent)
        self.item = item
        em = self.fontMetrics().height()
        self.setProperty("role", "card")
        side = round(SIDE_EM * em)
        picture = IconLabel(self)
        picture.setFixedSize(side, side)
        pixmap = QPixmap()
        if item.picture and pixmap.loadFromData(item.picture, "PNG"):
            fitted = pixmap.scaled(
                QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )  # fmt: skip
            picture.setPixmap(fitted)
        else:
            picture.setIcon("mdi6.image-off-outline", "muted", 2 * em)
        self.button = QPushButton(item.fix, self)
        self.button.setCheckable(True)
        self.button.setVisible(bool(item.fix))
        self.button.setAccessibleName(f"{item.fix}: {item.message}")
        self.button.setToolTip("Mend this in the corrected copy")
        self.button.toggled.connect(self.mark)
        self.mark(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(em // 2, em // 3, em // 2, em // 3)
        row.setSpacing(round(0.7 * em))
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(self._words(item), 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)

    def _words(self, item: FindingItem) -> QVBoxLayout:
        em = self.fontMetrics().height()
        name, tone = _ICONS[item.severity]
        sign = IconLabel(self)
        sign.setIcon(name, tone, em)
        sign.setAccessibleName(item.severity)
        title = QLabel(item.title, self)
        title.setProperty("role", "heading")
        head = QHBoxLayout()
        head.setSpacing(em // 3)
        head.addWidget(sign)
        head.addWidget(title, 1)
        column = QVBoxLayout()
        column.setSpacing(em // 6)
        column.addLayout(head)
        for text, role in ((item.message, ""), (item.remedy, "muted")):
            label = QLabel(text, self)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setProperty("role", role)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(label)
        column.addStretch(1)
        return column

    def mark(self, checked: bool) -> None:
        """Say on the button whether this is to be mended."""
        self.button.setIcon(icon("mdi6.check") if checked else icon("mdi6.wrench-outline"))

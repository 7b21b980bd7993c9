"""One job of the jobs panel: its data and its widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PyQt6.QtCore import QEvent, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication, QMouseEvent
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets.elided_label import ElidedLabel
from widgets.icons import icon
from widgets.panels.wording import duration, rate

JobState = Literal["queued", "running", "paused", "done", "failed", "cancelled"]
FINISHED: tuple[JobState, ...] = ("done", "failed", "cancelled")

_LOOKS: dict[JobState, tuple[str, str, str]] = {
    "queued": ("Waiting", "mdi6.clock-outline", "muted"),
    "running": ("Running", "mdi6.progress-clock", "accent"),
    "paused": ("Paused", "mdi6.pause-circle-outline", "warning"),
    "done": ("Done", "mdi6.check-circle-outline", "ok"),
    "failed": ("Failed", "mdi6.alert-circle-outline", "danger"),
    "cancelled": ("Cancelled", "mdi6.cancel", "muted"),
}


@dataclass(frozen=True, slots=True)
class JobRow:
    """What the panel knows of a job.

    `rate` is in steps a second, `remaining_s` in seconds; None where not known. A `total` of 0
    means that the number of steps is not known yet.
    """

    id: int
    title: str
    state: JobState = "queued"
    done: int = 0
    total: int = 0
    rate: float | None = None
    remaining_s: float | None = None
    message: str = ""
    hint: str = ""
    detail: str = ""

    @property
    def is_busy(self) -> bool:
        """Whether it waits or runs."""
        return self.state not in FINISHED

    def status(self) -> str:
        """The line under the progress bar."""
        parts = [_LOOKS[self.state][0]]
        if self.total and self.state != "queued":
            parts.append(f"{self.done} of {self.total}")
        if self.state == "running":
            if self.rate:
                parts.append(rate(self.rate))
            if self.remaining_s is not None:
                parts.append(f"{duration(max(0.0, self.remaining_s))} left")
        if self.message and self.state != "failed":
            parts.append(self.message)
        return "  ·  ".join(parts)

    def report(self) -> str:
        """Everything about a failure, as text for the clipboard."""
        parts = (self.title, self.message, self.hint, self.detail)
        return "\n\n".join(part for part in parts if part)


class JobRowView(QFrame):
    """Shows a JobRow. The row's id comes back with every signal."""

    cancelRequested = pyqtSignal(int)
    retryRequested = pyqtSignal(int)
    detailsRequested = pyqtSignal(int)
    shiftRequested = pyqtSignal(int, int)  # id and -1 (up), 1 (down), 0 (to the front)

    def __init__(self, row: JobRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.row = row
        self._icon = QLabel(self)
        self._title = ElidedLabel("", self)
        self._title.setProperty("role", "heading")
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(max(4, self.fontMetrics().height() // 3))
        self._status = self._line("muted")
        self._message = self._line("error")
        self._hint = self._line("muted")
        self._copy = QPushButton(icon("mdi6.content-copy"), "Copy details", self)
        self._copy.clicked.connect(self._copy_details)
        self._buttons()
        self._arrange()
        self.setRow(row)

    def setRow(self, row: JobRow) -> None:
        """Show the newer state of the job."""
        fresh_state = row.state != self.row.state or not self._title.text()
        self.row = row
        if self._title.text() != row.title:
            self._title.setText(row.title)
            self.setAccessibleName(row.title)
        self._status.setText(row.status())
        self._bar.setMaximum(row.total if row.total or row.state != "running" else 0)
        self._bar.setValue(row.done)
        if fresh_state:
            self._show_state()
        failed = row.state == "failed"
        for label, text in ((self._message, row.message), (self._hint, row.hint)):
            label.setText(text)
            label.setVisible(failed and bool(text))
        self._copy.setVisible(failed)

    def setPlace(self, first: bool, last: bool) -> None:
        """Where a waiting job stands in the queue, for its arrows."""
        self._front.setEnabled(not first)
        self._up.setEnabled(not first)
        self._down.setEnabled(not last)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        self.detailsRequested.emit(self.row.id)

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        # The state's icon is a picture in the colours of its time, unlike a button's icon.
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._show_icon()

    def _buttons(self) -> None:
        self._front = self._button("mdi6.format-vertical-align-top", "Run first")
        self._front.clicked.connect(lambda: self.shiftRequested.emit(self.row.id, 0))
        self._up = self._button("mdi6.arrow-up", "Move up")
        self._up.clicked.connect(lambda: self.shiftRequested.emit(self.row.id, -1))
        self._down = self._button("mdi6.arrow-down", "Move down")
        self._down.clicked.connect(lambda: self.shiftRequested.emit(self.row.id, 1))
        self._retry = self._button("mdi6.restart", "Retry")
        self._retry.clicked.connect(lambda: self.retryRequested.emit(self.row.id))
        self._cancel = self._button("mdi6.close", "Cancel")
        self._cancel.clicked.connect(lambda: self.cancelRequested.emit(self.row.id))

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self._icon)
        head.addSpacing(4)
        head.addWidget(self._title, 1)
        for button in (self._front, self._up, self._down, self._retry, self._cancel):
            head.addWidget(button)
        foot = QHBoxLayout()
        foot.addWidget(self._copy)
        foot.addStretch(1)
        pad = self.fontMetrics().height() // 2
        column = QVBoxLayout(self)
        column.setContentsMargins(pad, pad // 2, pad, pad // 2)
        column.setSpacing(max(2, pad // 2))
        column.addLayout(head)
        column.addWidget(self._bar)
        for label in (self._status, self._message, self._hint):
            column.addWidget(label)
        column.addLayout(foot)

    def _line(self, role: str) -> QLabel:
        label = QLabel(self)
        label.setProperty("role", role)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label

    def _button(self, name: str, hint: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon(name))
        button.setToolTip(hint)
        button.setAccessibleName(hint)
        return button

    def _show_state(self) -> None:
        state = self.row.state
        self._show_icon()
        self._bar.setProperty("state", state)
        style = self._bar.style()
        if style is not None:
            style.unpolish(self._bar)
            style.polish(self._bar)
        self._bar.setVisible(state in ("running", "paused"))
        for button in (self._front, self._up, self._down):
            button.setVisible(state == "queued")
        self._retry.setVisible(state in ("failed", "cancelled"))
        self._cancel.setVisible(state not in FINISHED)

    def _show_icon(self) -> None:
        _, name, tone = _LOOKS[self.row.state]
        side = self.fontMetrics().height()
        pixmap = icon(name, tone=tone).pixmap(QSize(side, side), self.devicePixelRatioF())
        self._icon.setPixmap(pixmap)

    def _copy_details(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.row.report())

"""The list of jobs: what runs, what waits, what has finished."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets.icons import icon
from widgets.panels.job_row import FINISHED, JobRow, JobRowView


class JobsPanel(QWidget):
    """Jobs from the running ones over the waiting ones, in their order, to the finished ones.

    The panel only asks: it changes when it is told the new state through `upsert`, `remove` and
    `setQueueOrder`. `moveRequested(id, index)` counts places among the waiting jobs from 0.
    """

    cancelRequested = pyqtSignal(int)
    retryRequested = pyqtSignal(int)
    moveRequested = pyqtSignal(int, int)
    pauseToggled = pyqtSignal(bool)
    detailsRequested = pyqtSignal(int)
    cleared = pyqtSignal()  # the user has taken the finished jobs off

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._views: dict[int, JobRowView] = {}
        self._queue: list[int] = []
        self._finished: list[int] = []
        self._shown: list[int] = []
        self._count = QLabel(self)
        self._count.setProperty("role", "muted")
        self._pause = QToolButton(self)
        self._pause.setCheckable(True)
        self._pause.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._pause.toggled.connect(self._show_pause)
        self._pause.clicked.connect(self.pauseToggled)
        self._clear = QToolButton(self)
        self._clear.setIcon(icon("mdi6.delete-sweep-outline"))
        self._clear.setToolTip("Clear finished jobs")
        self._clear.setAccessibleName("Clear finished jobs")
        self._clear.clicked.connect(self.clearFinished)
        self._clear.clicked.connect(lambda: self.cleared.emit())
        self._build()
        self._show_pause(False)
        self._arrange()

    def upsert(self, row: JobRow) -> None:
        """Add a job, or show its newer state."""
        view = self._views.get(row.id)
        if view is None:
            view = self._make_view(row)
            before = None
        else:
            before = view.row.state
            view.setRow(row)
        if row.state != before:
            self._file(row)
            self._arrange()

    def remove(self, job_id: int) -> None:
        """Take a job off the list; one that is not there is no mistake."""
        view = self._views.pop(job_id, None)
        if view is None:
            return
        self._unfile(job_id)
        view.hide()
        view.deleteLater()
        self._arrange()

    def clearFinished(self) -> None:
        """Take all done, failed and cancelled jobs off the list."""
        for job_id in list(self._finished):
            self.remove(job_id)

    def setQueueOrder(self, ids: Sequence[int]) -> None:
        """The order of the waiting jobs; those not named come after, in their old order."""
        rest = [job_id for job_id in self._queue if job_id not in ids]
        self._queue = [job_id for job_id in ids if job_id in self._queue] + rest
        self._arrange()

    def setPaused(self, paused: bool) -> None:
        """Show whether the queue is paused, without asking for it."""
        self._pause.setChecked(paused)

    def rows(self) -> tuple[JobRow, ...]:
        """The jobs from the top."""
        return tuple(self._views[job_id].row for job_id in self._shown)

    def view(self, job_id: int) -> JobRowView:
        """The widget of a job."""
        return self._views[job_id]

    def _build(self) -> None:
        title = QLabel("Jobs", self)
        title.setProperty("role", "heading")
        head = QHBoxLayout()
        head.addWidget(title)
        head.addWidget(self._count, 1)
        head.addWidget(self._pause)
        head.addWidget(self._clear)
        empty = QLabel("No jobs yet. What you run is listed here.", self)
        empty.setProperty("role", "muted")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setWordWrap(True)
        holder = QWidget(self)
        self._list = QVBoxLayout(holder)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(self.fontMetrics().height() // 3)
        self._list.addStretch(1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(holder)
        self._stack = QStackedLayout()
        self._stack.addWidget(empty)
        self._stack.addWidget(area)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addLayout(self._stack, 1)

    def _make_view(self, row: JobRow) -> JobRowView:
        view = JobRowView(row, self)
        view.cancelRequested.connect(self.cancelRequested)
        view.retryRequested.connect(self.retryRequested)
        view.detailsRequested.connect(self.detailsRequested)
        view.shiftRequested.connect(self._shift)
        self._views[row.id] = view
        return view

    def _file(self, row: JobRow) -> None:
        self._unfile(row.id)
        if row.state == "queued":
            self._queue.append(row.id)
        elif row.state in FINISHED:
            self._finished.insert(0, row.id)

    def _unfile(self, job_id: int) -> None:
        for pile in (self._queue, self._finished):
            if job_id in pile:
                pile.remove(job_id)

    def _arrange(self) -> None:
        waiting_or_over = {*self._queue, *self._finished}
        active = [job_id for job_id in self._views if job_id not in waiting_or_over]
        order = [*active, *self._queue, *self._finished]
        for place, job_id in enumerate(order):
            # Moving only what is out of place keeps a long list smooth.
            if self._list.indexOf(self._views[job_id]) != place:
                self._list.insertWidget(place, self._views[job_id])
        for place, job_id in enumerate(self._queue):
            self._views[job_id].setPlace(place == 0, place == len(self._queue) - 1)
        self._shown = order
        self._clear.setEnabled(bool(self._finished))
        self._count.setText(f"{len(self._queue)} waiting" if self._queue else "")
        self._stack.setCurrentIndex(1 if order else 0)

    def _shift(self, job_id: int, step: int) -> None:
        place = self._queue.index(job_id) + step if step else 0
        self.moveRequested.emit(job_id, max(0, min(len(self._queue) - 1, place)))

    def _show_pause(self, paused: bool) -> None:
        self._pause.setIcon(icon("mdi6.play" if paused else "mdi6.pause"))
        self._pause.setText("Resume queue" if paused else "Pause queue")
        self._pause.setToolTip(
            "Let waiting jobs start" if paused else "Let no further job start; the running one ends"
        )

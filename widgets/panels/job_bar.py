"""How far a job is, as a thin bar."""

from __future__ import annotations

from PyQt6.QtWidgets import QProgressBar, QWidget

from widgets.panels.job_row import JobRow


class JobBar(QProgressBar):
    """There only while a job waits or runs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextVisible(False)
        self.setFixedHeight(max(4, self.fontMetrics().height() // 3))

    def showJob(self, row: JobRow | None) -> bool:
        """Follow a job, None where there is none; returns whether it waits or runs."""
        busy = row is not None and row.is_busy
        self.setVisible(busy)
        if row is not None:
            # Nothing is known before the first step; a bar that only swings says so.
            self.setRange(0, row.total or (0 if row.state == "running" else 1))
            self.setValue(row.done)
        return busy

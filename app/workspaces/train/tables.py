"""The pages about several runs: the table, and runs over each other. Made on first use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QPoint, pyqtSignal
from PyQt6.QtWidgets import QMenu

from app.background import Background
from app.controllers.train.recent_runs import RecentRuns
from app.controllers.train.training import TrainingController
from app.workspaces.train.around import Surroundings
from app.workspaces.train.view import TrainView
from engine.training.listing import RunSummary, is_run, summarise

if TYPE_CHECKING:
    from app.controllers.train.comparing import Comparing
    from app.controllers.train.runs_table import RunsTable


class RunTables(QObject):
    """Shows the pages and goes from one to the other.

    `opened` names a run, `removed` one that was thrown away, `left` asks for the start page.

    Args:
        background: For the curves.
    """

    opened = pyqtSignal(Path)
    removed = pyqtSignal(Path)
    left = pyqtSignal()
    told = pyqtSignal(str)

    def __init__(
        self, view: TrainView, recent: RecentRuns, training: TrainingController,
        around: Surroundings, background: Background, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._view, self._recent, self._training = view, recent, training
        self._around, self._background = around, background
        self._table: RunsTable | None = None
        self._comparing: Comparing | None = None
        self._back_to_table = self._from_table = False
        self._others: list[RunSummary] = []

    def table(self) -> RunsTable:
        """Who fills the table."""
        if self._table is None:
            from app.controllers.train.runs_table import RunsTable

            page, around = self._view.runs_page(), self._around
            self._table = RunsTable(
                page, self._recent, self._training, around.settings, around.teller, self
            )
            self._table.opened.connect(self._open)
            self._table.compared.connect(lambda runs: self._compare(runs, from_table=True))
            self._table.removed.connect(self.removed)
            self._table.told.connect(self.told)
            page.back.clicked.connect(self.left)
            page.table.menuAsked.connect(self._show_menu)
        return self._table

    def showTable(self) -> None:
        """Bring the table to the front; it looks at the runs again."""
        self.table()
        page = self._view.runs_page()
        self._back_to_table = True
        self._view.showWide(page)
        page.focusFirst()

    def compareWith(self, folder: Path) -> None:
        """Lay other runs over one; which ones is chosen there."""
        recent = self._recent.folders()

        def look() -> list[RunSummary]:
            there = (path for path in recent if path != folder and is_run(path))
            return [summarise(path) for path in (folder, *there)]

        def done(runs: list[RunSummary]) -> None:
            if not runs[0].problem:
                self._others = runs[1:]
                self._compare(runs[:1], from_table=False)

        self._background.run("Looking at runs", look, done, self._around.teller.failure)

    def comesBack(self) -> bool:
        """Whether one who leaves a run comes back to the table, because it was opened there."""
        return self._back_to_table

    def forget(self) -> None:
        """One who leaves a run comes back to the start page."""
        self._back_to_table = False

    def escape(self) -> bool:
        """Leave the page that is in sight; False where it is none of these."""
        view = self._view
        if self._comparing is not None and view.isInFront(view.compare_page()):
            self._leave_comparison()
            return True
        if self._table is not None and view.isInFront(view.runs_page()):
            self.left.emit()
            return True
        return False

    def close(self) -> None:
        """End the work in the background."""
        if self._table is not None:
            self._table.close()
        if self._comparing is not None:
            self._comparing.stop()

    def _open(self, folder: Path) -> None:
        self._back_to_table = True
        self.opened.emit(folder)

    def _compare(self, runs: Sequence[RunSummary], *, from_table: bool) -> None:
        if self._comparing is None:
            from app.controllers.train.comparing import Comparing

            page = self._view.compare_page()
            self._comparing = Comparing(page, self._background, self._around.teller, self)
            page.back.clicked.connect(self._leave_comparison)
        self._from_table = from_table
        others = self.table().all() if from_table else self._others
        page = self._view.compare_page()
        self._view.showWide(page)
        page.settings.setFocus()
        self._comparing.compare(runs, others)

    def _leave_comparison(self) -> None:
        if self._comparing is not None:
            self._comparing.stop()
        if self._from_table:
            self.showTable()
        else:
            self._view.showRun()

    def _show_menu(self, place: QPoint) -> None:
        page = self._view.runs_page()
        menu = QMenu(page)
        for button in (page.open, page.compare, page.folder, page.command, page.delete):
            text = button.text() or button.accessibleName()
            action = menu.addAction(button.icon(), text, button.click)
            if action is not None:
                action.setEnabled(button.isEnabled())
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

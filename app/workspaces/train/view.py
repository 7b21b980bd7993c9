"""The Train workspace: the start page or a run in the middle, the form of a new one right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QWidget

from app.controllers.train.requests import Trainer
from app.controllers.train.run import TrainingRun
from app.workspaces.train.setup import TrainSetup
from app.workspaces.train.start import TrainStart
from widgets.tab_order import follow_layout

if TYPE_CHECKING:
    from app.workspaces.train.compare_page import ComparePage
    from app.workspaces.train.guide.view import GuideView
    from app.workspaces.train.patients_page import PatientsPage
    from app.workspaces.train.run_view import RunView
    from app.workspaces.train.runs_page import RunsPage

SIDE_EM = 21


class TrainView(QWidget):
    """The widgets, by name.

    Attributes:
        start: What is seen while no run is open.
        setup: The form at the right.
    """

    def __init__(self, trainers: Sequence[Trainer], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self.start = TrainStart()
        self.setup = TrainSetup(trainers)
        self.setup.setMinimumWidth(SIDE_EM * em)
        self._run_view: RunView | None = None
        self._patients: PatientsPage | None = None
        self._guide: GuideView | None = None
        self._runs: RunsPage | None = None
        self._compare: ComparePage | None = None
        self._before: QWidget = self.start
        self._pages = QStackedWidget()
        self._pages.addWidget(self.start)
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        self.columns.addWidget(self._pages)
        self.columns.addWidget(self.setup)
        self.columns.setChildrenCollapsible(False)
        self.columns.setStretchFactor(0, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.columns)
        follow_layout(self)

    def run_view(self, trainer_of: Callable[[TrainingRun], Trainer | None]) -> RunView:
        """The view of runs, made on first use: the library that plots is large."""
        if self._run_view is None:
            from app.workspaces.train.run_view import RunView

            self._run_view = RunView(trainer_of)
            self._pages.addWidget(self._run_view)
        return self._run_view

    def has_run_view(self) -> bool:
        return self._run_view is not None

    def guide(self, first: Trainer) -> GuideView:
        """The questions, made on first use."""
        if self._guide is None:
            from app.workspaces.train.guide.view import GuideView

            self._guide = GuideView(first)
            self._pages.addWidget(self._guide)
        return self._guide

    def runs_page(self) -> RunsPage:
        """The table of runs, made on first use."""
        if self._runs is None:
            from app.workspaces.train.runs_page import RunsPage

            self._runs = RunsPage()
            self._pages.addWidget(self._runs)
        return self._runs

    def compare_page(self) -> ComparePage:
        """Runs over each other, made on first use."""
        if self._compare is None:
            from app.workspaces.train.compare_page import ComparePage

            self._compare = ComparePage()
            self._pages.addWidget(self._compare)
        return self._compare

    def showWide(self, page: QWidget) -> None:
        """Bring a page to the front that takes the place of the form, too."""
        self.setup.hide()
        self._pages.setCurrentWidget(page)

    def isInFront(self, page: QWidget) -> bool:
        """Whether a page is the one to be seen."""
        return self._pages.currentWidget() is page

    def showGuide(self) -> None:
        """Bring the questions to the front; they take the place of the form."""
        if self._guide is not None:
            self.setup.hide()
            self._pages.setCurrentWidget(self._guide)

    def isGuide(self) -> bool:
        return self._guide is not None and self._pages.currentWidget() is self._guide

    def showStart(self) -> None:
        self.setup.show()
        self._pages.setCurrentWidget(self.start)

    def showRun(self) -> None:
        """Bring the run to the front."""
        if self._run_view is not None:
            self.setup.show()
            self._pages.setCurrentWidget(self._run_view)

    def patients_page(self) -> PatientsPage:
        """The table of patients, made on first use."""
        if self._patients is None:
            from app.workspaces.train.patients_page import PatientsPage

            self._patients = PatientsPage()
            self._pages.addWidget(self._patients)
        return self._patients

    def showPatients(self) -> None:
        """Bring the table of patients to the front."""
        if self._patients is not None and self._pages.currentWidget() is not self._patients:
            self._before = self._pages.currentWidget() or self.start
            self._pages.setCurrentWidget(self._patients)

    def leavePatients(self) -> None:
        """Back to what was in front before, if nothing else came since."""
        if self._patients is not None and self._pages.currentWidget() is self._patients:
            self._pages.setCurrentWidget(self._before)

    def isStart(self) -> bool:
        return self._pages.currentWidget() is self.start

    def messageArea(self) -> QRect:
        """What messages may cover: the middle."""
        return QRect(self._pages.mapTo(self, QPoint(0, 0)), self._pages.size())

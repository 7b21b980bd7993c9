"""The Evaluate workspace: the start page with the form beside it, or an evaluation in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QWidget

from app.controllers.evaluate.kinds import Kind
from app.workspaces.evaluate.setup import EvaluateSetup
from app.workspaces.evaluate.start import EvaluateStart
from widgets.tab_order import follow_layout

if TYPE_CHECKING:
    from app.workspaces.evaluate.result import ResultView

SIDE_EM = 21


class EvaluateView(QWidget):
    """The widgets, by name.

    Attributes:
        start: What is seen while no evaluation is open.
        setup: The form at the right.
    """

    def __init__(self, kinds: Sequence[Kind], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self.start = EvaluateStart()
        self.setup = EvaluateSetup(kinds)
        self.setup.setMinimumWidth(SIDE_EM * em)
        self._result: ResultView | None = None
        self._pages = QStackedWidget()
        self._columns = QSplitter(Qt.Orientation.Horizontal)
        self._columns.addWidget(self.start)
        self._columns.addWidget(self.setup)
        self._columns.setChildrenCollapsible(False)
        self._columns.setStretchFactor(0, 1)
        self._pages.addWidget(self._columns)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._pages)
        follow_layout(self)

    def result(self) -> ResultView:
        """The view of evaluations, made on first use: the library that plots is large."""
        if self._result is None:
            from app.workspaces.evaluate.result import ResultView

            self._result = ResultView()
            self._pages.addWidget(self._result)
        return self._result

    def has_result(self) -> bool:
        return self._result is not None

    def showResult(self) -> None:
        self._pages.setCurrentWidget(self.result())

    def showStart(self) -> None:
        self._pages.setCurrentWidget(self._columns)

    def isStart(self) -> bool:
        return self._pages.currentWidget() is self._columns

    def messageArea(self) -> QRect:
        """What messages may cover: all but the form."""
        shown = self.start if self.isStart() else self._pages
        return QRect(shown.mapTo(self, QPoint(0, 0)), shown.size())

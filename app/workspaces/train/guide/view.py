"""The questions in their order."""

from __future__ import annotations

from enum import IntEnum

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from app.controllers.train.requests import Trainer
from app.workspaces.train.guide.answer_pages import GoalPage, LabelsPage, MethodPage
from app.workspaces.train.guide.data_page import DataPage
from app.workspaces.train.guide.frame import GuideFrame
from app.workspaces.train.guide.settings_page import SettingsPage
from app.workspaces.train.guide.trial_page import TrialPage


class Page(IntEnum):
    """Which question is where."""

    GOAL = 0
    DATA = 1
    LABELS = 2
    METHOD = 3
    SETTINGS = 4
    TRIAL = 5


class GuideView(QWidget):
    """The widgets, by name. `left` tells that the user has enough."""

    left = pyqtSignal()

    def __init__(self, first: Trainer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.goal, self.data, self.labels = GoalPage(), DataPage(), LabelsPage()
        self.method, self.settings, self.trial = MethodPage(), SettingsPage(first), TrialPage()
        self.frame = GuideFrame(
            [
                ("Goal", self.goal), ("Data", self.data), ("Labels", self.labels),
                ("Method", self.method), ("Settings", self.settings), ("Start", self.trial),
            ],
            self,
        )  # fmt: skip
        self.frame.left.connect(self.left)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.frame)

    def focusPage(self, place: int) -> None:
        """Let keys go to where a page begins."""
        answers = {Page.GOAL: self.goal, Page.LABELS: self.labels, Page.METHOD: self.method}
        page = Page(place)
        if page in answers:
            answers[page].focusFirst()
        elif page is Page.DATA:
            self.data.form.control("images").setFocus(Qt.FocusReason.OtherFocusReason)
        elif page is Page.TRIAL:
            self.trial.start.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        key = None if a0 is None else a0.key()
        enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and self.frame.next.isEnabled():
            self.frame.next.click()
        elif enter and self.frame.place() == Page.DATA:
            self.data.look.click()
        else:
            super().keyPressEvent(a0)

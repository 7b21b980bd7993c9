"""Pages with one answer of several: what is wanted, what is labelled, which method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.workspaces.train.guide.frame import heading, muted
from engine.data.doctor.need import GOALS, LABELLED, Goal, Labelled
from engine.method import Method, Suggestion
from widgets.guide.choice_list import Choice, ChoiceList

GOAL_DETAILS: Mapping[Goal, str] = {
    "segment": "Organs, vessels, nuclei, lesions: as labels with their uncertainty.",
    "synthesize": "A picture for every mask that you draw, and labelled sets for training.",
    "translate": "A T1 from a T2, for example; only images of the wanted kind are learnt from.",
}
LABELLED_DETAILS: Mapping[Labelled, str] = {
    "masks": "In each image it is marked where the structures are.",
    "some": "A few patients are marked, many are not.",
    "whole": "Normal or not, or which slices show something; masks only tell that.",
    "nothing": "There are only images.",
}
LABELS, KIND, NO_LABELS = "What is labelled?", "What shall images become?", "Labels are not needed"
FITS, NONE_FITS = "This method fits", "No method fits"
FROM_IMAGES = "To turn images of one kind into another, it learns from the images alone."


class AnswerPage(QWidget):
    """A question with its answers. `answered` tells what the user took."""

    answered = pyqtSignal(str)

    def __init__(self, question: str, about: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self.choices = ChoiceList(self)
        self.choices.chosen.connect(self.answered)
        self.about = muted(about, self)
        self.about.setVisible(bool(about))
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(round(0.7 * em))
        self.question = heading(question, self)
        self.column.addWidget(self.question)
        self.column.addWidget(self.about)
        self.column.addWidget(self.choices)
        self.column.addStretch(1)

    def tell(self, about: str) -> None:
        """Words below the question."""
        self.about.setText(about)
        self.about.setVisible(bool(about))

    def focusFirst(self) -> None:
        """Let keys go to where one answers."""
        self.choices.focusAnswer()


class GoalPage(AnswerPage):
    """What is wanted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("What do you want to do?", parent=parent)
        self.choices.setChoices([Choice(g, title, GOAL_DETAILS[g]) for g, title in GOALS.items()])


class LabelsPage(AnswerPage):
    """What is labelled, or, to turn images into another kind, which kind that is."""

    modalityChosen = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(LABELS, parent=parent)
        self.choices.setChoices(
            [Choice(k, title, LABELLED_DETAILS[k]) for k, title in LABELLED.items()]
        )
        self.modality = QComboBox(self)
        self.modality.setAccessibleName("Kind of image to learn")
        self.modality.textActivated.connect(self.modalityChosen)
        self._kind = QWidget(self)
        row = QHBoxLayout(self._kind)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Images become", self._kind))
        row.addWidget(self.modality)
        row.addStretch(1)
        self.column.insertWidget(2, self._kind)
        self._kind.hide()

    def askForLabels(self, said: str) -> None:
        """Ask what is labelled.

        Args:
            said: What the set says of that.
        """
        self.question.setText(LABELS)
        self.tell(said)
        self.choices.show()
        self._kind.hide()

    def askForKind(self, names: Sequence[str], chosen: str = "") -> None:
        """Ask which of these images are to become; with none, nothing is asked."""
        self.question.setText(KIND if names else NO_LABELS)
        self.tell(FROM_IMAGES)
        self.choices.hide()
        self.modality.clear()
        self.modality.addItems(list(names))
        if chosen in names:
            self.modality.setCurrentText(chosen)
        self._kind.setVisible(bool(names))

    def focusFirst(self) -> None:
        """As `AnswerPage.focusFirst`."""
        if self._kind.isHidden():
            super().focusFirst()
        else:
            self.modality.setFocus(Qt.FocusReason.OtherFocusReason)


class MethodPage(AnswerPage):
    """Which method: the best first, and of the others why not."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(FITS, parent=parent)

    def showSuggestions(self, found: Sequence[tuple[Method, Suggestion]], chosen: str = "") -> str:
        """Offer them; returns the key of the one that is taken, "" if none fits."""
        choices = []
        for place, (method, told) in enumerate(found):
            best = "  (fits best)" if not place and told.fit else ""
            detail = f"{told.why} {told.after}".strip()
            choices.append(Choice(method.id, f"{method.title}{best}", detail, told.fit > 0))
        fitting = [method.id for method, told in found if told.fit]
        taken = chosen if chosen in fitting else next(iter(fitting), "")
        self.choices.setChoices(choices, taken)
        self.question.setText(FITS if fitting else NONE_FITS)
        self.tell(
            ""
            if fitting
            else "No method learns this from these images. Below is what each needs; "
            "go back to choose other images or another goal."
        )
        return taken

"""Above the views while a pseudo-label of a training is open: accept it, or leave it."""

from __future__ import annotations

from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from widgets.elided_label import ElidedLabel
from widgets.icons import icon
from widgets.panels.volume.parts import tool_button
from widgets.tips import give_tip


class MendBar(QFrame):
    """Says whose pseudo-label is open; hidden otherwise.

    Attributes:
        accept: Makes the labels as they are now those of the case.
        back: To the training.
        leave: Takes the bar away; the labels stay open.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "banner-info")
        em = self.fontMetrics().height()
        self._text = ElidedLabel("", self)
        self.accept = QPushButton(icon("mdi6.check", tone="on_accent"), "Accept as label", self)
        self.accept.setProperty("primary", True)
        give_tip(self.accept, "The training learns from these labels, from its next epoch on")
        self.back = QPushButton(icon("mdi6.school-outline"), "To the training", self)
        self.leave = tool_button("mdi6.close", "Leave it; nothing is accepted", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(em // 2, em // 4, em // 2, em // 4)
        row.setSpacing(em // 2)
        row.addWidget(self._text, 1)
        for button in (self.accept, self.back, self.leave):
            row.addWidget(button)
        self.hide()

    def showOpen(self, case: str, run: str) -> None:
        """A pseudo-label is open."""
        self._text.setText(f"Pseudo-label of {case}, from {run}: mend it where it is wrong")
        self.accept.setEnabled(True)
        self.accept.show()
        self.show()

    def showBusy(self) -> None:
        """It is being accepted."""
        self.accept.setEnabled(False)

    def showDone(self, case: str, count: int) -> None:
        """It is a label now."""
        self._text.setText(
            f"{case} is labelled now, one of {count}; the training takes it in at its next epoch"
        )
        self.accept.hide()
        self.show()

    def text(self) -> str:
        return self._text.text()

"""Who is labelled, who is not, who validates: the patients of a set, before a training begins."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from widgets.elided_label import ElidedLabel
from widgets.icons import icon
from widgets.paint.flow import FlowRow
from widgets.panels.patients.board import KEYS, PatientBoard
from widgets.panels.patients.card import PatientCard, Structure
from widgets.panels.patients.column import Column
from widgets.panels.volume.parts import tool_button

LABELLED, UNLABELLED, VALIDATION, TEST = "labelled", "unlabelled", "validation", "test"
COLUMNS = (
    Column(LABELLED, "Labelled", "the labels of these patients are learnt from.", "L"),
    Column(UNLABELLED, "Unlabelled",
           "learnt from without a look at their labels, where they have any.", "U", False),
    Column(VALIDATION, "Validation", "these tell which checkpoint is the best.", "V"),
    Column(TEST, "Kept apart", "for the evaluation afterwards.", "K"),
)  # fmt: skip


class PatientsPage(QWidget):
    """Busy while patients are read, then the board; whoever acts connects the buttons.

    Attributes:
        board: The columns.
        back: Leaves everything as it was.
        use: Takes the choice over.
    """

    left = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.back = tool_button("mdi6.arrow-left", "Back, without a change (Esc)", self)
        self.back.clicked.connect(self.left)
        self._title = ElidedLabel("", self)
        self._title.setProperty("role", "heading")
        self.use = QPushButton(icon("mdi6.check", tone="on_accent"), "Use this choice", self)
        self.use.setProperty("primary", True)
        self.board = PatientBoard(COLUMNS, _counted, self)
        self._told = self._label("muted")
        self._problem = self._label("warning")
        self._hint = self._label("muted")
        self._busy = QLabel(self)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._legend = FlowRow(self.fontMetrics().height(), self)
        self._names: list[QWidget] = []
        self._pages = QStackedWidget(self)
        self._arrange()
        self.board.changed.connect(self._check)
        self.board.refused.connect(self._refuse)

    def showBusy(self, what: str) -> None:
        """Patients are being read."""
        self._title.setText(what)
        self._pages.setCurrentIndex(0)
        self.use.setVisible(False)
        self.showProgress(0.0)
        self.back.setFocus(Qt.FocusReason.OtherFocusReason)

    def showProgress(self, share: float) -> None:
        """How far the reading is, 0 to 1."""
        self._bar.setRange(0, 1000 if share else 0)
        self._bar.setValue(round(1000 * share))

    def showPatients(
        self, title: str, cards: Sequence[PatientCard], places: dict[str, str],
        structures: Sequence[Structure], told: Sequence[str] = (), problem: str = "",
    ) -> None:  # fmt: skip
        """Show the patients where they stand.

        Args:
            told: What there is to say of the set.
            problem: Why they do not stand where the form wants them.
        """
        self._title.setText(title)
        self.board.setPatients(cards, places, structures)
        self._show_legend(structures)
        self._told.setText("\n".join(told))
        self._told.setVisible(bool(told))
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self._pages.setCurrentIndex(1)
        self.use.setVisible(True)
        self._check()
        self.board.column(LABELLED).setFocus(Qt.FocusReason.OtherFocusReason)

    def isBusy(self) -> bool:
        return self._pages.currentIndex() == 0

    def told(self) -> str:
        """What is said of the set, and of the choice in the form."""
        return "\n".join(text for label in (self._told, self._problem) if (text := label.text()))

    def hint(self) -> str:
        """The line below the columns."""
        return self._hint.text()

    def _check(self) -> None:
        """Say what is missing, else how the board is used."""
        places = set(self.board.places().values())
        missing = {
            LABELLED: "Nobody is labelled: bring at least one patient to the left.",
            VALIDATION: "Nobody validates: without that, nothing tells the best checkpoint.",
        }
        why = next((text for key, text in missing.items() if key not in places), "")
        self.use.setEnabled(not why)
        self.use.setToolTip(why or "Write these names into the form")
        self._say(why or KEYS, "warning" if why else "muted")

    def _refuse(self, text: str) -> None:
        self._say(text, "warning")

    def _say(self, text: str, role: str) -> None:
        self._hint.setText(text)
        if self._hint.property("role") != role:
            self._hint.setProperty("role", role)
            style = self._hint.style()
            if style is not None:
                style.unpolish(self._hint)
                style.polish(self._hint)

    def _show_legend(self, structures: Sequence[Structure]) -> None:
        for label in self._names:
            label.setParent(None)
            label.deleteLater()
        self._names = []
        for structure in structures:
            red, green, blue = structure.colour
            name = QLabel(f"<span style='color: rgb({red}, {green}, {blue})'>■</span> ", self)
            name.setText(name.text() + structure.name.replace("&", "&amp;").replace("<", "&lt;"))
            name.setTextFormat(Qt.TextFormat.RichText)
            self._names.append(name)
            self._legend.add(name)

    def _label(self, role: str) -> QLabel:
        label = QLabel(self)
        label.setProperty("role", role)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        head = QHBoxLayout()
        head.setSpacing(em // 2)
        head.addWidget(self.back)
        head.addWidget(self._title, 1)
        head.addWidget(self.use)
        busy = QWidget(self)
        wait = QVBoxLayout(busy)
        wait.addStretch(1)
        self._busy.setText("Reading images and labels: as a training does, before it begins")
        self._busy.setProperty("role", "muted")
        self._bar.setFixedSize(20 * em, max(4, em // 3))
        wait.addWidget(self._busy, 0, Qt.AlignmentFlag.AlignHCenter)
        wait.addWidget(self._bar, 0, Qt.AlignmentFlag.AlignHCenter)
        wait.addStretch(1)
        full = QWidget(self)
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(em // 2)
        column.addWidget(self._told)
        column.addWidget(self._problem)
        column.addWidget(self.board, 1)
        column.addWidget(self._legend)
        column.addWidget(self._hint)
        self._pages.addWidget(busy)
        self._pages.addWidget(full)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        outer.setSpacing(em // 2)
        outer.addLayout(head)
        outer.addWidget(self._pages, 1)


def _counted(cards: Sequence[PatientCard]) -> str:
    return "1 patient" if len(cards) == 1 else f"{len(cards)} patients"

"""What there is: folders, and what the doctor says of them."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.workspaces.train.guide.frame import heading, muted
from engine.data.doctor.examining import Examination
from engine.data.doctor.findings import CHECKS, FIXES
from widgets.dropped import dropped_paths
from widgets.forms.form import Form
from widgets.forms.spec import FieldSpec
from widgets.guide.finding_list import FindingItem, FindingList
from widgets.icons import icon
from widgets.panels.progress import ProgressLine

IMAGES, MASKS, PATTERN = "images", "masks", "pattern"
HINT = (
    "Drop a folder here: nnU-Net or Decathlon, images and masks, DICOM, h5 files with their lists, "
    "folders of normal and other images, patients with several kinds of image. Nothing in it is "
    "changed."
)


class DataPage(QWidget):
    """Paths above, findings below.

    `asked` tells that the set is to be looked at, `edited` that other paths were named,
    `mendRequested` that the checked findings are to
    be mended in a copy, `reportRequested` that all is to be written down.
    """

    asked = pyqtSignal()
    edited = pyqtSignal()
    mendRequested = pyqtSignal()
    reportRequested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._waiting: QWidget | None = None
        em = self.fontMetrics().height()
        self.form = Form(
            [
                FieldSpec(IMAGES, "Images", "path", help=HINT, path_mode="folder"),
                FieldSpec(
                    MASKS, "Masks", "path", path_mode="folder",
                    help="Where they lie in a folder of their own. May be left out.",
                ),
                FieldSpec(
                    PATTERN, "Patient pattern", "text", "", help="Regular expression whose first "
                    "group names the patient; a guess by usual names where empty.", advanced=True,
                ),
            ],
            self,
        )  # fmt: skip
        self.form.changed.connect(self._typed)
        self.look = QPushButton(icon("mdi6.stethoscope"), "Look at it", self)
        self.look.clicked.connect(self.asked)
        self._hint = muted(HINT, self)
        self._drop = QFrame(self)
        self._drop.setProperty("role", "card")
        inside = QVBoxLayout(self._drop)
        inside.setContentsMargins(em, em, em, em)
        inside.addWidget(self._hint)
        self.progress = ProgressLine(self)
        self.problem = QLabel(self)
        self.problem.setProperty("role", "error")
        self.problem.setWordWrap(True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self._layout = QLabel(self)
        self._layout.setWordWrap(True)
        self._layout.setTextFormat(Qt.TextFormat.PlainText)
        self._layout.setProperty("role", "heading")
        self._about = muted("", self)
        self.findings = FindingList(self)
        self.findings.toggled.connect(self._count)
        self.all = QPushButton("Mark all", self)
        self.all.setToolTip("Mark all that can be mended")
        self.all.clicked.connect(lambda: self.findings.setAllChecked(True))
        self.mend = QPushButton(icon("mdi6.content-copy"), "", self)
        self.mend.setToolTip("Into a new folder; the set itself stays as it is")
        self.mend.clicked.connect(self.mendRequested)
        self.report = QPushButton(icon("mdi6.file-document-outline"), "Save report…", self)
        self.report.clicked.connect(self.reportRequested)
        self._acts = QWidget(self)
        row = QHBoxLayout(self._acts)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.all)
        row.addWidget(self.mend)
        row.addStretch(1)
        row.addWidget(self.report)
        self.findings.focusAfter(self.report)
        line = QHBoxLayout()
        line.addWidget(self.progress, 1)
        line.addStretch(1)
        line.addWidget(self.look)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(em // 2)
        column.addWidget(heading("What do you have?", self))
        column.addWidget(self._drop)
        column.addWidget(self.form)
        column.addLayout(line)
        for widget in (self.problem, self._layout, self._about, self._acts, self.findings):
            column.addWidget(widget)
        column.addStretch(1)
        self.showNothing()

    def paths(self) -> tuple[Path | None, Path | None]:
        """Images and masks."""
        values = self.form.values()
        return values[IMAGES], values[MASKS]

    def pattern(self) -> str:
        """The patients' pattern."""
        return str(self.form.values()[PATTERN])

    def setPaths(self, images: Path, masks: Path | None) -> None:
        self.form.setValues({IMAGES: images, MASKS: masks})
        self._edited()

    def showNothing(self) -> None:
        """Nothing was looked at."""
        self._show(problem="", found=None, busy=False)

    def showBusy(self, text: str, share: float | None = None) -> None:
        """Something is under way."""
        self._show(problem="", found=None, busy=True)
        self.progress.showWork(text, share)

    def showProblem(self, message: str, hint: str) -> None:
        """It could not be looked at."""
        self._show(problem=f"{message} {hint}".strip(), found=None, busy=False)

    def showFound(self, found: Examination) -> None:
        """What was found."""
        items = [
            FindingItem(
                f.severity, CHECKS[f.check], f.message, f.remedy, found.picture(f),
                FIXES[f.fix] if f.fix else "",
            )
            for f in found.findings
        ]  # fmt: skip
        self.findings.setItems(items)
        self._layout.setText(found.layout.title)
        told = [found.layout.why, *found.layout.notes, found.summary()]
        if not found.findings:
            told.append("All checks passed.")
        self._about.setText("\n".join(told))
        self._show(problem="", found=found, busy=False)
        self._count()

    def dragEnterEvent(self, a0: QDragEnterEvent | None) -> None:
        if a0 is not None and dropped_paths(a0):
            a0.acceptProposedAction()

    def dropEvent(self, a0: QDropEvent | None) -> None:
        paths = dropped_paths(a0)
        if a0 is None or not paths:
            return
        a0.acceptProposedAction()
        self.setPaths(paths[0], paths[1] if len(paths) > 1 else None)
        self.asked.emit()

    def _show(self, *, problem: str, found: Examination | None, busy: bool) -> None:
        if not busy:
            self.progress.clear()
        pressed = self.look.hasFocus()
        self.look.setEnabled(not busy and self.paths()[0] is not None)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self._drop.setVisible(found is None and not busy)
        for widget in (self._layout, self._about, self._acts, self.findings):
            widget.setVisible(found is not None)
        if pressed and busy:
            self._waiting = QApplication.focusWidget()  # where the focus went from the button
        elif not busy and self._waiting is not None:
            if self._waiting is QApplication.focusWidget():
                self.look.setFocus(Qt.FocusReason.OtherFocusReason)
            self._waiting = None

    def _typed(self, name: str) -> None:
        self._edited()
        self.edited.emit()

    def _edited(self) -> None:
        self.look.setEnabled(self.paths()[0] is not None)

    def _count(self) -> None:
        number = len(self.findings.checked())
        can = self.findings.canMend()
        self.all.setVisible(can)
        self.mend.setVisible(can)
        self.mend.setText(
            f"Write corrected copy ({number})…" if number else "Write corrected copy…"
        )
        self.mend.setEnabled(number > 0)

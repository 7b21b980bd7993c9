"""The guide's look at the data: in the background, told on its page, and mended in a copy."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeVar

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QFileDialog

from app.background import Background, Work, end_of
from app.errors import Teller
from app.workspaces.train.guide.data_page import DataPage
from engine.data.doctor.examining import Examination, examine
from engine.data.doctor.params import ExamineParams
from engine.data.doctor.repairing import Corrected, repair
from engine.data.doctor.report import write_report
from engine.failures import Failure
from engine.steps import Step

T = TypeVar("T")


class Examining(QObject):
    """Looks at the set that the page names.

    `found` carries what was found, `forgotten` tells that nothing is known, or not yet, `told` has
    a line for the status bar.
    """

    found = pyqtSignal(object)  # Examination
    forgotten = pyqtSignal()
    told = pyqtSignal(str)

    def __init__(self, page: DataPage, teller: Teller, parent: QObject) -> None:
        super().__init__(parent)
        # Its own: looking at a large set must not hold up runs that are watched.
        self.background = Background(self, name="doctor")
        self._page, self._teller = page, teller
        self._result: Examination | None = None
        self._work: Work | None = None
        page.asked.connect(self.look)
        page.edited.connect(self._edited)
        page.mendRequested.connect(self._ask_copy)
        page.reportRequested.connect(self._ask_report)
        page.progress.cancelled.connect(self._cancel)

    def look(self) -> None:
        """Look at the set."""
        images, masks = self._page.paths()
        if images is None:
            return
        self._result = None
        params = ExamineParams(patient_pattern=self._page.pattern())
        self._drive(
            f"Looking at {images.name}", lambda: examine(images, masks, params), self._looked
        )
        self.forgotten.emit()

    def isLooking(self) -> bool:
        """Whether the set is being looked at."""
        return self._work is not None

    def mend(self, folder: Path) -> None:
        """Write a copy of the set with what is marked mended, and go on with that."""
        found = self._result
        if found is not None:
            chosen = [found.findings[i] for i in self._page.findings.checked()]
            self._drive(
                f"Writing {folder.name}", lambda: repair(found, chosen, folder), self._mended
            )

    def report(self, file: Path) -> None:
        """Write what was found."""
        found = self._result
        if found is not None:
            self.background.run(
                "Writing the report", lambda: write_report(file, found),
                lambda _: self.told.emit(f"Saved {file.name}"), self._teller.failure,
            )  # fmt: skip

    def close(self) -> None:
        """End the work in the background."""
        self.background.cancelAll()
        self.background.close()

    def _edited(self) -> None:
        """Other paths: what was found is not theirs."""
        if self._result is not None or self._work is not None:
            self._result = None
            self._cancel()
            self._page.showNothing()
            self.forgotten.emit()

    def _looked(self, found: Examination) -> None:
        self._result = found
        self._page.showFound(found)
        self.found.emit(found)

    def _mended(self, copy: Corrected) -> None:
        self.told.emit(copy.summary)
        self._page.setPaths(copy.source, copy.masks)
        self.look()

    def _drive(
        self, what: str, start: Callable[[], Generator[Step, None, T]], done: Callable[[T], None]
    ) -> None:
        """Do the steps in the background. Where they fail or are cancelled, what was found before
        is shown again."""
        self._cancel()

        def finished(result: T) -> None:
            if made is self._work:
                self._work = None
                done(result)

        def failed(failure: Failure) -> None:
            if made is not self._work:
                return
            self._work = None
            if self._result is None:
                self._page.showProblem(failure.message, failure.hint)
                self.forgotten.emit()
            else:
                self._page.showFound(self._result)
                self._teller.failure(failure)

        def progressed(share: float) -> None:
            if made is self._work:
                self._page.showBusy(what, share)

        self._page.showBusy(what)
        made = self.background.watched(what, lambda watch: end_of(start(), watch), finished, failed)
        self._work = made
        made.progressed.connect(progressed)

    def _cancel(self) -> None:
        if self._work is None:
            return
        self._work.cancel()
        self._work = None
        if self._result is None:
            self._page.showNothing()
            self.forgotten.emit()
        else:
            self._page.showFound(self._result)

    def _ask_copy(self) -> None:
        images, _ = self._page.paths()
        if images is None:
            return
        start = images.with_name(f"{images.name}-corrected")
        path, _ = QFileDialog.getSaveFileName(
            self._page, "New folder for the corrected copy", str(start)
        )
        if path:
            self.mend(Path(path))

    def _ask_report(self) -> None:
        images, _ = self._page.paths()
        start = "report.html" if images is None else f"{images.name}-report.html"
        path, _ = QFileDialog.getSaveFileName(self._page, "Save report", start, "HTML (*.html)")
        if path:
            self.report(Path(path))

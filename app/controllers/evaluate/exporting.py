"""Evaluations to files: CSV, JSON, and a report with pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QWidget

from app.background import Background, end_of
from app.controllers.evaluate.kinds import new_file
from app.controllers.evaluate.pages import Shown
from app.errors import Teller

FILTERS = {
    "csv": "CSV (*.csv)", "json": "JSON (*.json)", "html": "HTML (*.html)", "pdf": "PDF (*.pdf)",
}  # fmt: skip


class Exporting(QObject):
    """Asks for a file and writes it in the background; `told` has a line for the status bar."""

    told = pyqtSignal(str)

    def __init__(
        self, view: QWidget, background: Background, teller: Teller, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._view, self._background, self._teller = view, background, teller

    def ask(self, shown: Shown, kind: str) -> None:
        """Let the user choose a file; `kind` is its ending."""
        start = Path.home() / f"{new_file(shown.title).stem}.{kind}"
        path, _ = QFileDialog.getSaveFileName(self._view, "Export", str(start), FILTERS[kind])
        if path:
            file = Path(path)
            self.write(shown, file if file.suffix else file.with_suffix(f".{kind}"))

    def write(self, shown: Shown, file: Path) -> None:
        """Write an evaluation; the ending chooses what."""
        source: Any = shown.source

        def work(watch: Callable[[float], None]) -> Path:
            if file.suffix.lower() in (".csv", ".json"):
                written: Path = source.write(file)
                return written
            from engine.scoring.report import write_report

            return end_of(write_report(file, source, shown.title), watch)

        self._background.watched(
            f"Writing {file.name}", work, lambda path: self.told.emit(f"Saved {path}"),
            self._teller.failure,
        )  # fmt: skip

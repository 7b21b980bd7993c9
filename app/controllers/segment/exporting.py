"""Label tables, pictures, scrolls, figures and surfaces: from and to files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QFileDialog

from app.background import Background
from app.controllers.segment.operations import OperationsController
from app.errors import Teller
from app.label_files import entries_of, labels_of
from app.study import Study
from app.workspaces.segment.pictures import frames_of, rgb_of
from app.workspaces.segment.view import SegmentView
from engine.errors import InputError
from engine.failures import versions

if TYPE_CHECKING:
    from engine.data.volumes.label_table import LabelEntry

TABLES = "Label descriptions (*.txt *.label);;All files (*)"
SCROLL_FPS = 12.0


class Exporting(QObject):
    """Asks where to and writes in the background."""

    saved = pyqtSignal(Path)

    def __init__(
        self, study: Study, view: SegmentView, operations: OperationsController,
        background: Background, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._study, self._view, self._operations = study, view, operations
        self._background, self._teller = background, teller
        self._presets: dict[str, tuple[LabelEntry, ...]] = {}
        view.labels.importRequested.connect(self.askImportTable)
        view.labels.exportRequested.connect(self.askExportTable)
        view.labels.presetChosen.connect(self.takePreset)
        view.labels.deleteRequested.connect(self.deleteLabel)
        view.header.screenshotRequested.connect(self.askPicture)
        self._load_presets()

    # --- tables

    def askImportTable(self) -> None:
        """Let the user choose a label table."""
        path, _ = QFileDialog.getOpenFileName(self._view, "Read a label table", "", TABLES)
        if path:
            self.importTable(Path(path))

    def importTable(self, path: Path) -> None:
        """Take the labels of a table in ITK-SNAP's format in place of those there are."""

        def read() -> tuple[LabelEntry, ...]:
            from engine.data.volumes.label_table import read_label_table

            return read_label_table(path)

        self._background.run(f"Reading {path.name}", read, self._take, self._teller.failure)

    def askExportTable(self) -> None:
        """Let the user choose where the label table goes."""
        start = f"{self._study.name() or 'labels'}_labels.txt"
        path, _ = QFileDialog.getSaveFileName(self._view, "Save the label table", start, TABLES)
        if path:
            self.exportTable(Path(path))

    def exportTable(self, path: Path) -> None:
        """Write the label table in ITK-SNAP's format."""
        rows = self._study.table.labels()

        def write() -> None:
            from engine.data.volumes.label_table import write_label_table

            write_label_table(path, entries_of(rows))

        self._write(path, write)

    def takePreset(self, title: str) -> None:
        """Take one of the tables that come with the program."""
        self._take(self._presets[title])

    def deleteLabel(self, value: int) -> None:
        """Take a label out of the table; its voxels become background, which can be undone."""
        study = self._study
        label = study.table.label(value)
        if label is None:
            return
        from engine.data.labels.logic import ClearParams
        from engine.data.labels.operations import operation

        if study.model.count(value):
            if label.locked:
                self._teller.error(
                    InputError(f"{label.name} is locked.", "Unlock it, then delete it.")
                )
                return
            self._operations.run(
                operation("clear"), ClearParams(label=value, extent="volume"),
                lambda: self._forget(value),
            )  # fmt: skip
        else:
            study.removeLabel(value)

    def _forget(self, value: int) -> None:
        # It may have been painted again, or taken away otherwise, while its voxels were cleared.
        study = self._study
        if study.table.label(value) is not None and not study.model.count(value):
            study.removeLabel(value)

    def _take(self, entries: tuple[LabelEntry, ...]) -> None:
        self._study.table.reset(labels_of(entries))
        self._study.name_used()

    def _load_presets(self) -> None:
        def read() -> Any:
            from engine.data.volumes.label_table import label_presets

            return label_presets()

        def done(found: Any) -> None:
            self._presets = {preset.title: preset.entries for preset in found}
            self._view.labels.setPresets(tuple(self._presets))

        self._background.run("Reading label presets", read, done, self._teller.failure)

    # --- pictures

    def askPicture(self) -> None:
        """Let the user choose where a picture of the views goes."""
        if self._study.volume is None:
            return
        path, _ = QFileDialog.getSaveFileName(
            self._view, "Save picture", f"{self._study.name()}.png", "PNG (*.png)"
        )
        if path:
            self.savePicture(Path(path))

    def savePicture(self, path: Path) -> None:
        """Write what the views show."""
        picture = rgb_of(self._view.volume.grab().toImage())
        facts = self._facts()

        def write() -> None:
            from engine.data.volumes.pictures import save_picture

            save_picture(path, picture, facts)

        self._write(path, write)

    def askScroll(self) -> None:
        """Let the user choose where an animated scroll through the slices goes."""
        if self._study.volume is None:
            return
        path, _ = QFileDialog.getSaveFileName(
            self._view, "Save a scroll through the slices", f"{self._study.name()}.gif",
            "Animated GIF (*.gif)",
        )  # fmt: skip
        if path:
            self.saveScroll(Path(path))

    def saveScroll(self, path: Path) -> None:
        """Write the slices of the view in use, one after the other."""
        frames = frames_of(self._view.volume.currentView())
        facts = self._facts()

        def write() -> None:
            from engine.data.volumes.pictures import save_animation

            save_animation(path, frames, SCROLL_FPS, facts)

        self._write(path, write)

    # --- figures and surfaces

    def askStatistics(self) -> None:
        """Let the user choose where the figures of the labels go."""
        if self._study.volume is None:
            return
        path, _ = QFileDialog.getSaveFileName(
            self._view, "Save label statistics", f"{self._study.name()}_labels.csv", "CSV (*.csv)"
        )
        if path:
            self.saveStatistics(Path(path))

    def saveStatistics(self, path: Path) -> None:
        """Volumes and values of all labels, as a table."""
        study = self._study
        image = study.volume
        if image is None:
            return
        labels = study.model.snapshot()
        names = {row.value: row.name for row in study.table.labels()}

        def write() -> None:
            from engine.data.labels.statistics import label_statistics, write_csv

            write_csv(path, label_statistics(labels.take(), image.geometry, image.values(), names))

        self._write(path, write)

    def askSurface(self) -> None:
        """Let the user choose where the surface of the active label goes."""
        value = self._study.table.active()
        if self._study.volume is None or not value:
            return
        name = self._study.table.name(value).lower().replace(" ", "-")
        path, _ = QFileDialog.getSaveFileName(
            self._view, "Save surface", f"{self._study.name()}_{name}.stl",
            "STL (*.stl);;OBJ (*.obj);;PLY (*.ply)",
        )  # fmt: skip
        if path:
            self.saveSurface(Path(path), value)

    def saveSurface(self, path: Path, value: int) -> None:
        """Write the surface of a label."""
        image = self._study.volume
        if image is None:
            return
        labels, name = self._study.model.snapshot(), self._study.table.name(value)

        def write() -> None:
            from engine.data.labels.mesh import surface, write_mesh

            write_mesh(path, surface(labels.take(), value, image.affine), name)

        self._write(path, write)

    # --- helpers

    def _facts(self) -> dict[str, str]:
        volume = self._study.volume
        source = "" if volume is None or volume.source.path is None else volume.source.path.name
        return {"Software": versions().split(",")[0], "Source": source}

    def _write(self, path: Path, write: Callable[[], None]) -> None:
        self._background.run(
            f"Saving {path.name}", write, lambda _: self.saved.emit(path), self._teller.failure
        )

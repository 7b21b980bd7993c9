"""Opening masks, saving results; the reading and writing itself is done in the background."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QFileDialog

from app import exports
from app.background import Background
from app.controllers.display import Display
from app.errors import Teller
from app.session import Session
from app.settings import Settings
from app.workspaces.synthesize import SynthesizeView
from engine.failures import Failure
from engine.results import SynthesisResult

if TYPE_CHECKING:
    from engine.data.images import MaskImport

MASK_FILTER = (
    "Masks (*.png *.tif *.tiff *.gif *.bmp *.jpg *.jpeg *.npy *.nii *.nii.gz);;All files (*)"
)
Writer = Callable[[Path, SynthesisResult, int], Path]


class FilesController(QObject):
    """`saved` carries the path of what was written; `recentChanged` tells of the settings' list."""

    saved = pyqtSignal(str)
    opened = pyqtSignal(str)
    recentChanged = pyqtSignal()

    def __init__(
        self,
        session: Session,
        view: SynthesizeView,
        display: Display,
        settings: Settings,
        background: Background,
        teller: Teller,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._view, self._display = session, view, display
        self._settings, self._background, self._teller = settings, background, teller
        view.canvas.imageDropped.connect(lambda path: self.open_mask(Path(path)))
        view.tools.importRequested.connect(self.ask_open)
        view.timeline.exportRequested.connect(self.ask_export)

    # --- masks

    def ask_open(self) -> None:
        """Let the user choose a mask file."""
        start = str(Path(self._settings.recent[0]).parent) if self._settings.recent else ""
        path, _ = QFileDialog.getOpenFileName(self._view, "Open mask", start, MASK_FILTER)
        if path:
            self.open_mask(Path(path))

    def open_mask(self, path: Path) -> None:
        """Read a mask and put it on the canvas, as one step that can be undone."""

        def read() -> MaskImport:
            from engine.data.images import read_mask

            return read_mask(path)

        self._background.run(
            f"Reading {path}",
            read,
            lambda found: self._opened(path, found),
            lambda failure: self._not_opened(path, failure),
        )

    def _opened(self, path: Path, found: MaskImport) -> None:
        self._view.canvas.setVesselMask(found.mask, f"Open {path.name}")
        self._session.set_mask(path.stem, path)
        self._settings.remember(path)
        self.recentChanged.emit()
        self.opened.emit(str(path))
        if found.notes:
            notes = "; ".join(found.notes)
            self._teller.say("info", f"{path.name}: {notes}.")

    def _not_opened(self, path: Path, failure: Failure) -> None:
        self._settings.forget(path)
        self.recentChanged.emit()
        self._teller.failure(failure)

    # --- results

    def ask_save_image(self) -> None:
        self._ask_save("Save image", exports.save_image)

    def ask_save_pair(self) -> None:
        self._ask_save("Save image and mask", exports.save_pair)

    def ask_save_set(self) -> None:
        """Let the user choose where all variants go."""
        path, _ = QFileDialog.getSaveFileName(
            self._view, "Save all variants as pairs", self._proposed(""),
            "Folder of PNGs (*);;NumPy archive (*.npz);;HDF5 (*.h5)",
        )  # fmt: skip
        if path:
            self.save_set(Path(path))

    def save_image(self, path: Path) -> None:
        self._save(path, exports.save_image)

    def save_pair(self, path: Path) -> None:
        self._save(path, exports.save_pair)

    def save_set(self, target: Path) -> None:
        """Write all variants, each with the mask."""
        result = self._session.result
        if result is None:
            return

        def write() -> Path:
            from engine.data.synthetic import save_set

            save_set(target, result)
            return target

        self._write(target, write)

    def ask_export(self, kind: str) -> None:
        """Let the user choose where the timeline goes; `kind` is strip, gif or frames."""
        if kind == "frames":
            path = QFileDialog.getExistingDirectory(self._view, "Folder for the frames")
        else:
            ending, what = ("gif", "GIF (*.gif)") if kind == "gif" else ("png", "PNG (*.png)")
            path, _ = QFileDialog.getSaveFileName(
                self._view, "Export the timeline", self._proposed(f"_steps.{ending}"), what
            )
        if path:
            self.export(kind, Path(path))

    def export(self, kind: str, path: Path) -> None:
        """Write the key frames that the timeline shows."""
        frames = self._view.timeline.frames()
        result = self._session.result
        if result is None or self._display.isFollowing():
            self._teller.say("info", "The steps can be exported when the run has ended.")
            return
        if not frames:
            return
        place = self._session.selected
        self._write(path, lambda: exports.save_timeline(kind, path, frames, result, place))

    def _ask_save(self, title: str, write: Writer) -> None:
        if self._session.result is None:
            return
        path, _ = QFileDialog.getSaveFileName(
            self._view, title, self._proposed(".png"), exports.IMAGE_FILTER
        )
        if path:
            self._save(Path(path), write)

    def _save(self, path: Path, write: Writer) -> None:
        result, place = self._session.result, self._session.selected
        if result is not None:
            self._write(path, lambda: write(path, result, place))

    def _write(self, path: Path, work: Callable[[], Path]) -> None:
        self._background.run(
            f"Writing {path}", work, lambda done: self.saved.emit(str(done)), self._teller.failure
        )

    def _proposed(self, ending: str) -> str:
        result, mask = self._session.result, self._session.mask_path
        seed = "" if result is None else f"_seed-{result.seeds[self._session.selected]}"
        folder = Path.home() if mask is None else mask.parent
        name = self._session.mask_name.lower().replace(" ", "-")
        return str(folder / f"{name}{seed}{ending}")

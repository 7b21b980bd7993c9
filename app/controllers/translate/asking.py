"""Questions to the user: which file, which part, where a result goes. All dialogs of Translate."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QFileDialog

from app.background import Background
from app.controllers.segment.asking import IMAGES
from app.controllers.segment.files import StudyFiles
from app.controllers.translate.runs import Landed
from app.controllers.translate.showing import Showing
from app.errors import Teller
from app.file_questions import ask_part
from app.study import Study
from app.workspaces.translate.view import TranslateView

if TYPE_CHECKING:
    from engine.data.volumes.choices import Part

VOLUMES = (
    "NIfTI (*.nii.gz *.nii);;NRRD (*.nrrd);;MetaImage (*.mha);;HDF5 (*.h5);;NumPy (*.npz *.npy);;"
    "TIFF (*.tif)"
)
PICTURES = f"PNG (*.png);;{VOLUMES}"
MAPS = {"information": "local mutual information", "spread": "spread over the samples"}


class Asking(QObject):
    """Asks, and hands the answers on."""

    saved = pyqtSignal(Path)

    def __init__(
        self, study: Study, view: TranslateView, files: StudyFiles, showing: Showing,
        background: Background, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._study, self._view, self._files, self._showing = study, view, files, showing
        self._background, self._teller = background, teller
        files.partsFound.connect(self._ask_part)
        # What was made of the image before is kept, so another one needs no question.
        files.secondRead.connect(files.take)
        view.dock.result.save.clicked.connect(lambda: self.askSave())

    def askOpen(self) -> None:
        """Let the user choose an image."""
        path, _ = QFileDialog.getOpenFileName(self._view, "Open image", self._folder(), IMAGES)
        if path:
            self._files.open(Path(path))

    def askFolder(self) -> None:
        """Let the user choose a folder of DICOM files or of slices."""
        path = QFileDialog.getExistingDirectory(
            self._view, "Open a DICOM folder or a folder of slices", self._folder()
        )
        if path:
            self._files.open(Path(path))

    def askSave(self) -> None:
        """Let the user choose where the result goes."""
        landed = self._whole()
        if landed is None:
            return
        flat = landed.volume.geometry.shape[0] == 1 and not landed.volume.geometry.oriented
        kinds = PICTURES if flat else VOLUMES
        path = self._target(landed, "Save result", "", kinds)
        if path is None:
            return

        def write() -> Any:
            from engine.methods.midiffusion.outputs import write_translation

            return write_translation(path, landed.result, landed.volume)

        self._write(path, write)

    def askSaveMap(self, name: str) -> None:
        """Let the user choose where a map of MAPS goes."""
        landed = self._whole()
        if landed is None:
            return
        values = getattr(landed.result, name)
        if not values.any():
            self._teller.say(
                "info", f"There is no {MAPS[name]} of this result.",
                "More than one sample is needed for it.",
            )  # fmt: skip
            return
        path = self._target(landed, f"Save {MAPS[name]}", f"_{name}", VOLUMES)
        if path is None:
            return

        def write() -> Any:
            from engine.data.volumes.write import write_map

            return write_map(path, values, landed.volume, landed.result.provenance)

        self._write(path, write)

    # --- inside

    def _whole(self) -> Landed | None:
        """The result of all of the image."""
        landed = self._showing.landed()
        if landed is None or landed.index is not None:
            self._teller.say(
                "info", "There is no translation of the whole image yet.",
                "A preview is of one slice: translate all of it first.",
            )  # fmt: skip
            return None
        return landed

    def _target(self, landed: Landed, what: str, suffix: str, kinds: str) -> Path | None:
        ending = kinds.split("*", 1)[1].split(" ")[0].rstrip(")")
        start = Path(self._folder()) / f"{proposed(landed)}{suffix}{ending}"
        path, chosen = QFileDialog.getSaveFileName(self._view, what, str(start), kinds)
        if not path:
            return None
        if "." not in Path(path).name:
            # Dialogs of some systems do not tell which kind was chosen.
            kind = chosen if "*" in chosen else kinds
            path += kind.split("*", 1)[1].split(" ")[0].rstrip(")")
        return Path(path)

    def _write(self, path: Path, work: Callable[[], Any]) -> None:
        self._background.run(
            f"Saving {path.name}", work, lambda _: self.saved.emit(path), self._teller.failure
        )

    def _ask_part(self, path: Path, parts: Sequence[Part]) -> None:
        ask_part(self._view, path, parts, lambda part: self._files.readPart(path, part))

    def _folder(self) -> str:
        volume = self._study.volume
        path = None if volume is None else volume.source.path
        return str(Path.home() if path is None else path.parent)


def proposed(landed: Landed) -> str:
    """A file's name for a result, which says that it is synthetic."""
    title = re.sub(r"\W+", "_", landed.title).strip("_").lower()
    return f"{landed.volume.source.name}_synthetic_{title}"

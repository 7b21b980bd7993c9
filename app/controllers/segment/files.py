"""Opening images and labels for the study, and saving what was painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal

from app.background import Background
from app.errors import Teller
from app.phantom_file import sample
from app.study import LabelFile, Study, opening_look, overlay_look
from engine.errors import InputError
from engine.failures import Failure
from widgets.paint.labels.change import Change, worked_out

if TYPE_CHECKING:
    from app.controllers.segment.expected import Expected
    from engine.data.phantoms.brain import Contrast
    from engine.data.volumes.choices import Part
    from engine.data.volumes.masks import LabelsRead
    from engine.data.volumes.volume import Volume
    from widgets.viewer.volume.layers import Look

Done = Callable[[], None]
Watch = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Opened:
    """A file that was read, with how it is to be shown first."""

    path: Path
    volume: Volume
    look: Look
    like_labels: bool


class StudyFiles(QObject):
    """Reads and writes in the background; what needs an answer of the user is a signal.

    `partsFound` is answered by `readPart`, `mismatched` by `resample`.
    """

    opened = pyqtSignal(Path)  # as the image
    added = pyqtSignal(Path)  # as a layer
    labelsOpened = pyqtSignal(Path)
    saved = pyqtSignal(Path)
    failedToOpen = pyqtSignal(Path)
    secondRead = pyqtSignal(object)  # Opened, while another image is open: replace, or lay over?
    partsFound = pyqtSignal(Path, object)  # the parts that can be chosen from
    mismatched = pyqtSignal(Path, object)  # LabelsRead of another grid

    def __init__(
        self, study: Study, background: Background, teller: Teller, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._study, self._background, self._teller = study, background, teller
        self._expected: Callable[[], Expected] | None = None

    def setExpected(self, expected: Callable[[], Expected]) -> None:
        """Who knows which results the labels come from, for the record of what is saved."""
        self._expected = expected

    # --- images

    def open(self, path: Path) -> None:
        """Open a file or a folder; asks which part where there are several."""

        def look(_watch: Watch) -> tuple[Part, ...]:
            from engine.data.volumes.read import parts

            return parts(path)

        self._run(path, f"Looking at {path.name}", look, lambda found: self._choose(path, found))

    def readPart(self, path: Path, part: str) -> None:
        """Read a part of a file or folder; the only one is called ""."""

        def read(watch: Watch) -> Opened:
            from engine.data.volumes.masks import looks_like_labels
            from engine.data.volumes.read import read_volume

            volume = read_volume(path, part=part, watch=watch)
            return Opened(path, volume, opening_look(volume), looks_like_labels(volume))

        self._background.watched(
            f"Opening {path.name}", read, self._read, lambda why: self._failed(path, why)
        )

    def openPhantom(self, contrast: Contrast = "T1") -> None:
        """Make a phantom if there is none yet, and open it."""
        self._run(
            Path("phantom.nii.gz"), "Making a phantom", lambda _watch: sample(contrast),
            self.open,
        )  # fmt: skip

    def take(self, opened: Opened) -> None:
        """Make it the image; what was open before is let go."""
        self._study.open(opened.volume, opened.look)
        self._tell(opened.path, opened.volume)
        self.opened.emit(opened.path)

    def lay(self, opened: Opened, *, as_map: bool = False) -> None:
        """Make it a layer over the image; see `Study.add`."""
        if self._study.volume is None:  # closed since it was asked
            self.take(opened)
            return
        self._study.add(opened.volume, overlay_look(opened.look, as_map=as_map), as_map=as_map)
        self._tell(opened.path, opened.volume)
        self.added.emit(opened.path)

    def _choose(self, path: Path, found: Sequence[Part]) -> None:
        if len(found) > 1:
            self.partsFound.emit(path, tuple(found))
        else:
            self.readPart(path, found[0].id if found else "")

    def _read(self, opened: Opened) -> None:
        if self._study.volume is None:
            self.take(opened)
        else:
            self.secondRead.emit(opened)

    # --- labels

    def openLabels(self, path: Path) -> None:
        """Put the labels of a file in place of the painted ones, as a step that can be undone."""
        image = self._study.volume
        if image is None:
            self._teller.error(
                InputError(f"{path} holds labels of no open image.", "Open the image first.")
            )
            return
        geometry, snapshot = image.geometry, self._study.model.snapshot()

        def read(watch: Watch) -> tuple[LabelsRead, Change | None]:
            from engine.data.volumes.masks import read_labels

            found = read_labels(path, geometry, watch=watch)
            return found, worked_out(snapshot, found.labels) if found.matches else None

        self._run(path, f"Opening {path.name}", read, lambda got: self._labels(path, image, *got))

    def resample(self, path: Path, found: LabelsRead) -> None:
        """Bring labels of another grid onto the image's, and put them in place."""
        image = self._study.volume
        if image is None:
            return

        snapshot = self._study.model.snapshot()

        def work(watch: Watch) -> Change:
            from engine.data.volumes.resample import resample

            made = resample(found.labels, found.geometry, image.geometry, labels=True, watch=watch)
            return worked_out(snapshot, made)

        self._run(
            path, f"Resampling {path.name}", work, lambda made: self._put(path, made, found, False)
        )

    def _labels(self, path: Path, image: Volume, found: LabelsRead, change: Change | None) -> None:
        if self._study.volume is not image:
            return  # another image was opened meanwhile
        if change is not None:
            self._put(path, change, found, True)
        else:
            self.mismatched.emit(path, found)

    def _put(self, path: Path, change: Change, found: LabelsRead, as_stored: bool) -> None:
        study = self._study
        if study.volume is None or change.snapshot.shape != study.model.shape:
            return  # another image was opened meanwhile
        fresh = not study.model.names() and not study.model.used()
        file = None
        if fresh and found.table:
            from app.label_files import labels_of

            study.table.reset(labels_of(found.table))
        if as_stored:
            from engine.data.volumes.fingerprint import Fingerprint

            file = LabelFile(path, Fingerprint.of(path))
        if fresh and file is not None:
            study.load(change.made, file)
        else:
            study.model.apply(change, f"Open {path.name}", whole=True)
            study.name_used()
            # Of no file, saving must ask: what the file before holds is not what is shown.
            study.swapFile(file)
        self.labelsOpened.emit(path)

    # --- saving

    def saveLabels(self, path: Path, done: Done | None = None) -> None:
        """Write the labels as they are now; painting may go on meanwhile."""
        study = self._study
        image = study.volume
        if image is None:
            return
        snapshot, moment = study.model.snapshot(), study.model.moment()
        table = list(study.table.labels())
        model = study.model
        expected = None if self._expected is None else self._expected()

        def write() -> LabelFile:
            from app.controllers.segment.origin import origin_of
            from app.label_files import save_labels
            from engine.data.volumes.fingerprint import Fingerprint

            labels = snapshot.take()
            record = None if expected is None else origin_of(labels, expected)
            save_labels(path, labels, image, table, record)
            return LabelFile(path, Fingerprint.of(path))

        def written(file: LabelFile) -> None:
            if study.volume is image and study.model is model:
                study.markSaved(file, moment)
            self.saved.emit(path)
            if done is not None:
                done()

        self._background.run(f"Saving {path.name}", write, written, self._teller.failure)

    def changedUnderneath(self) -> bool:
        """Whether somebody else has changed the labels' file since it was read or written."""
        file = self._study.label_file
        return file is not None and file.fingerprint is not None and file.fingerprint.changed()

    def write(self, path: Path, work: Callable[[], Any]) -> None:
        """Write something else; tells `saved`."""
        self._background.run(
            f"Saving {path.name}", work, lambda _: self.saved.emit(path), self._teller.failure
        )

    # --- helpers

    def _run(
        self, path: Path, what: str, work: Callable[[Watch], Any], done: Callable[[Any], None]
    ) -> None:
        self._background.watched(what, work, done, lambda why: self._failed(path, why))

    def _failed(self, path: Path, why: Failure) -> None:
        self.failedToOpen.emit(path)
        self._teller.failure(why)

    def _tell(self, path: Path, volume: Volume) -> None:
        if volume.warnings:
            self._teller.say("warning", f"{path.name}: {' '.join(volume.warnings)}")
        elif volume.notes:
            self._teller.say("info", f"{path.name}: {'; '.join(volume.notes)}.")

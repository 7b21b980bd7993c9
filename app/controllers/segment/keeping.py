"""Labels against a crash: every stroke is journalled, and offered back at the next start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal

from app.background import Background
from app.errors import Teller
from app.label_record import rows_of
from app.study import LabelFile, Study
from app.volume_journal import VolumeJournal, VolumeLog
from app.volume_log import Header, Recovered
from engine.errors import EngineError
from widgets.paint.labels.change import Prepared, prepared

if TYPE_CHECKING:
    from engine.data.volumes.volume import Volume


class Keeping(QObject):
    """Follows the study with a log of its own for each image; brings back what a crash left.

    Args:
        safely: Calls what it is given once labels that are open and not saved may be let go.
    """

    restored = pyqtSignal(str)

    def __init__(
        self, study: Study, journal: VolumeJournal, background: Background, teller: Teller,
        safely: Callable[[Callable[[], None]], None], parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._safely = safely
        self._study, self._journal = study, journal
        self._background, self._teller = background, teller
        self._log: VolumeLog | None = None
        self._resumed: Recovered | None = None
        study.opened.connect(self._begin)
        study.reset.connect(self._base)
        journal.troubled.connect(lambda what, hint: teller.say("warning", what, hint))

    def restore(self, recovered: Recovered) -> None:
        """Open the image again with the labels as they were; without it, the labels alone."""

        def read() -> tuple[Volume, str, Prepared]:
            return *reopened(recovered), prepared(recovered.labels)

        self._background.run(
            f"Restoring {recovered.header.name}", read,
            lambda found: self._safely(lambda: self._show(recovered, *found)),
            self._teller.failure,
        )  # fmt: skip

    def discard(self, recovered: Recovered) -> None:
        """The work is not wanted."""
        self._journal.discard(recovered)

    def markSaved(self) -> None:
        """The labels are in a file: from here on a crash has nothing to give back."""
        if self._log is not None and self._study.isSaved():
            self._log.base(self._study.model.snapshot(), strokes=0, origin=self._origin())

    def _show(self, recovered: Recovered, volume: Volume, told: str, labels: Prepared) -> None:
        study = self._study
        self._resumed = recovered
        study.open(volume)
        study.table.reset(recovered.table)
        origin = recovered.header.origin
        study.restore(labels, LabelFile(Path(origin)) if origin else None)
        if told:
            self._teller.say("warning", told)
        self.restored.emit(recovered.header.name)

    def _begin(self) -> None:
        """Another image: the log of the one before is done with, for its labels were let go."""
        study = self._study
        if self._log is not None:
            self._log.close()
            self._log = None
        if study.volume is None:
            return
        if self._resumed is not None:
            self._log = self._journal.resume(self._resumed)
            self._resumed = None
        else:
            self._log = self._journal.open(header_of(study), study.model.snapshot())
        self._log.follow(study.model, study.table)

    def _base(self) -> None:
        """Labels of a file, or of a session, were put in place of all before."""
        if self._log is not None:
            strokes = 0 if self._study.isSaved() else 1
            self._log.base(self._study.model.snapshot(), strokes, origin=self._origin())

    def _origin(self) -> str:
        file = self._study.label_file
        return "" if file is None else str(file.path)


def header_of(study: Study) -> Header:
    """What a log says of the labels."""
    volume = study.volume
    assert volume is not None, "only an open image has labels"
    source = volume.source
    images = () if source.path is None else (str(source.path), source.part)
    return Header(
        name=study.name(), shape=study.model.shape, affine=rows_of(volume.affine), images=images
    )


def reopened(recovered: Recovered) -> tuple[Volume, str]:
    """The image that labels were painted on, and what to tell the user; for a thread.

    Where it is gone or is another by now, an empty image of the labels' own grid stands in.
    """
    from engine.data.volumes.read import read_volume
    from engine.data.volumes.volume import Geometry, Volume

    header = recovered.header
    geometry = Geometry(header.shape, np.array(header.affine))
    told = "The image is not known any more; the labels are shown alone."
    if header.images:
        path, *part = header.images
        try:
            volume = read_volume(Path(path), part=part[0] if part else "")
        except EngineError as error:
            told = f"The labels are shown alone: {error.message}"
        else:
            if volume.geometry.matches(geometry):
                return volume, ""
            told = f"{path} is another image by now; the labels are shown alone."
    return Volume(np.zeros((1, *header.shape), np.uint8), geometry), told

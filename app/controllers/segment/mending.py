"""A pseudo-label of a training in the editor: looked at, mended, and accepted as a label."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal

from app.background import Background
from app.errors import Teller
from app.study import Study, opening_look
from app.workspaces.segment.view import SegmentView
from engine.errors import InputError
from engine.failures import Failure
from engine.methods.diffrect.labelled import (
    PROPOSAL,
    Labelled,
    promote,
    proposal_of,
    read_labelled,
)
from widgets.paint.labels.change import Prepared, prepared
from widgets.paint.labels.table import Label

if TYPE_CHECKING:
    from engine.data.volumes.volume import Volume
    from widgets.viewer.volume.layers import Look

SHOWN = 5


@dataclass(frozen=True, eq=False)
class Proposal:
    """A pseudo-label with what it belongs to.

    Attributes:
        run, case: Where it comes from.
        volume, look: The image of the case, and how it is shown first.
        labels: On its voxels.
        table: Their names and colours.
        classes: How many the run knows, with the background; 0 where it does not tell.
    """

    run: Path
    case: str
    volume: Volume
    look: Look
    labels: Prepared
    table: tuple[Label, ...]
    classes: int


class Mending(QObject):
    """Opens pseudo-labels, and accepts what has become of them.

    Args:
        safely: Calls what it is given once labels that are open and not saved may be let go.
    """

    promoted = pyqtSignal(Path, str)  # run, case
    backRequested = pyqtSignal()

    def __init__(
        self, study: Study, view: SegmentView, background: Background, teller: Teller,
        safely: Callable[[Callable[[], None]], None], parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._study, self._bar = study, view.mending
        self._view, self._background, self._teller = view, background, teller
        self._safely = safely
        self._open: Proposal | None = None
        self._showing = False
        self._bar.accept.clicked.connect(self.accept)
        self._bar.back.clicked.connect(self.backRequested)
        self._bar.leave.clicked.connect(self.leave)
        study.opened.connect(self._other_image)

    def proposal(self) -> Proposal | None:
        """What is open."""
        return self._open

    def open(self, run: Path, case: str) -> None:
        """Read a pseudo-label and its image, and show them in place of what is open."""
        self._background.watched(
            f"Opening {case}", lambda watch: read_proposal(run, case, watch),
            lambda found: self._safely(lambda: self._show(found)), self._teller.failure,
        )  # fmt: skip

    def accept(self) -> None:
        """Make the labels as they are now those of the case; painting may go on meanwhile."""
        found, study = self._open, self._study
        if found is None or study.volume is None:
            return
        snapshot, moment = study.model.snapshot(), study.model.moment()
        table = list(study.table.labels())
        self._bar.showBusy()

        def work() -> Labelled:
            from app.label_files import save_labels

            labels = snapshot.take()
            check_labels(labels, found.classes, {row.value: row.name for row in table})
            with tempfile.TemporaryDirectory(prefix="reverie-") as folder:
                path = Path(folder) / f"labels{PROPOSAL}"
                save_labels(path, labels, found.volume, table)
                return promote(found.run, found.case, path)

        def done(now: Labelled) -> None:
            if self._open is found:
                study.markSaved(None, moment)
                self._open = None
                self._bar.showDone(found.case, len(now.labelled))
            self.promoted.emit(found.run, found.case)

        def failed(failure: Failure) -> None:
            if self._open is found:
                self._bar.showOpen(found.case, found.run.name)
            self._teller.failure(failure)

        self._background.run(f"Accepting {found.case}", work, done, failed)

    def leave(self) -> None:
        """Take the bar away; the labels stay open as those of any image."""
        self._open = None
        self._bar.hide()

    def _show(self, found: Proposal) -> None:
        self._showing = True
        self._study.open(found.volume, found.look)
        self._showing = False
        self._study.table.reset(found.table)
        # They lie in the run, where saving must not write: the first time it asks where to.
        self._study.load(found.labels, None)
        self._open = found
        self._bar.showOpen(found.case, found.run.name)
        self._view.showPanel(self._view.labels)

    def _other_image(self) -> None:
        if not self._showing:
            self.leave()


def read_proposal(run: Path, case: str, watch: Callable[[float], None]) -> Proposal:
    """The pseudo-label of a case with its image; for a thread.

    Raises:
        InputError: There is none, or its image is gone or another one by now.
    """
    from app.label_files import labels_of
    from engine.data.volumes.masks import read_labels
    from engine.data.volumes.read import read_volume

    path = proposal_of(run, case)
    image, part = _image_of(path)
    volume = read_volume(image, part=part, kind="image", watch=watch)
    read = read_labels(path, volume.geometry)
    if not read.matches:
        raise InputError(
            f"The pseudo-label of {case} does not lie on the voxels of {image}: "
            f"{'; '.join(read.differences)}.",
            "Put the image back that the run was begun with.",
        )
    labelled = read_labelled(run)
    classes = labelled.classes if labelled is not None else ()
    return Proposal(
        run, case, volume, opening_look(volume), prepared(read.labels), labels_of(read.table),
        len(classes),
    )  # fmt: skip


def _image_of(proposal: Path) -> tuple[Path, str]:
    """File and part, as the record beside a pseudo-label has them."""
    from engine.data.volumes.write import provenance_path

    record = provenance_path(proposal)
    try:
        found = json.loads(record.read_text(encoding="utf-8"))
        return Path(str(found["source"])), str(found.get("part", ""))
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(
            f"{record} does not say which image its labels are of: {error}.",
            "Watch the case again while the run trains, and it is written anew.",
        ) from error


def check_labels(
    labels: np.ndarray[tuple[int, ...], np.dtype[np.generic]], classes: int, names: dict[int, str]
) -> None:
    """Refuse what the run does not know.

    Args:
        classes: That it knows, with the background; 0 for any.

    Raises:
        InputError: Names the labels.
    """
    unknown = [int(v) for v in np.unique(labels) if v >= classes] if classes else []
    if unknown:
        shown: Sequence[str] = [names.get(value, str(value)) for value in unknown[:SHOWN]]
        raise InputError(
            f"The training knows no {', '.join(shown)}.",
            f"Its labels are 1 to {classes - 1}: take the others out, or paint them as one of "
            "these.",
        )

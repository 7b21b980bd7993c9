"""Operations on labels: asked for in a dialog, done in the background, undone as one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from app.background import Background, Work
from app.errors import Teller
from app.study import Study
from widgets.paint.labels.change import Change, worked_out
from widgets.paint.labels.ink import Ink
from widgets.paint.labels.settings import FillBy
from widgets.viewer.volume.box import Box

if TYPE_CHECKING:
    from engine.data.labels.operations import Operation
    from engine.parameters import Parameters

LOOK_AGAIN_MS = 20
# Parameters that are labels, and what 0 means there.
LABEL_FIELDS = {"label": "All labels", "inside": "Anywhere", "with_label": "Background"}


class OperationsController(QObject):
    """Runs operations on the labels as they are; what is painted meanwhile is kept."""

    done = pyqtSignal(str, int)  # title, voxels changed

    def __init__(
        self, study: Study, background: Background, teller: Teller, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._study, self._background, self._teller = study, background, teller
        self._late: list[Callable[[], None]] = []
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(LOOK_AGAIN_MS)
        self._clock.timeout.connect(self._take_late)
        study.editor.fillRequested.connect(self._fill)

    def run(
        self, what: Operation, params: Parameters, then: Callable[[], None] | None = None
    ) -> Work | None:
        """Apply an operation; None while nothing is open.

        Args:
            then: Called when its result is in place.
        """
        study = self._study
        image = study.volume
        if image is None:
            return None
        study.editor.cancel()
        snapshot = study.model.snapshot()
        guide = study.image()
        time = study.stack.time()
        locked = study.table.locked()

        def work(watch: Callable[[float], None]) -> Change:
            from engine.data.labels.operations import apply
            from engine.data.labels.subject import Subject

            values = None
            if what.needs_image and guide is not None:
                values = image.values(min(time, len(image.array) - 1))
            spacing = image.spacing_mm
            subject = Subject(snapshot.take(), spacing, values, locked=locked, watch=watch)
            return worked_out(snapshot, apply(what, subject, params))

        return self._background.watched(
            what.title, work,
            lambda found: self.afterStroke(lambda: self._take(what.title, image, found, then)),
            self._teller.failure,
        )  # fmt: skip

    def _fill(self, voxel: tuple[int, int, int], by: FillBy, tolerance: float, ink: Ink) -> None:
        """Fill what is connected to a voxel through slices, by label or by intensity."""
        study = self._study
        image, layer = study.volume, study.image()
        if image is None or layer is None:
            return
        snapshot = study.model.snapshot()
        stored = layer.array[min(study.stack.time(), len(layer.array) - 1)]

        def work(watch: Callable[[float], None]) -> Change:
            from engine.data.labels.fill import connected

            labels = snapshot.take()
            if by is FillBy.LABEL:
                found = connected(labels, voxel, 0.0, watch)
            else:
                found = connected(stored, voxel, tolerance, watch)
            return worked_out(snapshot, filled(labels, found, ink))

        def done(change: Change) -> None:
            if study.volume is image:
                study.model.apply(change, "Fill")

        self._background.watched(
            "Filling", work, lambda change: self.afterStroke(lambda: done(change)),
            self._teller.failure,
        )  # fmt: skip

    def afterStroke(self, then: Callable[[], None]) -> None:
        """Call when no stroke is under way: what comes late must not end one."""
        self._late.append(then)
        self._take_late()

    def _take_late(self) -> None:
        while self._late and not self._study.model.isEditing():
            self._late.pop(0)()
        if self._late:
            self._clock.start()

    def _take(
        self, title: str, image: object, change: Change, then: Callable[[], None] | None
    ) -> None:
        study = self._study
        if study.volume is not image:
            return
        if study.model.apply(change, title):
            study.name_used()
        self.done.emit(title, change.voxels)
        if then is not None:
            then()


def filled(labels: NDArray[Any], area: NDArray[np.bool_], ink: Ink) -> NDArray[Any]:
    """Labels (D, H, W) with an area of that shape painted, as far as the ink may; for a thread."""
    where = area & (labels != ink.value)
    allowed = ink.rule.allowed(Box.whole(labels.shape), labels)
    if allowed is not None:
        where &= allowed
    if ink.value in ink.rule.locked:
        where[...] = False
    made = labels.astype(np.uint16) if ink.value > 255 else labels.copy()
    made[where] = ink.value
    return made


def form_values(
    study: Study, what: Operation, voxel: tuple[int, int, int], axis: int
) -> dict[str, Any]:
    """What an operation's form starts with here, besides its own defaults.

    Args:
        voxel: The voxel (d, h, w) that is looked at.
        axis: The array's axis that the view in use cuts: 0, 1 or 2.
    """
    d, h, w = voxel
    here: dict[str, Any] = {
        "label": study.table.active() or None, "axis": "dhw"[axis], "index": voxel[axis],
        "d": d, "h": h, "w": w,
    }  # fmt: skip
    layer = study.image()
    if what.needs_image and layer is not None:
        here |= {"low": layer.look.low, "high": layer.look.high}
    fields = what.params.model_fields
    return {name: value for name, value in here.items() if name in fields and value is not None}


def label_choices(study: Study, what: Operation) -> Mapping[str, Sequence[tuple[int, str]]]:
    """Names instead of numbers, for parameters that are labels."""
    from engine.parameters import describe

    named = [(label.value, label.name) for label in study.table.labels()]
    choices: dict[str, Sequence[tuple[int, str]]] = {}
    for info in describe(what.params):
        if info.name in LABEL_FIELDS:
            zero = [(0, LABEL_FIELDS[info.name])] if info.minimum == 0 else []
            # Without any label, an operation may make the first one.
            choices[info.name] = zero + named or [(1, "Label 1")]
    return choices

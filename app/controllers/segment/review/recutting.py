"""A finding's labels made anew in another way: one step, and nothing done by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal

from app.background import Background, Work
from app.controllers.segment.expected import Expected, held
from app.controllers.segment.findings import Finding
from app.controllers.segment.landing import Landing
from app.controllers.segment.operations import OperationsController
from app.errors import Teller
from app.study import Study
from engine.failures import Failure
from widgets.paint.labels.change import Change, worked_out
from widgets.viewer.volume.box import Box

REMEMBERED = 200  # steps whose undoing is followed


@dataclass(frozen=True, eq=False)
class Cut:
    """One way to label what a finding covers.

    Attributes:
        wish: What the user asked for, such as a threshold.
        name: Of the step.
        make: The classes of the finding's box (d, h, w) uint8, and what else came of it; for a
            thread.
    """

    wish: Any
    name: str
    make: Callable[[], tuple[NDArray[np.uint8], Any]]


@dataclass(frozen=True)
class Outcome:
    """What came of a cut.

    Attributes:
        wish: As asked for.
        made: What else came of it.
        changed: Voxels with another label.
        spared: Voxels edited by hand that would have changed.
    """

    wish: Any
    made: Any
    changed: int
    spared: int

    def told(self) -> str:
        """In words."""
        text = f"{self.changed:,} voxel{'s' if self.changed != 1 else ''} changed"
        return f"{text}; {self.spared:,} edited by hand stayed" if self.spared else text


class Recutting(QObject):
    """Only voxels whose label is what the finding wrote are changed.

    However often a finding is cut, that is one step: the one before makes room.
    """

    ended = pyqtSignal(object)  # Outcome
    gaveUp = pyqtSignal()  # it failed or was cancelled; the labels stay as they are
    travelled = pyqtSignal(object)  # undo or redo went to this wish

    def __init__(
        self, study: Study, landing: Landing, operations: OperationsController,
        computing: Background, teller: Teller, what: str, parent: QObject,
    ) -> None:  # fmt: skip
        """what: The work's name, for the status bar."""
        super().__init__(parent)
        self._study, self._landing, self._operations = study, landing, operations
        self._computing, self._teller, self._what = computing, teller, what
        self._finding: Finding | None = None
        self._wish: Any = None  # what the labels are cut by
        self._step: object = None  # the moment after the last cut of this finding
        self._steps: list[tuple[object, Any, Any]] = []
        self._work: Work | None = None
        self._asked: Cut | None = None
        self._making_room = False
        study.model.travelled.connect(self._travelled)

    def wish(self) -> Any:
        """What the labels are cut by."""
        return self._wish

    def isBusy(self) -> bool:
        """Whether a cut is on its way."""
        return self._asked is not None

    def follow(self, finding: Finding | None, wish: Any = None) -> None:
        """Another finding, and what its labels are cut by."""
        self._stop()
        self._finding, self._wish, self._step = finding, wish, None
        self._steps.clear()

    def cut(self, cut: Cut) -> None:
        """Label the finding's voxels so; a cut on its way is called off."""
        finding = self._finding
        if finding is not None:
            self._stop()
            self._asked = cut
            self._operations.afterStroke(lambda: self._begin(finding, cut))

    # --- inside

    def _travelled(self, step: object, forward: bool) -> None:
        for made, before, after in self._steps:
            if made is step and not self._making_room:
                self._wish = after if forward else before
                self.travelled.emit(self._wish)

    def _stop(self) -> None:
        self._asked = None
        if self._work is not None:
            self._work.cancel()
            self._work = None

    def _isHere(self, finding: Finding, cut: Cut) -> bool:
        same = self._finding is finding and self._asked is cut
        return same and self._study.volume is finding.volume

    def _begin(self, finding: Finding, cut: Cut) -> None:
        if not self._isHere(finding, cut):
            return
        if finding.layer is not None:
            self._relabel_layer(finding, cut)
            return
        study = self._study
        moment, snapshot = study.model.moment(), study.model.snapshot()
        expected, locked = self._landing.expected(), study.table.locked()
        box = Box(*finding.result.region)

        def work() -> tuple[Change, Expected, int, Any]:
            now = snapshot.take()
            classes, more = cut.make()
            numbers = finding.numbers()
            wide = now.dtype.itemsize > 1 or int(numbers.max()) > 255
            new = numbers[classes].astype(np.uint16 if wide else np.uint8)
            made = now.astype(new.dtype)
            part, written = made[box.index], expected.labels()[box.index]
            mine = part != written
            kept = mine | held(part, new, locked)
            np.copyto(part, new, where=~kept)
            change = worked_out(snapshot, made)
            spared = int((mine & (now[box.index] != new)).sum())
            return change, expected.after(box, np.where(kept, written, new)), spared, more

        self._run(work, lambda made: self._put(finding, cut, moment, *made))

    def _run(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        def failed(failure: Failure) -> None:
            self._teller.failure(failure)
            self._give_up()

        begun = self._computing.run(
            self._what, work, lambda made: self._operations.afterStroke(lambda: then(made)), failed
        )
        self._work = begun
        begun.ended.connect(lambda: self._ended(begun))

    def _ended(self, work: Work) -> None:
        if work is self._work and work.isCancelled():
            self._give_up()

    def _give_up(self) -> None:
        self._work = self._asked = None
        self.gaveUp.emit()

    def _put(
        self, finding: Finding, cut: Cut, moment: object, change: Change, after: Expected,
        spared: int, more: Any,
    ) -> None:  # fmt: skip
        model = self._study.model
        if not self._isHere(finding, cut):
            return
        if model.moment() is not moment:
            self._begin(finding, cut)  # something was painted meanwhile
            return
        # One step, however often it is cut: the one before makes room.
        again = self._step is not None and moment is self._step
        if again:
            self._making_room = True
            model.undo()
            self._making_room = False
        before = self._before(moment) if again else self._wish
        self._step = None
        if model.apply(change, cut.name, whole=again):
            self._step = model.moment()
            self._steps = [*self._steps, (self._step, before, cut.wish)][-REMEMBERED:]
            self._landing.rewrote(after)
            self._study.name_used()
        self._finish(cut, more, change.voxels, spared)

    def _before(self, moment: object) -> Any:
        """What the labels were cut by before the step that makes room."""
        return next((before for made, before, _ in self._steps if made is moment), self._wish)

    def _relabel_layer(self, finding: Finding, cut: Cut) -> None:
        """The labels of this finding are in no step: they lie over the image as they are."""
        layer, box = finding.layer, Box(*finding.result.region)
        assert layer is not None, "that is why this is called"

        def work() -> tuple[NDArray[np.uint8], Any]:
            classes, more = cut.make()
            labels = np.zeros((1, *layer.grid.shape), np.uint8)
            labels[(0, *box.index)] = classes
            return labels, more

        def done(made: tuple[NDArray[np.uint8], Any]) -> None:
            if self._isHere(finding, cut):
                labels, more = made
                changed = int((labels != layer.array).sum())
                layer.setArray(labels)
                self._finish(cut, more, changed, 0)

        self._run(work, done)

    def _finish(self, cut: Cut, more: Any, changed: int, spared: int) -> None:
        self._work = self._asked = None
        self._wish = cut.wish
        self.ended.emit(Outcome(cut.wish, more, changed, spared))

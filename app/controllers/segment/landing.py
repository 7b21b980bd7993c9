"""Results on their way into the labels: as one step, and never over work by hand unasked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal

from app.background import Background, Work
from app.controllers.segment.arriving import Arrival, Run, structures_of
from app.controllers.segment.expected import Clash, Expected, MadeBy, clash_of, held
from app.controllers.segment.findings import Finding, Findings
from app.controllers.segment.layers import ResultLayers
from app.controllers.segment.operations import OperationsController
from app.errors import Teller
from app.label_values import naming_of
from app.study import Study
from app.workspaces.segment.view import SegmentView
from engine.failures import Failure
from widgets.paint.labels.change import Change, worked_out
from widgets.panels.choice_dialog import Choice, ChoiceDialog
from widgets.viewer.volume.box import Box

if TYPE_CHECKING:
    from engine.results import Segmentation
    from widgets.viewer.volume.layers import Layer

KEEP, REPLACE, LAYER = "keep", "replace", "layer"
TAKE_LEFT = "Take the last result after all"
REMEMBERED = 200  # steps whose undoing is followed


class Landing(QObject):
    """Takes results one after the other; the dialog of one holds the next back."""

    told = pyqtSignal(str)  # what came of a result, for the status bar
    leftChanged = pyqtSignal(bool)  # whether there is a result that was not taken

    def __init__(
        self, study: Study, view: SegmentView, findings: Findings,
        operations: OperationsController, computing: Background, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._study, self._view, self._findings = study, view, findings
        self._operations, self._computing, self._teller = operations, computing, teller
        self._layers = ResultLayers(study, self)
        self._waiting: list[tuple[Run, Segmentation]] = []
        self._left: tuple[Run, Segmentation] | None = None
        self._busy = False
        self._expected = Expected(study.model.shape)
        self._steps: list[tuple[object, Expected, Expected]] = []
        study.opened.connect(self._forget)
        study.reset.connect(self._forget)
        study.model.travelled.connect(self._travelled)

    def take(self, run: Run, result: Segmentation) -> None:
        """Bring a result into the labels of the image that it is about."""
        self._waiting.append((run, result))
        self._next()

    def takeLeft(self) -> None:
        """Ask again about the result that was not taken last: a slip costs no run."""
        if self._left is not None:
            run, result = self._left
            self.take(run, result)

    def expected(self) -> Expected:
        """The labels as results left them; what differs from them is by hand."""
        return self._expected

    def rewrote(self, expected: Expected) -> None:
        """The step just made changed the labels in the name of the last result."""
        self._steps = [
            *self._steps, (self._study.model.moment(), self._expected, expected)
        ][-REMEMBERED:]  # fmt: skip
        self._expected = expected

    # --- one after the other

    def _next(self) -> None:
        if self._waiting and not self._busy:
            self._busy = True
            run, result = self._waiting.pop(0)
            # A stroke under way is not ended by what comes late.
            self._operations.afterStroke(lambda: self._compare(run, result))

    def _done(self) -> None:
        self._busy = False
        self._next()

    def _let_go(self, run: Run, why: str) -> None:
        """A result that goes nowhere."""
        self._findings.abandon()
        self._teller.say("warning", f"The result of {run.name} was let go: {why}")
        self._done()

    def _isHere(self, run: Run) -> bool:
        return self._study.volume is run.volume

    def _work(
        self, run: Run, what: str, work: Callable[[], Any], then: Callable[[Any], None]
    ) -> None:
        """In the background, and after a stroke that is under way then."""

        def failed(failure: Failure) -> None:
            self._teller.failure(failure)
            self._findings.abandon()
            self._done()

        def ended(begun: Work) -> None:
            if begun.isCancelled():
                self._let_go(run, "it was cancelled.")

        begun = self._computing.run(
            what, work, lambda got: self._operations.afterStroke(lambda: then(got)), failed
        )
        begun.ended.connect(lambda: ended(begun))

    # --- what it meets

    def _compare(self, run: Run, result: Segmentation) -> None:
        if not self._isHere(run):
            self._let_go(run, f"{run.volume.source.name} is not open any more.")
            return
        study = self._study
        naming = naming_of(structures_of(run, result), study.table, study.model.count)
        box = Box(*result.region)
        arrival = Arrival(run, result, box, naming, study.model.snapshot())
        expected, locked = self._expected, study.table.locked()

        def work() -> Clash:
            now = arrival.snapshot.take()
            new = arrival.new(now.dtype)
            _ = arrival.maps  # made here, for it takes a moment
            return clash_of(now[box.index], new, expected.labels()[box.index], locked)

        self._work(run, "Comparing labels", work, lambda clash: self._ask(arrival, clash))

    def _ask(self, arrival: Arrival, clash: Clash) -> None:
        run = arrival.run
        if not self._isHere(run):
            self._let_go(run, f"{run.volume.source.name} is not open any more.")
            return
        if not clash.lost:
            self._merge(arrival, None)
            return
        question, choices = self._question(run, clash)
        dialog = ChoiceDialog("Labels are there already", question, choices, self._view)
        dialog.chosen.connect(lambda answer: self._act(arrival, clash, answer))
        dialog.rejected.connect(lambda: self._act(arrival, clash, ""))
        dialog.open()

    def _act(self, arrival: Arrival, clash: Clash, answer: str) -> None:
        if answer == LAYER:
            layer = self._layers.lay(arrival.run, arrival.result)
            told = f"{arrival.run.name} lies over the image as a layer of its own"
            self._finish(arrival, told, layer)
        elif answer:
            self._merge(arrival, clash.mine if answer == KEEP else None)
        else:
            self._findings.abandon()
            self._leave((arrival.run, arrival.result))
            self._teller.say(
                "info", f"The result of {arrival.run.name} was not taken.",
                f"'{TAKE_LEFT}' in the menu Run asks again.",
            )  # fmt: skip
            self._done()

    def _leave(self, left: tuple[Run, Segmentation] | None) -> None:
        self._left = left
        self.leftChanged.emit(left is not None)

    def _question(self, run: Run, clash: Clash) -> tuple[str, tuple[Choice, ...]]:
        table = self._study.table
        parts = [f"{table.name(value)} ({_voxels(n)})" for value, n in clash.painted.items()]
        if clash.erased:
            parts.append(f"erased ({_voxels(clash.erased)})")
        whose = (
            "that were edited since the last result" if self._expected.data
            else "of labels that are there"
        )  # fmt: skip
        return (
            f"{run.name} would change {_voxels(clash.lost)} {whose}: {', '.join(parts)}.",
            (
                Choice(KEEP, "Keep mine, fill the rest",
                       "Nothing of yours changes; the result goes where you did nothing.",
                       "mdi6.shield-check-outline"),
                Choice(REPLACE, "Replace",
                       f"{_voxels(clash.lost)} of yours become the result; this can be undone.",
                       "mdi6.swap-horizontal"),
                Choice(LAYER, "As another layer",
                       "The labels stay as they are; the result lies over the image.",
                       "mdi6.layers-plus"),
            ),
        )  # fmt: skip

    # --- into the labels

    def _merge(self, arrival: Arrival, mine: NDArray[np.bool_] | None) -> None:
        box, expected, locked = arrival.box, self._expected, self._study.table.locked()

        def work() -> tuple[Change, Expected, int, NDArray[np.int64]]:
            now = arrival.snapshot.take()
            new = arrival.new(now.dtype)
            made = now.astype(new.dtype)
            part = made[box.index]
            fixed = held(part, new, locked)
            kept = fixed if mine is None else fixed | mine
            np.copyto(part, new, where=~kept)
            change = worked_out(arrival.snapshot, made)
            by = MadeBy(arrival.result.provenance, arrival.naming.values)
            return change, expected.after(box, new, by), int(fixed.sum()), arrival.counts()

        self._work(arrival.run, f"Taking over {arrival.run.name}", work,
                   lambda made: self._put(arrival, *made))  # fmt: skip

    def _put(
        self, arrival: Arrival, change: Change, expected: Expected, fixed: int,
        counts: NDArray[np.int64],
    ) -> None:  # fmt: skip
        study, run = self._study, arrival.run
        if not self._isHere(run):
            self._let_go(run, f"{run.volume.source.name} is not open any more.")
            return
        arrival.naming.enter(study.table)
        before, self._expected = self._expected, expected
        if study.model.apply(change, run.name):
            self._steps = [*self._steps, (study.model.moment(), before, expected)][-REMEMBERED:]
        study.name_used()
        told = [*arrival.naming.told]
        if fixed:
            told.append(f"{_voxels(fixed)} of locked labels were left as they are.")
        if told:
            self._teller.say("info", f"{run.name}: {' '.join(told)}")
        self._finish(arrival, self._summary(arrival, change, counts))

    def _finish(self, arrival: Arrival, told: str, layer: Layer | None = None) -> None:
        run, result = arrival.run, arrival.result
        self._leave(None)
        layers = self._layers.show(run, arrival.maps)
        self._findings.put(
            Finding(
                run.job, result, run.volume, layers.get("Probability"), layers.get("Uncertainty"),
                arrival.naming.values, layer, tuple(layers.values()),
            )
        )  # fmt: skip
        self.told.emit(told)
        self._done()

    def _summary(self, arrival: Arrival, change: Change, counts: NDArray[np.int64]) -> str:
        table = self._study.table
        found = [
            f"{table.name(label)} {_voxels(int(counts[value]))}"
            for value, label in arrival.naming.values.items()
            if counts[value]
        ]
        if not found:
            return f"{arrival.run.name} found nothing there"
        what = "" if change.deltas else "; the labels were the same"
        return f"{arrival.run.name}: {', '.join(found)}{what}"

    # --- what was expected, through undo

    def _travelled(self, step: object, forward: bool) -> None:
        for made, before, after in self._steps:
            if made is step:
                self._expected = after if forward else before

    def _forget(self) -> None:
        self._leave(None)
        self._expected = Expected(self._study.model.shape)
        self._steps.clear()


def _voxels(number: int) -> str:
    return f"{number:,} voxel{'s' if number != 1 else ''}"

"""The labels of a volume and their history."""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from PyQt6.QtCore import QObject, pyqtSignal

from widgets.paint.labels.change import Change, Prepared, prepared
from widgets.paint.labels.counts import LARGEST, LabelCounts, as_labels, label_dtype
from widgets.paint.labels.history import History
from widgets.paint.labels.rule import FREE, PaintRule
from widgets.paint.labels.snapshot import Snapshot
from widgets.paint.labels.step import Delta, Step, apply_step
from widgets.paint.labels.tiles import Kept, tile_size, tiles
from widgets.viewer.volume.box import Box, Triple

SPARE_FROM = 256  # blocks: the other side of a step of so many is kept whole


class LabelModel(QObject):
    """Labels (D, H, W), 0 being background, edited in named steps that can be undone.

    A step is `begin`, any number of `paint`, `assign` and `restore`, then `commit` or `cancel`;
    `replace` is a whole step. A step that changes nothing leaves no trace. Beginning a step costs
    nothing: blocks are copied when they are first touched.
    """

    changed = pyqtSignal(object)  # Box of voxels that may differ, also while a step is under way
    stepAdded = pyqtSignal(object)  # Step
    travelled = pyqtSignal(object, bool)  # Step that was applied, forward or back
    historyChanged = pyqtSignal()
    rebased = pyqtSignal()  # `array` is another object: more bits or another shape

    def __init__(
        self, shape: Triple, dtype: DTypeLike = np.uint8, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        if len(shape) != 3 or min(shape) < 1:
            raise ValueError(f"labels have shape (D, H, W) with at least one voxel, not {shape}")
        self._array: NDArray[Any] = np.zeros(shape, label_dtype(dtype))
        self._counts = LabelCounts(self._array.size)
        self._history = History()
        self._name = ""
        self._kept: Kept | None = None
        self._snapshots: WeakSet[Snapshot] = WeakSet()
        # The labels on the other side of a large step, so that taking it back takes no time.
        self._spare: tuple[Step, NDArray[Any]] | None = None
        self._look()

    # --- reading

    @property
    def shape(self) -> Triple:
        d, h, w = self._array.shape
        return d, h, w

    @property
    def array(self) -> NDArray[Any]:
        """The live labels (D, H, W), uint8 or uint16, to read only."""
        return self._seen

    def peek(self, box: Box) -> NDArray[Any]:
        """A read-only look at a box of the live labels, without a copy."""
        return self._seen[(box & Box.whole(self.shape)).index]

    def count(self, label: int) -> int:
        """Number of voxels of a label."""
        return self._counts[label]

    def used(self) -> list[int]:
        """The labels that occur, background left out, in rising order."""
        return self._counts.used()

    def snapshot(self) -> Snapshot:
        """The labels as they are now, for a thread; painting goes on meanwhile."""
        made = Snapshot(self._array)
        self._snapshots.add(made)
        return made

    # --- one step

    def begin(self, name: str) -> None:
        """Start a step; raises RuntimeError when one is already under way."""
        if self._kept is not None:
            raise RuntimeError(f"the step '{self._name}' is not finished")
        self._name, self._kept = name, Kept(self.shape)
        self._counts.mark()

    def isEditing(self) -> bool:
        return self._kept is not None

    def paint(
        self, box: Box, stencil: NDArray[np.bool_], value: int, rule: PaintRule = FREE
    ) -> bool:
        """Set the voxels of `box` where `stencil` is true to `value`, as far as `rule` lets.

        Parts of the box outside the volume are left out. Returns whether anything changed.
        """
        if value in rule.locked:
            return False
        self._widen(value)
        inside, stencil = self._inside(box, stencil)
        return self._write(inside, stencil & (self._array[inside.index] != value), value, rule)

    def assign(self, box: Box, values: NDArray[Any], rule: PaintRule = FREE) -> bool:
        """Set the voxels of `box` to `values`, as far as `rule` lets; True when any changed."""
        self._widen(int(values.max(initial=0)))
        inside, values = self._inside(box, values)
        differs = values != self._array[inside.index]
        for label in rule.locked:
            differs &= values != label
        return self._write(inside, differs, values, rule)

    def restore(self) -> None:
        """Take back what the unfinished step did, so that it can be done anew."""
        box, blocks = self._step().taken()
        for tile, before in blocks:
            self._guard(tile)
            under = self._array[tile.index]
            self._counts.drop(under)
            self._counts.add(before)
            under[...] = before
        if not box.empty:
            self.changed.emit(box)

    def commit(self) -> bool:
        """Finish the step; False when it changed nothing, in which case it is forgotten."""
        deltas = self._step().deltas(self._array)
        self._kept = None
        if deltas:
            self._add(Step(self._name, deltas, self._counts.gains()))
        return bool(deltas)

    def cancel(self) -> None:
        """Abandon the step and restore the labels."""
        if self._kept is not None:
            self.restore()
            self._kept = None

    # --- whole steps

    def replace(self, labels: ArrayLike, name: str) -> bool:
        """Take other labels (D, H, W) of the same shape as one step; False when nothing changes.

        An unfinished step is abandoned. Compared block by block, so that memory stays small.

        Raises:
            ValueError: another shape, or values that are no labels.
        """
        new = as_labels(labels)
        if new.shape != self.shape:
            raise ValueError(f"labels of shape {new.shape} do not replace {self.shape}")
        self.cancel()
        self._widen(int(new.max()))
        deltas: list[Delta] = []
        self._counts.mark()
        for _, tile in tiles(Box.whole(self.shape), tile_size(self.shape), self.shape):
            under, block = self._array[tile.index], new[tile.index].astype(self._array.dtype)
            if np.array_equal(under, block):
                continue
            delta = Delta.of(under ^ block, tile)
            if delta is not None:
                deltas.append(delta)
            self._guard(tile)
            self._counts.drop(under)
            self._counts.add(block)
            under[...] = block
        if not deltas:
            return False
        step = Step(name, tuple(deltas), self._counts.gains())
        self.changed.emit(step.box)
        self._add(step)
        return True

    def apply(self, change: Change, name: str, *, whole: bool = False) -> bool:
        """Do what a thread has worked out from a `snapshot`, as one step; False for nothing.

        Takes next to no time, whatever the size. An unfinished step is abandoned.

        Args:
            whole: As in `Change.onto`.

        Raises:
            ValueError: the labels have another shape by now.
        """
        if change.snapshot.shape != self.shape:
            raise ValueError(f"labels of {change.snapshot.shape} do not replace {self.shape}")
        self.cancel()
        self._counts.mark()
        made, deltas = change.onto(self._array, whole=whole)
        if not deltas:
            return False
        before = self._array
        self._hold(made.labels)
        self._counts.take(made.counts)
        step = Step(name, deltas, self._counts.gains())
        self._touch(step)
        self.changed.emit(step.box)
        self._add(step)
        if len(deltas) >= SPARE_FROM:
            self._spare = step, before
        return True

    def reset(self, labels: ArrayLike | Prepared) -> None:
        """Start over from labels (D, H, W) of any shape, with an empty history.

        Large ones are better `prepared` in a thread; those are not copied.

        Raises:
            ValueError: not three axes, or values that are no labels.
        """
        self._start_over(labels if isinstance(labels, Prepared) else prepared(labels))

    def clear(self, shape: Triple) -> None:
        """Start over with background alone; takes no time, whatever the shape (D, H, W)."""
        blank = np.zeros(shape, np.uint8)
        self._start_over(Prepared(blank, LabelCounts(blank.size)))

    # --- history

    def names(self) -> list[str]:
        """Names of all steps, oldest first; those from `position()` on are undone."""
        return self._history.names()

    def position(self) -> int:
        """How many of the steps are done."""
        return self._history.position

    def moment(self) -> object:
        """Stands for the labels as they are now; the same object after undoing and redoing.

        The number of steps done does not tell: other steps may be done after an undo, and the
        oldest steps are dropped in time.
        """
        return self._history.moment()

    def canUndo(self) -> bool:
        return self.position() > 0

    def canRedo(self) -> bool:
        return self.position() < len(self.names())

    def historyBytes(self) -> int:
        """About how much memory the stored steps take."""
        return self._history.bytes

    def undo(self) -> bool:
        """Take the last step back; False when there is none or one is under way."""
        return self._travel(forward=False)

    def redo(self) -> bool:
        """Do the step again that was taken back last; False when there is none."""
        return self._travel(forward=True)

    def goTo(self, position: int) -> None:
        """Undo or redo until `position` steps are done."""
        while self.position() != position and self._travel(forward=self.position() < position):
            pass

    # --- inside

    def _step(self) -> Kept:
        if self._kept is None:
            raise RuntimeError("no step is under way: begin comes first")
        return self._kept

    def _start_over(self, made: Prepared) -> None:
        self._kept = None
        self._history.clear()
        self._spare = None
        self._hold(made.labels)
        self._counts.take(made.counts)
        for snapshot in self._snapshots:
            snapshot.touchAll()
        self.changed.emit(Box.whole(self.shape))
        self.historyChanged.emit()

    def _hold(self, labels: NDArray[Any]) -> None:
        """Have other labels from now on."""
        for snapshot in self._snapshots:
            snapshot.freeze()
        self._array = labels
        self._look()
        self.rebased.emit()

    def _touch(self, step: Step) -> None:
        """Tell snapshots what a step changes, or has changed."""
        for snapshot in self._snapshots:
            for delta in step.deltas:
                snapshot.keep(delta.box)

    def _guard(self, box: Box) -> None:
        """Voxels of a box are about to change."""
        for snapshot in self._snapshots:
            snapshot.keep(box)

    def _look(self) -> None:
        self._seen = self._array.view()
        self._seen.flags.writeable = False

    def _widen(self, value: int) -> None:
        if not 0 <= value <= LARGEST:
            raise ValueError(f"labels go from 0 to {LARGEST}, not {value}")
        if value > 255 and self._array.itemsize == 1:
            self._array = self._array.astype(np.uint16)
            self._look()
            self.rebased.emit()

    def _inside(self, box: Box, block: NDArray[Any]) -> tuple[Box, NDArray[Any]]:
        if block.shape != box.shape:
            raise ValueError(f"a block of shape {block.shape} does not fill {box.shape}")
        inside = box & Box.whole(self.shape)
        if inside == box:
            return box, block
        low, high = np.subtract(inside.low, box.low), np.subtract(inside.high, box.low)
        cut = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        return inside, block[cut]

    def _write(
        self, box: Box, where: NDArray[np.bool_], values: NDArray[Any] | int, rule: PaintRule
    ) -> bool:
        kept = self._step()
        under = self._array[box.index]
        allowed = rule.allowed(box, under)
        if allowed is not None:
            where = where & allowed
        old = under[where]
        if not old.size:
            return False
        self._guard(box)
        kept.touch(self._array, box)
        if isinstance(values, int):
            self._counts.gain(values, old.size)
        else:
            values = values[where]
            self._counts.add(values)
        self._counts.drop(old)
        under[where] = values
        self.changed.emit(box)
        return True

    def _add(self, step: Step) -> None:
        self._history.add(step)
        if self._spare is not None and not self._history.has(self._spare[0]):
            self._spare = None
        self.stepAdded.emit(step)
        self.historyChanged.emit()

    def _travel(self, forward: bool) -> bool:
        if self._kept is not None:
            return False
        step = self._history.forth() if forward else self._history.back()
        if step is None:
            return False
        spare = self._spare
        if spare is not None and spare[0] is step and spare[1].dtype == self._array.dtype:
            self._spare = step, self._array
            self._hold(spare[1])
            self._touch(step)
        else:
            self._touch(step)
            apply_step(self._array, step)
        for label, voxels in step.gains:
            self._counts.gain(label, voxels if forward else -voxels)
        self.changed.emit(step.box)
        self.travelled.emit(step, forward)
        self.historyChanged.emit()
        return True

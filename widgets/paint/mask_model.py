"""The drawn mask and its history."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PyQt6.QtCore import QObject, QRect, pyqtSignal

from widgets.paint.history import Change, Mask, Resize, bounds, packed, part, whole

MAX_STEPS = 1000


class MaskModel(QObject):
    """A binary mask, uint8 {0, 1} of shape (H, W), edited in named steps that can be undone.

    A step is `begin`, any number of `paint` and `restore`, then `commit` or `cancel`; the other
    editing methods are whole steps. A step that changes nothing leaves no trace in the history.
    """

    changed = pyqtSignal(QRect)  # pixels that may differ, also while a step is under way
    stepAdded = pyqtSignal(str)
    historyChanged = pyqtSignal(bool, bool, str, str)  # can undo, can redo, and their step names

    def __init__(self, shape: tuple[int, int] = (384, 384), parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mask: Mask = np.zeros(shape, np.uint8)
        self._count = 0
        self._done: list[Change | Resize] = []
        self._undone: list[Change | Resize] = []
        self._name = ""
        self._base: Mask | None = None
        self._touched: list[QRect] = []

    # --- reading

    @property
    def shape(self) -> tuple[int, int]:
        return self._mask.shape[0], self._mask.shape[1]

    def rect(self) -> QRect:
        return QRect(0, 0, self._mask.shape[1], self._mask.shape[0])

    def mask(self) -> Mask:
        """A copy, including what an unfinished step has painted so far."""
        return self._mask.copy()

    def peek(self, rect: QRect) -> Mask:
        """A read-only look at `rect` of the live mask, without a copy."""
        seen = self._mask[part(rect & self.rect())]
        seen.flags.writeable = False
        return seen

    def isEmpty(self) -> bool:
        return self._count == 0

    def count(self) -> int:
        """Number of set pixels."""
        return self._count

    def steps(self) -> list[str]:
        """Names of the steps that can be undone, oldest first."""
        return [step.name for step in self._done]

    def canUndo(self) -> bool:
        return bool(self._done)

    def canRedo(self) -> bool:
        return bool(self._undone)

    def historyBytes(self) -> int:
        """Memory that the stored steps take."""
        return sum(step.cost for step in self._done + self._undone)

    # --- one step

    def begin(self, name: str) -> None:
        """Start a step; raises RuntimeError when one is already under way."""
        if self._base is not None:
            raise RuntimeError(f"the step '{self._name}' is not finished")
        self._name = name
        self._base = self._mask.copy()
        self._touched = []

    def isEditing(self) -> bool:
        return self._base is not None

    def paint(self, rect: QRect, stencil: NDArray[np.bool_], value: int) -> None:
        """Set the pixels of `rect` where `stencil` (h, w) is true to `value` (0 or 1)."""
        if self._base is None:
            raise RuntimeError("paint needs begin")
        under = self._mask[part(rect)]
        before = int(np.count_nonzero(under))
        if value:
            np.bitwise_or(under, stencil, out=under)
        else:
            np.bitwise_and(under, ~stencil, out=under)
        self._count += int(np.count_nonzero(under)) - before
        self._touched.append(QRect(rect))
        self.changed.emit(rect)

    def restore(self) -> None:
        """Take back what the unfinished step painted, so that it can be painted anew."""
        if self._base is None:
            raise RuntimeError("restore needs begin")
        self._restore(self._base)

    def _restore(self, base: Mask) -> None:
        touched, self._touched = self._touched, []
        for rect in touched:
            where = part(rect)
            was = int(np.count_nonzero(self._mask[where]))
            self._mask[where] = base[where]
            self._count += int(np.count_nonzero(self._mask[where])) - was
        for rect in touched:
            self.changed.emit(rect)

    def commit(self) -> bool:
        """Finish the step; False when it changed nothing, in which case it is forgotten."""
        if self._base is None:
            raise RuntimeError("commit needs begin")
        base, self._base = self._base, None
        around = QRect()
        for rect in self._touched:
            around |= rect
        self._touched = []
        if around.isEmpty():
            return False
        flips = base[part(around)] ^ self._mask[part(around)]
        tight = bounds(flips)
        if tight.isEmpty():
            return False
        self._push(Change(self._name, tight.translated(around.topLeft()), packed(flips, tight)))
        return True

    def cancel(self) -> None:
        """Abandon the step and restore the mask."""
        if self._base is not None:
            base, self._base = self._base, None
            self._restore(base)

    # --- whole steps

    def replace(self, array: ArrayLike, name: str) -> bool:
        """Take another mask, of any size (H, W); nonzero is vessel. False when nothing changes."""
        new = _binary(array)
        self.cancel()
        if new.shape == self._mask.shape:
            self.begin(name)
            self._touched = [self.rect()]
            self._set(new)
            return self.commit()
        old, self._mask = self._mask, new
        self._count = int(np.count_nonzero(new))
        whole_old, whole_new = whole(old), whole(new)
        self._push(
            Resize(
                name,
                packed(old, whole_old),
                (old.shape[0], old.shape[1]),
                packed(new, whole_new),
                self.shape,
            )
        )
        self.changed.emit(self.rect())
        return True

    def clear(self, name: str = "Clear") -> bool:
        return self.replace(np.zeros_like(self._mask), name)

    def invert(self, name: str = "Invert") -> bool:
        return self.replace(1 - self._mask, name)

    def reset(self, array: ArrayLike) -> None:
        """Start over from a mask (H, W), with an empty history."""
        self._base, self._touched = None, []
        self._done.clear()
        self._undone.clear()
        self._set(_binary(array))
        self._tell_history()

    # --- history

    def undo(self) -> bool:
        return self._travel(self._done, self._undone, forward=False)

    def redo(self) -> bool:
        return self._travel(self._undone, self._done, forward=True)

    def _travel(
        self,
        source: list[Change | Resize],
        target: list[Change | Resize],
        forward: bool,
    ) -> bool:
        if not source or self._base is not None:
            return False
        step = source.pop()
        target.append(step)
        self._mask = step.apply(self._mask, forward)
        self._count = int(np.count_nonzero(self._mask))
        self.changed.emit(self.rect() if step.rect.isEmpty() else step.rect)
        self._tell_history()
        return True

    def _set(self, array: Mask) -> None:
        self._mask = array.copy()
        self._count = int(np.count_nonzero(array))
        self.changed.emit(self.rect())

    def _push(self, step: Change | Resize) -> None:
        self._done.append(step)
        del self._done[:-MAX_STEPS]
        self._undone.clear()
        self.stepAdded.emit(step.name)
        self._tell_history()

    def _tell_history(self) -> None:
        undo = self._done[-1].name if self._done else ""
        redo = self._undone[-1].name if self._undone else ""
        self.historyChanged.emit(self.canUndo(), self.canRedo(), undo, redo)


def _binary(array: ArrayLike) -> Mask:
    values = np.asarray(array)
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"a mask has shape (H, W) with at least one pixel, not {values.shape}")
    return (values != 0).astype(np.uint8)

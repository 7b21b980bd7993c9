"""The list of steps: where one is in it, and how much of it is kept."""

from __future__ import annotations

from widgets.paint.labels.step import Step

MAX_STEPS = 1000
SURE_STEPS = 100  # are kept whatever they take
MAX_BYTES = 512 * 2**20


class History:
    """Steps done and undone, oldest first, and the position between them."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._position = 0
        self._bytes = 0
        self._start: object = object()

    @property
    def position(self) -> int:
        """How many of the steps are done."""
        return self._position

    @property
    def bytes(self) -> int:
        return self._bytes

    def moment(self) -> object:
        """The same object whenever the state is the same by undoing and redoing, and never else."""
        return self._steps[self._position - 1] if self._position else self._start

    def names(self) -> list[str]:
        return [step.name for step in self._steps]

    def has(self, step: Step) -> bool:
        """Whether a step is still kept, done or not."""
        return any(each is step for each in self._steps)

    def clear(self) -> None:
        self._steps.clear()
        self._position = self._bytes = 0
        self._start = object()

    def add(self, step: Step) -> None:
        """Forget what was undone, and what is too old."""
        for gone in self._steps[self._position :]:
            self._bytes -= gone.cost
        del self._steps[self._position :]
        self._steps.append(step)
        self._bytes += step.cost
        drop = max(len(self._steps) - MAX_STEPS, 0)
        self._bytes -= sum(gone.cost for gone in self._steps[:drop])
        while self._bytes > MAX_BYTES and len(self._steps) - drop > SURE_STEPS:
            self._bytes -= self._steps[drop].cost
            drop += 1
        if drop:
            self._start = self._steps[drop - 1]
        del self._steps[:drop]
        self._position = len(self._steps)

    def back(self) -> Step | None:
        """The step to take back, or None at the beginning."""
        if self._position == 0:
            return None
        self._position -= 1
        return self._steps[self._position]

    def forth(self) -> Step | None:
        """The step to do again, or None at the end."""
        if self._position == len(self._steps):
            return None
        self._position += 1
        return self._steps[self._position - 1]

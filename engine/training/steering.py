"""What is asked of a run while it trains, done between two iterations."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from accelerate import Accelerator
from accelerate.utils import broadcast_object_list

from engine.errors import Diverged, EngineError, InputError, Stopped
from engine.steps import ImagesStep, NoteStep, Step, WaitStep
from engine.training.commands import LOOK_S, Command, Heard, forget, waiting
from engine.training.rates import Rates, read_rates, write_rates
from engine.training.runs import RunFolder, read_request
from engine.training.status import Answer, State, Status, read_status, write_status

ANSWERS = 20
LATE = "Nobody trained in the run when this was asked for."
UNKNOWN = "This is no command that the run knows."
NO_PICTURES = "This method shows no pictures."

Shared = TypeVar("Shared")


@dataclass(frozen=True, eq=False)
class Means:
    """What the training loop lends.

    Attributes:
        save: Keeps state and weights as they are.
        show: Makes pictures; None where the method shows none.
        epoch_end: 1-based iteration -> the last one of its epoch, and what to call that.
        rate: 0-based iteration -> scheduled learning rate.
    """

    save: Callable[[], None]
    show: Callable[[], ImagesStep | None]
    epoch_end: Callable[[int], tuple[int, str]]
    rate: Callable[[int], float]


class Steering:
    """Hears commands, obeys and answers them, and says in status.json how the run is.

    Args:
        run: Of the process that writes; the others hear through it.
        iterations: Of the whole training.
        lr: Learning rate that it was asked to begin with.
    """

    def __init__(
        self, run: RunFolder | None, accelerator: Accelerator, iterations: int, lr: float
    ) -> None:
        self._run, self._accelerator = run, accelerator
        self._iterations = iterations
        self._status: Status | None = None
        self._paused = False
        self._last: int | None = None
        self.rates = Rates(base=lr)

    def begin(self, iteration: int) -> None:
        """The run trains, from so many iterations on."""
        if self._run is not None:
            path = self._run.path
            before = read_status(path)
            self._status = _begun(path, before, iteration, self._iterations)
            rates = kept = read_rates(path, self.rates.base)
            if before is not None and before.state == "diverged":
                # What led there shall not lead there again.
                kept = rates.up_to(iteration)
            if kept != rates:
                write_rates(path, kept)
            self.rates = kept
            late = waiting(path)
            self._write(answers=tuple(Answer(id=h.id, text=LATE, done=False) for h in late))
            for heard in late:
                forget(path, heard)
        self.rates = self._shared(self.rates)

    def obey(self, iteration: int, means: Means) -> Generator[Step, None, None]:
        """Do what was asked for since the last of so many iterations.

        Raises:
            Stopped: that was asked for.
        """
        if self._last is not None and iteration >= self._last:
            raise Stopped
        while True:
            for heard in self._heard():
                yield from self._do(heard, iteration, means)
            if not self._paused:
                return
            yield WaitStep()
            time.sleep(LOOK_S)

    def end(self, state: State, iteration: int, message: str = "", hint: str = "") -> None:
        """The run does not train any more; says why."""
        if self._status is not None:
            self._write(state=state, iteration=iteration, message=message, hint=hint)

    def end_by(self, error: BaseException, iteration: int) -> None:
        """As `end`, by an exception that leaves the loop."""
        if isinstance(error, Diverged):
            self.end("diverged", error.iteration, error.message, error.hint)
        elif isinstance(error, EngineError):
            self.end("failed", iteration, error.message, error.hint)
        elif isinstance(error, Exception) and not isinstance(error, Stopped):
            self.end("failed", iteration, f"{type(error).__name__}: {error}".rstrip(": "))
        else:
            self.end("stopped", iteration)

    def _do(self, heard: Heard, iteration: int, means: Means) -> Generator[Step, None, None]:
        command, done = heard.command, True
        state: State | None = None
        match command:
            case None:
                told, done = UNKNOWN, False
            case Command(do="pause"):
                self._paused, state = True, "paused"
                told = f"Paused at iteration {iteration}."
            case Command(do="resume"):
                self._paused, state = False, "training"
                told = f"Goes on from iteration {iteration}."
            case Command(do="stop"):
                told = f"Stopped at iteration {iteration}; its state is kept."
            case Command(do="stop-after-epoch"):
                self._last, what = means.epoch_end(max(1, iteration))
                self._paused, state = False, "training"
                told = f"Stops after iteration {self._last}, {what}."
            case Command(do="save"):
                means.save()
                told = f"Saved at iteration {iteration}."
            case Command(do="sample"):
                images = means.show()
                done = images is not None
                told = f"Pictures of iteration {iteration}." if done else NO_PICTURES
                if images is not None:
                    yield images
            case _:
                told, done = self._change(command.lr, iteration, means)
        self._answer(heard, told, done, iteration, state)
        yield NoteStep(told)
        if command is not None and command.do == "stop":
            raise Stopped
        if self._last is not None and iteration >= self._last:
            raise Stopped

    def _change(self, lr: float | None, iteration: int, means: Means) -> tuple[str, bool]:
        if lr is None:
            return "Which learning rate was not said.", False
        if iteration >= self._iterations or means.rate(iteration) <= 0:
            return "The schedule has come to its end; there is no rate to change.", False
        self.rates = self.rates.changed(iteration, lr)
        if self._run is not None:
            write_rates(self._run.path, self.rates)
        return f"The learning rate is {lr:g} from iteration {iteration + 1} on.", True

    def _answer(
        self, heard: Heard, told: str, done: bool, iteration: int, state: State | None
    ) -> None:
        if self._run is None or self._status is None:
            return
        answers = (*self._status.answers, Answer(id=heard.id, text=told, done=done))[-ANSWERS:]
        changes: dict[str, object] = {} if state is None else {"state": state}
        self._write(answers=answers, iteration=iteration, **changes)
        # Afterwards: one that was obeyed and not answered would be waited for.
        forget(self._run.path, heard)

    def _heard(self) -> list[Heard]:
        return self._shared(waiting(self._run.path) if self._run is not None else [])

    def _shared(self, value: Shared) -> Shared:
        """What the process that writes has, in all of them."""
        if self._accelerator.num_processes == 1:
            return value
        both = [value]
        broadcast_object_list(both)
        return both[0]

    def _write(self, **changes: object) -> None:
        assert self._run is not None
        assert self._status is not None
        self._status = self._status.model_copy(update={**changes, "written": time.time()})
        write_status(self._run.path, self._status)


def _begun(run: Path, before: Status | None, iteration: int, iterations: int) -> Status:
    """By this process, which may have said before that it prepares itself."""
    status = Status(state="training", iteration=iteration, iterations=iterations)
    if before is not None and before.is_ours:
        status = status.model_copy(update={"detached": before.detached})
    try:
        request = read_request(run)
    except InputError:
        return status  # whoever trains here keeps no request
    named = {key: str(request.get(key, "")) for key in ("method", "task")}
    return status.model_copy(update=named)

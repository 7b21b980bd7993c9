"""Exceptions that end a job: caught whole, told to the user, and their memory let go."""

from __future__ import annotations

import platform
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass
from importlib import metadata
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from engine.device import free_memory
from engine.errors import EngineError, OutOfMemoryError
from engine.steps import NoteStep, Step

if TYPE_CHECKING:
    from engine.device import Context

Result = TypeVar("Result")

# Besides torch.OutOfMemoryError, whose text has the first of these: the CPU allocator (Linux and
# macOS, Windows) and the libraries that allocate behind torch's back.
_MEMORY_TEXTS = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")
_VERSIONS_OF = ("reverie", "torch", "numpy", "PyQt6")


class Caught:
    """Context manager that keeps the exception which ends its block instead of passing it on.

    Args:
        kind: The exceptions to keep; others pass.

    Attributes:
        error: What ended the block; None if nothing did.
    """

    def __init__(self, kind: type[BaseException]) -> None:
        self._kind = kind
        self.error: BaseException | None = None

    def __enter__(self) -> Caught:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, self._kind):
            return False
        self.error = error
        return True


@dataclass(frozen=True)
class Failure:
    """An exception in the words of `engine.events.JobFailed`."""

    message: str
    hint: str
    detail: str
    user_error: bool
    report: str = ""


def describe(error: BaseException, what: str) -> Failure:
    """Say what happened; an `EngineError` speaks for itself, anything else is a bug.

    Args:
        error: What ended the work.
        what: The work's name.
    """
    detail = "".join(traceback.format_exception(error)) + f"\n{versions()}"
    if isinstance(error, EngineError):
        return Failure(error.message, error.hint, detail, user_error=True, report=error.report)
    if isinstance(error, MemoryError):
        return Failure(
            f"{what} needs more memory than there is.",
            "Close what is not needed, or choose something smaller.",
            detail,
            user_error=True,
        )
    return Failure(
        f"{what} ended by an unexpected error: {type(error).__name__}: {error}".rstrip(": "),
        "This is a fault of the program. Please copy the details and report it.",
        detail,
        user_error=False,
    )


def versions() -> str:
    """One line of what runs: the program, Python, the libraries that matter, the system."""
    found = []
    for name in _VERSIONS_OF:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join([*found, f"Python {platform.python_version()}", platform.platform()])


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that the device or the machine had too little memory."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(
        text in str(error).lower() for text in _MEMORY_TEXTS
    )


def drop_frames(error: BaseException) -> None:
    """Empty the frames that an exception, its causes and its contexts hold.

    A traceback keeps the locals of every function it passed alive: networks and batches.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        traceback.clear_frames(current.__traceback__)
        current.__traceback__ = None
        waiting += [current.__cause__, current.__context__]


def with_less_memory(
    attempt: Callable[[Context], Generator[Step, None, Result]], context: Context, what: str
) -> Generator[Step, None, Result]:
    """A task's steps; when memory runs out, from the start once more with half the batch.

    The batch is the one that the task last asked `context.limit` for; a task that never asks, or
    got 1, has nothing to halve and fails at once.

    Args:
        attempt: Makes the task's generator.
        what: The work's name.

    Raises:
        OutOfMemoryError: too little memory, also with half the batch; it is free again.
    """
    context.taken.size = 0
    for last_try in (False, True):
        try:
            return (yield from attempt(context))
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            reason = str(error)
            drop_frames(error)
        # Past the except clause, where nothing holds the exception any more.
        context.loaded.clear()
        free_memory()
        taken = context.taken.size
        if last_try or taken <= 1:
            break
        context = context.with_half_batch(taken)
        yield NoteStep(
            f"Not enough memory for batches of {taken}; "
            f"trying again with batches of {context.max_batch}."
        )
    raise OutOfMemoryError(
        f"{what} needs more memory than {context.device.type} has free"
        f"{f', also with batches of {taken}' if taken else ''}.",
        "Choose smaller images or fewer at a time, close other programs, or take another device.",
    ) from MemoryError(reason)

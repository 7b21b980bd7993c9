"""Errors that are meant for the person at the screen."""

from __future__ import annotations


class EngineError(Exception):
    """Something the user can act on: what is wrong and where, and what to do about it.

    Any other exception that leaves the engine is a bug and is shown as one.

    Args:
        message: What is wrong and where; names the file when there is one.
        hint: The remedy, in one sentence.
        report: Lists that belong to it and are too long for a sentence, a line each.
    """

    def __init__(self, message: str, hint: str = "", report: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.report = report

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class Stopped(Exception):
    """The job was asked to stop; what it has done is kept."""


class Diverged(EngineError):
    """A training came to numbers that are none, or ran away from where it was.

    Attributes:
        iteration: The one at which it was seen.
    """

    def __init__(self, message: str, hint: str = "", iteration: int = 0) -> None:
        super().__init__(message, hint)
        self.iteration = iteration


class InputError(EngineError):
    """A file, an image or a parameter given by the user cannot be used (exit code 2)."""


class CheckpointError(InputError):
    """A checkpoint cannot be read, or does not fit the method or the task."""


class OutOfMemoryError(EngineError):
    """The device had too little memory, also after a retry with a smaller batch."""


class DiskError(EngineError):
    """A result could not be written: disk full, no permission, folder missing."""

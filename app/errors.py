"""What goes wrong reaches the user: in the window, and in a log file that can be opened."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from platformdirs import user_log_path
from PyQt6.QtCore import QObject, pyqtSignal

from engine.errors import EngineError
from engine.failures import Failure, versions
from widgets.panels.message import MessageKind

_log = logging.getLogger(__name__)
BUG_HINT = "This is a fault of the program. Please copy the details and report it."


class Teller(QObject):
    """Takes what the user should know, from any thread; the window shows it."""

    told = pyqtSignal(str, str, str, str)  # kind, message, hint, detail
    withdrawn = pyqtSignal(str)  # message

    def say(self, kind: MessageKind, message: str, hint: str = "", detail: str = "") -> None:
        """As `widgets.panels.message.MessageBar.showMessage`."""
        self.told.emit(kind, message, hint, detail)

    def withdraw(self, message: str) -> None:
        """Take a message away, if it is on show: what it asked for is done."""
        self.withdrawn.emit(message)

    def error(self, error: EngineError) -> None:
        """Something that the user can act on."""
        self.say("error", error.message, error.hint)

    def failure(self, failure: Failure) -> None:
        """Work that failed in a thread; a traceback is offered for faults of the program only."""
        self.say(
            "error", failure.message, failure.hint, "" if failure.user_error else failure.detail
        )


def log_path() -> Path:
    """The log file."""
    return user_log_path("reverie") / "reverie.log"


def start_log(path: Path) -> str:
    """Log warnings and worse to a file; returns a sentence for the user if that is impossible.

    Also a crash of a library below Python leaves its stack there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=2, encoding="utf-8")
    except OSError as error:
        return f"There is no log, since {path} cannot be written: {error.strerror}."
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    assert handler.stream is not None, "the handler opens its file at once"
    faulthandler.enable(handler.stream)
    return ""


def install_crash_hook(teller: Teller) -> Callable[[], None]:
    """Show and log exceptions that nobody caught, in any thread; returns how to undo it.

    PyQt6 would otherwise abort the program on an exception in a slot.
    """
    before = sys.excepthook, threading.excepthook

    def crashed(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            before[0](kind, error, trace)
            return
        detail = "".join(traceback.format_exception(kind, error, trace))
        _log.critical("Uncaught exception\n%s", detail)
        message = f"Something went wrong: {kind.__name__}: {error}".rstrip(": ")
        teller.say("error", message, BUG_HINT, f"{detail}\n{versions()}")

    def crashed_in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            crashed(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook, threading.excepthook = crashed, crashed_in_thread

    def undo() -> None:
        sys.excepthook, threading.excepthook = before

    return undo

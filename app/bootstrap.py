"""Start-up, in order.

1. The log file and the crash hook, so that nothing dies silently from here on.
2. QApplication and the theme.
3. What is seen of the window, and the first paint. From now on strokes can be drawn.
4. Bit by bit, between the window's own events, what works behind it: parameters, controllers,
   inspector, commands, and an engine that takes jobs already.
5. The engine thread starts and imports torch; the mask of the last time is read back, or a mask
   named on the command line is opened.
6. At the end the window closes the engine, the journal and the background work.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, QTimer
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QApplication

from app.errors import Teller, install_crash_hook, log_path, start_log
from app.settings import load_settings, settings_path
from app.window import MainWindow
from widgets.theme import apply_theme

if TYPE_CHECKING:
    from engine.device import DeviceName
    from engine.outbox import Listener
    from engine.worker import EngineLike

    MakeEngine = Callable[[Listener], EngineLike]

LATER = (
    "pydantic", "pydantic.main", "engine.parameters", "engine.methods", "engine.library",
    "engine.worker", "app.bridge", "app.autosave", "app.background", "app.workspaces.inspector",
    "app.controllers.jobs", "app.controllers.synthesize", "app.controllers.files", "app.spaces",
    "app.commands",
)  # fmt: skip
"""What is loaded after the first paint, each in a turn of its own."""


def run_window(paths: Sequence[Path] = (), *, device: DeviceName | None = None) -> int:
    """Open the window and stay until it is closed; returns the exit code.

    Args:
        paths: Masks to open; the last one stays on the canvas, the others can be undone to.
        device: Overrides the settings.
    """
    trouble = start_log(log_path())
    app = _application()
    # Half the default: with torch's Python code in another thread, the window's turn comes sooner.
    sys.setswitchinterval(sys.getswitchinterval() / 2)
    teller = Teller()
    unhook = install_crash_hook(teller)
    window = show_window(teller)
    if trouble:
        teller.say("warning", trouble)

    def go() -> None:
        if window.isVisible():  # else it was closed at once
            _go(window, None, paths, device)

    _FirstPaint(window, lambda: _load_later(LATER, go))
    try:
        return app.exec()
    finally:
        unhook()


def open_window(
    make_engine: MakeEngine | None = None,
    *,
    paths: Sequence[Path] = (),
    device: DeviceName | None = None,
    teller: Teller | None = None,
) -> MainWindow:
    """A shown and complete window at once; a QApplication is made if there is none.

    Args:
        make_engine: Makes the engine from the listener of its events; by default the real one.
        paths, device: As in `run_window`.
        teller: Takes what is to be told to the user.
    """
    window = show_window(teller or Teller())
    _go(window, make_engine, paths, device)
    return window


def show_window(teller: Teller) -> MainWindow:
    """What is seen of the window; `MainWindow.complete` is still to come."""
    app = _application()
    file = settings_path()
    settings, told = load_settings(file)
    apply_theme(app, settings.theme)
    window = MainWindow(settings, file, teller)
    if told:
        teller.say("warning", told)
    window.show()
    # The keys of the canvas work at once.
    window.view.canvas.setFocus()
    return window


def _go(
    window: MainWindow,
    make_engine: MakeEngine | None,
    paths: Sequence[Path],
    device: DeviceName | None,
) -> None:
    from app.autosave import Journal
    from app.bridge import Bridge
    from engine import methods
    from engine.device import DeviceSettings
    from engine.worker import Engine

    bridge, settings = Bridge(), window.settings
    if make_engine is not None:
        window.complete(make_engine(bridge.post), bridge, Journal())
    else:
        wanted = DeviceSettings(device or settings.device, settings.precision, settings.threads)
        engine = Engine(methods.run, bridge.post, wanted)
        window.complete(engine, bridge, Journal())
        engine.start()
    window.open(list(paths))
    window.spaces.lookForLost()
    if not paths:
        window.background.run(
            "Restoring the mask",
            window.journal.restore,
            window.masks.restore,
            window.teller.failure,
        )


def _load_later(modules: Sequence[str], then: Callable[[], None]) -> None:
    """Import modules one by one, with the window's own events in between."""
    if not modules:
        then()
        return
    importlib.import_module(modules[0])
    QTimer.singleShot(0, lambda: _load_later(modules[1:], then))


def program_icon() -> QIcon:
    """What stands for the program in title and task bars."""
    return QIcon(str(resources.files("resources") / "icons" / "reverie.svg"))


def _application() -> QApplication:
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
        app.setApplicationName("Reverie")
        app.setDesktopFileName("reverie")
        app.setWindowIcon(program_icon())
    return app


class _FirstPaint(QObject):
    """Calls once, after the canvas has been painted for the first time."""

    def __init__(self, window: MainWindow, then: Callable[[], None]) -> None:
        super().__init__(window)
        self._canvas = window.view.canvas
        self._then = then
        self._canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Paint:
            self._canvas.removeEventFilter(self)
            QTimer.singleShot(0, self._then)
        return super().eventFilter(watched, event)

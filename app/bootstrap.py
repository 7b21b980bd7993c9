"""Start-up, in order.

1. The log file and the crash hook, so that nothing dies silently from here on.
2. QApplication and the theme.
3. The window, with an engine whose thread is not yet running: jobs may be submitted already.
4. The first paint. From now on strokes can be drawn.
5. The engine thread starts and imports torch; the mask of the last time is read back, or a mask
   named on the command line is opened.
6. At the end the window closes the engine, the journal and the background work.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt6.QtCore import QEvent, QObject, QTimer
from PyQt6.QtWidgets import QApplication

from app.autosave import Journal
from app.bridge import Bridge
from app.errors import Teller, install_crash_hook, log_path, start_log
from app.settings import Settings, load_settings, settings_path
from app.window import MainWindow
from engine import methods
from engine.device import DeviceName, DeviceSettings
from engine.outbox import Listener
from engine.worker import Engine, EngineLike
from widgets.theme import apply_theme

MakeEngine = Callable[[Listener], EngineLike]
_log = logging.getLogger(__name__)


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
    window = open_window(teller=teller, device=device, paths=paths)
    if trouble:
        teller.say("warning", trouble)
    try:
        return app.exec()
    finally:
        unhook()
        del window


def open_window(
    make_engine: MakeEngine | None = None,
    *,
    paths: Sequence[Path] = (),
    device: DeviceName | None = None,
    teller: Teller | None = None,
) -> MainWindow:
    """A shown window; a QApplication is made if there is none.

    Args:
        make_engine: Makes the engine from the listener of its events; by default the real one,
            which starts after the first paint.
        paths, device: As in `run_window`.
        teller: Takes what is to be told to the user.
    """
    app = _application()
    file = settings_path()
    settings, told = load_settings(file)
    apply_theme(app, settings.theme)
    bridge = Bridge()
    if make_engine is None:
        engine: EngineLike = _engine(bridge, settings, device)
    else:
        engine = make_engine(bridge.post)
    teller = teller or Teller()
    window = MainWindow(engine, bridge, settings, file, Journal(), teller)
    if told:
        teller.say("warning", told)
    _FirstPaint(window, lambda: _after_first_paint(window, paths))
    window.show()
    # The keys of the canvas work at once.
    window.view.canvas.setFocus()
    return window


def _engine(bridge: Bridge, settings: Settings, device: DeviceName | None) -> Engine:
    wanted = DeviceSettings(device or settings.device, settings.precision, settings.threads)
    return Engine(methods.run, bridge.post, wanted)


def _application() -> QApplication:
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
        app.setApplicationName("Reverie")
        app.setDesktopFileName("reverie")
    return app


def _after_first_paint(window: MainWindow, paths: Sequence[Path]) -> None:
    if isinstance(window.engine, Engine):
        window.engine.start()
    window.status.watchMemory()
    for path in paths:
        window.files.open_mask(path)
    if not paths:
        window.background.run(
            "Restoring the mask", window.journal.restore, window.restore, window.teller.failure
        )


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

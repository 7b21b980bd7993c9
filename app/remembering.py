"""Between the window and its settings."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from PyQt6.QtCore import QByteArray

from app.settings import Settings

if TYPE_CHECKING:
    from app.window import MainWindow
    from app.workspaces.inspector import Inspector


def place(window: MainWindow, settings: Settings) -> None:
    """Give the window the size and the division of the last time, or those of a first start."""
    window.resize(1440, 900)
    window.view.resize(1360, 850)
    window.view.resetLayout()
    if settings.geometry:
        window.restoreGeometry(QByteArray(base64.b64decode(settings.geometry)))
    for name, splitter in window.view.splitters().items():
        sizes = settings.splitters.get(name)
        if sizes is not None and len(sizes) == splitter.count():
            splitter.setSizes(sizes)
    window.view.header.setOutline(settings.outline_opacity)
    window.view.image.setOutlineOpacity(settings.outline_opacity)


def fill(inspector: Inspector, settings: Settings) -> None:
    """Show the values of the last time."""
    inspector.setValues(settings.form)
    inspector.form.setSeedKept("seed", settings.keep_seed)
    inspector.live.setChecked(settings.live)


def collect(window: MainWindow, settings: Settings) -> None:
    """Take over what the window shows."""
    inspector = window.view.inspector
    form = {n: v for n, v in inspector.form.values().items() if _plain(v)}
    # A checkpoint that is away for a while is still the one that was chosen.
    form["checkpoint"] = form["checkpoint"] or settings.form.get("checkpoint", "")
    settings.form = form
    settings.keep_seed = inspector.form.isSeedKept("seed")
    settings.live = inspector.live.isChecked()
    settings.outline_opacity = window.view.image.outlineOpacity()
    settings.geometry = base64.b64encode(bytes(window.saveGeometry().data())).decode()
    settings.splitters = {n: s.sizes() for n, s in window.view.splitters().items()}


def _plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool)

"""The part of the tour that turns a phantom of one modality into another, where it can."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.spaces import TRANSLATE
from app.window import MainWindow
from app.workspaces.translate.views import CURTAIN
from engine.data.phantoms.brain import make_brain

# PyQt6's stubs call its functions methods.
mouse: Any = QTest
LEFT = Qt.MouseButton.LeftButton
SHAPE, SPACING_MM = (24, 152, 128), (6.0, 1.5, 1.5)

Wait = Callable[[Callable[[], bool]], None]
Grab = Callable[[str], None]


def tour_translate(window: MainWindow, wait: Wait, grab: Grab) -> None:
    """Open a phantom, translate a slice of it with the first checkpoint, and keep pictures.

    Without a checkpoint there is the start page alone.

    Args:
        wait: Until a condition holds.
        grab: Keeps a picture of the window under a name.
    """
    window.message.dismiss()
    window.spaces.show(TRANSLATE)
    grab("translate_start")
    space = window.spaces.translate()
    if space.choosing.entry() is None:
        return
    panel, header = space.view.panel, space.view.header
    with tempfile.TemporaryDirectory(prefix="reverie-tour-") as folder:
        image = Path(folder) / "phantom_T2.nii.gz"
        _write(image)
        window.open([image])
        wait(lambda: space.study.volume is not None and not window.background.underWay())
        panel.setValues({"seed": 0})
        panel.setSeedKept(True)
        mouse.mouseClick(panel.preview, LEFT)
        wait(lambda: space.showing.landed() is not None)
        window.message.dismiss()
        grab("translate")
        mouse.mouseClick(header.button(CURTAIN), LEFT)
        grab("translate_curtain")
        space.study.close()
        wait(lambda: not window.background.underWay())


def _write(path: Path) -> None:
    from engine.data.volumes.write import write_image

    write_image(path, make_brain(SHAPE, SPACING_MM).image("T2"))

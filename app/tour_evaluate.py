"""The part of the tour that judges label maps of phantoms, and looks at their errors."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from scipy import ndimage

from app.spaces import EVALUATE
from app.window import MainWindow
from engine.data.phantoms.brain import Tissue, make_brain
from engine.data.volumes.write import write_image, write_labels

# PyQt6's stubs call its functions methods.
mouse: Any = QTest
LEFT = Qt.MouseButton.LeftButton
HEADS, SHAPE, SPACING_MM = 6, (24, 60, 50), (7.0, 3.6, 3.6)
ERRORS = 0.9
"""How far predictions reach beyond the truth and fall short of it."""

Wait = Callable[[Callable[[], bool]], None]
Grab = Callable[[str], None]


def tour_evaluate(window: MainWindow, wait: Wait, grab: Grab) -> None:
    """Judge white matter of phantoms against itself with errors, and keep pictures.

    Args:
        wait: Until a condition holds.
        grab: Keeps a picture of the window under a name.
    """
    window.message.dismiss()
    window.spaces.show(EVALUATE)
    grab("evaluate_start")
    space = window.spaces.evaluate()
    setup = space.view.setup
    with tempfile.TemporaryDirectory(prefix="reverie-tour-") as name:
        folder = Path(name)
        _write_heads(folder)
        for kind in ("predictions", "references", "images"):
            setup.setInput(kind, folder / kind)
        mouse.mouseClick(setup.run, LEFT)
        wait(lambda: space.current() is not None)
        result = space.view.result()
        wait(lambda: not result.case.isEmpty())
        window.message.dismiss()
        window.status.clearMessage()  # a path that nobody else has
        grab("evaluate")
        kept = space.running.file()
        space.leave()
        wait(lambda: not space.background.underWay())
        if kept is not None:
            kept.unlink()  # phantoms are no evaluation of the user's


def _write_heads(folder: Path) -> None:
    """T1 images, where their white matter is, and the same with errors at its edge."""
    for kind in ("predictions", "references", "images"):
        (folder / kind).mkdir()
    rng = np.random.default_rng(0)
    for seed in range(HEADS):
        brain = make_brain(SHAPE, SPACING_MM, seed)
        image = brain.image("T1")
        white = np.isin(brain.tissues, (Tissue.WHITE, Tissue.NUCLEI))
        depth = ndimage.distance_transform_edt(white) - ndimage.distance_transform_edt(~white)
        ragged = ndimage.gaussian_filter(rng.standard_normal(SHAPE), 2)
        found = depth + ERRORS * ragged / ragged.std() > 0
        file = f"head_{seed}.nii.gz"
        write_image(folder / "images" / file, image)
        for kind, mask in (("references", white), ("predictions", found)):
            write_labels(folder / kind / file, mask.astype(np.uint8), image)

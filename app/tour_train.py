"""The part of the tour that trains a small segmenter on phantoms and watches it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.spaces import TRAIN
from app.window import MainWindow
from engine.data.phantoms.brain import Tissue, make_brain
from engine.data.png import write_png

# PyQt6's stubs call its functions methods.
mouse: Any = QTest
LEFT = Qt.MouseButton.LeftButton
HEADS, SHAPE, SPACING_MM = 8, (12, 96, 80), (14.0, 2.2, 2.2)
VALUES = {
    "size": 32, "batch": 3, "lr_generator": 3e-3, "lr_discriminator": 1e-3, "width": 8,
    "multipliers": "1, 2", "attention": "16", "encoder_layers": 1, "encoder_blocks": 1,
    "latent": 16, "style": 16, "discriminator": "small", "discriminator_width": 8,
    "ema_decay": 0.8, "lazy_r1": 4,
}  # fmt: skip
"""So small that it takes seconds: enough to see it learn, not to segment anybody's head."""

FEW, MANY = 20, 300

Wait = Callable[[Callable[[], bool]], None]
Grab = Callable[[str], None]


def tour_train(window: MainWindow, wait: Wait, grab: Grab, *, longer: bool = False) -> None:
    """Train on slices of phantoms from the start page to the end, and keep pictures.

    Args:
        wait: Until a condition holds.
        grab: Keeps a picture of the window under a name.
        longer: Train until there is something to see, in minutes.
    """
    window.message.dismiss()
    window.spaces.show(TRAIN)
    grab("train_start")
    space = window.spaces.train()
    setup = space.view.setup
    with tempfile.TemporaryDirectory(prefix="reverie-tour-") as name:
        folder = Path(name)
        _write_slices(folder)
        iterations = MANY if longer else FEW
        setup.setValues({**VALUES, "iterations": iterations, "preview_every": iterations // 5})
        for kind in ("images", "masks"):
            setup.setInput(kind, folder / kind)
        setup.setInput("output", folder / "phantoms")
        mouse.mouseClick(setup.start, LEFT)
        wait(lambda: space.run() is not None)
        run = space.run()
        assert run is not None, "waited for"
        wait(lambda: not run.isOurs())
        # The files of the end are read a moment later.
        wait(lambda: run.facts is not None and run.facts.final is not None)
        window.message.dismiss()
        grab("train")
        space.closeRun()
        space.recent.remove(run.folder)
        wait(lambda: not space.background.underWay())


def _write_slices(folder: Path) -> None:
    """The middle of some heads, and where their white matter is."""
    for kind in ("images", "masks"):
        (folder / kind).mkdir()
    for seed in range(HEADS):
        brain = make_brain(SHAPE, SPACING_MM, seed)
        middle = SHAPE[0] // 2
        grey = brain.image("T1").array[0, middle].astype(np.float32)
        white = np.isin(brain.tissues[middle], (Tissue.WHITE, Tissue.NUCLEI))
        write_png(folder / "images" / f"head_{seed}.png", (grey - grey.min()) / np.ptp(grey))
        write_png(folder / "masks" / f"head_{seed}.png", white)

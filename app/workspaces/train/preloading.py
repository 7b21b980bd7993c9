"""Loads libraries before they are needed, off the window's thread."""

from __future__ import annotations

import importlib
from functools import partial

from app.background import Background
from app.errors import Teller

PLOTS = "widgets.plots.curves"
DOCTOR = "engine.data.doctor.repairing"


def preload(background: Background, teller: Teller) -> None:
    """The first run should not wait for the library that plots, nor the guide for those that read
    images."""
    for what, module in (("Loading the plots", PLOTS), ("Loading the doctor", DOCTOR)):
        background.run(
            what, partial(importlib.import_module, module), lambda _: None, teller.failure
        )

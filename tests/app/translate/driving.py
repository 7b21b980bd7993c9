"""What tests of the Translate workspace do again and again, with real mouse and key events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.translate.space import TranslateSpace
from engine.events import JobPreview
from engine.jobs import Job
from engine.results import TranslationResult
from tests.app.segment.driving import settled

LEFT = Qt.MouseButton.LeftButton
PATIENCE_MS = 120_000
VALUES: dict[str, Any] = {"steps": 4, "seed": 3}


def open_scan(window: MainWindow, qtbot: QtBot, path: Path) -> TranslateSpace:
    """Open an image as if it were dropped, and choose quick values that stay."""
    space = window.spaces.translate()
    before = space.study.volume
    window.open([path])
    qtbot.waitUntil(lambda: space.study.volume not in (None, before), timeout=15_000)
    settled(window, qtbot)
    space.view.panel.setValues(VALUES)
    space.view.panel.setSeedKept(True)
    return space


def click(button: QAbstractButton) -> None:
    assert button.isEnabled(), f"{button.accessibleName()} is grey"
    QTest.mouseClick(button, LEFT)


def landed(window: MainWindow, space: TranslateSpace, qtbot: QtBot) -> TranslationResult:
    """Wait for the result of a run that was asked for, and until it is kept."""
    before = space.showing.landed()
    result = None if before is None else before.result

    def there() -> bool:
        now = space.showing.landed()
        return now is not None and now.result is not result

    qtbot.waitUntil(there, timeout=PATIENCE_MS)
    settled(window, qtbot)
    now = space.showing.landed()
    assert now is not None, "waited for"
    return now.result


def result_of(job: Job) -> TranslationResult:
    """What the task might return: the source upside down, between black and white."""
    source = job.array("input")[0].astype(np.float32)
    low, high = float(source.min()), float(source.max())
    params = job.params.model_dump()
    record = {
        "synthetic": True, "parameters": params, "checkpoint": {"name": "tiny_t1", "sha256": "0"},
        "intensity": {"low": low, "high": high, "rule": "all", "values": "source",
                      "written": [low, high]},
        "slices": {"plane": "axial", "translated": 4, "of": 5, "pixels": [16, 16]},
        "run": {"noise level": 40, "network calls": params["steps"]},
    }  # fmt: skip
    ties = np.full(source.shape, 0.5, np.float32)
    return TranslationResult(
        high + low - source, np.zeros_like(source), ties, (low, high), record, ("a note",)
    )


def preview_of(job_id: int, index: int, total: int = 4, side: int = 16) -> JobPreview:
    """A step of a run, with what the first one carries."""
    rng = np.random.default_rng(index)
    state = rng.random((1, side, side), np.float32)
    first = index == 0
    affine = np.diag([-1.5, -1.5, 3.0, 1.0])
    affine[:3, 3] = 14.0, 8.5, 1.0
    return JobPreview(
        job_id, index, total, total - 1 - index, state, state / 2, True,
        before=state if first else None, guide=state if first else None, evidence=state,
        affine=affine if first else None,
    )  # fmt: skip

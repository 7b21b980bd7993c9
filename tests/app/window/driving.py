"""What tests of the window do again and again."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from engine.events import JobProgress
from engine.jobs import Job
from engine.provenance import of_job
from engine.results import SynthesisResult
from tests.helpers.fake_engine import FakeEngine

NOBODY = -1
"""No job has this id."""

LEFT = Qt.MouseButton.LeftButton


def fake(window: MainWindow) -> FakeEngine:
    """The window's engine."""
    return cast(FakeEngine, window.engine)


def clear_jobs(window: MainWindow, qtbot: QtBot) -> None:
    """Cancel what runs and let the window take it."""
    engine = fake(window)
    while engine.current is not None:
        engine.cancel(engine.current)
        qtbot.wait(1)
    settle(window, qtbot)


def settle(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until the window has been told everything that the engine has said so far."""
    last = JobProgress(NOBODY, 0, 0, 0.0, None)
    with qtbot.waitSignal(window.bridge.progressed, check_params_cb=lambda e: e is last):
        fake(window).emit(last)


def stroke(window: MainWindow, y: float = 0.5) -> None:
    """Draw from left to right with the mouse, at a height in parts of the canvas."""
    canvas = window.view.canvas
    row = round(canvas.height() * y)
    left, right = round(canvas.width() * 0.35), round(canvas.width() * 0.65)
    QTest.mousePress(canvas, LEFT, pos=QPoint(left, row))
    for x in range(left, right, 12):
        QTest.mouseMove(canvas, QPoint(x, row))
    QTest.mouseRelease(canvas, LEFT, pos=QPoint(right, row))


def result_of(job: Job, level: float = 0.5) -> SynthesisResult:
    """A result as the task would return it: flat images whose grey counts up from `level`."""
    values: dict[str, Any] = job.params.model_dump()
    mask = job.array("mask")
    images = [np.full(mask.shape, level + 0.01 * i, np.float32) for i in range(values["variants"])]
    record = of_job(
        job, device="cpu", precision="float32", threads=2,
        checkpoint={"name": "octa", "sha256": "0" * 64},
    )  # fmt: skip
    seeds = tuple(values["seed"] + i for i in range(values["variants"]))
    return SynthesisResult(np.stack(images), mask, seeds, record)


def next_live(window: MainWindow, qtbot: QtBot, after: int) -> int:
    """Wait for a live job younger than `after`; its id."""
    engine = fake(window)

    def found() -> list[int]:
        return [i for i, job in engine.jobs.items() if i > after and job.live]

    qtbot.waitUntil(lambda: bool(found()), timeout=3000)
    return found()[0]


def live_stroke(window: MainWindow, qtbot: QtBot, y: float = 0.5) -> int:
    """Draw, and wait for the live job that follows; its id."""
    before = max(fake(window).jobs, default=0)
    stroke(window, y)
    return next_live(window, qtbot, before)

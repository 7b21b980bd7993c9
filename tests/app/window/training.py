"""What tests of training in the window do again and again."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.train.run_view import RunView
from app.workspaces.train.space import TrainSpace
from tests.app.window.driving import fake, settle

LEFT = Qt.MouseButton.LeftButton


def view_of(space: TrainSpace) -> RunView:
    """The view of the run that is open."""
    found = space.view.findChild(RunView)
    assert found is not None, "a run is open"
    return found


def start(space: TrainSpace, data: Path, qtbot: QtBot) -> None:
    """Fill in the data and click."""
    setup = space.view.setup
    for name in ("images", "masks"):
        setup.setInput(name, data / name)
        setup.edited.emit(f"input.{name}")
    with qtbot.waitSignal(space.training.begun, timeout=10_000):
        QTest.mouseClick(setup.start, LEFT)


def train(window: MainWindow, job: int, first: int, last: int, qtbot: QtBot) -> None:
    """Iterations of a job."""
    engine = fake(window)
    engine.losses(
        job, {i: {"loss": 1 / i, "critic": 1.4, "lr": 1e-4} for i in range(first, last + 1)}
    )
    engine.progress(job, last, 20_000, rate=4.0)
    settle(window, qtbot)

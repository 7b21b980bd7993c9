"""A window with an engine that tells what the test says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.bootstrap import open_window
from app.window import MainWindow
from app.workspaces.train.space import TrainSpace
from engine import library
from engine.training.checkpoint import CARD_KEY, Card
from tests.app.window.driving import clear_jobs, fake
from tests.helpers.cdal_models import disc_folders
from tests.helpers.fake_engine import FakeEngine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every window makes the offscreen platform say this; it tells nothing about the window."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("plugin does not support propagateSizeHints"))


@pytest.fixture(autouse=True)
def in_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """No training is so long that a process of its own is started for it."""
    monkeypatch.setattr("app.detaching.LONG_ITERATIONS", 10**9)


@pytest.fixture
def model() -> Path:
    """A checkpoint that can be chosen, but holds no weights."""
    card = Card(
        method="adaptdiff", role="diffusion", title="Tiny OCT-A", summary="For tests",
        figures={"Dice": 0.5}, licence="CC0",
    )  # fmt: skip
    header = json.dumps({"__metadata__": {CARD_KEY: card.model_dump_json()}}).encode()
    folder = library.user_folder()
    folder.mkdir(parents=True)
    path = folder / "octa.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    return path


@pytest.fixture
def no_bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program as it is without the checkpoints that ship with it."""
    monkeypatch.setattr(library, "bundled_folder", lambda: tmp_path / "nothing")


@pytest.fixture
def open_fake(qtbot: QtBot, no_bundled: None) -> Iterator[Callable[[], MainWindow]]:
    """Opens windows with a FakeEngine, and closes them."""
    opened: list[MainWindow] = []

    def make() -> MainWindow:
        window = open_window(FakeEngine)
        qtbot.addWidget(window)
        opened.append(window)
        window.activateWindow()
        qtbot.waitActive(window)
        # The journal is read in the background; then the sample tree is asked for.
        qtbot.waitUntil(lambda: bool(fake(window).jobs) or window.view.canvas.model.count() > 0)
        return window

    yield make
    for window in opened:
        window.close()


@pytest.fixture
def window(model: Path, open_fake: Callable[[], MainWindow], qtbot: QtBot) -> MainWindow:
    """A window whose first job, the sample tree, is out of the way."""
    window = open_fake()
    fake(window).ready()
    clear_jobs(window, qtbot)
    return window


@pytest.fixture
def space(window: MainWindow) -> TrainSpace:
    """Train in front; files about another workspace have a fixture of their own."""
    QTest.mouseClick(window.rail.button("train"), Qt.MouseButton.LeftButton)
    return window.spaces.train()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Images of discs with their masks."""
    return disc_folders(tmp_path / "discs")

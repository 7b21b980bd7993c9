"""The workspace with an image, a checkpoint, and an engine that does what a test says."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.segment.space import SegmentSpace
from engine import library
from tests.app.segment.methods import Bench, write_card


@pytest.fixture
def checkpoint() -> None:
    """There before the window looks for any."""
    write_card(library.user_folder() / "balls.safetensors")


@pytest.fixture
def bench(checkpoint: None, window: MainWindow, space: SegmentSpace, qtbot: QtBot) -> Bench:
    return Bench(window, space, qtbot)

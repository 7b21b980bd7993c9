"""Windows in the Translate workspace, with a tiny untrained translator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.bootstrap import open_window
from app.window import MainWindow
from engine import library
from tests.app.segment.driving import settled
from tests.app.window.driving import clear_jobs
from tests.helpers.fake_engine import FakeEngine
from tests.helpers.midiffusion_models import heads, save_translator

SIZE = 1300, 850


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every window makes the offscreen platform say this; it tells nothing about the window."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("plugin does not support propagateSizeHints"))


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In the library; nothing else is."""
    monkeypatch.setattr(library, "bundled_folder", lambda: tmp_path / "nothing")
    folder = library.user_folder()
    folder.mkdir(parents=True)
    return save_translator(folder / "tiny_t1.safetensors")


@pytest.fixture
def start(qtbot: QtBot, checkpoint: Path) -> Iterator[Callable[..., MainWindow]]:
    """Opens windows, real ones or with an engine that does nothing, and closes them at the end."""
    opened: list[MainWindow] = []

    def make(*, real: bool = False) -> MainWindow:
        window = open_window(device="cpu") if real else open_window(FakeEngine)
        qtbot.addWidget(window)
        opened.append(window)
        window.resize(*SIZE)
        window.activateWindow()
        qtbot.waitActive(window)
        window.spaces.show("translate")
        settled(window, qtbot)
        if not real:
            clear_jobs(window, qtbot)
        return window

    yield make
    for window in opened:
        window.close()


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """Five axial slices of 14 x 12 voxels, the first of them black."""
    return heads(tmp_path / "set", 1) / "patient0_t2.nii.gz"

"""A window in its Segment workspace, with an engine that does nothing, and files to open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.bootstrap import open_window
from app.window import MainWindow
from app.workspaces.segment.space import SegmentSpace
from engine import library
from tests.app.segment.driving import AFFINE, open_image, phantom, settled, write_nifti
from tests.helpers.fake_engine import FakeEngine

SIZE = 1300, 850


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every window makes the offscreen platform say this; it tells nothing about the window."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("plugin does not support propagateSizeHints"))


@pytest.fixture
def start(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], MainWindow]]:
    """Opens windows, and closes them at the end; the files of all are the test's own."""
    monkeypatch.setattr(library, "bundled_folder", lambda: tmp_path / "nothing")
    opened: list[MainWindow] = []

    def make() -> MainWindow:
        window = open_window(FakeEngine)
        qtbot.addWidget(window)
        opened.append(window)
        window.resize(*SIZE)
        window.activateWindow()
        qtbot.waitActive(window)
        window.spaces.show("segment")
        settled(window, qtbot)
        return window

    yield make
    for window in opened:
        window.close()


@pytest.fixture
def window(start: Callable[[], MainWindow]) -> MainWindow:
    """A window at the start page of Segment."""
    return start()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A small head."""
    return write_nifti(tmp_path / "head.nii.gz", phantom(), AFFINE)


@pytest.fixture
def space(window: MainWindow, image: Path, qtbot: QtBot) -> SegmentSpace:
    """The workspace with the head open."""
    return open_image(window, qtbot, image)

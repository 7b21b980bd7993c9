"""A program that is killed in the middle of painting gives the work back at its next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from tests.app.segment.driving import (
    AFFINE,
    answer,
    dialog,
    key,
    no_dialog,
    phantom,
    press,
    settled,
    stroke,
    view_of,
    write_nifti,
)

STROKES = 24
ROOT = Path(__file__).parents[3]


@pytest.fixture
def killed(image: Path, tmp_path: Path) -> list[np.ndarray]:
    """The labels after each stroke of a program that was killed with SIGKILL."""
    folder = tmp_path / "states"
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.app.segment.painter", str(image), str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    ) as painter:  # fmt: skip
        assert painter.stdout is not None
        assert painter.stderr is not None
        for line in painter.stdout:
            if int(line) >= STROKES:
                break
        painter.send_signal(signal.SIGKILL)
        told = painter.stderr.read()
        assert painter.wait() == -signal.SIGKILL, told
    return [np.load(path) for path in sorted(folder.glob("0*.npy"))]


def test_restore_brings_back_all_but_at_most_the_last_stroke(
    killed: list[np.ndarray], start: Callable[[], MainWindow], image: Path, qtbot: QtBot
) -> None:
    assert len(killed) >= STROKES
    window = start()
    asked = answer(window, qtbot, "Restore")
    assert "head" in asked
    assert "unsaved labels" in asked
    space = window.spaces.segment()
    qtbot.waitUntil(lambda: space.study.volume is not None)
    settled(window, qtbot)
    found = space.study.model.array
    assert any(np.array_equal(found, state) for state in killed[-2:])
    row = space.study.table.label(1)
    assert row is not None
    assert (row.name, row.colour) == ("Kept", (4, 5, 6))
    picture = space.study.image()
    assert picture is not None
    np.testing.assert_array_equal(picture.array[0], phantom())
    assert not space.isSaved()
    assert window.isWindowModified()
    # Work goes on, and is safe again.
    key(view_of(space), "b")
    stroke(view_of(space), (6, 17, 4), (6, 17, 15))
    assert space.study.model.position() == 1


def test_later_offers_it_again_and_discard_does_not(
    killed: list[np.ndarray], start: Callable[[], MainWindow], qtbot: QtBot
) -> None:
    window = start()
    answer(window, qtbot, "Later")
    window.close()
    window = start()
    answer(window, qtbot, "Discard")
    window.close()
    window = start()
    settled(window, qtbot)
    assert no_dialog(window)
    assert window.spaces.segment().study.volume is None


def test_an_image_that_is_another_by_now_is_replaced_by_an_empty_one(
    killed: list[np.ndarray], start: Callable[[], MainWindow], image: Path, qtbot: QtBot
) -> None:
    write_nifti(image, phantom((4, 5, 6)), AFFINE)
    window = start()
    press(dialog(window, qtbot, QMessageBox), "Restore")
    space = window.spaces.segment()
    qtbot.waitUntil(lambda: space.study.volume is not None)
    settled(window, qtbot)
    assert "another image by now" in window.message.message()
    assert any(np.array_equal(space.study.model.array, state) for state in killed[-2:])


def test_the_end_in_order_leaves_nothing_to_offer(
    start: Callable[[], MainWindow], image: Path, qtbot: QtBot
) -> None:
    window = start()
    window.open([image])
    space = window.spaces.segment()
    qtbot.waitUntil(lambda: space.study.volume is not None)
    key(view_of(space), "b")
    stroke(view_of(space), (6, 8, 4), (6, 8, 15))
    window.close()
    again = start()
    settled(again, qtbot)
    assert no_dialog(again)

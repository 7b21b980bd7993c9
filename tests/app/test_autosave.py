"""The journal of the mask, killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from app.autosave import Journal

STROKES = 6
WINDOW = """
import sys
from PyQt6.QtTest import QTest
from app.bootstrap import open_window
from tests.app.window.driving import stroke
from tests.helpers.fake_engine import FakeEngine

window = open_window(FakeEngine)
QTest.qWaitForWindowActive(window)
QTest.qWait(200)
for number in range(int(sys.argv[1])):
    stroke(window, 0.2 + 0.1 * number)
    # As long as a quick person needs for the next one.
    QTest.qWait(150)
    print(window.view.canvas.model.count(), flush=True)
while True:
    QTest.qWait(50)
"""


def test_a_killed_window_loses_at_most_one_stroke(tmp_path: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen(
        [sys.executable, "-c", WINDOW, str(STROKES)],
        stdout=subprocess.PIPE, text=True, env=environment, cwd=Path(__file__).parents[2],
    ) as window:  # fmt: skip
        assert window.stdout is not None
        counts = [int(window.stdout.readline()) for _ in range(STROKES)]
        window.send_signal(signal.SIGKILL)
    assert window.returncode == -signal.SIGKILL
    assert counts == sorted(set(counts)), "every stroke draws something new"
    journal = Journal()
    saved = journal.restore()
    journal.close()
    assert saved is not None
    assert int(saved.mask.sum()) in counts[-2:]
    assert not saved.clean


def test_the_newest_mask_is_written_and_marked_clean_at_the_end(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for number in range(1, 30):
        mask = np.zeros((64, 64), np.uint8)
        mask[:number] = 1
        journal.record(mask, f"mask {number}")
    journal.record(mask, "last", clean=True)
    journal.close()
    again = Journal(tmp_path)
    saved = again.restore()
    again.close()
    assert saved is not None
    assert saved.mask.sum() == 29 * 64
    assert (saved.name, saved.clean) == ("last", True)


def test_windows_side_by_side_have_a_journal_each(tmp_path: Path) -> None:
    first, second = Journal(tmp_path), Journal(tmp_path)
    assert first.path() != second.path()
    first.close()
    third = Journal(tmp_path)
    assert third.path() == first.path()
    second.close()
    third.close()


def test_a_damaged_journal_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "mask-1.png").write_bytes(b"\x89PNG broken")
    journal = Journal(tmp_path)
    assert journal.restore() is None
    journal.close()


def test_no_place_to_write_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file")
    journal.record(np.ones((32, 32), np.uint8), "x")
    assert journal.restore() is None
    journal.close()

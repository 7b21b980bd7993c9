"""The start in its real order, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

START = """
import sys, time
from pathlib import Path
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication
from app import bootstrap
from app.window import MainWindow
from tests.app.window.driving import stroke

app = QApplication(sys.argv[:1])
seen = []

def look():
    for window in app.topLevelWidgets():
        if not isinstance(window, MainWindow) or not window.isVisible():
            continue
        if not seen:
            seen.append(window.isComplete())
            stroke(window)
            seen.append(window.view.canvas.model.count())
        elif window.isComplete() and window.session.engine.ready:
            assert window.view.canvas.model.count() == seen[1], "the early stroke is kept"
            assert window.journal.path().is_file()
            assert window.actions_["undo"].isEnabled()
            window.close()
            return
    QTimer.singleShot(1, look)

QTimer.singleShot(0, look)
code = bootstrap.run_window(device="cpu")
assert seen[1] > 0
print("complete before the first stroke:", seen[0])
sys.exit(code)
"""


def test_strokes_can_be_drawn_before_the_rest_is_loaded(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START], capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "complete before the first stroke: False" in done.stdout


def test_importing_the_start_loads_neither_torch_nor_plots() -> None:
    code = "import app.bootstrap, sys; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["torch", "pyqtgraph", "pydantic", "scipy", "skimage", "PIL", "qtawesome"]
    done = subprocess.run(
        [sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.stdout.strip() == "[]"

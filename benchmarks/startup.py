"""How long the window takes to be usable, against a bare PyQt6 + pyqtgraph window.

python -m benchmarks.startup

Both are timed from the start of the process to the end of the first paint; Reverie's canvas then
also takes a stroke. Runs alternate, so that what else the machine does meets both alike.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 5

BARE = """
import time
from PyQt6.QtCore import QEvent, QObject, QTimer
from PyQt6.QtWidgets import QApplication, QMainWindow
import pyqtgraph
app = QApplication([])
window = QMainWindow()
plot = pyqtgraph.PlotWidget()
window.setCentralWidget(plot)
window.resize(1440, 900)
window.show()
while not plot.grab().width():
    pass
app.processEvents()
print(time.time(), flush=True)
"""

REVERIE = """
import time
from app.bootstrap import show_window
from app.errors import Teller
window = show_window(Teller())
canvas = window.view.canvas
while not canvas.grab().width():
    pass
window.application.processEvents()
print(time.time(), flush=True)
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
button = Qt.MouseButton.LeftButton
QTest.mousePress(canvas, button, pos=canvas.rect().center())
QTest.mouseMove(canvas, canvas.rect().center() + QPoint(40, 0))
QTest.mouseRelease(canvas, button, pos=canvas.rect().center() + QPoint(40, 0))
assert canvas.model.count() > 0
"""


def seconds(script: str, home: Path) -> float:
    """From the start of a process to what it prints."""
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
        **{f"XDG_{n}_HOME": str(home / n) for n in ("CONFIG", "DATA", "CACHE", "STATE")},
    }
    start = time.time()
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=Path(__file__).parents[1],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout.splitlines()[0]) - start


def measure_startup(rounds: int = ROUNDS) -> dict[str, float]:
    """Medians in seconds, and their ratio; the files are in the disk cache."""
    bare, reverie = [], []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for script in (BARE, REVERIE):
            seconds(script, home)
        for _ in range(rounds):
            bare.append(seconds(BARE, home))
            reverie.append(seconds(REVERIE, home))
    first, second = statistics.median(bare), statistics.median(reverie)
    return {"bare_s": first, "reverie_s": second, "ratio": second / first}


def main() -> None:
    """Print the figures."""
    print(json.dumps({key: round(value, 3) for key, value in measure_startup().items()}))


if __name__ == "__main__":
    main()

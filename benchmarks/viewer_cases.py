"""What the viewer's benchmark asks of a viewer, and how it measures it: the same for every program.

Runs in the interpreter of whichever program is measured: numpy, psutil and PyQt6 are all it needs.
A time ends when every view that shows the change has had its paint event and the event loop has
nothing left to do, the picture's way to the screen included.
"""

from __future__ import annotations

import gc
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import psutil
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QEventLoop, QObject, QPointF, Qt, QTimer
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QApplication, QWidget

VIEW = (900, 800)  # pixels of all views together, about, in every program
FRAMES = 90
STROKES, STROKE_MOVES = 100, 12
PATIENCE_S = 20.0
SETTLE_MS = 300
PLAIN = Qt.KeyboardModifier.NoModifier


@dataclass(frozen=True)
class BrushCase:
    """One long stroke.

    Attributes:
        name: As in the table.
        shape: (D, H, W) of the volume.
        diameter: Of the brush in voxels.
        ball: Whether it paints through slices.
        moves: Mouse moves over the slice.
    """

    name: str
    shape: tuple[int, int, int]
    diameter: int
    ball: bool
    moves: int


BRUSHES = (
    BrushCase("512 x 512", (1, 512, 512), 40, False, 300),
    BrushCase("2048 x 2048", (1, 2048, 2048), 40, False, 300),
    BrushCase("ball of radius 20, 256^3", (256, 256, 256), 40, True, 200),
)


class Viewer(Protocol):
    """A program that shows volumes, with its window open and empty."""

    def about(self) -> str:
        """Name and version, and what draws."""

    def clear(self) -> None:
        """Show nothing."""

    def open(self, path: Path) -> None:
        """Read a file and show it; nothing else is shown."""

    def show(self, image: NDArray[Any], labels: bool, views: int) -> None:
        """Show an image (D, H, W) and nothing else, with empty labels on it if asked for.

        A program without linked views takes one view for three.
        """

    def canvases(self) -> Sequence[QWidget]:
        """The views; the first is the one that is scrolled and painted in."""

    def scroll(self, index: int) -> None:
        """Show another slice along the first axis."""

    def take_brush(self, diameter: int, ball: bool) -> None:
        """Paint label 1 with the left button from now on."""

    def place(self, x: float, y: float) -> QPointF:
        """Where the first view shows the corner of pixel (x, y) of the slice."""

    def painted(self) -> int:
        """Number of labelled voxels."""

    def history_bytes(self) -> int:
        """Memory that the undo steps take."""


class Paints(QObject):
    """Waits until widgets are painted."""

    def __init__(self, widgets: Sequence[QWidget]) -> None:
        super().__init__()
        self._waiting: set[int] = set()
        self._widgets = list(widgets)
        # So that waiting for something that never comes ends.
        self._waker = QTimer()
        self._waker.start(200)
        for widget in self._widgets:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Paint:
            self._waiting.discard(id(watched))
        return False

    def after(self, action: Callable[[], object]) -> float:
        """Do something and wait until all of the widgets are painted; milliseconds.

        Raises:
            TimeoutError: one of them is not.
        """
        QApplication.processEvents()
        self._waiting = {id(widget) for widget in self._widgets}
        wait = QEventLoop.ProcessEventsFlag.WaitForMoreEvents  # and leave the core to threads
        start = time.perf_counter()
        action()
        QApplication.processEvents()
        while self._waiting:
            if time.perf_counter() - start > PATIENCE_S:
                raise TimeoutError("a view was not painted")
            QApplication.processEvents(wait)
            QApplication.processEvents()
        return 1e3 * (time.perf_counter() - start)


def settle() -> None:
    """Let what a program does later be done."""
    loop = QEventLoop()
    QTimer.singleShot(SETTLE_MS, loop.quit)
    loop.exec()


def noise(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.int16]:
    """A smooth lump with noise, int16, in as much background as a brain has in a BraTS volume."""
    d, h, w = shape
    rng = np.random.default_rng(seed)
    grain = rng.integers(0, 24, (h, w), np.int16)
    y, x = np.ogrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    out = np.empty((d, h, w), np.int16)
    for index, z in enumerate(np.linspace(-1, 1, d) if d > 1 else [0.0]):
        lump = np.clip(0.42 - x**2 - y**2 - z**2, 0, 1) * 1600
        out[index] = np.where(lump > 0, lump + np.roll(grain, index * 7, axis=index % 2), 0)
    return out


def measure_open(viewer: Viewer, paths: Sequence[Path], rounds: int = 5) -> dict[str, Any]:
    """Milliseconds from the call to painted slices for each file; files are in the cache."""
    found: dict[str, list[float]] = {path.name: [] for path in paths}
    for turn in range(rounds + 1):
        for path in paths:
            viewer.show(noise((8, 64, 64)), labels=False, views=3)
            settle()
            viewer.clear()
            settle()
            spent = Paints(viewer.canvases()).after(partial(viewer.open, path))
            settle()
            if turn:  # the first one warms up
                found[path.name].append(spent)
    return {name: float(np.median(times)) for name, times in found.items()}


def measure_scroll(viewer: Viewer, sizes: Sequence[int], frames: int = FRAMES) -> dict[str, Any]:
    """Milliseconds from a new index to the painted slice, through each cube once."""
    found = {}
    for size in sizes:
        viewer.show(noise((size, size, size)), labels=False, views=3)
        settle()
        paints = Paints(viewer.canvases())
        places = np.linspace(0, size - 1, frames + 10).astype(int)
        spent = [paints.after(partial(viewer.scroll, int(i))) for i in places]
        found[str(size)] = _figures(spent[10:])
    return found


def measure_brush(viewer: Viewer, cases: Sequence[BrushCase] = BRUSHES) -> dict[str, Any]:
    """Milliseconds from a mouse move of a stroke to its repaint."""
    found = {}
    for case in cases:
        viewer.show(noise(case.shape), labels=True, views=1)
        viewer.scroll(case.shape[0] // 2)
        viewer.take_brush(case.diameter, case.ball)
        settle()
        spent = _stroke(viewer, case.shape[1:], case.moves, 0.0)
        found[case.name] = {**_figures(spent), "voxels": viewer.painted()}
    return found


def measure_memory(viewer: Viewer, size: int = 512, strokes: int = STROKES) -> dict[str, Any]:
    """What strokes all over a cube add to the process, in MiB, after one that warms up."""
    viewer.show(noise((size, size, size)), labels=True, views=1)
    viewer.take_brush(40, False)
    process = psutil.Process()
    before = history = 0
    for number in range(strokes + 1):
        viewer.scroll((number * 5 + 3) % size)
        _stroke(viewer, (size, size), STROKE_MOVES, number / strokes)
        if number == 0:
            settle()
            gc.collect()
            before, history = process.memory_info().rss, viewer.history_bytes()
    settle()
    gc.collect()
    return {
        "rss": (process.memory_info().rss - before) / 2**20,
        "history": (viewer.history_bytes() - history) / 2**20,
        "voxels": viewer.painted(),
    }


def answer(viewer: Viewer, arguments: Sequence[str]) -> None:
    """Measure what the command line names, and print it as JSON in the last line."""
    what, *rest = arguments
    measures: dict[str, Callable[[], dict[str, Any]]] = {
        "open": lambda: measure_open(viewer, [Path(name) for name in rest]),
        "scroll": lambda: measure_scroll(viewer, [int(size) for size in rest]),
        "brush": lambda: measure_brush(viewer),
        "memory": lambda: measure_memory(viewer),
    }
    print(json.dumps({"about": viewer.about(), **measures[what]()}), file=sys.stdout, flush=True)


def _stroke(viewer: Viewer, size: tuple[int, int], moves: int, phase: float) -> list[float]:
    """A stroke along a curve over most of the slice; milliseconds of each move."""
    canvas = viewer.canvases()[0]
    paints = Paints([canvas])
    _send(canvas, QEvent.Type.MouseButtonPress, _point(viewer, size, 0.0, phase))
    QApplication.processEvents()
    spent = []
    for index in range(1, moves + 1):
        point = _point(viewer, size, index / moves, phase)
        spent.append(paints.after(partial(_send, canvas, QEvent.Type.MouseMove, point)))
    _send(canvas, QEvent.Type.MouseButtonRelease, _point(viewer, size, 1.0, phase))
    QApplication.processEvents()
    return spent


def _point(viewer: Viewer, size: tuple[int, int], along: float, phase: float) -> QPointF:
    """A Lissajous curve; `phase` turns it, so that strokes differ."""
    height, width = size
    turn = 2 * math.pi * (along + phase)
    x = 0.5 + 0.42 * math.sin(3 * turn)
    y = 0.5 + 0.42 * math.sin(2 * turn + 0.6)
    return viewer.place(x * width, y * height)


def _send(canvas: QWidget, kind: QEvent.Type, point: QPointF) -> None:
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    button = none if kind == QEvent.Type.MouseMove else left
    held = none if kind == QEvent.Type.MouseButtonRelease else left
    event = QMouseEvent(kind, point, canvas.mapToGlobal(point), button, held, PLAIN)
    QApplication.sendEvent(canvas, event)


def _figures(spent: Sequence[float]) -> dict[str, float]:
    return {"median": float(np.median(spent)), "p99": float(np.percentile(spent, 99))}

"""How long a brush move takes, from the mouse event to the end of the repaint it causes.

python -m benchmarks.canvas
"""

from __future__ import annotations

import json
import math
import os
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, Qt
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QApplication

from widgets.paint.canvas import MaskCanvas
from widgets.paint.tools.base import Tool

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def measure_brush(
    size: int = 2048,
    moves: int = 400,
    brush: int = 40,
    tool: Tool = Tool.BRUSH,
    underlay: bool = False,
) -> dict[str, float]:
    """Draw one long stroke on a size x size mask and time every move, event to repaint, in ms.

    The stroke sweeps the whole canvas, at 800 x 800 view pixels, so that also slow first touches
    count. The times include rasterising, updating the shown picture and painting the widget.
    """
    app = QApplication.instance() or QApplication([])
    canvas = MaskCanvas(size, size)
    canvas.resize(800, 800)
    if underlay:
        canvas.setUnderlay(np.random.default_rng(0).random((size, size), dtype=np.float32))
    canvas.setTool(tool)
    canvas.setBrushSize(brush)
    canvas.show()
    app.processEvents()
    spent = []
    _send(canvas, QEvent.Type.MouseButtonPress, 0.0)
    for index in range(1, moves + 1):
        start = time.perf_counter()
        _send(canvas, QEvent.Type.MouseMove, index / moves)
        spent.append(1e3 * (time.perf_counter() - start))
    start = time.perf_counter()
    _send(canvas, QEvent.Type.MouseButtonRelease, 1.0)
    release = 1e3 * (time.perf_counter() - start)
    canvas.close()
    canvas.deleteLater()
    return {
        "median_ms": float(np.median(spent)),
        "p99_ms": float(np.percentile(spent, 99)),
        "max_ms": float(np.max(spent)),
        "release_ms": release,
    }


def _send(canvas: MaskCanvas, kind: QEvent.Type, along: float) -> None:
    """Deliver one mouse event and let Qt repaint what it changed."""
    position = _position(canvas, along)
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else LEFT
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else LEFT
    event = QMouseEvent(kind, position, canvas.mapToGlobal(position), button, held, PLAIN)
    QApplication.sendEvent(canvas, event)
    QApplication.processEvents()


def _position(canvas: MaskCanvas, along: float) -> QPointF:
    """A Lissajous curve over most of the canvas."""
    x = 0.5 + 0.42 * math.sin(2 * math.pi * 3 * along)
    y = 0.5 + 0.42 * math.sin(2 * math.pi * 2 * along + 0.6)
    return QPointF(x * canvas.width(), y * canvas.height())


def main() -> None:
    """Print the figures of the sizes and tools that matter."""
    cases = {
        "brush 40 px, 2048 x 2048": measure_brush(),
        "brush 200 px, 2048 x 2048": measure_brush(brush=200),
        "brush 5 px, 384 x 384": measure_brush(size=384, brush=5),
        "brush 40 px, 2048 x 2048, underlay": measure_brush(underlay=True),
        "vessel 7 px, 384 x 384, 100 moves": measure_brush(384, 100, 7, Tool.VESSEL),
    }
    for name, figures in cases.items():
        rounded = {key: round(value, 2) for key, value in figures.items()}
        print(json.dumps({"case": name, **rounded}))


if __name__ == "__main__":
    main()

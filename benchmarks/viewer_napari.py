"""napari, as the viewer's benchmark drives it. Runs in an interpreter that has napari.

python -m benchmarks.viewer_napari open|scroll|brush|memory ...
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import napari
import nibabel
import numpy as np
from numpy.typing import NDArray
from OpenGL import GL
from PyQt6.QtCore import QPointF
from PyQt6.QtOpenGLWidgets import QOpenGLWidget
from PyQt6.QtWidgets import QApplication, QWidget

from benchmarks.viewer_cases import VIEW, answer, settle


class Napari:
    """napari's window with one view of a slice, which is its way."""

    def __init__(self) -> None:
        self.viewer = napari.Viewer()
        self._canvas: QOpenGLWidget = self.viewer.window._qt_viewer.canvas.native
        settle()
        window = self.viewer.window._qt_window
        window.resize(
            window.width() + VIEW[0] - self._canvas.width(),
            window.height() + VIEW[1] - self._canvas.height(),
        )
        settle()

    def about(self) -> str:
        self._canvas.makeCurrent()
        return f"napari {napari.__version__}, drawn by {GL.glGetString(GL.GL_RENDERER).decode()}"

    def clear(self) -> None:
        self.viewer.layers.clear()

    def open(self, path: Path) -> None:
        # napari itself reads no NIfTI: nibabel does, and axial slices come to lie first.
        self.viewer.add_image(np.asanyarray(nibabel.load(path).dataobj).T)

    def show(self, image: NDArray[Any], labels: bool, views: int) -> None:
        self.clear()
        self.viewer.add_image(image)
        if labels:
            empty = np.empty(image.shape, np.uint8)
            empty[...] = 0  # touched, so that its memory is there before it is measured
            self.viewer.add_labels(empty)
        self.viewer.reset_view()

    def canvases(self) -> Sequence[QWidget]:
        return [self._canvas]

    def scroll(self, index: int) -> None:
        self.viewer.dims.set_current_step(0, index)

    def take_brush(self, diameter: int, ball: bool) -> None:
        layer = self.viewer.layers[-1]
        layer.n_edit_dimensions = 3 if ball else 2
        layer.brush_size = diameter
        layer.selected_label = 1
        layer.mode = "paint"
        self.viewer.layers.selection.active = layer

    def place(self, x: float, y: float) -> QPointF:
        camera = self.viewer.scene.camera
        _, row, column = camera.center
        return QPointF(
            (x - 0.5 - column) * camera.zoom + self._canvas.width() / 2,
            (y - 0.5 - row) * camera.zoom + self._canvas.height() / 2,
        )

    def painted(self) -> int:
        return int(np.count_nonzero(self.viewer.layers[-1].data))

    def history_bytes(self) -> int:
        return array_bytes(list(self.viewer.layers[-1]._undo_history))


def array_bytes(value: object) -> int:
    """Memory of all arrays in nested tuples and lists."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    return sum(map(array_bytes, value)) if isinstance(value, list | tuple) else 0


if __name__ == "__main__":
    application = QApplication([])
    answer(Napari(), sys.argv[1:])

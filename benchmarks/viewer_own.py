"""Reverie's volume viewer, as its benchmark drives it.

python -m benchmarks.viewer_own open|scroll|brush|memory ...
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QSize
from PyQt6.QtWidgets import QApplication, QWidget

from app.bootstrap import open_window
from app.spaces import SEGMENT
from benchmarks.viewer_cases import VIEW, answer, settle
from engine.data.volumes.volume import Geometry, Volume, plain_affine
from widgets.paint.labels.tools import ToolName
from widgets.viewer.volume.arrangement import ViewLayout
from widgets.viewer.volume.planes import PlaneName
from widgets.viewer.volume.slice_view import SliceView
from widgets.viewer.volume.volume_view import VolumeView


class Own:
    """The Segment workspace of the whole window, with all its panels."""

    def __init__(self) -> None:
        self.window = open_window()
        wait(lambda: self.window.session.engine.ready)
        self.window.spaces.show(SEGMENT)
        self.space = self.window.spaces.segment()
        self.study = self.space.study
        self.view: VolumeView = self.space.view.volume
        self.axial: SliceView = self.view.views()[PlaneName.AXIAL]
        wait(lambda: not self.window.spaces.computing.underWay())
        self.space.view.showStart(False)
        settle()
        # The views get the size that the other program's canvas has.
        more = QSize(*VIEW) - self.view.size()
        self.window.resize(self.window.size() + more)
        settle()

    def about(self) -> str:
        return "Reverie, drawn by Qt's raster engine"

    def clear(self) -> None:
        self.study.close()

    def open(self, path: Path) -> None:
        self.window.open([path])

    def show(self, image: NDArray[Any], labels: bool, views: int) -> None:
        self.study.open(Volume(image[None], Geometry(image.shape, plain_affine(), len(image) > 1)))
        layer = self.study.labels()
        assert layer is not None
        layer.change(visible=labels)
        self.view.setViewLayout(ViewLayout.ONE if views == 1 else ViewLayout.MAIN)

    def canvases(self) -> Sequence[QWidget]:
        return self.view.shownViews()

    def scroll(self, index: int) -> None:
        self.axial.setIndex(index)

    def take_brush(self, diameter: int, ball: bool) -> None:
        editor = self.study.editor
        editor.change(brush=float(diameter), volume=ball)
        self.study.table.setActive(1)
        editor.setTool(ToolName.BRUSH)
        self.view.setTool(editor.sliceTool())

    def place(self, x: float, y: float) -> QPointF:
        return self.axial.planeToView(QPointF(x, y))

    def painted(self) -> int:
        return int(np.count_nonzero(self.study.model.array))

    def history_bytes(self) -> int:
        return self.study.model.historyBytes()

    def close(self) -> None:
        self.window.close()


def wait(until: Callable[[], bool]) -> None:
    """Let the window work until something is so."""
    while not until():
        QApplication.processEvents()
        time.sleep(0.002)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="reverie-benchmark-") as folder:
        # The user's settings, session and journal are left alone.
        names = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
        os.environ.update(dict.fromkeys(names, folder))
        own = Own()
        answer(own, sys.argv[1:])
        own.close()

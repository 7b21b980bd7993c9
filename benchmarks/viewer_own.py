"""Reverie's volume viewer, as its benchmark drives it.

python -m benchmarks.viewer_own open|scroll|brush|memory ...
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF
from PyQt6.QtWidgets import QApplication, QWidget

from app.background import Background
from app.study import Study, opening_look
from benchmarks.viewer_cases import VIEW, answer, settle
from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Geometry, Volume, plain_affine
from engine.failures import Failure
from widgets.paint.labels.tools import ToolName
from widgets.theme import apply_theme
from widgets.viewer.volume.arrangement import ViewLayout
from widgets.viewer.volume.layers import Look
from widgets.viewer.volume.planes import PlaneName
from widgets.viewer.volume.slice_view import SliceView
from widgets.viewer.volume.volume_view import VolumeView


@dataclass(frozen=True)
class Read:
    """What comes out of the thread that reads."""

    volume: Volume
    look: Look


class Own:
    """The views, the labels and the tools of the volume workspaces, in a window of their own."""

    def __init__(self) -> None:
        self.study = Study()
        self.background = Background()
        self.view = VolumeView(self.study.stack)
        self.axial: SliceView = self.view.views()[PlaneName.AXIAL]
        self.view.resize(*VIEW)
        self.view.show()
        settle()

    def about(self) -> str:
        return "Reverie, drawn by Qt's raster engine"

    def clear(self) -> None:
        self.study.close()

    def open(self, path: Path) -> None:
        def read() -> Read:
            volume = read_volume(path)
            return Read(volume, opening_look(volume))

        self.background.run(f"Opening {path.name}", read, self._take, _failed)

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

    def _take(self, read: Read) -> None:
        self.study.open(read.volume, read.look)


def _failed(why: Failure) -> None:
    raise RuntimeError(str(why))


if __name__ == "__main__":
    application = QApplication([])
    apply_theme(application, "dark")
    own = Own()
    answer(own, sys.argv[1:])
    own.background.close()

"""The part of the tour that opens a volume, paints into it, looks at it, and runs a method."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.spaces import SEGMENT
from app.window import MainWindow
from app.workspaces.segment.run_on import REGION
from app.workspaces.segment.space import SegmentSpace
from engine.data.phantoms.brain import BrainPhantom, Tissue, make_brain
from widgets.paint.labels.step import bounds
from widgets.paint.labels.tools import ToolName
from widgets.viewer.volume.arrangement import ViewLayout
from widgets.viewer.volume.box import Box, Triple
from widgets.viewer.volume.planes import PlaneName
from widgets.viewer.volume.slice_view import SliceView

# PyQt6's stubs call its functions methods.
mouse: Any = QTest
LEFT = Qt.MouseButton.LeftButton
SHAPE, SPACING_MM = (120, 152, 128), (1.5, 1.5, 1.5)
BRUSH_VOXELS = 7.0
MARGIN = 6  # voxels around what is segmented

Wait = Callable[[Callable[[], bool]], None]
Grab = Callable[[str], None]


def tour_segment(window: MainWindow, wait: Wait, grab: Grab, *, layouts: bool = False) -> None:
    """Open a phantom, paint into it, open labels, segment a region, and keep pictures.

    Args:
        wait: Until a condition holds.
        grab: Keeps a picture of the window under a name.
        layouts: Also a picture of each other layout.
    """
    window.message.dismiss()
    window.spaces.show(SEGMENT)
    space = window.spaces.segment()
    grab("segment_start")
    brain = make_brain(SHAPE, SPACING_MM)
    with tempfile.TemporaryDirectory(prefix="reverie-tour-") as folder:
        image, labels = _files(Path(folder), brain)
        window.open([image])
        wait(lambda: space.study.volume is not None)
        space.files.openLabels(labels)
        wait(lambda: bool(space.study.model.used()))
        window.message.dismiss()
        space.view.volume.setViewLayout(ViewLayout.GRID)
        space.view.volume.setCrosshair(_middle(brain, Tissue.HIPPOCAMPUS_RIGHT))
        mouse.qWait(200)
        _paint(space, brain)
        wait(lambda: not window.spaces.computing.underWay())
        # Surfaces follow a moment after the last stroke.
        mouse.qWait(900)
        wait(lambda: not window.spaces.computing.underWay())
        grab("segment")
        for layout in (ViewLayout.MAIN, ViewLayout.ONE) if layouts else ():
            space.view.volume.setViewLayout(layout)
            grab(f"segment_{layout.value}")
        _segment(window, space, brain, image, wait)
        grab("segment_run")


def _segment(
    window: MainWindow, space: SegmentSpace, brain: BrainPhantom, image: Path, wait: Wait
) -> None:
    """Run a method around a hippocampus, if there is a checkpoint for grey images."""
    found, study, panel = space.choosing.findable(), space.study, space.view.method
    if found is None or found.channels == 3:
        return
    study.close()
    window.open([image])
    wait(lambda: study.volume is not None)
    space.view.volume.setViewLayout(ViewLayout.GRID)
    space.view.volume.setCrosshair(_middle(brain, Tissue.HIPPOCAMPUS_RIGHT))
    space.view.showPanel(panel)
    mouse.mouseClick(panel.where.button(REGION), LEFT)
    box = bounds(brain.tissues == Tissue.HIPPOCAMPUS_RIGHT)
    space.placing.model.setBox(Box(_moved(box.low, -MARGIN), _moved(box.high, MARGIN)))
    panel.setValues({"votes": 1})
    wait(panel.run.isEnabled)
    mouse.mouseClick(panel.run, LEFT)
    wait(lambda: space.findings.current() is not None)
    wait(lambda: not window.spaces.computing.underWay())


def _moved(corner: Triple, by: int) -> Triple:
    d, h, w = corner
    return d + by, h + by, w + by


def _files(folder: Path, brain: BrainPhantom) -> tuple[Path, Path]:
    from engine.data.volumes.write import write_image, write_labels

    image = brain.image("T1")
    names = folder / "phantom.nii.gz", folder / "phantom_labels.nii.gz"
    write_image(names[0], image)
    write_labels(names[1], brain.labels(), image)
    return names


def _middle(brain: BrainPhantom, tissue: Tissue) -> tuple[float, float, float]:
    """The place of one of the tissue's voxels in RAS+ mm, near its middle."""
    d, h, w = (brain.tissues == tissue).nonzero()
    place = len(d) // 2
    x, y, z = brain.geometry.world(np.array((d[place], h[place], w[place])))
    return float(x), float(y), float(z)


def _paint(space: SegmentSpace, brain: BrainPhantom) -> None:
    """Along the nuclei of an axial slice, with a ball, as a new label."""
    study, view = space.study, space.view.volume.views()[PlaneName.AXIAL]
    study.table.reset(())
    study.name_used()
    for value, name in ((1, "Hippocampus left"), (2, "Hippocampus right"), (3, "Lesion")):
        study.table.change(value, name=name)
    study.editor.newLabel()
    study.table.change(study.table.active(), name="Nuclei")
    space.showing.setTool(ToolName.BRUSH.value)
    study.editor.setSize(BRUSH_VOXELS)
    study.editor.change(volume=True)
    view.setFocus()
    index = _fullest(brain, Tissue.NUCLEI)
    view.setIndex(index)
    nuclei = brain.tissues[index] == Tissue.NUCLEI
    half = nuclei.shape[1] // 2
    for side in (np.s_[:half], np.s_[half:]):
        # The middle of the nuclei, row by row.
        rows = np.flatnonzero(nuclei[:, side].any(axis=1))
        columns = [np.flatnonzero(nuclei[row, side]).mean() + (side.start or 0) for row in rows]
        points = list(zip(rows, columns, strict=True))[:: max(1, len(rows) // 12)]
        path = [_on_screen(view, index, float(row), column) for row, column in points]
        mouse.mousePress(view, LEFT, pos=path[0])
        for place in path[1:]:
            mouse.mouseMove(view, place)
            QApplication.processEvents()
        mouse.mouseRelease(view, LEFT, pos=path[-1])
        mouse.qWait(20)


def _fullest(brain: BrainPhantom, tissue: Tissue) -> int:
    return int((brain.tissues == tissue).sum(axis=(1, 2)).argmax())


def _on_screen(view: SliceView, index: int, row: float, column: float) -> QPoint:
    plane = view.plane()
    assert plane is not None, "a volume is open"
    x, y, _ = plane.point((index, row, column))
    return view.planeToView(QPointF(x, y)).toPoint()

"""Where a method runs: the slice in view, a region that is drawn or typed, or all of the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, QPointF, QRectF, pyqtSignal

from app.background import Background
from app.controllers.segment.showing import NAVIGATE, Showing
from app.errors import Teller
from app.study import Study
from app.workspaces.segment.run_on import (
    AROUND_ACTIVE,
    AROUND_LABELS,
    IN_VIEW,
    REGION,
    SLICE,
    RunOn,
)
from app.workspaces.segment.view import REGION_TOOL, SegmentView
from widgets.paint.labels.step import bounds
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.planes import PlaneName, box_at, planes_of, slice_box
from widgets.viewer.volume.region.model import RegionModel
from widgets.viewer.volume.region.overlay import RegionOverlay
from widgets.viewer.volume.region.tool import RegionTool

if TYPE_CHECKING:
    from engine.data.volumes.volume import Volume

MARGIN_VOXELS = 8
WHOLE = "the whole image"


class Placing(QObject):
    """Keeps the panel's choice, the box in the views and its numbers together."""

    changed = pyqtSignal()  # what would be run on

    def __init__(
        self, study: Study, view: SegmentView, showing: Showing, computing: Background,
        teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._study, self._view, self._showing = study, view, showing
        self._computing, self._teller = computing, teller
        self._slices, self._plane = False, ""
        self.model = RegionModel(self)
        self.tool = RegionTool(self.model)
        volume = view.volume
        volume.addOverlay(RegionOverlay(self.model), below=True)
        self.model.changed.connect(self._box_changed)
        self.model.shownChanged.connect(lambda _: volume.updateSlices())
        panel = self._panel
        panel.chosen.connect(self._chosen)
        panel.boxEdited.connect(self.model.setBox)
        panel.setRequested.connect(self._set)
        panel.draw.clicked.connect(self._draw)
        showing.toolChanged.connect(lambda name: panel.draw.setChecked(name == REGION_TOOL))
        view.tools.otherChosen.connect(lambda name: self.draw() if name == REGION_TOOL else None)
        study.opened.connect(self._opened)
        volume.crosshairMoved.connect(lambda _: self._tell())
        volume.currentChanged.connect(lambda _: self._tell())
        volume.layoutChanged.connect(lambda _: self._tell())
        self._opened()

    @property
    def _panel(self) -> RunOn:
        return self._view.method.where

    # --- what is chosen

    def box(self) -> Box:
        """The voxels to run on; empty without an image."""
        place = self._panel.place()
        if place == REGION:
            return self.model.box()
        view = self._view.volume.currentView()
        plane = view.plane()
        if place == SLICE and plane is not None:
            return slice_box(plane, view.index())
        return self.model.whole()

    def region(self) -> NDArray[np.int64] | None:
        """Low and high (2, 3) as jobs take it; None for all of the image."""
        box = self.box()
        return None if box == self.model.whole() else np.array([box.low, box.high], np.int64)

    def told(self) -> str:
        """The choice in a few words, for the list of jobs."""
        if self.region() is None:
            return WHOLE
        return self._slice_text() if self._panel.place() == SLICE else _size_text(self.box())

    def setSlices(self, slices: bool, plane: str = "") -> None:
        """Whether the checkpoint sees slices one by one, and of which plane of the patient; those
        along the array's first axis where it names none."""
        self._slices, self._plane = slices, plane
        self._tell()

    def draw(self) -> None:
        """Take the tool in hand that draws the region."""
        self._panel.setPlace(REGION)
        self._follow_place()
        self._showing.useTool(REGION_TOOL, self.tool)

    # --- inside

    def _chosen(self, place: str) -> None:
        self._follow_place()
        if place == REGION and self._study.volume is not None:
            self.draw()

    def _draw(self, on: bool) -> None:
        if on:
            self.draw()
        else:
            self._showing.setTool(NAVIGATE)

    def _follow_place(self) -> None:
        shown = self._panel.place() == REGION
        self.model.setShown(shown)
        if not shown and self._showing.tool() == REGION_TOOL:
            self._showing.setTool(NAVIGATE)
        self._tell()

    def _opened(self) -> None:
        volume = self._study.volume
        shape = None if volume is None else volume.geometry.shape
        self.model.setShape(shape)
        self._panel.setFlat(shape is not None and shape[0] == 1)
        self._follow_place()

    def _box_changed(self) -> None:
        self._panel.setBox(self.model.box(), self.model.whole())
        self._view.volume.updateSlices()
        self._tell()

    def _set(self, which: str) -> None:
        if which in (AROUND_LABELS, AROUND_ACTIVE):
            self._set_around(self._study.table.active() if which == AROUND_ACTIVE else 0)
        elif which == IN_VIEW:
            self.model.setBox(self._seen() or self.model.box())
        else:
            self.model.setBox(self.model.whole())

    def _set_around(self, label: int) -> None:
        study, image = self._study, self._study.volume
        snapshot = study.model.snapshot()
        what = study.table.name(label) if label else "any label"

        def work() -> Box:
            labels = snapshot.take()
            return bounds(labels == label if label else labels)

        def done(box: Box) -> None:
            if study.volume is not image:
                return
            if box.empty:
                self._teller.say("info", f"No voxel is painted as {what}.", "Draw the region.")
                return
            self.model.setBox(_grown(box, MARGIN_VOXELS))

        self._computing.run("Looking for labels", work, done, self._teller.failure)

    def _seen(self) -> Box | None:
        """What the view in use shows of its slices, with the slices that the region has."""
        view = self._view.volume.currentView()
        plane = view.plane()
        if plane is None:
            return None
        corners = QRectF(view.rect())
        first, last = (view.viewToPlane(at) for at in (corners.topLeft(), corners.bottomRight()))
        pixels = QRectF(QPointF(first), QPointF(last)).toRect()
        return box_at(plane, QRectF(pixels), self.model.box())

    def _tell(self) -> None:
        volume, place = self._study.volume, self._panel.place()
        if volume is None:
            self._panel.setLine("")
            self.changed.emit()
            return
        box, whole = self.box(), self.model.whole()
        text = self._slice_text() if place == SLICE else _size_text(box)
        if place == REGION:
            text += f", {np.prod(box.shape) * volume.geometry.voxel_ml:.3g} ml"
        axis, kind = self._seen_along(volume)
        if self._slices and box.shape[axis] > 1:
            text += f". Each of {box.shape[axis]} {kind} is seen by itself"
        if self._slices and place == SLICE and box.shape[axis] == whole.shape[axis] > 1:
            text += ": the checkpoint knows no other plane"
        self._panel.setLine(text + ".")
        self.changed.emit()

    def _seen_along(self, volume: Volume) -> tuple[int, str]:
        """The axis of the array along which the checkpoint's slices lie, and what they are."""
        geometry = volume.geometry
        if not (self._plane and geometry.oriented):
            return 0, "slices along k"
        name = PlaneName(self._plane)
        planes = planes_of(geometry.shape, geometry.affine, oriented=True)
        return planes[name].axis, f"{name.value} slices"

    def _slice_text(self) -> str:
        view = self._view.volume.currentView()
        plane = view.plane()
        if plane is None:
            return ""
        oriented = self._study.volume is not None and self._study.volume.geometry.oriented
        name = f"{view.name().value.capitalize()} slice" if oriented else "Slice"
        return f"{name} {view.index() + 1} of {plane.count} ({'kji'[plane.axis]} = {view.index()})"


def _grown(box: Box, by: int) -> Box:
    low, high = [a - by for a in box.low], [b + by for b in box.high]
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def _size_text(box: Box) -> str:
    d, h, w = box.shape
    return f"{w} × {h} × {d} voxels"

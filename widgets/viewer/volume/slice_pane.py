"""A slice of a stack of layers on screen: where it lies, and what is drawn; no interaction."""

from __future__ import annotations

import math
from typing import Protocol

from PyQt6.QtCore import QPointF, QRect, QRectF, pyqtSignal
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QWidget

from widgets.viewer.pane import Pane
from widgets.viewer.view import View
from widgets.viewer.volume.blending import Place, draw_blended
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.cut import Cut
from widgets.viewer.volume.decorations import EMPTY, Decorations, draw_decorations
from widgets.viewer.volume.drawn import DrawnLayer
from widgets.viewer.volume.layers import Grid, Layer, LayerKind, LayerStack
from widgets.viewer.volume.planes import Plane, PlaneName, planes_of

World = tuple[float, float, float]


class Overlay(Protocol):
    """Something that is drawn over the slices of any view."""

    def paint(self, view: SlicePane, painter: QPainter) -> None:
        """Draw in view pixels what belongs to the view's slice."""


class SlicePane(Pane):
    """Shows one plane of a stack, sliced along the grid of its lowest image."""

    indexChanged = pyqtSignal(int)
    planeChanged = pyqtSignal()  # another grid or side, or no image any more
    curtainChanged = pyqtSignal(float)

    def __init__(self, stack: LayerStack, name: PlaneName, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stack, self._name = stack, name
        self._drawn: list[DrawnLayer] = []
        self._grid: Grid | None = None
        self._plane: Plane | None = None
        self._index = 0
        self._cut: Cut | None = None
        self._crosshair: World = (0.0, 0.0, 0.0)
        self._radiological = True
        self._curtain = 0.5
        self._decorations = Decorations()
        self._placeholder = EMPTY
        self._only: Layer | None = None
        self._labels_shown = True
        self._overlays: list[Overlay] = []
        self._time: int | None = None
        self._exposed = QRect()
        self.setAccessibleName(f"{name.value.title()} slice")
        stack.changed.connect(self._follow_layers)
        stack.timeChanged.connect(self._show_cut)
        self._follow_layers()

    # --- what is shown

    def stack(self) -> LayerStack:
        return self._stack

    def name(self) -> PlaneName:
        return self._name

    def grid(self) -> Grid | None:
        """The grid that is sliced, or None without an image."""
        return self._grid

    def plane(self) -> Plane | None:
        """How slices are cut and turned, or None without an image."""
        return self._plane

    def index(self) -> int:
        """The slice's index along the array's axis, from 0."""
        return self._index

    def setIndex(self, index: int) -> None:
        """Show another slice; out of range the nearest."""
        index = min(max(index, 0), self._plane.count - 1) if self._plane else 0
        if index != self._index:
            self._index = index
            self._show_cut()
            self.indexChanged.emit(index)

    def forward(self) -> int:
        """1 where the index grows towards head, front or right, else -1."""
        if self._grid is None or self._plane is None or not self._grid.oriented:
            return 1
        low, high = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
        high[self._plane.axis] = 1.0
        world = {PlaneName.SAGITTAL: 0, PlaneName.CORONAL: 1, PlaneName.AXIAL: 2}[self._name]
        ends = [self._grid.world((at[0], at[1], at[2])) for at in (low, high)]
        return 1 if ends[1][world] > ends[0][world] else -1

    def setPlaneName(self, name: PlaneName) -> None:
        """Show another plane of the same stack."""
        if name is not self._name:
            self._name = name
            self.setAccessibleName(f"{name.value.title()} slice")
            self._show_plane()

    def isRadiological(self) -> bool:
        return self._radiological

    def setRadiological(self, on: bool) -> None:
        """Whether the patient's right is at the left of axial and coronal slices."""
        if on != self._radiological:
            self._radiological = on
            self._show_plane()

    def decorations(self) -> Decorations:
        """What is drawn around and over the slice."""
        return self._decorations

    def setDecorations(self, decorations: Decorations) -> None:
        if decorations != self._decorations:
            self._decorations = decorations
            self.update()

    def only(self) -> Layer | None:
        """The image that is shown alone."""
        return self._only

    def setOnly(self, layer: Layer | None) -> None:
        """Of images and maps show this one alone, plainly; None shows all as they lie."""
        self._only = layer
        self.update()

    def setLabelsShown(self, on: bool) -> None:
        """Whether labels are drawn in this view, where they are visible at all."""
        self._labels_shown = on
        self.update()

    def placeholder(self) -> str:
        """What the view says while there is no image."""
        return self._placeholder

    def setPlaceholder(self, text: str) -> None:
        self._placeholder = text
        self.update()

    def overlays(self) -> tuple[Overlay, ...]:
        """What else is drawn over the slice, in order."""
        return tuple(self._overlays)

    def addOverlay(self, overlay: Overlay) -> None:
        """Let something be drawn over the slice; it asks for `update` when it changes."""
        self._overlays.append(overlay)
        self.update()

    def holdTime(self, time: int | None) -> None:
        """Show this point in time, whatever the stack's; None follows the stack."""
        self._time = time
        self._show_cut()

    def curtain(self) -> float:
        """Where curtained layers begin, as a share of the view's width."""
        return self._curtain

    def setCurtain(self, share: float) -> None:
        share = min(max(share, 0.0), 1.0)
        if share != self._curtain:
            self._curtain = share
            self.update()
            self.curtainChanged.emit(share)

    # --- places

    def planeToView(self, point: QPointF) -> QPointF:
        """Plane coordinates, see `Plane`, to view pixels."""
        return self.imageToView(point)

    def viewToPlane(self, position: QPointF) -> QPointF:
        """View pixels to plane coordinates."""
        return self.viewToImage(position)

    def worldAt(self, position: QPointF) -> World | None:
        """RAS+ millimetres at a view position on this slice."""
        if self._plane is None or self._grid is None:
            return None
        point = self.viewToPlane(position)
        return self._grid.world(self._plane.voxel(point.x(), point.y(), self._index))

    def voxelAt(self, position: QPointF) -> tuple[int, int, int] | None:
        """The voxel (d, h, w) at a view position, or None outside the slice."""
        pixel = self.pixelAt(position)
        if self._plane is None or pixel is None:
            return None
        d, h, w = self._plane.voxel(pixel.x() + 0.5, pixel.y() + 0.5, self._index)
        return round(d), round(h), round(w)

    def crosshair(self) -> World:
        """RAS+ millimetres of what all views of a volume look at."""
        return self._crosshair

    def setCrosshair(self, world: World) -> None:
        """Look at a point: its slice is shown, and where it is on it."""
        self._crosshair = world
        if self._plane is not None and self._grid is not None:
            self.setIndex(round(self._grid.voxel(world)[self._plane.axis]))
        self.update()

    def crosshairPoint(self) -> QPointF | None:
        """The crosshair in plane coordinates."""
        if self._plane is None or self._grid is None:
            return None
        x, y, _ = self._plane.point(self._grid.voxel(self._crosshair))
        return QPointF(x, y)

    def mmPerPixel(self) -> float:
        """Millimetres of the patient in a view pixel."""
        if self._plane is None:
            return 1.0
        return min(self._plane.pixel_mm) / self.scale()

    def setMmPerPixel(self, millimetres: float) -> None:
        """Zoom to a scale; what is in the middle stays there."""
        if self._plane is not None:
            view = self.view()
            zoom = view.zoom * self.mmPerPixel() / millimetres
            self.setView(View(view.cx, view.cy, max(zoom, 1e-3)))

    def showLike(self, other: SlicePane) -> None:
        """Show the same part of the patient at the same scale as another view of this plane."""
        if other.view().fitted:
            self.fit()
            return
        middle = other.worldAt(QRectF(other.rect()).center())
        if self._plane is None or self._grid is None or middle is None:
            return
        x, y, _ = self._plane.point(self._grid.voxel(middle))
        width, height = self._plane.size
        zoom = self.view().zoom * self.mmPerPixel() / other.mmPerPixel()
        self.setView(View(x / width, y / height, zoom))

    def crosshairOnSlice(self) -> World:
        """The crosshair, moved onto the slice that is shown."""
        if self._plane is None or self._grid is None:
            return self._crosshair
        voxel = list(self._grid.voxel(self._crosshair))
        if round(voxel[self._plane.axis]) != self._index:
            voxel[self._plane.axis] = self._index
        return self._grid.world((voxel[0], voxel[1], voxel[2]))

    # --- following the stack

    def updatePlane(self, rect: QRectF | None = None) -> None:
        """Repaint a part (plane coordinates; default: all)."""
        if rect is None:
            self.update()
            return
        self.update(self.transform().mapRect(rect).adjusted(-2, -2, 2, 2).toAlignedRect())

    def _follow_layers(self) -> None:
        kept = {id(drawn.layer): drawn for drawn in self._drawn}
        self._drawn = [
            kept.pop(id(layer)) if id(layer) in kept else self._follow(layer)
            for layer in self._stack
        ]
        for drawn in kept.values():
            drawn.layer.lookChanged.disconnect(self._look_changed)
            drawn.layer.dataChanged.disconnect(self._data_changed)
        reference = self._stack.reference()
        grid = reference.grid if reference is not None else None
        if grid is not self._grid:
            same = grid is not None and self._grid is not None and grid.same(self._grid)
            self._grid = grid
            self._show_plane(keep=same)
        self.update()

    def _follow(self, layer: Layer) -> DrawnLayer:
        layer.lookChanged.connect(self._look_changed)
        layer.dataChanged.connect(self._data_changed)
        return DrawnLayer(layer)

    def _show_plane(self, *, keep: bool = True) -> None:
        """Slice the grid anew; `keep`: look at the same point, else at its middle."""
        grid = self._grid
        if grid is None:
            self._plane = None
            self._index = 0
            self.setImageSize(0, 0)
        else:
            planes = planes_of(
                grid.shape, grid.affine, oriented=grid.oriented, radiological=self._radiological
            )
            plane = planes[self._name]
            if not keep:
                d, h, w = grid.shape
                self.fit()
                self._crosshair = grid.world((d // 2, h // 2, w // 2))
            self._plane = plane
            self._index = round(grid.voxel(self._crosshair)[plane.axis])
            self._index = min(max(self._index, 0), plane.count - 1)
            self.setImageSize(*plane.size)
            self.setPixelSize(*plane.pixel_mm)
        self._show_cut()
        self.planeChanged.emit()
        self.indexChanged.emit(self._index)

    def _show_cut(self) -> None:
        if self._plane is None or self._grid is None:
            self._cut = None
        else:
            time = self._stack.time() if self._time is None else self._time
            self._cut = Cut(self._plane, self._grid, self._index, time)
        self.update()

    def _drawn_by(self, layer: object) -> DrawnLayer | None:
        return next((drawn for drawn in self._drawn if drawn.layer is layer), None)

    def _look_changed(self) -> None:
        drawn = self._drawn_by(self.sender())
        if drawn is not None:
            drawn.recolour()
            self.update()

    def _data_changed(self, box: Box) -> None:
        drawn = self._drawn_by(self.sender())
        if drawn is None or self._cut is None:
            return
        rect = drawn.touch(box, self._cut)
        if not rect.isEmpty() and drawn.layer.look.visible:
            self.updateImage(rect)

    # --- painting

    def showsGrid(self) -> bool:
        return False

    def paintEvent(self, event: QPaintEvent | None) -> None:
        if event is not None:
            self._exposed = event.rect()
            super().paintEvent(event)

    def paintImage(self, painter: QPainter, source: QRectF) -> None:
        if self._cut is None:
            return
        place = Place(
            self._exposed, self.size(), source, self.deviceScale(), self.devicePixelRatioF(),
            self._curtain * self.width(),
        )  # fmt: skip
        for drawn in self._drawn:
            layer = drawn.layer
            if layer is self._only:
                drawn.draw(painter, self._cut, source, place.scale)
            elif self._is_drawn(layer):
                draw_blended(painter, drawn, self._cut, place)

    def _is_drawn(self, layer: Layer) -> bool:
        labels = layer.kind is LayerKind.LABELS
        chosen = self._labels_shown if labels else self._only is None
        return chosen and layer.look.visible and layer.look.opacity > 0

    def paintOverlay(self, painter: QPainter) -> None:
        draw_decorations(painter, self, self._decorations)
        if self._plane is not None:
            for overlay in self._overlays:
                overlay.paint(self, painter)

    def sliceText(self) -> str:
        """The slice's place in mm with the letter of its side, or its number alone."""
        if self._plane is None or self._grid is None or not self._grid.oriented:
            return ""
        world = {PlaneName.SAGITTAL: 0, PlaneName.CORONAL: 1, PlaneName.AXIAL: 2}[self._name]
        width, height = self._plane.size
        middle = self._plane.voxel(width / 2, height / 2, self._index)
        value = self._grid.world(middle)[world]
        letter = ("RL", "AP", "SI")[world][0 if value >= 0 else 1]
        return f"{letter} {math.fabs(value):.1f} mm"

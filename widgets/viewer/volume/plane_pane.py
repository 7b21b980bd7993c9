"""A pane that shows slices of a grid: which one, which way round, and where they lie."""

from __future__ import annotations

import math

from PyQt6.QtCore import QPointF, QRectF, pyqtSignal
from PyQt6.QtWidgets import QWidget

from widgets.viewer.pane import Pane
from widgets.viewer.view import View
from widgets.viewer.volume.layers import Grid
from widgets.viewer.volume.planes import Plane, PlaneName, planes_of

World = tuple[float, float, float]
# The coordinate of the patient that a plane cuts, of x, y, z.
CUTS = {PlaneName.SAGITTAL: 0, PlaneName.CORONAL: 1, PlaneName.AXIAL: 2}


class PlanePane(Pane):
    """Slices of a grid along one plane, with the places on them; draws nothing yet."""

    indexChanged = pyqtSignal(int)
    planeChanged = pyqtSignal()  # another grid or side, or no image any more

    def __init__(self, name: PlaneName, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._grid: Grid | None = None
        self._plane: Plane | None = None
        self._index = 0
        self._crosshair: World = (0.0, 0.0, 0.0)
        self._radiological = True
        self.setAccessibleName(f"{name.value.title()} slice")

    # --- what is shown

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
            self.sliceMoved()
            self.indexChanged.emit(index)

    def forward(self) -> int:
        """1 where the index grows towards head, front or right, else -1."""
        if self._grid is None or self._plane is None or not self._grid.oriented:
            return 1
        low, high = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
        high[self._plane.axis] = 1.0
        world = CUTS[self._name]
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

    def setGrid(self, grid: Grid | None) -> None:
        """Slice another grid, from its middle on unless its voxels are those of the one before."""
        if grid is not self._grid:
            same = grid is not None and self._grid is not None and grid.same(self._grid)
            self._grid = grid
            self._show_plane(keep=same)

    def sliceMoved(self) -> None:
        """Called after another slice, plane or grid is shown."""

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
        self.sliceMoved()
        self.planeChanged.emit()
        self.indexChanged.emit(self._index)

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

    def showLike(self, other: PlanePane) -> None:
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

    def updatePlane(self, rect: QRectF | None = None) -> None:
        """Repaint a part (plane coordinates; default: all)."""
        if rect is None:
            self.update()
            return
        self.update(self.transform().mapRect(rect).adjusted(-2, -2, 2, 2).toAlignedRect())

    def sliceText(self) -> str:
        """The slice's place in mm with the letter of its side, or its number alone."""
        if self._plane is None or self._grid is None or not self._grid.oriented:
            return ""
        world = CUTS[self._name]
        width, height = self._plane.size
        middle = self._plane.voxel(width / 2, height / 2, self._index)
        value = self._grid.world(middle)[world]
        letter = ("RL", "AP", "SI")[world][0 if value >= 0 else 1]
        return f"{letter} {math.fabs(value):.1f} mm"

"""Everything that painting labels needs, apart from the views it is done in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from widgets.paint.labels.ink import Ink, erasing, painting
from widgets.paint.labels.model import LabelModel
from widgets.paint.labels.settings import LARGEST, SMALLEST, PaintSettings, Unit, stepped
from widgets.paint.labels.stamp import Footprint
from widgets.paint.labels.table import LabelTable
from widgets.paint.labels.tools import LabelTool, ToolName
from widgets.paint.labels.tools_area import Lasso, Polygon
from widgets.paint.labels.tools_brush import Adaptive, Brush, Eraser
from widgets.paint.labels.tools_path import Line, Vessel
from widgets.paint.labels.tools_point import Fill, Picker
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.layers import Grid, Layer
from widgets.viewer.volume.planes import Plane

_SIZE_SHOWN_MS = 1200


class LabelEditor(QObject):
    """The labels, their table, the tools with their settings, and which tool is in hand."""

    toolChanged = pyqtSignal(object)  # ToolName
    settingsChanged = pyqtSignal()
    statusChanged = pyqtSignal(str)  # a short text for the status bar
    borderChanged = pyqtSignal()  # a polygon or lasso began or ended: `busy` tells which
    # The voxel (d, h, w), FillBy, tolerance in stored values, Ink: fill what is connected to the
    # voxel through slices, and hand the area to `write`.
    fillRequested = pyqtSignal(object, object, float, object)

    def __init__(
        self, model: LabelModel, table: LabelTable | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.model = model
        self.table = table or LabelTable(parent=self)
        self.settings = PaintSettings()
        self._layer: Layer | None = None
        self._time = 0
        self._spacing = (1.0, 1.0, 1.0)
        self._last = self.table.active()
        self._tools: dict[ToolName, LabelTool] = {
            ToolName.BRUSH: Brush(self),
            ToolName.ERASER: Eraser(self),
            ToolName.ADAPTIVE: Adaptive(self),
            ToolName.FILL: Fill(self),
            ToolName.PICKER: Picker(self),
            ToolName.POLYGON: Polygon(self),
            ToolName.LASSO: Lasso(self),
            ToolName.LINE: Line(self),
            ToolName.VESSEL: Vessel(self),
        }
        self._tool = ToolName.NAVIGATE
        self._painter = ToolName.BRUSH
        self._size_timer = QTimer(self)
        self._size_timer.setSingleShot(True)
        self._size_timer.setInterval(_SIZE_SHOWN_MS)
        self._size_timer.timeout.connect(self._refresh)
        self.table.activeChanged.connect(self._active_moved)
        self.table.changed.connect(self._refresh)
        model.historyChanged.connect(self._history_moved)

    # --- what is painted on

    def setGrid(self, grid: Grid) -> None:
        """Tell where the voxels lie, for sizes in millimetres."""
        columns = np.linalg.norm(grid.affine[:3, :3], axis=0)
        self._spacing = (float(columns[2]), float(columns[1]), float(columns[0]))
        self._refresh()

    def setImage(self, layer: Layer | None, time: int = 0) -> None:
        """The image whose intensities limit painting and guide the edge brush and fills.

        One of another shape than the labels, or of colours, counts as none.
        """
        usable = layer is not None and layer.grid.shape == self.model.shape
        if layer is not None and usable and layer.channels != "rgb":
            self._layer, self._time = layer, min(time, len(layer.array) - 1)
        else:
            self._layer, self._time = None, 0

    @property
    def image(self) -> NDArray[Any] | None:
        """The values (D, H, W) as stored, or None."""
        return None if self._layer is None else self._layer.array[self._time]

    def fits(self, plane: Plane) -> bool:
        """Whether a view shows the labels' grid; says so if it does not."""
        if plane.shape != self.model.shape:
            self.statusChanged.emit("This image and the mask have different grids")
            return False
        return True

    # --- tools

    def tool(self) -> ToolName:
        return self._tool

    def setTool(self, name: ToolName) -> None:
        """Take a tool in hand; a stroke under way is abandoned."""
        if name is self._tool:
            return
        self.cancel()
        if self._tool not in (ToolName.PICKER, ToolName.NAVIGATE):
            self._painter = self._tool
        self._tool = name
        self.toolChanged.emit(name)
        self.settingsChanged.emit()  # each tool has a size of its own

    def sliceTool(self) -> LabelTool | None:
        """What views are given; None to navigate."""
        return self._tools.get(self._tool)

    def busy(self) -> bool:
        """Whether a stroke is under way."""
        tool = self.sliceTool()
        return tool is not None and tool.busy

    def cancel(self) -> None:
        """Abandon the stroke under way."""
        tool = self.sliceTool()
        if tool is not None and tool.busy:
            tool.cancel()

    def undo(self) -> None:
        """Take back the last step; during a stroke, the stroke (or a polygon's last corner)."""
        tool = self.sliceTool()
        if tool is not None and tool.busy:
            tool.back()
        else:
            self.model.undo()

    def redo(self) -> None:
        if not self.busy():
            self.model.redo()

    # --- settings

    def change(self, **fields: Any) -> None:
        """Change some of the settings.

        Raises:
            ValueError: a size is out of range.
        """
        new = replace(self.settings, **fields)
        if new != self.settings:
            self.settings = new
            self._refresh()
            self.settingsChanged.emit()

    def size(self) -> float:
        """The diameter of the tool in hand."""
        erasing = self._tool is ToolName.ERASER
        return self.settings.eraser if erasing else self.settings.brush

    def setSize(self, size: float) -> None:
        """Set the diameter of the tool in hand, kept in range; whole numbers in voxels."""
        voxels = self.settings.unit is Unit.VOXELS
        size = max(1.0, round(size)) if voxels else round(size, 1)
        size = min(max(size, SMALLEST), LARGEST)
        self._size_timer.start()
        self.change(**{"eraser" if self._tool is ToolName.ERASER else "brush": size})

    def setUnit(self, unit: Unit) -> None:
        """Measure sizes in another unit; the tools stay about as large as they are."""
        if unit is self.settings.unit:
            return
        step = min(self._spacing)
        factor = step if unit is Unit.MILLIMETRES else 1 / step
        least, digits = (0.1, 1) if unit is Unit.MILLIMETRES else (1.0, None)
        sizes = {}
        for name in ("brush", "eraser", "vessel_end"):
            size = float(round(getattr(self.settings, name) * factor, digits))
            sizes[name] = min(max(size, least), LARGEST)
        self.change(unit=unit, **sizes)

    def stepSize(self, steps: int) -> None:
        """Make the tool in hand larger or smaller by about a tenth a step."""
        self.setSize(stepped(self.size(), steps, self.settings.unit))
        self._refresh()

    def isSizeShown(self) -> bool:
        """Whether the size was changed just now, and is written at the pointer."""
        return self._size_timer.isActive()

    def vesselEnd(self) -> float:
        """The diameter at a vessel's end."""
        return self.settings.vessel_end

    def unit_mm(self, plane: Plane) -> float:
        """Millimetres of one unit of size on a plane."""
        return plane.pixel_mm[0] if self.settings.unit is Unit.VOXELS else 1.0

    def footprint(self, plane: Plane, size: float | None = None) -> Footprint:
        """What the tool in hand covers on a plane."""
        settings, radius = self.settings, (self.size() if size is None else size) / 2
        in_mm = settings.unit is Unit.MILLIMETRES
        d, h, w = (radius / step if in_mm else radius for step in self._spacing)
        return Footprint((d, h, w), plane.axis, settings.volume, settings.square)

    def stored_tolerance(self) -> float:
        """The fill's tolerance in the image's stored values."""
        slope = 1.0 if self._layer is None else self._layer.slope or 1.0
        return abs(self.settings.tolerance / slope)

    # --- writing

    def ink(self) -> Ink | None:
        """The active label under all limits; None, with a word, when it is locked."""
        if self._refused(self.table.active()):
            return None
        label = self.table.label(self.table.active())
        if label is not None and not label.visible:
            self.statusChanged.emit(f"{label.name} is hidden: what you paint does not show")
        return painting(self.settings, self.table, self._layer, self._time)

    def eraser(self, only_active: bool) -> Ink | None:
        """Background over the active label, or over all, but never over locked ones."""
        active = self.table.active() or self._last
        if only_active and self._refused(active):
            return None
        return erasing(self.table, active if only_active else None)

    def begin(self, plane: Plane, name: str) -> bool:
        """Start a step of the model; False, with a word, when the view shows another grid."""
        if not self.fits(plane) or self.model.isEditing():
            return False
        self.model.begin(name)
        return True

    def write(self, box: Box, stencil: NDArray[np.bool_], ink: Ink, name: str) -> bool:
        """Write an area as one step; False when that changes nothing."""
        self.cancel()
        self.model.begin(name)
        self.model.paint(box, stencil, ink.value, ink.rule)
        return self.model.commit()

    # --- labels

    def pick(self, value: int) -> None:
        """Paint with this label, which is added if the table lacks it, with the last tool."""
        if value and self.table.label(value) is None:
            self.table.add(value=value)
        self.table.setActive(value)
        if self._tool is ToolName.PICKER:
            self.setTool(self._painter)
        self.statusChanged.emit(f"Painting {self.table.name(value)}")

    def newLabel(self) -> None:
        """Add a label and paint with it."""
        self.table.setActive(self.table.add().value)

    def swapBackground(self) -> None:
        """Paint background instead of the active label, or the label again."""
        if self.table.active():
            self.table.setActive(0)
        elif self.table.label(self._last) is not None:
            self.table.setActive(self._last)
        else:
            self.table.next()

    # --- inside

    def _refused(self, label: int) -> bool:
        """Whether a label is locked; says so if it is."""
        locked = label in self.table.locked()
        if locked:
            self.statusChanged.emit(f"{self.table.name(label)} is locked")
        return locked

    def _active_moved(self, value: int) -> None:
        self._last = value or self._last
        self._refresh()

    def _history_moved(self) -> None:
        # Labels that come from elsewhere end a stroke in the model; the tool has to know.
        tool = self.sliceTool()
        if tool is not None and tool.busy and tool.edits and not self.model.isEditing():
            tool.cancel()

    def _refresh(self) -> None:
        tool = self.sliceTool()
        if tool is not None:
            tool.refresh()

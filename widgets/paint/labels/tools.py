"""The tools that paint labels into slices: their names, and what they have in common."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QTransform

from widgets.paint.tools.base import ToolInfo

if TYPE_CHECKING:
    from widgets.paint.labels.editor import LabelEditor
    from widgets.viewer.volume.slice_view import SliceView
    from widgets.viewer.volume.tool import Pointer

DARK = QColor(0, 0, 0, 210)
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


class ToolName(Enum):
    """The tools of the label editor; values are stable names for settings."""

    NAVIGATE = "navigate"
    BRUSH = "brush"
    ERASER = "eraser"
    ADAPTIVE = "adaptive"
    FILL = "fill"
    PICKER = "picker"
    POLYGON = "polygon"
    LASSO = "lasso"
    LINE = "line"
    VESSEL = "vessel"


INFO: dict[ToolName, ToolInfo] = {
    ToolName.NAVIGATE: ToolInfo(
        "Navigate", "mdi6.cursor-default-outline", "Click to move the crosshair, drag to look"
    ),
    ToolName.BRUSH: ToolInfo(
        "Brush", "mdi6.brush", "Drag to paint; right-drag erases the active label"
    ),
    ToolName.ERASER: ToolInfo(
        "Eraser", "mdi6.eraser", "Drag to erase; right-drag erases the active label only"
    ),
    ToolName.ADAPTIVE: ToolInfo(
        "Edge brush", "mdi6.auto-fix", "Drag to paint what looks like the brush's middle"
    ),
    ToolName.FILL: ToolInfo(
        "Fill", "mdi6.format-color-fill", "Click to fill an area; right-click empties one"
    ),
    ToolName.PICKER: ToolInfo(
        "Picker", "mdi6.eyedropper", "Click a label to paint with it"
    ),
    ToolName.POLYGON: ToolInfo(
        "Polygon", "mdi6.vector-polygon",
        "Click corners or drag; right-click takes the last back, Enter or double-click closes, "
        "Esc cancels",
    ),
    ToolName.LASSO: ToolInfo(
        "Lasso", "mdi6.lasso", "Drag around an area; right-drag erases the active label in it"
    ),
    ToolName.LINE: ToolInfo(
        "Line", "mdi6.vector-line", "Drag a straight stroke; Shift snaps to 15°"
    ),
    ToolName.VESSEL: ToolInfo(
        "Vessel", "mdi6.source-branch", "Drag along a vessel: smooth, tapering to its end"
    ),
}  # fmt: skip


class LabelTool:
    """A `SliceTool` that does nothing yet; it knows where the pointer is and whose stroke runs.

    A stroke belongs to the view that it began in.
    """

    edits = True  # whether a step of the model is under way while the tool is busy

    def __init__(self, editor: LabelEditor) -> None:
        self.editor = editor
        self._over: SliceView | None = None
        self._pointer: Pointer | None = None
        self._held: SliceView | None = None

    @property
    def busy(self) -> bool:
        """Whether a stroke is under way, across several clicks if need be."""
        return self._held is not None

    # --- what a view tells

    def press(self, view: SliceView, pointer: Pointer) -> bool:
        self.follow(view, pointer)
        return False

    def move(self, view: SliceView, pointer: Pointer) -> None:
        self.follow(view, pointer)

    def release(self, view: SliceView, pointer: Pointer) -> None:
        self.follow(view, pointer)

    def double(self, view: SliceView, pointer: Pointer) -> bool:
        # The second press of two quick strokes arrives as a double click.
        return self.press(view, pointer)

    def wheel(self, view: SliceView, pointer: Pointer, notches: float) -> bool:
        return False

    def key(self, view: SliceView, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        if key == Qt.Key.Key_Escape and self.busy:
            self.cancel()
            return True
        return False

    def leave(self, view: SliceView) -> None:
        if self._over is view:
            self.refresh()
            self._over = None

    def scrolled(self, view: SliceView) -> None:
        plane = view.plane()
        if self._pointer is not None and view is self._over and plane is not None:
            self._pointer = replace(self._pointer, plane=plane, index=view.index())

    def paint(self, view: SliceView, painter: QPainter) -> None:
        """Nothing to draw."""

    def cursor(self, view: SliceView) -> Qt.CursorShape:
        return Qt.CursorShape.CrossCursor

    # --- for the editor

    def cancel(self) -> None:
        """Abandon the stroke under way."""
        self._held = None
        self.editor.model.cancel()
        self.refresh()

    def back(self) -> None:
        """Undo while busy."""
        self.cancel()

    def refresh(self) -> None:
        """Draw the cursor and the guides anew."""
        for view in {self._over, self._held} - {None}:
            if view is not None and not sip.isdeleted(view):
                view.update()

    def follow(self, view: SliceView, pointer: Pointer) -> None:
        """Remember where the pointer is, and draw it there."""
        if self._over is not view:
            self.refresh()
        self._over, self._pointer = view, pointer


def to_view(view: SliceView) -> QTransform:
    """Plane coordinates to view pixels."""
    origin = view.planeToView(QPointF(0, 0))
    x, y = view.planeToView(QPointF(1, 0)) - origin, view.planeToView(QPointF(0, 1)) - origin
    return QTransform(x.x(), x.y(), y.x(), y.y(), origin.x(), origin.y())


def pens(colour: QColor, width: float = 1.4) -> tuple[QPen, QPen]:
    """A colour within dark, so that it is seen on black and on white."""
    return QPen(DARK, width + 1.8), QPen(colour, width)

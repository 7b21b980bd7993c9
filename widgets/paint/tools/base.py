"""What a drawing tool is, and what it may ask of the canvas it works on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QPainter, QTransform

from widgets.paint.mask_model import MaskModel

MAX_SIZE = 400


class Tool(Enum):
    """The tools of the canvas; values are stable names for settings."""

    BRUSH = "brush"
    ERASER = "eraser"
    VESSEL = "vessel"
    LINE = "line"
    POLYGON = "polygon"
    FILL = "fill"
    NAVIGATE = "navigate"


@dataclass(frozen=True)
class ToolInfo:
    """How a tool presents itself."""

    label: str
    icon: str
    hint: str


INFO: dict[Tool, ToolInfo] = {
    Tool.BRUSH: ToolInfo("Brush", "mdi6.brush", "Drag to draw; right-drag erases"),
    Tool.ERASER: ToolInfo("Eraser", "mdi6.eraser", "Drag to erase"),
    Tool.VESSEL: ToolInfo(
        "Vessel", "mdi6.source-branch", "Drag along a vessel: smooth, tapering to its end"
    ),
    Tool.LINE: ToolInfo("Line", "mdi6.vector-line", "Drag a straight line; Shift snaps to 15°"),
    Tool.POLYGON: ToolInfo(
        "Polygon",
        "mdi6.vector-polygon",
        "Click corners; right-click takes the last back, Enter or double-click closes, Esc cancels",
    ),
    Tool.FILL: ToolInfo(
        "Fill", "mdi6.format-color-fill", "Click to fill an area; right-click empties one"
    ),
    Tool.NAVIGATE: ToolInfo("Navigate", "mdi6.hand-back-right-outline", "Drag to pan"),
}

SIZED = (Tool.BRUSH, Tool.ERASER, Tool.VESSEL, Tool.LINE)


@dataclass
class StrokeSettings:
    """Widths in image pixels; brush and eraser keep their own."""

    brush: int = 5
    eraser: int = 14
    vessel_start: int = 7
    vessel_end: int = 2


class ToolHost(Protocol):
    """The canvas as a tool sees it."""

    model: MaskModel
    settings: StrokeSettings

    def scale(self) -> float:
        """View pixels per image pixel."""

    def refreshOverlay(self) -> None:
        """Repaint what tools draw above the image."""


class ToolHandler:
    """One tool's reaction to the pointer; positions are in image coordinates.

    A handler is `active` from the start of a stroke to its end, across several clicks if need be.
    """

    clicks = False  # whether a stroke spans several clicks, and Enter ends it

    def __init__(self, host: ToolHost) -> None:
        self.host = host

    @property
    def active(self) -> bool:
        return self.host.model.isEditing()

    def press(self, point: QPointF, button: Qt.MouseButton) -> None:
        """A button went down."""

    def move(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """The pointer moved, with or without a button held."""

    def release(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """The button that was pressed went up."""

    def finish(self) -> None:
        """Enter or a double click."""

    def back(self) -> None:
        """Undo while active."""
        self.cancel()

    def cancel(self) -> None:
        """Abandon the stroke."""
        self.host.model.cancel()

    def paint(self, painter: QPainter, transform: QTransform) -> None:
        """Draw guides in view coordinates; `transform` maps image to view."""

"""A mask view that is drawn upon: tools, their widths, the pointer and its cursor."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent, QPointF, Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent, QPainter, QWheelEvent
from PyQt6.QtWidgets import QWidget

from widgets.paint.cursor import cursor_rect, draw_cursor
from widgets.paint.mask_model import MaskModel
from widgets.paint.mask_view import MaskView
from widgets.paint.tools.base import INFO, MAX_SIZE, SIZED, StrokeSettings, Tool, ToolHandler
from widgets.paint.tools.fill import Fill
from widgets.paint.tools.freehand import Freehand
from widgets.paint.tools.path import Line, Vessel
from widgets.paint.tools.polygon import Polygon

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


class DrawingView(MaskView):
    """Turns the pointer into strokes of the current tool."""

    strokeStarted = pyqtSignal()
    strokeMoved = pyqtSignal()
    strokeFinished = pyqtSignal()
    toolChanged = pyqtSignal(Tool)
    brushSizeChanged = pyqtSignal(int)  # of the current tool
    vesselEndChanged = pyqtSignal(int)
    statusChanged = pyqtSignal(str)

    def __init__(self, model: MaskModel, parent: QWidget | None = None) -> None:
        super().__init__(model, parent)
        self.settings = StrokeSettings()
        self._tool = Tool.BRUSH
        self._eraser = Freehand(self, 0)
        self._handlers: dict[Tool, ToolHandler] = {
            Tool.BRUSH: Freehand(self, 1),
            Tool.ERASER: self._eraser,
            Tool.VESSEL: Vessel(self),
            Tool.LINE: Line(self),
            Tool.POLYGON: Polygon(self),
            Tool.FILL: Fill(self),
            Tool.NAVIGATE: ToolHandler(self),
        }
        self._held: tuple[ToolHandler, Qt.MouseButton] | None = None
        self._pointer: QPointF | None = None
        self.refreshCursor()

    # --- tools

    def tool(self) -> Tool:
        return self._tool

    def setTool(self, tool: Tool) -> None:
        """Change the tool; ignored while a button is held, and cancels an open polygon."""
        if tool == self._tool or self._held is not None:
            return
        self.cancelStroke()
        self._tool = tool
        self.refreshCursor()
        self.refreshOverlay()
        self.toolChanged.emit(tool)
        self.statusChanged.emit(f"{INFO[tool].label}: {INFO[tool].hint}")
        if tool in SIZED:
            self.brushSizeChanged.emit(self.brushSize())

    def setStrokeDefaults(self, brush: int, eraser: int, start: int, end: int) -> None:
        """Set all widths at once, in image pixels."""
        sizes = (min(max(value, 1), MAX_SIZE) for value in (brush, eraser, start, end))
        self.settings = StrokeSettings(*sizes)
        self.refreshOverlay()
        self.brushSizeChanged.emit(self.brushSize())
        self.vesselEndChanged.emit(self.settings.vessel_end)

    def brushSize(self) -> int:
        """The current tool's width in image pixels; for a vessel, at its start."""
        return int(getattr(self.settings, self._size_field()))

    def setBrushSize(self, size: int) -> None:
        size = min(max(size, 1), MAX_SIZE)
        if size != self.brushSize():
            setattr(self.settings, self._size_field(), size)
            self.refreshOverlay()
            self.brushSizeChanged.emit(size)

    def stepBrushSize(self, steps: int) -> None:
        """Grow or shrink by about a tenth, at least by one pixel."""
        size = self.brushSize()
        for _ in range(abs(steps)):
            size += max(1, size // 10) if steps > 0 else -max(1, size // 11)
        self.setBrushSize(size)

    def vesselEnd(self) -> int:
        return self.settings.vessel_end

    def setVesselEnd(self, width: int) -> None:
        """The width at the end of a vessel stroke, in image pixels."""
        width = min(max(width, 1), MAX_SIZE)
        if width != self.settings.vessel_end:
            self.settings.vessel_end = width
            self.vesselEndChanged.emit(width)

    def cursorDiameter(self) -> float:
        """The cursor circle's diameter in view pixels; 0 for tools without one."""
        erasing = self._is_erasing()
        if self._tool not in SIZED:
            return 0.0
        return (self.settings.eraser if erasing else self.brushSize()) * self.scale()

    def _size_field(self) -> str:
        fields = {Tool.ERASER: "eraser", Tool.VESSEL: "vessel_start"}
        return fields.get(self._tool, "brush")

    def _is_erasing(self) -> bool:
        held = self._held
        return self._tool is Tool.ERASER or (held is not None and held[0] is self._eraser)

    # --- strokes

    def cancelStroke(self) -> bool:
        """Abandon an unfinished stroke; False when there was none."""
        handler = self.activeHandler()
        if handler is None:
            return False
        self.drive(handler, handler.cancel)
        return True

    def activeHandler(self) -> ToolHandler | None:
        """The handler with a stroke under way."""
        handler = self._held[0] if self._held is not None else self._handlers[self._tool]
        return handler if handler.active else None

    def drive(self, handler: ToolHandler, act: Callable[[], None]) -> None:
        """Let a handler act, and tell when that starts, moves or ends a stroke."""
        before = handler.active
        act()
        after = handler.active
        if after and not before:
            self.strokeStarted.emit()
        elif before and after:
            self.strokeMoved.emit()
        elif before:
            self.strokeFinished.emit()

    def isNavigating(self) -> bool:
        return self._tool is Tool.NAVIGATE

    # --- the pointer

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or self._held is not None:
            return
        button = event.button()
        if button not in (LEFT, RIGHT) or (button == LEFT and self.isSpaceHeld()):
            super().mousePressEvent(event)
        elif self.isNavigating():
            if button == LEFT:
                self.beginPan(event.position())
        elif not self.isPanning():
            self._press(self.viewToImage(event.position()), button)

    def _press(self, point: QPointF, button: Qt.MouseButton) -> None:
        handler = self._handlers[self._tool]
        if button == RIGHT and self._tool in SIZED:
            handler = self._eraser
        if not self.isMaskVisible():
            self.setMaskVisible(True)  # nobody can draw blind
        self._held = (handler, button)
        self.drive(handler, lambda: handler.press(point, button))
        self.refreshOverlay()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        super().mouseMoveEvent(event)
        self._point_at(event.position())
        handler = self._held[0] if self._held is not None else self._handlers[self._tool]
        if handler.active and not self.isPanning():
            point, modifiers = self.viewToImage(event.position()), event.modifiers()
            self.drive(handler, lambda: handler.move(point, modifiers))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        super().mouseReleaseEvent(event)
        if self._held is None or self._held[1] != event.button():
            return
        handler = self._held[0]
        point, modifiers = self.viewToImage(event.position()), event.modifiers()
        self.drive(handler, lambda: handler.release(point, modifiers))
        self._held = None
        self.refreshOverlay()

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        handler = self._handlers[self._tool]
        if self._tool is Tool.POLYGON and event.button() == LEFT and handler.active:
            self.drive(handler, handler.finish)
        else:
            super().mouseDoubleClickEvent(event)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is None:
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._tool in SIZED:
            # Some platforms turn a wheel with Shift into a sideways one.
            delta = event.angleDelta().y() or event.angleDelta().x()
            self.stepBrushSize((delta > 0) - (delta < 0))
            event.accept()
        else:
            super().wheelEvent(event)

    def leaveEvent(self, event: QEvent | None) -> None:
        super().leaveEvent(event)
        self._point_at(None)

    # --- the cursor and guides

    def restCursor(self) -> Qt.CursorShape:
        if self._tool in SIZED:
            return Qt.CursorShape.BlankCursor
        if self._tool is Tool.NAVIGATE:
            return Qt.CursorShape.OpenHandCursor
        return Qt.CursorShape.CrossCursor

    def refreshOverlay(self) -> None:
        """Repaint cursor and guides."""
        self.update()

    def paintOverlay(self, painter: QPainter) -> None:
        super().paintOverlay(painter)
        self._handlers[self._tool].paint(painter, self.transform())
        if self._tool not in SIZED or self.isPanning() or self.isSpaceHeld():
            return
        if self._pointer is not None:
            draw_cursor(painter, self._pointer, self.cursorDiameter(), self._is_erasing())

    def _point_at(self, position: QPointF | None) -> None:
        for point in (self._pointer, position):
            if point is not None and self._tool in SIZED:
                self.update(cursor_rect(point, self.cursorDiameter()))
        self._pointer = position

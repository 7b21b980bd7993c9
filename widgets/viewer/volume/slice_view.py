"""A slice view that tools work in, and that scrolls, zooms, windows and navigates without one."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QPointF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QWheelEvent,
)
from PyQt6.QtWidgets import QApplication, QWidget

from widgets.viewer.volume.gestures import (
    CURTAIN_REACH,
    Gesture,
    MoveCurtain,
    Navigate,
    Windowing,
    windowed_layer,
)
from widgets.viewer.volume.layers import Blend, Layer, LayerStack
from widgets.viewer.volume.planes import PlaneName
from widgets.viewer.volume.slice_pane import SlicePane
from widgets.viewer.volume.tool import Pointer, SliceTool

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.MouseButton.NoButton
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NOTCH = 120.0
STEPS = {
    Qt.Key.Key_PageUp: 1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_PageDown: -1,
    Qt.Key.Key_Left: -1,
}


class SliceView(SlicePane):
    """One plane of a stack, to look at and to work in.

    The wheel and PgUp, PgDn, Left and Right change the slice, Home and End go to the last ones.
    Without a tool, or for what it does not take: left sets the crosshair, right-drag changes window
    and level (so does left in window mode), Ctrl+double-click resets them. Shift+move moves the
    crosshair whatever the tool.
    """

    pointerMoved = pyqtSignal(object)  # the voxel (d, h, w) under the pointer, or None
    crosshairMoved = pyqtSignal(object)  # RAS+ mm, by the user
    windowChanged = pyqtSignal(object)  # the layer, by a drag
    activated = pyqtSignal()  # the pointer or the keys are in this view

    def __init__(self, stack: LayerStack, name: PlaneName, parent: QWidget | None = None) -> None:
        super().__init__(stack, name, parent)
        self._tool: SliceTool | None = None
        self._held = NONE
        self._gesture: Gesture | None = None
        self._windowing = False
        self._notches = 0.0
        self._last = QPointF()
        self._voxel: tuple[int, int, int] | None = None
        self.indexChanged.connect(self._scrolled)

    # --- tool and mode

    def tool(self) -> SliceTool | None:
        return self._tool

    def setTool(self, tool: SliceTool | None) -> None:
        """Hand the pointer to a tool; None navigates."""
        if tool is not self._tool:
            before, self._tool = self._tool, tool
            self._held, self._gesture = NONE, None
            if before is not None:
                before.leave(self)
            self.refreshCursor()
            self.update()

    def isWindowMode(self) -> bool:
        return self._windowing

    def setWindowMode(self, on: bool) -> None:
        """Whether a left-drag that no tool takes changes window and level."""
        self._windowing = on
        self.refreshCursor()

    def tellWindow(self, layer: Layer) -> None:
        """Say that a layer's window was changed here."""
        self.windowChanged.emit(layer)

    def resetWindow(self) -> None:
        """Show the active image as it was opened."""
        layer = windowed_layer(self.stack())
        if layer is not None:
            low, high = layer.home
            layer.change(low=low, high=high)
            self.windowChanged.emit(layer)

    # --- moving about

    def step(self, slices: int) -> None:
        """Scroll towards head, front or right, or back."""
        self.setIndex(self.index() + slices * self.forward())

    def lookAt(self, position: QPointF) -> None:
        """Put the crosshair at a view position."""
        pixel = self.pixelAt(position)
        world = self.worldAt(position)
        if world is not None and pixel is not None:
            self.setCrosshair(world)
            self.crosshairMoved.emit(world)

    def pointer(
        self,
        position: QPointF,
        button: Qt.MouseButton = NONE,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> Pointer | None:
        """A view position as tools want it, or None without an image."""
        plane = self.plane()
        if plane is None:
            return None
        point = self.viewToPlane(position)
        return Pointer(point, position, plane, self.index(), button, modifiers)

    def isNavigating(self) -> bool:
        return True

    def restCursor(self) -> Qt.CursorShape:
        if self._tool is not None:
            return self._tool.cursor(self)
        return Qt.CursorShape.SizeAllCursor if self._windowing else Qt.CursorShape.CrossCursor

    # --- events

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        self.activated.emit()
        super().mousePressEvent(event)
        pointer = self.pointer(event.position(), event.button(), event.modifiers())
        if self.isPanning() or pointer is None or self._held != NONE or self._gesture is not None:
            return
        if self._near_curtain(event.position()) and event.button() == LEFT:
            self._gesture = MoveCurtain()
        elif self._tool is not None and self._tool.press(self, pointer):
            self._held = event.button()
        else:
            self._gesture = self._gesture_of(event)
            if isinstance(self._gesture, Navigate):
                self._gesture.move(self, event.position())

    def _gesture_of(self, event: QMouseEvent) -> Gesture | None:
        left, right = event.button() == LEFT, event.button() == RIGHT
        layer = windowed_layer(self.stack())
        if layer is not None and (right or (left and self._windowing and self._tool is None)):
            return Windowing(layer, event.position())
        return Navigate() if left and self._tool is None else None

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        super().mouseMoveEvent(event)
        self._last = event.position()
        self._tell_voxel(event.position())
        if self.isPanning():
            return
        if self._gesture is not None:
            self._gesture.move(self, event.position())
            return
        if self._held == NONE and event.modifiers() & SHIFT and not event.buttons():
            self.lookAt(event.position())
        pointer = self.pointer(event.position(), NONE, event.modifiers())
        if self._tool is not None and pointer is not None:
            self._tool.move(self, pointer)
        self._show_cursor(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        super().mouseReleaseEvent(event)
        self._gesture = None
        if self._held != NONE and event.button() == self._held:
            self._held = NONE
            pointer = self.pointer(event.position(), event.button(), event.modifiers())
            if self._tool is not None and pointer is not None:
                self._tool.release(self, pointer)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        pointer = self.pointer(event.position(), event.button(), event.modifiers())
        if pointer is not None and self._tool is not None and self._tool.double(self, pointer):
            self._held = event.button()
        elif event.button() == LEFT and event.modifiers() & CONTROL:
            self.resetWindow()
        elif self._tool is not None:
            # Two quick dabs of a brush are two dabs.
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is None:
            return
        # Alt turns a wheel sideways on some platforms.
        notches = (event.angleDelta().y() or event.angleDelta().x()) / NOTCH
        pointer = self.pointer(event.position(), NONE, event.modifiers())
        if event.modifiers() & CONTROL or pointer is None:
            super().wheelEvent(event)
            return
        event.accept()
        if self._tool is not None and self._tool.wheel(self, pointer, notches):
            return
        self._notches += notches
        whole = int(self._notches)
        self._notches -= whole
        if whole:
            self.step(whole)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        key, plane = event.key(), self.plane()
        if self._tool is not None and self._tool.key(self, key, event.modifiers()):
            return
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plane is not None and plain and key in STEPS:
            self.step(STEPS[Qt.Key(key)])
        elif plane is not None and plain and key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            last = (key == Qt.Key.Key_End) == (self.forward() > 0)
            self.setIndex(plane.count - 1 if last else 0)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        self.activated.emit()

    def enterEvent(self, event: QEnterEvent | None) -> None:
        super().enterEvent(event)
        self.activated.emit()
        # Keys go to the view under the pointer, unless they are wanted outside of the views.
        if isinstance(QApplication.focusWidget(), SliceView):
            self.setFocus(Qt.FocusReason.MouseFocusReason)

    def leaveEvent(self, event: QEvent | None) -> None:
        super().leaveEvent(event)
        if self._tool is not None:
            self._tool.leave(self)
        self._set_voxel(None)

    # --- painting and telling

    def paintOverlay(self, painter: QPainter) -> None:
        super().paintOverlay(painter)
        if self._tool is not None and self.plane() is not None:
            painter.save()
            self._tool.paint(self, painter)
            painter.restore()

    def _scrolled(self) -> None:
        if self._tool is not None:
            self._tool.scrolled(self)
        if self.underMouse():
            self._tell_voxel(self._last)

    def _tell_voxel(self, position: QPointF) -> None:
        self._set_voxel(self.voxelAt(position))

    def _set_voxel(self, voxel: tuple[int, int, int] | None) -> None:
        if voxel != self._voxel:
            self._voxel = voxel
            self.pointerMoved.emit(voxel)

    def _near_curtain(self, position: QPointF) -> bool:
        curtained = any(
            layer.look.visible and layer.look.blend is Blend.CURTAIN for layer in self.stack()
        )
        return curtained and abs(position.x() - self.curtain() * self.width()) <= CURTAIN_REACH

    def _show_cursor(self, position: QPointF) -> None:
        if self._near_curtain(position):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        else:
            self.refreshCursor()

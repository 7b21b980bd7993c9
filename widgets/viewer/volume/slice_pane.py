"""A slice of a stack of layers on screen: where it lies, and what is drawn; no interaction."""

from __future__ import annotations

from typing import Protocol

from PyQt6.QtCore import QRect, QRectF, pyqtSignal
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QWidget

from widgets.viewer.volume.blending import SQUARE, Place, draw_blended
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.cut import Cut
from widgets.viewer.volume.decorations import EMPTY, Decorations, draw_decorations
from widgets.viewer.volume.drawn import DrawnLayer
from widgets.viewer.volume.layers import Layer, LayerKind, LayerStack
from widgets.viewer.volume.plane_pane import PlanePane
from widgets.viewer.volume.planes import PlaneName

SMALLEST_SQUARE, LARGEST_SQUARE = 8, 256


class Overlay(Protocol):
    """Something that is drawn over the slices of any view."""

    def paint(self, view: SlicePane, painter: QPainter) -> None:
        """Draw in view pixels what belongs to the view's slice."""


class SlicePane(PlanePane):
    """Shows one plane of a stack, sliced along the grid of its lowest image."""

    curtainChanged = pyqtSignal(float)

    def __init__(self, stack: LayerStack, name: PlaneName, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._stack = stack
        self._drawn: list[DrawnLayer] = []
        self._cut: Cut | None = None
        self._curtain = 0.5
        self._square = SQUARE
        self._decorations = Decorations()
        self._placeholder = EMPTY
        self._only: Layer | None = None
        self._labels_shown = True
        self._overlays: list[Overlay] = []
        self._underlays: list[Overlay] = []
        self._time: int | None = None
        self._exposed = QRect()
        stack.changed.connect(self._follow_layers)
        stack.timeChanged.connect(self.sliceMoved)
        self._follow_layers()

    # --- what is shown

    def stack(self) -> LayerStack:
        return self._stack

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

    def addOverlay(self, overlay: Overlay, *, below: bool = False) -> None:
        """Let something be drawn over the slice; it asks for `update` when it changes.

        Args:
            below: Under crosshair, letters and plates.
        """
        (self._underlays if below else self._overlays).append(overlay)
        self.update()

    def holdTime(self, time: int | None) -> None:
        """Show this point in time, whatever the stack's; None follows the stack."""
        self._time = time
        self.sliceMoved()

    def curtain(self) -> float:
        """Where curtained layers begin, as a share of the view's width."""
        return self._curtain

    def setCurtain(self, share: float) -> None:
        share = min(max(share, 0.0), 1.0)
        if share != self._curtain:
            self._curtain = share
            self.update()
            self.curtainChanged.emit(share)

    def square(self) -> int:
        """The side of a checkerboard's squares in view pixels."""
        return self._square

    def setSquare(self, side: int) -> None:
        side = min(max(side, SMALLEST_SQUARE), LARGEST_SQUARE)
        if side != self._square:
            self._square = side
            self.update()

    # --- following the stack

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
        self.setGrid(reference.grid if reference is not None else None)
        self.update()

    def _follow(self, layer: Layer) -> DrawnLayer:
        layer.lookChanged.connect(self._look_changed)
        layer.dataChanged.connect(self._data_changed)
        return DrawnLayer(layer)

    def sliceMoved(self) -> None:
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
            self._curtain * self.width(), self._square,
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
        if self._plane is not None:
            for overlay in self._underlays:
                overlay.paint(self, painter)
        draw_decorations(painter, self, self._decorations)
        if self._plane is not None:
            for overlay in self._overlays:
                overlay.paint(self, painter)

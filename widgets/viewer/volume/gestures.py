"""Drags that a slice view makes its own when no tool takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import QPointF

from widgets.viewer.volume.layers import Layer, LayerKind, LayerStack
from widgets.viewer.volume.window import dragged

if TYPE_CHECKING:
    from widgets.viewer.volume.slice_view import SliceView

CURTAIN_REACH = 7.0  # view pixels from which the curtain is grabbed


class Gesture(Protocol):
    """A drag from press to release, in view pixels."""

    def move(self, view: SliceView, position: QPointF) -> None:
        """The pointer moved."""


class Navigate:
    """Moves the crosshair with the pointer."""

    def move(self, view: SliceView, position: QPointF) -> None:
        view.lookAt(position)


class Windowing:
    """Right widens the window and down darkens, by the way from where the drag began."""

    def __init__(self, layer: Layer, start: QPointF) -> None:
        self._layer, self._start = layer, start
        self._ends = (layer.look.low, layer.look.high)

    def move(self, view: SliceView, position: QPointF) -> None:
        way = position - self._start
        low, high = dragged(*self._ends, way.x(), way.y())
        self._layer.change(low=low, high=high)
        view.tellWindow(self._layer)


class MoveCurtain:
    """Draws the curtain to the pointer."""

    def move(self, view: SliceView, position: QPointF) -> None:
        view.setCurtain(position.x() / max(view.width(), 1))


def windowed_layer(stack: LayerStack) -> Layer | None:
    """The layer whose window a drag changes: the active one, or the lowest image."""
    active = stack.active()
    if active is not None and active.kind is not LayerKind.LABELS:
        return active
    reference = stack.reference()
    usable = reference is not None and reference.kind is not LayerKind.LABELS
    return reference if usable else None

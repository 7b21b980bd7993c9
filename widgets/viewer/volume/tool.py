"""What a slice view asks of the tool in hand, and what it tells it of the pointer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QPainter

from widgets.viewer.volume.planes import Plane

if TYPE_CHECKING:
    from widgets.viewer.volume.slice_view import SliceView


@dataclass(frozen=True)
class Pointer:
    """Where the pointer is.

    Attributes:
        point: Plane coordinates, see `Plane`; may lie outside the slice.
        position: View pixels.
        plane, index: What is shown, and which slice of it.
        button: That went down or up, or NoButton on a move.
        modifiers: Keys held.
    """

    point: QPointF
    position: QPointF
    plane: Plane
    index: int
    button: Qt.MouseButton = Qt.MouseButton.NoButton
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier


class SliceTool(Protocol):
    """A tool that works in any slice view; one tool serves all views of a window.

    Of what it does not take, the view makes its own: panning, windowing, the crosshair.
    """

    def press(self, view: SliceView, pointer: Pointer) -> bool:
        """A button went down; True takes it, with the moves up to its release."""

    def move(self, view: SliceView, pointer: Pointer) -> None:
        """The pointer moved, with or without a button that was taken."""

    def release(self, view: SliceView, pointer: Pointer) -> None:
        """The button that was taken went up."""

    def double(self, view: SliceView, pointer: Pointer) -> bool:
        """A double click; True takes it."""

    def wheel(self, view: SliceView, pointer: Pointer, notches: float) -> bool:
        """The wheel was turned, upwards positive; True takes it, else slices scroll."""

    def key(self, view: SliceView, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        """A key went down; True takes it."""

    def leave(self, view: SliceView) -> None:
        """The pointer left the view."""

    def scrolled(self, view: SliceView) -> None:
        """Another slice is shown, perhaps while a button is held."""

    def paint(self, view: SliceView, painter: QPainter) -> None:
        """Draw cursor and guides in view pixels."""

    def cursor(self, view: SliceView) -> Qt.CursorShape:
        """The pointer's shape over the view."""

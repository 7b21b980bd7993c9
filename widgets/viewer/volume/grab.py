"""Pictures of what a view shows, for saving."""

from __future__ import annotations

from collections.abc import Iterator

from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QWidget

from widgets.viewer.volume.decorations import NOTHING
from widgets.viewer.volume.slice_pane import SlicePane


def grab(view: QWidget, *, decorated: bool = True) -> QImage:
    """A view as it is on screen; a slice also without crosshair, letters, texts and overlays."""
    if decorated or not isinstance(view, SlicePane):
        return view.grab().toImage()
    twin = twin_of(view, decorated=False)
    try:
        return twin.grab().toImage()
    finally:
        twin.deleteLater()


def scroll(view: SlicePane, *, step: int = 1, decorated: bool = True) -> Iterator[QImage]:
    """A picture of every `step`-th slice, from foot, back or left on; the view itself stays."""
    plane = view.plane()
    if plane is None:
        return
    twin = twin_of(view, decorated=decorated)
    try:
        for index in range(0, plane.count, step)[:: view.forward()]:
            twin.setIndex(index)
            yield twin.grab().toImage()
    finally:
        twin.deleteLater()


def through_time(view: SlicePane, *, decorated: bool = True) -> Iterator[QImage]:
    """A picture of the slice at every point in time; the view itself stays."""
    twin = twin_of(view, decorated=decorated)
    try:
        for time in range(view.stack().times()):
            twin.holdTime(time)
            yield twin.grab().toImage()
    finally:
        twin.deleteLater()


def twin_of(view: SlicePane, *, decorated: bool) -> SlicePane:
    """A view that nobody sees, of the same size, slice and part."""
    twin = SlicePane(view.stack(), view.name())
    twin.resize(view.size())
    twin.setRadiological(view.isRadiological())
    twin.setDecorations(view.decorations() if decorated else NOTHING)
    twin.setCurtain(view.curtain())
    twin.setOnly(view.only())
    twin.setView(view.view())
    twin.setCrosshair(view.crosshair())
    twin.setIndex(view.index())
    if decorated:
        for overlay in view.overlays():
            twin.addOverlay(overlay)
    return twin

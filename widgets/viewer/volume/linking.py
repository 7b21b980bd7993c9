"""Views that look at the same point of the patient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PyQt6.QtCore import QObject, pyqtSignal

from widgets.viewer.volume.gestures import windowed_layer
from widgets.viewer.volume.layers import Layer
from widgets.viewer.volume.plane_pane import World
from widgets.viewer.volume.slice_view import SliceView


class Links(QObject):
    """Lets views follow each other: crosshair and slice, scale, window and curtain."""

    crosshairMoved = pyqtSignal(object)  # RAS+ mm

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._views: list[SliceView] = []
        self._zoom_linked = False
        self._busy = False

    def add(self, view: SliceView) -> None:
        """Let a view follow the others, and the others it."""
        self._views.append(view)
        view.crosshairMoved.connect(self.setCrosshair)
        view.indexChanged.connect(self._scrolled)
        view.viewChanged.connect(self._zoomed)
        view.windowChanged.connect(self._windowed)
        view.curtainChanged.connect(self._curtained)

    def remove(self, view: SliceView) -> None:
        """Let a view go its own way."""
        self._views.remove(view)
        view.crosshairMoved.disconnect(self.setCrosshair)
        view.indexChanged.disconnect(self._scrolled)
        view.viewChanged.disconnect(self._zoomed)
        view.windowChanged.disconnect(self._windowed)
        view.curtainChanged.disconnect(self._curtained)

    def setZoomLinked(self, on: bool) -> None:
        """Whether views of different planes keep the same scale."""
        self._zoom_linked = on
        if on and self._views:
            self._follow_zoom(self._views[0])

    def setCrosshair(self, world: World) -> None:
        """Look at a point (RAS+ mm) in all views."""
        with self._alone() as free:
            if free:
                for view in self._views:
                    view.setCrosshair(world)
                self.crosshairMoved.emit(world)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether no other change is being followed; until the end of the block, this one is."""
        free = not self._busy
        self._busy = True
        try:
            yield free
        finally:
            if free:
                self._busy = False

    def _sender(self) -> SliceView | None:
        view = self.sender()
        return view if isinstance(view, SliceView) else None

    def _scrolled(self) -> None:
        view = self._sender()
        if view is not None and not self._busy and view.plane() is not None:
            self.setCrosshair(view.crosshairOnSlice())

    def _zoomed(self) -> None:
        view = self._sender()
        if view is not None:
            self._follow_zoom(view)

    def _follow_zoom(self, view: SliceView) -> None:
        with self._alone() as free:
            if not free or view.plane() is None:
                return
            for other in self._views:
                if other is view:
                    continue
                if other.name() is view.name():
                    other.showLike(view)
                elif self._zoom_linked:
                    other.setMmPerPixel(view.mmPerPixel())

    def _windowed(self, layer: Layer) -> None:
        """Give the images of other stacks the same window, in proportion to how they opened."""
        low, high = layer.home
        width = (high - low) or 1.0
        ends = [(end - low) / width for end in (layer.look.low, layer.look.high)]
        seen = {id(layer)}
        for view in self._views:
            other = windowed_layer(view.stack())
            if other is None or id(other) in seen or layer in list(view.stack()):
                continue
            seen.add(id(other))
            low, high = other.home
            other.change(low=low + ends[0] * (high - low), high=low + ends[1] * (high - low))

    def _curtained(self, share: float) -> None:
        for view in self._views:
            view.setCurtain(share)

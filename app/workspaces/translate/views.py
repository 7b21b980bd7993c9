"""The views of Translate: source, the states of a run, and source and result in one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QWidget

from widgets.viewer.tiles import Tiles
from widgets.viewer.view import View
from widgets.viewer.volume.caption import Caption
from widgets.viewer.volume.colour_bar import ColourBars
from widgets.viewer.volume.decorations import Decorations
from widgets.viewer.volume.layers import Blend, Layer, LayerStack
from widgets.viewer.volume.linking import Links
from widgets.viewer.volume.plane_pane import World
from widgets.viewer.volume.planes import PlaneName
from widgets.viewer.volume.slice_pane import LARGEST_SQUARE, SMALLEST_SQUARE
from widgets.viewer.volume.slice_view import SliceView

STEPS, TOGETHER, CURTAIN, CHECKER, BLEND = "steps", "together", "curtain", "checker", "blend"
SOURCE, X_T, X0_HAT, TIES = "source", "x_t", "x0_hat", "ties"
RESULT, MAP, MIXED = "result", "map", "mixed"
NAMES = (SOURCE, X_T, X0_HAT, TIES, RESULT, MAP, MIXED)
SHOWN = {
    STEPS: (SOURCE, X_T, X0_HAT, TIES), TOGETHER: (SOURCE, RESULT, MAP),
    CURTAIN: (MIXED,), CHECKER: (MIXED,), BLEND: (MIXED,),
}  # fmt: skip
"""Mode -> the views, in reading order."""
BLENDS = {CURTAIN: Blend.CURTAIN, CHECKER: Blend.CHECKER, BLEND: Blend.OVER}
OF_STEPS = (X_T, X0_HAT, TIES)
SYNTHETIC = "SYNTHETIC"
MARKED = (X_T, X0_HAT, RESULT, MIXED)
SPOKEN = {
    SOURCE: "Source", X_T: "State x_t", X0_HAT: "Estimate x0_hat",
    TIES: "Mutual information of source and state", RESULT: "Result",
    MAP: "Mutual information of source and result", MIXED: "Source and result",
}  # fmt: skip
"""For screen readers."""
BEFORE = {
    X_T: "The state x_t appears here while a slice is translated",
    X0_HAT: "The clean image that each step aims at appears here",
    TIES: "How much every window of the source says of x_t appears here",
    RESULT: "The translated image appears here",
    MAP: "How much the source says of the result appears here",
}


class TranslateViews(Tiles):
    """Linked views: crosshair, slice, scale and window of one are those of the others."""

    handleMoved = pyqtSignal()  # the curtain, by a drag
    maximiseChanged = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mode, self._plane = STEPS, PlaneName.AXIAL
        self._maximised: str | None = None
        self._opacity = 0.5
        self._part: View | None = None  # of the source, that shows what a run sees
        self.links = Links(self)
        self.stacks = {name: LayerStack(self) for name in NAMES}
        self.captions = {name: Caption() for name in NAMES}
        self._views = {name: self._view(name) for name in NAMES}
        self._show()

    # --- views

    def view(self, name: str) -> SliceView:
        """One of NAMES."""
        return self._views[name]

    def shownViews(self) -> list[SliceView]:
        """Those of the mode, in reading order."""
        return [view for view in self._views.values() if view in self.shown()]

    def currentView(self) -> SliceView:
        """The view whose slice is the one in view."""
        return self._views[SOURCE if SOURCE in SHOWN[self._mode] else MIXED]

    def setCaption(self, name: str, title: str) -> None:
        """What a view shows, in its corner."""
        self.captions[name].title = title
        self._views[name].update()

    def laid(self) -> None:
        """Layers were laid on the source of the mixed view, or taken off."""
        self._blend()

    # --- what is shown

    def mode(self) -> str:
        return self._mode

    def setMode(self, mode: str) -> None:
        """One of SHOWN."""
        if mode != self._mode:
            before = self.currentView()
            self._mode, self._maximised = mode, None
            self._show()
            after = self.currentView()
            after.setCrosshair(before.crosshair())
            after.setView(before.view())
            if self._shows_part(after):
                self.resetViews()  # what a run sees is no place that anybody has chosen
            self.follow(SHOWN[mode])
            self._blend()

    def plane(self) -> PlaneName:
        return self._plane

    def setPlane(self, plane: PlaneName) -> None:
        """Which way slices are cut."""
        if plane is not self._plane:
            self._plane = plane
            for view in self._views.values():
                view.setPlaneName(plane)

    def toggleMaximised(self, name: str | None = None) -> None:
        """Show one view alone, or all of the mode again."""
        shown = SHOWN[self._mode]
        focused = [n for n in shown if self._views[n].hasFocus()]
        name = name or (focused or shown)[0]
        self._maximised = None if self._maximised is not None or len(shown) == 1 else name
        self._show()
        self._views[name if self._maximised else shown[0]].setFocus()
        self.maximiseChanged.emit()

    def showPart(self, name: str, middle: World) -> None:
        """Show in all views what one of them shows of its own grid, at the same scale.

        Args:
            middle: Of that, RAS+ mm.
        """
        source, other = self.currentView(), self._views[name]
        plane, grid = source.plane(), source.grid()
        if plane is None or grid is None or other.plane() is None or not source.view().fitted:
            return
        x, y, _ = plane.point(grid.voxel(middle))
        width, height = plane.size
        zoom = source.view().zoom * source.mmPerPixel() / other.mmPerPixel()
        self._part = View(x / width, y / height, zoom)
        source.setView(self._part)

    def follow(self, names: Sequence[str]) -> None:
        """Let views that were hidden, or that have a new grid, look where the source's does."""
        source = self.currentView()
        for view in (self._views[name] for name in names):
            if view is not source:
                view.setCrosshair(source.crosshair())
                view.showLike(source)

    # --- the handle

    def handle(self) -> float:
        """Of the mode, 0 to 1: where the curtain hangs, how large squares are, how much of the
        result is seen."""
        view = self._views[MIXED]
        if self._mode == CURTAIN:
            return view.curtain()
        if self._mode == CHECKER:
            return (view.square() - SMALLEST_SQUARE) / (LARGEST_SQUARE - SMALLEST_SQUARE)
        return self._opacity

    def setHandle(self, share: float) -> None:
        """Move the handle of the mode."""
        share = min(max(share, 0.0), 1.0)
        view = self._views[MIXED]
        if self._mode == CURTAIN:
            view.setCurtain(share)
        elif self._mode == CHECKER:
            view.setSquare(round(SMALLEST_SQUARE + share * (LARGEST_SQUARE - SMALLEST_SQUARE)))
        elif self._mode == BLEND:
            self._opacity = share
            self._blend()

    def toggleResult(self) -> None:
        """Show source alone in the mixed view, or the result too."""
        for layer in self._over():
            layer.change(visible=not layer.look.visible)

    # --- decorations

    def decorations(self) -> Decorations:
        return self._views[SOURCE].decorations()

    def setCrosshairVisible(self, on: bool) -> None:
        for view in self._views.values():
            view.setDecorations(replace(view.decorations(), crosshair=on))

    def isRadiological(self) -> bool:
        return self._views[SOURCE].isRadiological()

    def setRadiological(self, on: bool) -> None:
        for view in self._views.values():
            view.setRadiological(on)

    def setSmooth(self, on: bool) -> None:
        """Whether pixels are interpolated."""
        for stack in self.stacks.values():
            for layer in stack:
                layer.change(smooth=on)

    def resetViews(self) -> None:
        """The whole slice in every view."""
        for view in self._views.values():
            view.fit()

    def setCrosshair(self, world: World) -> None:
        """Look at a point (RAS+ mm) in all views."""
        self.links.setCrosshair(world)

    # --- inside

    def _view(self, name: str) -> SliceView:
        view = SliceView(self.stacks[name], PlaneName.AXIAL, self)
        caption = self.captions[name]
        if name in MARKED:
            caption.mark = SYNTHETIC
        whole = name in (SOURCE, MIXED)
        view.setDecorations(Decorations(title=whole, convention=whole, scale_bar=whole))
        if name in BEFORE:
            view.setPlaceholder(BEFORE[name])
        view.setAccessibleName(SPOKEN[name])
        view.addOverlay(caption)
        if name in (TIES, MAP):
            view.addOverlay(ColourBars(untitled=True))
        view.maximiseRequested.connect(lambda: self.toggleMaximised(name))
        view.curtainChanged.connect(lambda _: self.handleMoved.emit())
        view.hide()
        self.links.add(view)
        return view

    def _shows_part(self, view: SliceView) -> bool:
        """Whether a view is where `showPart` has put it."""
        at, part = view.view(), self._part
        return part is not None and np.allclose(
            (at.cx, at.cy, at.zoom), (part.cx, part.cy, part.zoom), rtol=1e-4
        )

    def _show(self) -> None:
        names = SHOWN[self._mode] if self._maximised is None else (self._maximised,)
        self.setShown([self._views[name] for name in names])

    def _over(self) -> list[Layer]:
        """What lies on the source in the mixed view."""
        stack = self.stacks[MIXED]
        return [layer for layer in stack if layer is not stack.reference()]

    def _blend(self) -> None:
        """How the result lies on the source."""
        for layer in self._over():
            opacity = self._opacity if self._mode == BLEND else 1.0
            layer.change(blend=BLENDS.get(self._mode, Blend.OVER), opacity=opacity)

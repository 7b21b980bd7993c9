"""Linked views of one volume, or of several side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from widgets.viewer.volume import arrangement
from widgets.viewer.volume.arrangement import ViewLayout
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.decorations import Decorations
from widgets.viewer.volume.gestures import windowed_layer
from widgets.viewer.volume.layers import Layer, LayerKind, LayerStack
from widgets.viewer.volume.linking import Links
from widgets.viewer.volume.plane_pane import World
from widgets.viewer.volume.planes import PlaneName
from widgets.viewer.volume.slice_pane import Overlay
from widgets.viewer.volume.slice_view import SliceView
from widgets.viewer.volume.tool import SliceTool
from widgets.viewer.volume.view_frame import ViewFrame
from widgets.viewer.volume.window import auto_window

MOST_COMPARED = 4


class VolumeView(QWidget):
    """The three planes of a stack, a place for a 3D view, and other stacks to compare with.

    All views look at one point of the patient: a click or a scroll in one moves the others.
    """

    crosshairMoved = pyqtSignal(object)  # RAS+ mm
    pointerMoved = pyqtSignal(object)  # voxel (d, h, w) of the stack's grid, or None
    layoutChanged = pyqtSignal(object)  # ViewLayout
    arranged = pyqtSignal()  # the views are in other places
    currentChanged = pyqtSignal(object)  # SliceView
    windowChanged = pyqtSignal(object)  # Layer, by a drag in a view

    def __init__(self, stack: LayerStack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stack = stack
        self._tool: SliceTool | None = None
        self._decorations = Decorations()
        self._radiological = True
        self._overlays: list[tuple[Overlay, bool]] = []
        self._links = Links(self)
        self._links.crosshairMoved.connect(self.crosshairMoved)
        self._frames = {name: self._frame(stack, name) for name in PlaneName}
        self._compared: list[LayerStack] = []
        self._beside: list[ViewFrame] = []
        self._scene: QWidget | None = None
        self._layout, self._main = ViewLayout.GRID, PlaneName.AXIAL
        self._before: tuple[ViewLayout, PlaneName] | None = None
        self._current = self._frames[PlaneName.AXIAL].view
        self._sizes: dict[str, list[list[int]]] = {}
        self._root: QSplitter | None = None
        self._place = QVBoxLayout(self)
        self._place.setContentsMargins(0, 0, 0, 0)
        stack.changed.connect(self._layers_changed)
        self._arrange()

    # --- views

    def stack(self) -> LayerStack:
        return self._stack

    def views(self) -> dict[PlaneName, SliceView]:
        """The three planes of the stack, shown or not."""
        return {name: frame.view for name, frame in self._frames.items()}

    def shownViews(self) -> list[SliceView]:
        """The slice views of the present layout."""
        compared = self._layout is ViewLayout.COMPARE
        frames = self._beside if compared else [*self._frames.values()]
        return [frame.view for frame in frames if not frame.isHidden()]

    def currentView(self) -> SliceView:
        """The view that the pointer or the keys were last in."""
        shown = self.shownViews()
        return self._current if self._current in shown or not shown else shown[0]

    def setScene(self, widget: QWidget | None) -> None:
        """Give the 3D view its place; None takes it away."""
        if self._scene is not None:
            self._scene.setParent(None)
        self._scene = widget
        self._arrange()

    def setCompared(self, stacks: Sequence[LayerStack]) -> None:
        """Other stacks to show beside this one; without any, its own images are shown apart."""
        self._compared = list(stacks)
        if self._layout is ViewLayout.COMPARE:
            self._arrange()

    # --- layout

    def viewLayout(self) -> ViewLayout:
        return self._layout

    def mainPlane(self) -> PlaneName:
        """The plane that is shown alone, large, or compared."""
        return self._main

    def setViewLayout(self, layout: ViewLayout, main: PlaneName | None = None) -> None:
        """Arrange the views; `main`: the plane that is large."""
        main = main or self._main
        if (layout, main) != (self._layout, self._main):
            self._keep_sizes()
            self._layout, self._main, self._before = layout, main, None
            self._arrange()
            self.layoutChanged.emit(layout)

    def isMaximised(self) -> bool:
        """Whether a view fills all because of a double click."""
        return self._before is not None

    def toggleMaximised(self, view: SliceView | None = None) -> None:
        """Show one view alone (default: the current one), or all of them again."""
        view = view or self.currentView()
        before = self._before
        if before is not None:
            self.setViewLayout(*before)
        elif self._layout is not ViewLayout.ONE:
            before = (self._layout, self._main)
            self.setViewLayout(ViewLayout.ONE, view.name())
            self._before = before
        self.views()[view.name()].setFocus()

    def layoutState(self) -> dict[str, Any]:
        """Layout, large plane and sizes, as JSON values."""
        self._keep_sizes()
        return {"layout": self._layout.value, "main": self._main.value, "sizes": self._sizes}

    def restoreLayout(self, state: Mapping[str, Any]) -> None:
        """Arrange as `layoutState` told; raises ValueError or KeyError for anything else."""
        layout, main = ViewLayout(state["layout"]), PlaneName(state["main"])
        self._sizes = {key: [list(line) for line in sizes] for key, sizes in state["sizes"].items()}
        self._layout, self._main, self._before = layout, main, None
        self._arrange()
        self.layoutChanged.emit(layout)

    # --- what all views share

    def tool(self) -> SliceTool | None:
        return self._tool

    def setTool(self, tool: SliceTool | None) -> None:
        """Hand the pointer to a tool in all views; None navigates."""
        self._tool = tool
        self._each(lambda view: view.setTool(tool))

    def setWindowMode(self, on: bool) -> None:
        """Whether left-drags without a tool change window and level."""
        self._each(lambda view: view.setWindowMode(on))

    def isWindowMode(self) -> bool:
        return self._frames[PlaneName.AXIAL].view.isWindowMode()

    def crosshair(self) -> World:
        """RAS+ mm that all views look at."""
        return self._frames[PlaneName.AXIAL].view.crosshair()

    def setCrosshair(self, world: World) -> None:
        """Look at a point in all views."""
        self._links.setCrosshair(world)

    def isRadiological(self) -> bool:
        return self._radiological

    def setRadiological(self, on: bool) -> None:
        """Whether the patient's right is at the left."""
        self._radiological = on
        self._each(lambda view: view.setRadiological(on))

    def decorations(self) -> Decorations:
        return self._decorations

    def setDecorations(self, decorations: Decorations) -> None:
        self._decorations = decorations
        self._each(lambda view: view.setDecorations(decorations))

    def addOverlay(self, overlay: Overlay, *, below: bool = False) -> None:
        """Let something be drawn over the slices of all views, see `updateSlices`.

        Args:
            below: Under crosshair, letters and plates.
        """
        self._overlays.append((overlay, below))
        self._each(lambda view: view.addOverlay(overlay, below=below))

    def updateSlices(self) -> None:
        """Repaint all views."""
        self._each(lambda view: view.update())

    def setCrosshairVisible(self, on: bool) -> None:
        self.setDecorations(replace(self._decorations, crosshair=on))

    def setZoomLinked(self, on: bool) -> None:
        """Whether the three planes keep the same scale; compared views always look alike."""
        self._links.setZoomLinked(on)

    def setSmooth(self, on: bool) -> None:
        """Blend pixels of all images and maps, or show them as squares."""
        for stack in (self._stack, *self._compared):
            for layer in stack:
                if layer.kind is not LayerKind.LABELS:
                    layer.change(smooth=on)

    def resetViews(self) -> None:
        """Fit the slices into all views."""
        self._each(lambda view: view.fit())

    def autoWindow(self, layer: Layer | None = None) -> None:
        """Cut 0.1 % of the values off at each end (default: of the active image)."""
        layer = layer or windowed_layer(self._stack)
        if layer is not None:
            low, high = auto_window(layer.array, layer.slope, layer.intercept)
            layer.change(low=low, high=high)

    def setCurtain(self, share: float) -> None:
        """Where curtained layers begin, as a share of each view's width."""
        self._each(lambda view: view.setCurtain(share))

    # --- inside

    def _each(self, act: Callable[[SliceView], None]) -> None:
        for frame in (*self._frames.values(), *self._beside):
            act(frame.view)

    def _frame(self, stack: LayerStack, name: PlaneName) -> ViewFrame:
        view = SliceView(stack, name)
        view.setTool(self._tool)
        view.setDecorations(self._decorations)
        view.setRadiological(self._radiological)
        for overlay, below in self._overlays:
            view.addOverlay(overlay, below=below)
        view.activated.connect(self._activated)
        view.maximiseRequested.connect(self._maximise)
        view.pointerMoved.connect(self._tell_pointer)
        view.windowChanged.connect(self.windowChanged)
        self._links.add(view)
        frame = ViewFrame(view, self)
        frame.hide()
        return frame

    def _activated(self) -> None:
        view = self.sender()
        if isinstance(view, SliceView) and view is not self._current:
            self._current = view
            self.currentChanged.emit(view)

    def _maximise(self) -> None:
        view = self.sender()
        if isinstance(view, SliceView):
            self.toggleMaximised(view)

    def _tell_pointer(self, voxel: tuple[int, int, int] | None) -> None:
        view = self.sender()
        reference = self._stack.reference()
        if not isinstance(view, SliceView) or voxel is None or reference is None:
            self.pointerMoved.emit(None)
            return
        grid = view.grid()
        if grid is not None and grid is not reference.grid:
            d, h, w = (round(at) for at in reference.grid.voxel(grid.world(voxel)))
            box = Box((d, h, w), (d + 1, h + 1, w + 1)) & Box.whole(reference.grid.shape)
            voxel = None if box.empty else (d, h, w)
        self.pointerMoved.emit(voxel)

    def _layers_changed(self) -> None:
        if self._layout is ViewLayout.COMPARE and not self._compared:
            self._arrange()

    # --- arranging

    def _arrange(self) -> None:
        self._clear()
        frames, scene = self._frames, [self._scene] if self._scene is not None else []
        others = [frames[name] for name in PlaneName if name is not self._main]
        if self._layout is ViewLayout.ONE:
            root = arrangement.row([frames[self._main]])
        elif self._layout is ViewLayout.MAIN:
            root = arrangement.large_and_small(frames[self._main], [*others, *scene])
        elif self._layout is ViewLayout.COMPARE:
            self._beside = self._compared_frames()
            root = arrangement.row(self._beside)
        else:
            upper = [frames[PlaneName.AXIAL], *scene]
            lower = [frames[PlaneName.CORONAL], frames[PlaneName.SAGITTAL]]
            root = arrangement.grid([upper, lower])
        self._root = root
        self._place.addWidget(root)
        root.show()
        self._place.activate()
        kept = self._sizes.get(self._layout.value, [])
        for splitter, sizes in zip(arrangement.splitters(root), kept, strict=False):
            if len(sizes) == splitter.count():
                splitter.setSizes(sizes)
        self.arranged.emit()

    def _clear(self) -> None:
        """Take the views out of the splitters before these go."""
        for widget in (*self._frames.values(), *([self._scene] if self._scene else [])):
            widget.setParent(self)
            widget.hide()
        for frame in self._beside:
            self._links.remove(frame.view)
            frame.setParent(None)
            frame.deleteLater()
        self._beside = []
        if self._root is not None:
            self._place.removeWidget(self._root)
            self._root.deleteLater()
            self._root = None

    def _keep_sizes(self) -> None:
        if self._root is not None:
            sizes = [splitter.sizes() for splitter in arrangement.splitters(self._root)]
            self._sizes[self._layout.value] = sizes

    def _compared_frames(self) -> list[ViewFrame]:
        """A view for each stack, or for each image of the only one."""
        if self._compared:
            stacks = [self._stack, *self._compared][:MOST_COMPARED]
            return [self._linked_frame(stack) for stack in stacks]
        images = [layer for layer in self._stack if layer.kind is not LayerKind.LABELS]
        frames = []
        for image in images[:MOST_COMPARED] if len(images) > 1 else [None, None]:
            frame = self._linked_frame(self._stack)
            frame.view.setOnly(image)
            frames.append(frame)
        if len(images) <= 1:
            frames[0].view.setLabelsShown(False)
        return frames

    def _linked_frame(self, stack: LayerStack) -> ViewFrame:
        frame = self._frame(stack, self._main)
        frame.view.setWindowMode(self.isWindowMode())
        frame.view.setCrosshair(self.crosshair())
        return frame

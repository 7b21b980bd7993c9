"""What is seen and how: layouts, tools in hand, switches; kept from one start to the next."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal

from app.settings import Settings
from app.study import Study
from app.workspaces.segment.view import LOOKING, WINDOW, SegmentView
from widgets.paint.labels.rule import Over
from widgets.paint.labels.slices import clear_slice, copy_slice
from widgets.paint.labels.tools import ToolName
from widgets.viewer.volume.arrangement import ViewLayout
from widgets.viewer.volume.layers import Layer, LayerKind
from widgets.viewer.volume.tool import SliceTool

OPACITY_STEP = 0.1
TOLERANCE = 0.05  # of the shown values' range, for fills by intensity
NAVIGATE = "navigate"


class Showing(QObject):
    """Turns commands into changes of the views; the header's buttons follow."""

    toolChanged = pyqtSignal(str)  # the name of the tool in hand

    def __init__(
        self, study: Study, view: SegmentView, settings: Settings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._study, self._view, self._settings = study, view, settings
        self._tool = NAVIGATE
        self._deep: dict[str, Any] | None = None  # the layout before a picture of one slice
        header, volume = view.header, view.volume
        header.layoutChosen.connect(lambda key: volume.setViewLayout(ViewLayout(key)))
        header.switched.connect(self._switch)
        volume.layoutChanged.connect(lambda _: self._show_header())
        study.editor.toolChanged.connect(self._paint_tool)
        study.opened.connect(self._opened)
        study.savedChanged.connect(lambda _: self._title())
        view.tools.chosen.connect(self._tool_clicked)
        view.tools.otherChosen.connect(self._other_clicked)
        view.tools.copyRequested.connect(self.copySlice)
        view.tools.clearRequested.connect(self.clearSlice)
        self._smooth = settings.interpolation
        self._recall()
        self._show_header()

    # --- remembered

    def remember(self) -> None:
        """Take what is seen over into the settings."""
        settings, volume = self._settings, self._view.volume
        settings.radiological = volume.isRadiological()
        settings.interpolation = self._smooth
        settings.viewer = {
            "layout": self._deep or volume.layoutState(),
            "panels": self._view.panelSizes(),
        }

    def _recall(self) -> None:
        settings, volume = self._settings, self._view.volume
        volume.setRadiological(settings.radiological)
        # What another version wrote may not fit; the layout of a first start does.
        with suppress(ValueError, KeyError, TypeError):
            volume.restoreLayout(settings.viewer["layout"])
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            self._view.restorePanels(settings.viewer["panels"])

    # --- tools

    def setTool(self, name: str) -> None:
        """Take a paint tool, `navigate` or `window` in hand."""
        if name == WINDOW:
            self._study.editor.setTool(ToolName.NAVIGATE)
            self._view.volume.setTool(None)
            self._view.volume.setWindowMode(True)
            self._take(WINDOW)
        else:
            self._study.editor.setTool(ToolName(name))
            self._paint_tool(ToolName(name))

    def useTool(self, name: str, tool: SliceTool) -> None:
        """Take another tool than one of the editor's in hand, such as a ruler."""
        self._study.editor.setTool(ToolName.NAVIGATE)
        self._view.volume.setWindowMode(False)
        self._view.volume.setTool(tool)
        self._take(name)

    def tool(self) -> str:
        """The name of the tool in hand."""
        return self._tool

    def _paint_tool(self, name: ToolName) -> None:
        self._view.volume.setWindowMode(False)
        self._view.volume.setTool(self._study.editor.sliceTool())
        self._take(name.value)

    def _take(self, name: str) -> None:
        self._tool = name
        if name in LOOKING:
            self._view.tools.showOther(name)
        else:
            self._view.tools.showTool()
        self.toolChanged.emit(name)

    def _tool_clicked(self) -> None:
        # Also when the editor's tool was the last of its own, and a ruler in hand since.
        self._paint_tool(self._study.editor.tool())
        self._view.volume.currentView().setFocus()

    def _other_clicked(self, name: str) -> None:
        if name == WINDOW:
            self.setTool(name)
        self._view.volume.currentView().setFocus()

    def toggleSetting(self, name: str) -> None:
        """Turn a paint setting (`volume`, `square`, `limited`) on or off."""
        editor = self._study.editor
        editor.change(**{name: not getattr(editor.settings, name)})

    def toggleProtect(self) -> None:
        """Paint over background only, or over everything."""
        editor = self._study.editor
        free = editor.settings.over is Over.ALL
        editor.change(over=Over.BACKGROUND if free else Over.ALL)

    # --- slices

    def copySlice(self, by: int) -> None:
        """Carry the labels of the slice in view on to another, and go there."""
        view = self._view.volume.currentView()
        plane = view.plane()
        if plane is not None:
            view.setIndex(copy_slice(self._study.editor, plane, view.index(), by))

    def clearSlice(self) -> None:
        """Erase the labels of the slice in view."""
        view = self._view.volume.currentView()
        plane = view.plane()
        if plane is not None:
            clear_slice(self._study.editor, plane, view.index())

    def step(self, slices: int) -> None:
        """Go some slices on, towards head, front or right."""
        self._view.volume.currentView().step(slices)

    def goToEnd(self, last: bool) -> None:
        """Go to the first or the last slice."""
        view = self._view.volume.currentView()
        plane = view.plane()
        if plane is not None:
            view.setIndex(plane.count - 1 if last else 0)

    def stepTime(self, by: int) -> None:
        """Go to another point in time."""
        self._study.stack.setTime(self._study.stack.time() + by)

    # --- display

    def toggleCrosshair(self) -> None:
        volume = self._view.volume
        volume.setCrosshairVisible(not volume.decorations().crosshair)
        self._show_header()

    def toggleSmooth(self) -> None:
        self._smooth = not self._smooth
        self._view.volume.setSmooth(self._smooth)
        self._show_header()

    def toggleSide(self) -> None:
        volume = self._view.volume
        volume.setRadiological(not volume.isRadiological())
        self._show_header()

    def toggleOutline(self) -> None:
        layer = self._study.labels()
        if layer is not None:
            layer.change(outlined=not layer.look.outlined)

    def toggleActive(self) -> None:
        layer = self._study.stack.active()
        if layer is not None:
            layer.change(visible=not layer.look.visible)

    def stepLayer(self, by: int) -> None:
        """Make the layer above or below the active one."""
        layers = list(self._study.stack)
        active = self._study.stack.active()
        if active in layers:
            place = min(max(layers.index(active) + by, 0), len(layers) - 1)
            self._study.stack.setActive(layers[place])

    def stepOverlays(self, steps: int) -> None:
        """Change the opacity of all that lies on the image, labels left alone."""
        study = self._study
        for layer in study.stack:
            if layer not in (study.image(), study.labels()):
                opacity = min(max(layer.look.opacity + steps * OPACITY_STEP, 0.0), 1.0)
                layer.change(opacity=round(opacity, 3))

    def invert(self) -> None:
        layer = self._contrasted()
        if layer is not None:
            layer.change(invert=not layer.look.invert)

    def setWindow(self, low: float, high: float) -> None:
        """Show these values darkest and brightest."""
        layer = self._contrasted()
        if layer is not None:
            layer.change(low=low, high=high)

    def resetContrast(self) -> None:
        layer = self._contrasted()
        if layer is not None:
            layer.change(low=layer.home[0], high=layer.home[1], invert=False)

    def thumbnail(self) -> tuple[NDArray[Any] | None, float]:
        """The middle slice of the image as it is seen, and a pixel's height by its width."""
        view, layer = self._view.volume.currentView(), self._study.image()
        plane = view.plane()
        if layer is None or plane is None:
            return None, 1.0
        cut = plane.slice(layer.array[0], plane.count // 2)
        return np.array(cut), plane.pixel_mm[1] / plane.pixel_mm[0]

    # --- inside

    def _contrasted(self) -> Layer | None:
        active = self._study.stack.active()
        if active is not None and active.kind is not LayerKind.LABELS:
            return active
        return self._study.image()

    def _opened(self) -> None:
        self._view.volume.setSmooth(self._smooth)
        self._view.volume.resetViews()
        self._view.focusFirst()
        self._limit_painting()
        self._fit_layout()
        self._title()
        self._show_header()

    def _fit_layout(self) -> None:
        """A picture of one slice is shown alone; what was there before comes back after it."""
        volume = self._view.volume
        planes = {name: view.plane() for name, view in volume.views().items()}
        flat = [name for name, plane in planes.items() if plane is not None and plane.count == 1]
        if flat and self._study.volume is not None:
            if self._deep is None:
                self._deep = volume.layoutState()
            volume.setViewLayout(ViewLayout.ONE, flat[0])
        elif self._study.volume is not None and self._deep is not None:
            volume.restoreLayout(self._deep)
            self._deep = None

    def _limit_painting(self) -> None:
        """Limits and tolerance of the tools begin with what makes sense for the image's values."""
        image = self._study.image()
        if image is not None:
            low, high = image.look.low, image.look.high
            tolerance = float(f"{TOLERANCE * (high - low):.2g}")
            self._study.editor.change(low=low, high=high, tolerance=tolerance)

    def _title(self) -> None:
        study = self._study
        volume = study.volume
        if volume is None:
            self._view.header.title.setText("")
            return
        d, h, w = volume.geometry.shape
        z, y, x = volume.spacing_mm
        # What may be lost comes before what a narrow window leaves out.
        saved = "" if study.isSaved() else "  ·  labels not saved"
        self._view.header.title.setText(
            f"{study.name()}{saved}  ·  {w} × {h} × {d}  ·  {x:.3g} × {y:.3g} × {z:.3g} mm"
        )

    def _switch(self, key: str) -> None:
        toggles = {
            "crosshair": self.toggleCrosshair, "smooth": self.toggleSmooth,
            "radiological": self.toggleSide,
        }  # fmt: skip
        toggles[key]()

    def _show_header(self) -> None:
        volume = self._view.volume
        self._view.header.showState(
            volume.viewLayout().value,
            {
                "crosshair": volume.decorations().crosshair,
                "smooth": self._smooth,
                "radiological": volume.isRadiological(),
            },
        )

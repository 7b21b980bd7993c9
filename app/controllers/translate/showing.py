"""What is seen and how: source and result in the views, planes, handles and switches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal

from app.controllers.translate.running import Running
from app.controllers.translate.runs import Landed
from app.controllers.translate.steps import LMI, Steps
from app.settings import Settings
from app.step_frames import largest
from app.study import MAP_COLOURS, Study
from app.workspaces.translate.view import TranslateView
from app.workspaces.translate.views import (
    BLENDS,
    CURTAIN,
    MAP,
    MIXED,
    RESULT,
    SHOWN,
    SOURCE,
    STEPS,
)
from widgets.viewer.volume.layers import Layer, LayerKind, Look
from widgets.viewer.volume.planes import PlaneName

HANDLE_STEP = 0.05
WAITS = "The result is compared with the source here once there is one"


class Showing(QObject):
    """Lays source and result into the views, and turns commands into changes of them."""

    resultChanged = pyqtSignal()  # another one, or none
    modeChanged = pyqtSignal()

    def __init__(
        self, study: Study, view: TranslateView, running: Running, steps: Steps,
        settings: Settings, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._study, self._view, self._steps = study, view, steps
        self._settings = settings
        self._landed: Landed | None = None
        self._before = CURTAIN  # the last way of comparing
        self._smooth = settings.interpolation
        views, header = view.views, view.header
        views.setRadiological(settings.radiological)
        header.modeChosen.connect(self.setMode)
        header.planeChosen.connect(self.setPlane)
        header.switched.connect(self._switch)
        header.handleMoved.connect(self.setHandle)
        views.handleMoved.connect(self._show_header)
        study.opened.connect(self._opened)
        running.began.connect(lambda _: self.setMode(STEPS))
        running.landed.connect(self.take)
        steps.changed.connect(self._show_header)
        self._opened()

    # --- results

    def landed(self) -> Landed | None:
        """The result that is shown."""
        return self._landed

    def take(self, landed: Landed) -> None:
        """Show a result beside and over its source."""
        if landed.volume is not self._study.volume:
            return
        self._landed = landed
        views, result, grid = self._view.views, landed.result, landed.grid()
        look = Look(*result.window, smooth=self._smooth)
        for name in (RESULT, MIXED):
            layer = Layer(landed.name, landed.shown(result.image), grid, look=look)
            self._replace(name, layer)
        ties = landed.shown(result.information)
        most = largest(ties)
        colours = Look(0.0, most, lut=MAP_COLOURS, smooth=self._smooth)
        layer = Layer(LMI, ties, grid, LayerKind.MAP, look=colours)
        layer.unit = landed.unit
        self._replace(MAP, layer)
        views.laid()
        views.setPlane(landed.plane)
        views.follow((RESULT, MAP, MIXED))
        alone = "" if landed.index is None else f", slice {landed.index + 1} alone"
        views.setCaption(RESULT, f"{landed.title}{alone}")
        views.setCaption(MAP, "Mutual information")
        if landed.index is None:
            self.setMode(self._before)
        self._show_header()
        self.resultChanged.emit()

    def setFile(self, landed: Landed) -> None:
        """The result that is shown is in a file now."""
        self._landed = landed
        self.resultChanged.emit()

    def thumbnail(self) -> tuple[NDArray[Any] | None, float]:
        """The slice in view of the source, and a pixel's height by its width."""
        view, layer = self._view.views.currentView(), self._study.image()
        plane = view.plane()
        if layer is None or plane is None:
            return None, 1.0
        cut = plane.slice(layer.array[0], plane.count // 2)
        return np.array(cut), plane.pixel_mm[1] / plane.pixel_mm[0]

    def _replace(self, name: str, layer: Layer) -> None:
        stack = self._view.views.stacks[name]
        for old in list(stack):
            if name != MIXED or old is not stack.reference():
                stack.remove(old)
        stack.add(layer, activate=name != MIXED)

    # --- commands

    def setMode(self, mode: str) -> None:
        """Show the steps, or compare source and result in one of the ways."""
        views = self._view.views
        views.setMode(mode)
        if mode != STEPS:
            self._before = mode
        film = self._steps.film()
        if mode == STEPS and film is not None:
            views.setPlane(film.run.plane)
            self._steps.showPart()
        self._show_header()
        self.modeChanged.emit()

    def setPlane(self, plane: PlaneName) -> None:
        """Cut the volume another way."""
        self._view.views.setPlane(plane)
        self._show_header()
        self.modeChanged.emit()

    def setHandle(self, share: float) -> None:
        """Where the curtain hangs, how large squares are, or how much of the result is seen."""
        self._view.views.setHandle(share)
        self._show_header()

    def stepHandle(self, steps: int) -> None:
        """Move the handle of the mode; without one, begin to compare."""
        views = self._view.views
        if views.mode() not in BLENDS:
            self.setMode(CURTAIN)
        else:
            self.setHandle(round(views.handle() + steps * HANDLE_STEP, 6))

    def toggleResult(self) -> None:
        self._view.views.toggleResult()

    def stepFrame(self, by: int) -> None:
        """Show another step of the run."""
        timeline = self._view.dock.timeline
        count = len(timeline.frames())
        if count:
            timeline.setFollowing(False)
            timeline.setCurrent(min(max(timeline.current() + by, 0), count - 1))

    def stepSlice(self, by: int) -> None:
        """Scroll towards head, front or right, or back."""
        self._view.views.currentView().step(by)

    def goToEnd(self, last: bool) -> None:
        view = self._view.views.currentView()
        plane = view.plane()
        if plane is not None:
            view.setIndex(plane.count - 1 if last == (view.forward() > 0) else 0)

    def toggleCrosshair(self) -> None:
        views = self._view.views
        views.setCrosshairVisible(not views.decorations().crosshair)
        self._show_header()

    def toggleSmooth(self) -> None:
        self._smooth = not self._smooth
        self._view.views.setSmooth(self._smooth)
        self._show_header()

    def toggleSide(self) -> None:
        views = self._view.views
        views.setRadiological(not views.isRadiological())
        self._show_header()

    # --- inside

    def _opened(self) -> None:
        views, volume = self._view.views, self._study.volume
        self._landed = None
        for stack in views.stacks.values():
            stack.clear()
        if volume is not None:
            look = replace(self._study.layerOf(volume).look, smooth=self._smooth)
            for name in (SOURCE, MIXED):
                layer = self._study.layerOf(volume, look)
                views.stacks[name].add(layer)
            source = views.stacks[SOURCE].reference()
            views.view(SOURCE).setOnly(source)
            views.view(MIXED).setPlaceholder(WAITS)
        self._view.header.setDeep(volume is not None and volume.geometry.shape[0] > 1)
        if views.mode() != STEPS:
            views.setMode(STEPS)
        self._view.showStart(volume is None)
        self._title()
        self._show_header()
        self.resultChanged.emit()

    def _title(self) -> None:
        volume = self._study.volume
        if volume is None:
            self._view.header.title.setText("")
            return
        d, h, w = volume.geometry.shape
        z, y, x = volume.spacing_mm
        size = f"{w} × {h} × {d}" if d > 1 else f"{w} × {h}"
        scale = f"  ·  {x:.3g} × {y:.3g} × {z:.3g} mm" if volume.geometry.oriented else ""
        self._view.header.title.setText(f"{self._study.name()}  ·  {size}{scale}")

    def _switch(self, key: str) -> None:
        {
            "crosshair": self.toggleCrosshair, "smooth": self.toggleSmooth,
            "radiological": self.toggleSide,
        }[key]()  # fmt: skip

    def _show_header(self) -> None:
        views, header = self._view.views, self._view.header
        header.showState(
            views.mode(), views.plane(),
            {
                "crosshair": views.decorations().crosshair, "smooth": self._smooth,
                "radiological": views.isRadiological(),
            },
            views.handle(),
        )  # fmt: skip
        for mode in SHOWN:
            header.button(mode).setEnabled(mode == STEPS or self._landed is not None)
        held = views.mode() == STEPS and self._steps.film() is not None
        header.setPlanesEnabled(not held, "Steps have the plane of their run" if held else "")

    def remember(self) -> None:
        """Take what is seen over into the settings."""
        self._settings.radiological = self._view.views.isRadiological()
        self._settings.interpolation = self._smooth

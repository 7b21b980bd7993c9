"""Numbers beside the views: histogram, volumes of labels, what is under the pointer, measures."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from app.background import Background
from app.study import Study
from app.workspaces.segment.view import SegmentView
from widgets.panels.volume.counting import histogram
from widgets.panels.volume.histogram_limits import Limits
from widgets.panels.volume.place import ProbeLine
from widgets.viewer.volume.layers import Layer, LayerKind
from widgets.viewer.volume.luts import lut
from widgets.viewer.volume.window import auto_window

VOLUMES_EVERY_MS = 150
World = tuple[float, float, float]
Voxel = tuple[int, int, int]
Probed = tuple[World, Voxel, list[ProbeLine], bool]


class Figures(QObject):
    """Keeps contrast, label and probe panels up to date."""

    probed = pyqtSignal(object)  # Probed, or None: what is under the pointer

    def __init__(
        self, study: Study, view: SegmentView, computing: Background, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._study, self._view, self._computing = study, view, computing
        self._layer: Layer | None = None
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(VOLUMES_EVERY_MS)
        self._clock.timeout.connect(self._show_volumes)
        study.model.historyChanged.connect(self._clock.start)
        study.stack.activeChanged.connect(self.follow)
        study.opened.connect(self.follow)
        study.opened.connect(lambda: self._probe(None))
        view.contrast.rangeChanged.connect(self._range_chosen)
        view.contrast.limitsChanged.connect(self._limits_chosen)
        view.contrast.autoRequested.connect(self.autoContrast)
        self._pointed: tuple[int, int, int] | None = None
        view.volume.pointerMoved.connect(self._probe)
        view.volume.crosshairMoved.connect(lambda _: self._probe_crosshair())
        study.opened.connect(lambda: self._probe(None))  # it was a place in another image
        # What lies there may be other labels, or other layers.
        for changed in (study.model.historyChanged, study.stack.changed, study.stack.timeChanged):
            changed.connect(self._probe_again)
        view.probe.goTo.connect(view.volume.setCrosshair)

    def image(self) -> Layer | None:
        """The image that windows are set for: the active one, else the lowest."""
        active = self._study.stack.active()
        if active is not None and active.kind is not LayerKind.LABELS:
            return active
        return self._study.image()

    # --- contrast

    def follow(self) -> None:
        """Show the contrast of the image that is active now."""
        layer = self.image()
        self._clock.start()
        if layer is self._layer:
            return
        if self._layer is not None:
            self._layer.lookChanged.disconnect(self._look)
        self._layer = layer
        panel = self._view.contrast
        panel.setHistogram(None, None)
        panel.setTitle(
            "" if layer is None else " · ".join(t for t in (layer.name, layer.unit) if t)
        )
        if layer is None:
            panel.setLimits(Limits())
            return
        layer.lookChanged.connect(self._look)
        self._look()
        array, slope, intercept = layer.array, layer.slope, layer.intercept

        def done(found: Any) -> None:
            if self._layer is layer:
                panel.setHistogram(*found)

        self._computing.run(
            "Counting values", lambda: histogram(array, slope, intercept), done, lambda _: None
        )

    def autoContrast(self) -> None:
        """Cut 0.1 % of the values off at both ends."""
        layer = self.image()
        if layer is None:
            return
        array, slope, intercept = layer.array, layer.slope, layer.intercept

        def done(ends: tuple[float, float]) -> None:
            layer.change(low=ends[0], high=ends[1])

        self._computing.run(
            "Finding the contrast", lambda: auto_window(array, slope, intercept), done,
            lambda _: None,
        )  # fmt: skip

    def _look(self) -> None:
        if self._layer is not None:
            look = self._layer.look
            self._view.contrast.setRange(look.low, look.high)
            self._view.contrast.setLut(lut(look.lut), look.invert)
            # What lies over another image is often only of interest where it is strong.
            over = self._layer is not self._study.image() and self._layer.channels != "rgb"
            set_ = look.threshold is not None or look.threshold_high is not None
            shown = over or set_ or self._layer.kind is LayerKind.MAP
            limits = Limits(shown, look.threshold, look.threshold_high)
            self._view.contrast.setLimits(limits)

    def _range_chosen(self, low: float, high: float) -> None:
        layer = self.image()
        if layer is not None:
            layer.change(low=low, high=high)

    def _limits_chosen(self, below: float | None, above: float | None) -> None:
        if self._layer is not None:
            self._layer.change(threshold=below, threshold_high=above)

    # --- labels

    def _show_volumes(self) -> None:
        study = self._study
        image = study.volume
        if image is None:
            self._view.labels.setVolumes({})
            return
        ml = image.geometry.voxel_ml
        counts = {row.value: study.model.count(row.value) for row in study.table.labels()}
        self._view.labels.setVolumes({value: (n, n * ml) for value, n in counts.items()})

    # --- probe

    def _probe(self, voxel: tuple[int, int, int] | None) -> None:
        """Show what lies at a voxel (d, h, w) of the image, or nothing."""
        layer = self._study.image()
        self._pointed = voxel if layer is not None else None
        if voxel is None or layer is None:
            self.probed.emit(None)
            self._probe_crosshair()
            return
        world = layer.grid.world(voxel)
        lines = [self._line(each, world) for each in reversed(list(self._study.stack))]
        self._view.probe.setPlace(world, voxel, lines, oriented=layer.grid.oriented)
        self.probed.emit((world, voxel, lines, layer.grid.oriented))

    def _probe_again(self) -> None:
        """Say anew what lies where the pointer was last, else at the crosshair."""
        self._probe(self._pointed)

    def _probe_crosshair(self) -> None:
        """Without a pointer on a slice, the panel is about the crosshair."""
        layer = self._study.image()
        if self._pointed is not None:
            return
        if layer is None:
            self._view.probe.setPlace(None, None)
            return
        world = self._view.volume.crosshair()
        d, h, w = (round(place) for place in layer.grid.voxel(world))
        lines = [self._line(each, world) for each in reversed(list(self._study.stack))]
        self._view.probe.setPlace(world, (d, h, w), lines, oriented=layer.grid.oriented)

    def _line(self, layer: Layer, world: tuple[float, float, float]) -> ProbeLine:
        d, h, w = (round(place) for place in layer.grid.voxel(world))
        inside = all(0 <= p < n for p, n in zip((d, h, w), layer.grid.shape, strict=True))
        value = layer.value((d, h, w), self._study.stack.time()) if inside else None
        if layer.kind is not LayerKind.LABELS or value is None or isinstance(value, tuple):
            return ProbeLine(layer.name, value, layer.unit)
        number = int(value)
        table = self._study.table
        colour = table.colour(number) if number else None
        return ProbeLine(layer.name, number, "", table.name(number), colour)

"""What else a result shows: its maps, and its labels where they are not to be painted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject

from app.study import ADDED_OPACITY, LABELS_OPACITY, MAP_COLOURS, Study
from widgets.paint.labels.table import default_colour
from widgets.viewer.volume.layers import Layer, Look

if TYPE_CHECKING:
    from app.controllers.segment.landing import Run
    from engine.results import SegmentationResult

LARGEST_VARIANCE = 0.25
"""Of votes between 0 and 1."""
CLEAR_BELOW = 0.05
"""Share of a map's range that is not worth a colour."""


class ResultLayers(QObject):
    """Keeps the maps of the last result; the next one's take their places and looks."""

    def __init__(self, study: Study, parent: QObject) -> None:
        super().__init__(parent)
        self._study = study
        self._maps: dict[str, Layer] = {}
        study.opened.connect(self._maps.clear)

    def show(
        self, run: Run, foreground: NDArray[np.float32], variance: NDArray[np.float32]
    ) -> tuple[Layer, Layer]:
        """Lay probability and uncertainty (D, H, W) over the image, the latter hidden at first."""
        hidden = _map_look(LARGEST_VARIANCE, visible=False)
        return (
            self._put("Probability", run, foreground, _map_look(1.0)),
            self._put("Uncertainty", run, variance, hidden),
        )

    def lay(self, run: Run, result: SegmentationResult) -> Layer:
        """Lay the labels of a result over the image, apart from the painted ones."""
        volume = self._volume(run, result.labels, "labels")
        look = Look(opacity=LABELS_OPACITY, smooth=False)
        layer = self._add(volume, look, run.name)
        colours = {s.value: s.colour for s in run.structures}
        layer.setPalette({
            value: (*colours.get(value, default_colour(value)), 255)
            for value in result.names
            if value
        })  # fmt: skip
        return layer

    def _put(self, what: str, run: Run, values: NDArray[np.float32], look: Look) -> Layer:
        before = self._maps.pop(what, None)
        if before is not None and before in list(self._study.stack):
            look = before.look
            self._study.remove(before)
        layer = self._add(self._volume(run, values, "image"), look, f"{what} ({run.method})", True)
        self._maps[what] = layer
        return layer

    def _add(self, volume: Any, look: Look, name: str, as_map: bool = False) -> Layer:
        """Add a layer, and leave the one that the user works with the active one."""
        stack = self._study.stack
        active = stack.active()
        layer = self._study.add(volume, look, as_map=as_map)
        layer.setName(name)
        if active is not None and active in list(stack):
            stack.setActive(active)
        return layer

    def _volume(self, run: Run, values: NDArray[Any], kind: Any) -> Any:
        from engine.data.volumes.volume import Volume

        return Volume(values[np.newaxis], run.volume.geometry, kind)


def _map_look(most: float, *, visible: bool = True) -> Look:
    return Look(
        low=0.0, high=most, lut=MAP_COLOURS, opacity=ADDED_OPACITY, visible=visible,
        threshold=CLEAR_BELOW * most,
    )  # fmt: skip

"""What else a result shows: its maps, and its labels where they are not to be painted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject

from app.study import LABELS_OPACITY, MAP_COLOURS, Study
from widgets.paint.labels.table import default_colour
from widgets.viewer.volume.layers import Layer, Look

if TYPE_CHECKING:
    from app.controllers.segment.arriving import Run
    from engine.results import Segmentation

LARGEST = {"Probability": 1.0, "Uncertainty": 0.25, "Entropy": 1.0}
"""Values that maps can have; the variance of votes between 0 and 1 is at most a quarter."""
MAP_OPACITY = 0.35  # the labels above it keep their colours
CLEAR_BELOW = 0.05
"""Share of a map's range that is not worth a colour."""


@dataclass(frozen=True, eq=False)
class Map:
    """A map (D, H, W) of a result and the largest value that it can have."""

    name: str
    values: NDArray[np.float32]
    most: float

    def look(self, *, visible: bool) -> Look:
        """How it is shown first."""
        return Look(
            low=0.0, high=self.most, lut=MAP_COLOURS, opacity=MAP_OPACITY, visible=visible,
            threshold=CLEAR_BELOW * self.most,
        )  # fmt: skip


def maps_of(result: Segmentation) -> tuple[Map, ...]:
    """The maps of a result, the most telling first; takes a moment."""
    return tuple(
        Map(name, values, LARGEST.get(name) or float(values.max(initial=0)) or 1.0)
        for name, values in result.layers.items()
    )


class ResultLayers(QObject):
    """Keeps the maps of the last result; the next one's take their places and looks."""

    def __init__(self, study: Study, parent: QObject) -> None:
        super().__init__(parent)
        self._study = study
        self._maps: dict[str, Layer] = {}
        study.opened.connect(lambda: self._maps.clear())

    def show(self, run: Run, maps: Sequence[Map]) -> dict[str, Layer]:
        """Lay maps over the image in place of those of the run before; all but the first are
        hidden until they were shown once."""
        study = self._study
        before, self._maps = self._maps, {}
        looks = {name: layer.look for name, layer in before.items()}
        active = next((n for n, layer in before.items() if layer is study.stack.active()), "")
        for layer in before.values():
            if layer in list(study.stack):
                study.remove(layer)
        for place, found in enumerate(maps):
            self._maps[found.name] = study.add(
                self._volume(run, found.values, "image"),
                looks.get(found.name, found.look(visible=place == 0)),
                as_map=True, name=f"{found.name} ({run.method})", activate=found.name == active,
            )  # fmt: skip
        return dict(self._maps)

    def lay(self, run: Run, result: Segmentation) -> Layer:
        """Lay the labels of a result over the image, apart from the painted ones."""
        volume = self._volume(run, result.labels, "labels")
        look = Look(opacity=LABELS_OPACITY, smooth=False)
        layer = self._study.add(volume, look, name=run.name, activate=False)
        colours = {s.value: s.colour for s in run.structures}
        layer.setPalette({
            value: (*colours.get(value, default_colour(value)), 255)
            for value in result.names
            if value
        })  # fmt: skip
        return layer

    def _volume(self, run: Run, values: NDArray[Any], kind: Any) -> Any:
        from engine.data.volumes.volume import Volume

        return Volume(values[np.newaxis], run.volume.geometry, kind)

"""What lies at a voxel: where it is in the patient, and what every layer has there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from widgets.viewer.volume.box import Triple
from widgets.viewer.volume.layers import Grid, Layer, LayerKind, LayerStack

World = tuple[float, float, float]


@dataclass(frozen=True)
class ProbeValue:
    """What one layer has at a place.

    Attributes:
        layer: The layer.
        value: Its value, several for colours, None where the layer does not reach.
        label: The number of the label, for layers of labels.
    """

    layer: Layer
    value: float | tuple[float, ...] | None
    label: int | None = None

    @property
    def name(self) -> str:
        return self.layer.name

    @property
    def unit(self) -> str:
        return self.layer.unit


@dataclass(frozen=True)
class ProbeReading:
    """A place and its values.

    Attributes:
        world: RAS+ mm.
        voxel: (d, h, w) of the stack's grid, from 0.
        values: Of every layer, from the lowest.
    """

    world: World
    voxel: Triple
    values: tuple[ProbeValue, ...]

    @property
    def ijk(self) -> Triple:
        """The voxel in the order of columns, rows and slices, from 0."""
        d, h, w = self.voxel
        return w, h, d


def probe(stack: LayerStack, voxel: Triple) -> ProbeReading | None:
    """Read all layers at a voxel of the stack's grid; None outside of it or without an image."""
    reference = stack.reference()
    if reference is None or not _inside(reference.grid, voxel):
        return None
    world = reference.grid.world(voxel)
    values = tuple(_value(layer, world, stack.time()) for layer in stack)
    return ProbeReading(world, voxel, values)


def probe_world(stack: LayerStack, world: World) -> ProbeReading | None:
    """Read all layers at the voxel that a point (RAS+ mm) lies in."""
    reference = stack.reference()
    return None if reference is None else probe(stack, _nearest(reference.grid, world))


def _value(layer: Layer, world: World, time: int) -> ProbeValue:
    voxel = _nearest(layer.grid, world)
    if not _inside(layer.grid, voxel):
        return ProbeValue(layer, None)
    value = layer.value(voxel, time if layer.channels == "time" else 0)
    if layer.kind is LayerKind.LABELS and isinstance(value, float):
        return ProbeValue(layer, value, int(np.nan_to_num(value)))
    return ProbeValue(layer, value)


def _nearest(grid: Grid, world: World) -> Triple:
    d, h, w = (round(at) for at in grid.voxel(world))
    return d, h, w


def _inside(grid: Grid, voxel: Triple) -> bool:
    return all(0 <= at < size for at, size in zip(voxel, grid.shape, strict=True))

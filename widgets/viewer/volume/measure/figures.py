"""Numbers of a measurement: mm, degrees, and statistics of the values in a region."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRect

from widgets.viewer.volume.cut import Cut
from widgets.viewer.volume.layers import Grid, Layer, LayerKind, LayerStack
from widgets.viewer.volume.measure.model import MeasureKind, Measurement
from widgets.viewer.volume.planes import Plane, planes_of


@dataclass(frozen=True)
class Figures:
    """A measurement's numbers.

    Attributes:
        text: The main one with its unit, as it is drawn.
        numbers: All, each with its name and unit.
    """

    text: str
    numbers: tuple[tuple[str, float], ...]


def figures(item: Measurement, stack: LayerStack) -> Figures:
    """The numbers of a measurement; regions read the active image, or else the lowest one."""
    if item.kind is MeasureKind.RULER:
        length = math.dist(*item.points)
        return Figures(f"{length:.1f} mm", (("length (mm)", length),))
    if item.kind is MeasureKind.ANGLE:
        angle = angle_degrees(item)
        return Figures(f"{angle:.1f}°", (("angle (°)", angle),))
    reference, layer = stack.reference(), measured_layer(stack)
    if reference is None or layer is None:
        return Figures("no image", ())
    return _statistics(item, layer, reference.grid, stack.time())


def measured_layer(stack: LayerStack) -> Layer | None:
    """The layer whose values are measured."""
    active = stack.active()
    if active is not None and active.kind is not LayerKind.LABELS:
        return active
    return stack.reference()


def angle_degrees(item: Measurement) -> float:
    """Between the ways from the second point to the others; 0 where two coincide."""
    first, corner, last = (np.array(point) for point in item.points)
    one, other = first - corner, last - corner
    # Exact for small angles too, where the arc cosine is not.
    return math.degrees(math.atan2(float(np.linalg.norm(np.cross(one, other))), float(one @ other)))


def index_on(item: Measurement, plane: Plane, grid: Grid) -> int:
    """The slice that a measurement lies on, by its first point."""
    return round(grid.voxel(item.points[0])[plane.axis])


def _statistics(item: Measurement, layer: Layer, grid: Grid, time: int) -> Figures:
    plane = planes_of(grid.shape, grid.affine, oriented=grid.oriented)[item.plane]
    part, inside = pixels_in(item, plane, grid)
    cut = Cut(plane, grid, min(max(index_on(item, plane, grid), 0), plane.count - 1), time)
    if part.isEmpty():
        return Figures("outside", ())
    stored = cut.stored(layer, part)
    grey = stored if stored.ndim == 2 else stored.mean(axis=2)
    values = grey[inside].astype(np.float64) * layer.slope + layer.intercept
    values = values[np.isfinite(values)]
    if not values.size:
        return Figures("empty", ())
    area = values.size * plane.pixel_mm[0] * plane.pixel_mm[1]
    mean, deviation = float(values.mean()), float(values.std())
    unit = f" ({layer.unit})" if layer.unit else ""
    text = f"{mean:.4g} ± {deviation:.3g} {layer.unit}".rstrip()
    return Figures(
        f"{text}\n{area:.4g} mm²",
        (
            (f"mean{unit}", mean),
            (f"sd{unit}", deviation),
            (f"min{unit}", float(values.min())),
            (f"max{unit}", float(values.max())),
            ("n", float(values.size)),
            ("area (mm²)", area),
        ),
    )


def pixels_in(item: Measurement, plane: Plane, grid: Grid) -> tuple[QRect, NDArray[np.bool_]]:
    """The part of the slice that a region's frame covers, and which of its pixels have their
    middle in the region."""
    (x0, y0), (x1, y1) = (plane.point(grid.voxel(point))[:2] for point in item.points)
    left, right, top, bottom = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
    frame = QRect(math.floor(left), math.floor(top), 0, 0)
    frame.setRight(math.ceil(right) - 1)
    frame.setBottom(math.ceil(bottom) - 1)
    part = frame & QRect(0, 0, *plane.size)
    x = np.arange(part.left(), part.right() + 1)[None, :] + 0.5
    y = np.arange(part.top(), part.bottom() + 1)[:, None] + 0.5
    if item.kind is MeasureKind.RECTANGLE:
        inside: NDArray[Any] = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    else:
        across, down = max(right - left, 1e-9) / 2, max(bottom - top, 1e-9) / 2
        inside = ((x - left) / across - 1) ** 2 + ((y - top) / down - 1) ** 2 <= 1.0
    return part, inside

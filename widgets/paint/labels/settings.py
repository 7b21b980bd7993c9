"""What the tools of the label editor can be set to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from widgets.paint.labels.rule import Over

SMALLEST, LARGEST = 0.1, 400.0


class Unit(Enum):
    """What sizes are measured in; values are stable names for settings."""

    VOXELS = "px"
    MILLIMETRES = "mm"


class FillBy(Enum):
    """What holds an area together when it is filled."""

    LABEL = "label"
    INTENSITY = "intensity"


@dataclass(frozen=True)
class PaintSettings:
    """Settings of the tools.

    Attributes:
        brush, eraser, vessel_end: Diameters, each kept apart, in `unit`.
        unit: Voxels, or millimetres: a true disc or ball whatever the voxels' shape.
        square: Square instead of round.
        volume: Ball instead of disc; fills go through slices.
        over, over_label: What may be painted over.
        limited: Whether only intensities from `low` to `high` are painted.
        low, high: In the image's values.
        fill_by, tolerance: What a fill follows; the tolerance is in the image's values.
    """

    brush: float = 5.0
    eraser: float = 12.0
    vessel_end: float = 2.0
    unit: Unit = Unit.VOXELS
    square: bool = False
    volume: bool = False
    over: Over = Over.ALL
    over_label: int = 0
    limited: bool = False
    low: float = 0.0
    high: float = 1.0
    fill_by: FillBy = FillBy.LABEL
    tolerance: float = 10.0

    def __post_init__(self) -> None:
        for name in ("brush", "eraser", "vessel_end"):
            size = getattr(self, name)
            if not SMALLEST <= size <= LARGEST:
                raise ValueError(f"{name} is from {SMALLEST} to {LARGEST}, not {size}")


def stepped(size: float, steps: int, unit: Unit) -> float:
    """A size made larger or smaller by steps of about a tenth, whole in voxels."""
    least = 1.0 if unit is Unit.VOXELS else 0.5
    change = max(least, round(size * 0.1 / least) * least)
    new = size + steps * change
    if unit is Unit.VOXELS:
        new = round(new)
    return float(min(max(new, least), LARGEST))

"""What a tool writes, and where it may."""

from __future__ import annotations

from dataclasses import dataclass

from widgets.paint.labels.rule import Over, PaintRule
from widgets.paint.labels.settings import PaintSettings
from widgets.paint.labels.table import LabelTable
from widgets.viewer.volume.layers import Layer


@dataclass(frozen=True)
class Ink:
    """A label, or 0 to erase, and the limits of writing it."""

    value: int
    rule: PaintRule


def painting(settings: PaintSettings, table: LabelTable, layer: Layer | None, time: int) -> Ink:
    """The active label under all limits; `layer` gives the intensities."""
    image, low, high = None, settings.low, settings.high
    if settings.limited and layer is not None:
        image = layer.array[time]
        slope = layer.slope or 1.0
        ends = (low - layer.intercept) / slope, (high - layer.intercept) / slope
        low, high = min(ends), max(ends)
    rule = PaintRule(table.locked(), settings.over, settings.over_label, image, low, high)
    return Ink(table.active(), rule)


def erasing(table: LabelTable, only: int | None) -> Ink:
    """Background over one label, or over all, but never over locked ones."""
    over = Over.ALL if only is None else Over.LABEL
    return Ink(0, PaintRule(table.locked(), over, only or 0))

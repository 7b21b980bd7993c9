"""Box plots as SVG: quartiles, whiskers of 1.5 interquartile ranges, and every case as a dot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

ROW, TOP, LEFT, WIDTH, RIGHT = 34, 22, 190, 420, 20
TICKS = 5
WHISKER = 1.5


@dataclass(frozen=True)
class Box:
    """One group of values."""

    name: str
    values: Sequence[float]
    cases: Sequence[str]


def box_plot(title: str, boxes: Sequence[Box], low: float, high: float) -> str:
    """An SVG image, one row a group; a dot says its case and value when it is pointed at.

    Args:
        low, high: Ends of the axis; values lie within.
    """
    high = high if high > low else low + 1.0
    height = TOP + ROW * len(boxes) + 28
    total = LEFT + WIDTH + RIGHT

    def x(value: float) -> float:
        return round(LEFT + WIDTH * (value - low) / (high - low), 1)

    parts = [
        f"<svg viewBox='0 0 {total} {height}' width='{total}' role='img' "
        f"aria-label='{escape(title)}'><text x='{LEFT}' y='14' class='t'>{escape(title)}</text>"
    ]
    parts += [
        f"<line x1='{x(tick)}' x2='{x(tick)}' y1='{TOP}' y2='{height - 24}' class='g'/>"
        f"<text x='{x(tick)}' y='{height - 8}' class='a'>{tick:.3g}</text>"
        for tick in np.linspace(low, high, TICKS)
    ]
    parts += [_row(box, TOP + ROW * (index + 0.5), x) for index, box in enumerate(boxes)]
    return "".join([*parts, "</svg>"])


def _row(box: Box, y: float, x: Callable[[float], float]) -> str:
    first, median, last = np.percentile(box.values, (25, 50, 75))
    reach = WHISKER * (last - first)
    inside = [v for v in box.values if first - reach <= v <= last + reach]
    low, high = min(inside), max(inside)
    name = box.name if len(box.name) <= 26 else box.name[:25] + "…"
    dots = "".join(
        f"<circle cx='{x(v)}' cy='{y + _spread(i)}' r='2.5' class='d'>"
        f"<title>{escape(case)}: {v:.4g}</title></circle>"
        for i, (v, case) in enumerate(zip(box.values, box.cases, strict=True))
    )
    return (
        f"<text x='{LEFT - 10}' y='{y + 4}' class='n'>{escape(name)}</text>"
        f"<line x1='{x(low)}' x2='{x(high)}' y1='{y}' y2='{y}' class='w'/>"
        f"<rect x='{x(first)}' y='{y - 9}' width='{max(1.0, round(x(last) - x(first), 1))}' "
        f"height='18' class='b'/><line x1='{x(median)}' x2='{x(median)}' y1='{y - 9}' "
        f"y2='{y + 9}' class='m'/>{dots}"
    )


def _spread(index: int) -> float:
    """Dots of like value side by side."""
    return (index * 5 % 13) - 6

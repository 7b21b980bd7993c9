"""Box plots as SVG: quartiles, whiskers, and cases as dots."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from engine.scoring.document import Box, Plot, shortened

ROW, TOP, LEFT, WIDTH, RIGHT = 34, 22, 190, 420, 20


def box_plot(plot: Plot) -> str:
    """An SVG image, one row a group; a dot says its case and value when it is pointed at."""
    height = TOP + ROW * len(plot.boxes) + 28
    total = LEFT + WIDTH + RIGHT

    def x(value: float) -> float:
        return round(LEFT + WIDTH * plot.along(value), 1)

    title = escape(plot.title)
    parts = [
        f"<svg viewBox='0 0 {total} {height}' width='{total}' role='img' "
        f"aria-label='{title}'><text x='{LEFT}' y='14' class='t'>{title}</text>"
    ]
    parts += [
        f"<line x1='{x(tick)}' x2='{x(tick)}' y1='{TOP}' y2='{height - 24}' class='g'/>"
        f"<text x='{x(tick)}' y='{height - 8}' class='a'>{tick:.3g}</text>"
        for tick in plot.ticks
    ]
    parts += [_row(box, TOP + ROW * (index + 0.5), x) for index, box in enumerate(plot.boxes)]
    return "".join([*parts, "</svg>"])


def _row(box: Box, y: float, x: Callable[[float], float]) -> str:
    low, first, median, last, high = box.five()
    dots = "".join(
        f"<circle cx='{x(value)}' cy='{y + aside}' r='2.5' class='d'>"
        f"<title>{escape(case)}: {value:.4g}</title></circle>"
        for value, aside, case in box.dots()
    )
    return (
        f"<text x='{LEFT - 10}' y='{y + 4}' class='n'>{escape(shortened(box.name))}</text>"
        f"<line x1='{x(low)}' x2='{x(high)}' y1='{y}' y2='{y}' class='w'/>"
        f"<rect x='{x(first)}' y='{y - 9}' width='{max(1.0, round(x(last) - x(first), 1))}' "
        f"height='18' class='b'/><line x1='{x(median)}' x2='{x(median)}' y1='{y - 9}' "
        f"y2='{y + 9}' class='m'/>{dots}"
    )

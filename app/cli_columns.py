"""Tables on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

WIDEST = 34


def columns(rows: Sequence[Sequence[str]], widest: int = WIDEST) -> list[str]:
    """Rows in columns as wide as their content; what is too long loses its middle."""
    cut = [[short(cell, widest) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cut, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cut
    ]


def short(text: str, widest: int = WIDEST) -> str:
    """A text on one line, without its middle where it is too long."""
    flat = " ".join(text.split())
    if len(flat) <= widest:
        return flat
    half = (widest - 1) // 2
    return f"{flat[: widest - 1 - half]}…{flat[-half:]}"

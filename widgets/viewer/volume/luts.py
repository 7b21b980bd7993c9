"""Colour tables for grey values, 256 colours each, from dark to bright."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.uint8]
Stop = tuple[float, int, int, int]

# Colours at parts of the range, interpolated between. Viridis and magma are sampled from the
# tables of van der Walt and Smith (2015), CC0, at about 20 places; the difference is at most 4.
_STOPS: dict[str, tuple[Stop, ...]] = {
    "grey": ((0, 0, 0, 0), (1, 255, 255, 255)),
    "hot": ((0, 0, 0, 0), (0.375, 255, 0, 0), (0.75, 255, 255, 0), (1, 255, 255, 255)),
    "PET": (
        (0, 0, 0, 0), (0.25, 82, 0, 128), (0.5, 220, 40, 60), (0.75, 255, 150, 20),
        (0.9, 255, 230, 110), (1, 255, 255, 255),
    ),
    "diverging": (
        (0, 5, 48, 97), (0.25, 67, 147, 195), (0.5, 247, 247, 247), (0.75, 214, 96, 77),
        (1, 103, 0, 31),
    ),
    "red": ((0, 0, 0, 0), (1, 255, 64, 64)),
    "green": ((0, 0, 0, 0), (1, 64, 255, 96)),
    "blue": ((0, 0, 0, 0), (1, 80, 140, 255)),
}  # fmt: skip
_SAMPLED = {
    "viridis": (
        "440154 481467 482576 453781 404688 39558c 33638d 2d718e 287d8e 238a8d 1f968b 20a386 "
        "29af7f 3dbc74 56c667 75d054 95d840 b8de29 dce319 fde725"
    ),
    "magma": (
        "000004 06051a 140e36 251255 3b0f70 51127c 641a80 782281 8c2981 a1307e b73779 ca3e72 "
        "de4968 ed5a5f f7705c fc8961 fe9f6d feb77e fecf92 fde7a9 fcfdbf"
    ),
}
NAMES = ("grey", "viridis", "magma", "hot", "PET", "diverging", "red", "green", "blue")


@cache
def lut(name: str, invert: bool = False) -> Table:
    """A table (256, 3) uint8, read-only; `invert` runs it backwards.

    Raises:
        KeyError: there is no table of this name.
    """
    stops = _sampled(_SAMPLED[name]) if name in _SAMPLED else np.array(_STOPS[name], float)
    places = np.linspace(0.0, 1.0, 256)
    columns = [np.interp(places, stops[:, 0], stops[:, part]) for part in (1, 2, 3)]
    table = np.rint(np.stack(columns, axis=1)).astype(np.uint8)
    table = table[::-1].copy() if invert else table
    table.flags.writeable = False
    return table


def luts() -> dict[str, Table]:
    """All tables by name."""
    return {name: lut(name) for name in NAMES}


def _sampled(text: str) -> NDArray[np.float64]:
    colours = [tuple(bytes.fromhex(word)) for word in text.split()]
    places = np.linspace(0.0, 1.0, len(colours))
    return np.column_stack([places, np.array(colours, float)])

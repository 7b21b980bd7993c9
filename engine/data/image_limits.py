"""What an image file may be: its size limits, and the form every decoder hands it on in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine.errors import InputError

MIN_SIDE = 16
MAX_SIDE = 4096


@dataclass(frozen=True, eq=False)
class Decoded:
    """Values as in the file.

    Attributes:
        array: (H, W) or (H, W, C) with C in {2, 3, 4}; for a NIfTI volume (H, W, S), see `volume`.
        bit_depth: Bits a value has in the file.
        notes: What was done on the way, for the user.
        volume: Whether the last axis counts slices.
    """

    array: NDArray[Any]
    bit_depth: int
    notes: tuple[str, ...] = ()
    volume: bool = False


def check_size(path: Path, height: int, width: int) -> None:
    """Refuses sides outside MIN_SIDE to MAX_SIDE.

    Raises:
        InputError: With the size found and the one allowed.
    """
    if max(height, width) > MAX_SIDE:
        raise InputError(
            f"{path} has {width} x {height} pixels; at most {MAX_SIDE} a side can be opened.",
            "Crop or resize it first.",
        )
    if min(height, width) < MIN_SIDE:
        raise InputError(
            f"{path} has {width} x {height} pixels; at least {MIN_SIDE} a side are needed.",
            "Choose a larger image.",
        )


def check_kind(path: Path, array: NDArray[Any]) -> None:
    """Refuses what is neither a grey nor a colour image of real numbers.

    Raises:
        InputError: With the type and shape found.
    """
    if array.dtype.kind not in "buif" or array.ndim not in (2, 3) or 0 in array.shape:
        raise InputError(
            f"{path} holds {array.dtype} values of shape {array.shape}, not an image.",
            "Give a grey (H, W) or colour (H, W, 3) image of real numbers.",
        )
    if array.ndim == 3 and array.shape[-1] not in (1, 2, 3, 4):
        raise InputError(
            f"{path} has shape {array.shape}, not that of a 2D image.", "Give one slice (H, W)."
        )

"""Affines and spacings as files hold them, made safe to reckon with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.volume import MIN_DETERMINANT, Affine

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
# Beyond these, something else than millimetres of a patient was written.
MAX_MM = 1e7
MIN_SPACING_MM = 1e-7


def is_usable(affine: NDArray[Any]) -> bool:
    """Whether an affine (4, 4) maps voxels to distinct, finite places."""
    if affine.shape != (4, 4) or not np.isfinite(affine).all() or np.abs(affine).max() > MAX_MM:
        return False
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    if sizes.min() < MIN_SPACING_MM:
        return False
    # Of the directions alone: small voxels are not flat ones.
    return abs(float(np.linalg.det(affine[:3, :3] / sizes))) > 1e-4 and (
        abs(float(np.linalg.det(affine[:3, :3]))) > MIN_DETERMINANT
    )


def usable_spacing(spacing: Sequence[float]) -> tuple[list[float], tuple[str, ...]]:
    """Spacings in mm with what cannot be one replaced, and a warning of it.

    A negative spacing counts without its sign; zero, NaN and infinity become 1 mm.
    """
    fixed, warnings = [], []
    for axis, size in enumerate(spacing):
        good = abs(float(size))
        if not MIN_SPACING_MM <= good <= MAX_MM:
            good = 1.0
        if good != size:
            warnings.append(
                f"The spacing along axis {axis + 1} is {size:g} in the file; {good:g} mm is used, "
                "so lengths and volumes may be wrong."
            )
        fixed.append(good)
    return fixed, tuple(warnings)


def from_parts(
    spacing: Sequence[float], directions: NDArray[Any], origin: Sequence[float]
) -> tuple[Affine, tuple[str, ...]]:
    """An affine of voxel (i, j, k) from spacings, unit directions (columns) and an origin.

    What cannot be used is replaced (spacing: see `usable_spacing`; directions by the axes, origin
    by 0), each with a warning.
    """
    fixed, warnings = usable_spacing(spacing)
    affine = np.eye(4)
    affine[:3, :3] = np.asarray(directions, np.float64) @ np.diag(fixed)
    if not is_usable(affine):
        affine[:3, :3] = np.diag(fixed)
        warnings += (
            "The directions in the file are singular; the axes are taken as they are stored, "
            "so left and right may be swapped.",
        )
    place = np.asarray(origin, np.float64)
    if np.isfinite(place).all() and np.abs(place).max() <= MAX_MM:
        affine[:3, 3] = place
    else:
        warnings += ("The origin in the file is not a place; 0, 0, 0 is used.",)
    return affine, warnings

"""Volumes as slices: across which axis they are cut, and how they are turned to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from nibabel import orientations
from numpy.typing import NDArray

from engine.data.volumes.volume import Geometry

Array = NDArray[Any]


def across(spacing: Sequence[float]) -> int:
    """The axis of the thickest slices; the first one where all are alike."""
    thickest = max(spacing)
    return next(axis for axis, s in enumerate(spacing) if s >= thickest * 0.99)


def seen(geometry: Geometry, *arrays: Array) -> tuple[tuple[Array, ...], tuple[float, ...]]:
    """Arrays (D, H, W) along superior, posterior and left, and the spacing along these; as they
    are where nothing is known of a patient."""
    if not geometry.oriented:
        return arrays, geometry.spacing_mm
    turn = _turn(geometry)

    def turned(array: Array) -> Array:
        return np.asarray(orientations.apply_orientation(array.transpose(2, 1, 0), turn)).transpose(
            2, 1, 0
        )

    along = [0.0] * 3
    for axis, (target, _) in enumerate(turn):
        along[2 - int(target)] = geometry.spacing_mm[2 - axis]
    return tuple(turned(array) for array in arrays), tuple(along)


def turned_axis(geometry: Geometry, axis: int) -> int:
    """Where `seen` puts an axis of (D, H, W)."""
    return 2 - int(_turn(geometry)[2 - axis][0]) if geometry.oriented else axis


def _turn(geometry: Geometry) -> Array:
    """How the axes (i, j, k) are turned and mirrored to left, posterior and superior."""
    return np.asarray(
        orientations.ornt_transform(
            orientations.io_orientation(geometry.affine), orientations.axcodes2ornt("LPS")
        )
    )


def named(axis: int, geometry: Geometry) -> str:
    """The plane that cuts an axis of what `seen` gave."""
    return ("axial", "coronal", "sagittal")[axis] if geometry.oriented else "stored"

"""Changes to single images and masks, from volume to volume; nothing is written here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from nibabel.orientations import (
    apply_orientation,
    axcodes2ornt,
    inv_ornt_aff,
    io_orientation,
    ornt_transform,
)
from numpy.typing import NDArray

from engine.data.volumes.masks import LabelsRead
from engine.data.volumes.resample import resample
from engine.data.volumes.volume import Geometry, Volume

LUMINANCE = (0.299, 0.587, 0.114)
"""Of red, green and blue; ITU-R BT.601."""
Array = NDArray[Any]


def filled(array: Array) -> Array:
    """NaN and infinity replaced by the least finite value; 0 where there is none."""
    good = np.isfinite(array)
    least = array[good].min() if good.any() else 0
    return np.where(good, array, least).astype(array.dtype)


def grey(volume: Volume) -> Volume:
    """Colours (3, D, H, W) as their luminance, in the same type; of equal ones that value."""
    array = np.asarray(volume.array)[:3]
    if (array == array[:1]).all():
        return replace(volume, array=array[:1], channels="single")
    mixed = np.tensordot(np.asarray(LUMINANCE), array.astype(np.float64), axes=1)[np.newaxis]
    whole = array.dtype.kind in "iu"
    return replace(
        volume, array=(np.rint(mixed) if whole else mixed).astype(array.dtype), channels="single"
    )


def in_bytes(volume: Volume) -> Volume:
    """Values from the least to the largest as 0 to 255."""
    array = np.asarray(volume.array, np.float64)
    low, high = float(array.min()), float(array.max())
    scaled = np.rint((array - low) * (255.0 / (high - low) if high > low else 0.0))
    return replace(volume, array=scaled.astype(np.uint8), slope=1.0, intercept=0.0, window=None)


def usual_grid(geometry: Geometry, spacing: tuple[float, float, float]) -> Geometry:
    """The same box in voxels of another size along (D, H, W), as near as whole voxels allow."""
    old = np.array(geometry.spacing_mm)
    new = np.array(spacing)
    shape = np.maximum(1, np.rint(np.array(geometry.shape) * old / new)).astype(int)
    affine = geometry.affine.copy()
    affine[:3, :3] = geometry.affine[:3, :3] / old[::-1] * new[::-1]
    # The outer faces stay where they are, not the centres of the first voxels.
    corner = geometry.world(np.array([-0.5, -0.5, -0.5]))
    affine[:3, 3] = corner + affine[:3, :3] @ np.array([0.5, 0.5, 0.5])
    return Geometry((int(shape[0]), int(shape[1]), int(shape[2])), affine, geometry.oriented)


def on_grid(array: Array, source: Geometry, target: Geometry, *, labels: bool) -> Array:
    """(C, D, H, W) at the voxels of another grid."""
    moved = [resample(channel, source, target, labels=labels) for channel in array]
    return np.stack(moved)


def to_ras(array: Array, geometry: Geometry) -> tuple[Array, Geometry]:
    """(C, D, H, W) with columns to the right, rows to the front and slices to the head; voxels
    are reordered, none is changed."""
    now = io_orientation(geometry.affine)
    turn = ornt_transform(now, axcodes2ornt("RAS"))
    shape = geometry.shape[::-1]
    turned = apply_orientation(np.transpose(array, (3, 2, 1, 0)), turn)
    affine = geometry.affine @ inv_ornt_aff(turn, shape)
    found = np.ascontiguousarray(np.transpose(turned, (3, 2, 1, 0)))
    depth, height, width = found.shape[1:]
    return found, Geometry((depth, height, width), affine, geometry.oriented)


def fitted(read: LabelsRead, image: Geometry) -> Array:
    """Labels (D, H, W) at an image's voxels: by their place, or of pictures by their share."""
    if read.geometry.oriented and image.oriented:
        return resample(read.labels, read.geometry, image, labels=True)
    rows, columns = (
        np.minimum((np.arange(n) + 0.5) * m / n, m - 1).astype(np.intp)
        for n, m in zip(image.shape[1:], read.labels.shape[1:], strict=True)
    )
    picked: Array = read.labels[:, rows[:, np.newaxis], columns]
    return picked

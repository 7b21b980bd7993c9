"""Distances in millimetres on grids whose voxels are not cubes, and what is made of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.data.labels.subject import Mask, Watch, stage, unwatched
from engine.data.volumes.itk_run import executed

SLACK_MM = 1e-6
"""Voxels at just the radius count as within it."""


def distance_to(
    mask: Mask, spacing_mm: tuple[float, ...], watch: Watch = unwatched
) -> NDArray[np.float32]:
    """Millimetres from each voxel's centre to the nearest centre of a voxel of the mask.

    Exact (Maurer et al. 2003, as SimpleITK has it); 0 within the mask, infinity without any.
    """
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    import SimpleITK as sitk

    picture = sitk.GetImageFromArray(np.ascontiguousarray(mask, np.uint8))
    picture.SetSpacing(tuple(float(size) for size in spacing_mm[::-1]))
    process = sitk.SignedMaurerDistanceMapImageFilter()
    # Signed distances count from the rim, so within the mask they are below zero.
    process.SetInsideIsPositive(False)
    process.SetSquaredDistance(False)
    process.SetUseImageSpacing(True)
    distance: NDArray[np.float32] = sitk.GetArrayFromImage(executed(process, picture, watch=watch))
    distance[mask] = 0
    return distance


def dilated(
    mask: Mask, radius_mm: float, spacing_mm: tuple[float, ...], watch: Watch = unwatched
) -> Mask:
    """All voxels within the radius of the mask: dilation by a ball."""
    return distance_to(mask, spacing_mm, watch) <= radius_mm + SLACK_MM


def eroded(
    mask: Mask, radius_mm: float, spacing_mm: tuple[float, ...], watch: Watch = unwatched
) -> Mask:
    """The voxels whose surroundings within the radius are all mask: erosion by a ball.

    What lies beyond the array counts as mask, so that nothing shrinks from the volume's faces.
    """
    return distance_to(~mask, spacing_mm, watch) > radius_mm + SLACK_MM


def signed_distance(
    mask: Mask, spacing_mm: tuple[float, ...], watch: Watch = unwatched
) -> NDArray[np.float32]:
    """Millimetres to the mask's rim, above zero within, below zero outside.

    The rim lies half a step before the next voxel's centre, so both sides are treated alike.
    """
    step = min(spacing_mm) / 2
    inside = distance_to(~mask, spacing_mm, stage(watch, 0, 2)) - step
    outside = distance_to(mask, spacing_mm, stage(watch, 1, 2)) - step
    return np.where(mask, inside, -outside).astype(np.float32)

"""Brings an image or a mask onto another grid of voxels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.itk_run import executed
from engine.data.volumes.limits import Watch
from engine.data.volumes.volume import Geometry, Volume
from engine.data.volumes.write_image import unscaled
from engine.data.volumes.write_itk import to_itk
from engine.data.volumes.write_nifti import with_place_of

_WIDER = {np.dtype(bool): np.uint8, np.dtype(np.float16): np.float32}


def resample(
    array: NDArray[Any],
    source: Geometry,
    target: Geometry,
    *,
    labels: bool,
    watch: Watch | None = None,
) -> NDArray[Any]:
    """Values at the target's voxels: of the nearest voxel for labels, else linear between eight.

    Outside the source there is 0 for labels, and the least value of an image. ITK does the work:
    J. Johnson et al., "The ITK Software Guide", resampling. Nothing is smoothed first, so a much
    coarser target takes samples and no means.

    Args:
        array: (D, H, W) of the source's shape.
        source, target: Where the voxels lie.
        labels: Whether numbers name structures.
        watch: Told how far it is.

    Returns:
        (D, H, W) of the target's shape, of the array's type (bool and float16 become uint8 and
        float32); whole numbers are rounded.

    Raises:
        ValueError: Another shape than the source's, or a source without volume.
    """
    import SimpleITK as sitk

    if array.shape != source.shape:
        raise ValueError(f"{array.shape} values for a grid of {source.shape}")
    if source.matches(target):
        return np.array(array)
    native = array.astype(_WIDER.get(array.dtype, array.dtype.newbyteorder("=")), copy=False)
    # Rows that are not at right angles, as of a tilted gantry, are no image of ITK's resampler's:
    # both grids become plain, and what lies between them is left to the transform.
    step = np.linalg.inv(source.affine) @ target.affine
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(step[:3, :3].ravel().tolist())
    transform.SetTranslation(step[:3, 3].tolist())
    image = to_itk(native, _plain(source))
    depth, height, width = target.shape
    outside = 0.0 if labels or not native.size else _least(native)
    process = sitk.ResampleImageFilter()
    process.SetSize((width, height, depth))
    process.SetTransform(transform)
    process.SetInterpolator(sitk.sitkNearestNeighbor if labels else sitk.sitkLinear)
    process.SetDefaultPixelValue(outside)
    moved = executed(process, image, watch=watch)
    return sitk.GetArrayFromImage(moved)


def resample_volume(volume: Volume, target: Volume) -> Volume:
    """All channels of a volume on the grid of another one, with its own type, slope and header.

    Args:
        volume: An image or labels.
        target: What lies on the grid; of its header the place is taken, if both are NIfTI.
    """
    if volume.slope < 0:
        # What lies outside gets the least number stored, which would be the greatest value.
        volume = unscaled(volume)
    labels = volume.kind == "labels"
    grids = volume.geometry, target.geometry
    array = np.stack([resample(channel, *grids, labels=labels) for channel in volume.array])
    header = with_place_of(volume.source.header, target.source.header)
    source = replace(volume.source, header=header, files=())
    return replace(volume, array=array, geometry=target.geometry, source=source)


def describe_resampling(source: Geometry, target: Geometry, *, labels: bool) -> str:
    """A sentence that says what `resample` would do, with the numbers, for the user to agree to."""
    way = "the nearest voxel's label" if labels else "values between voxels (linear)"
    parts = [f"from {_grid(source)} to {_grid(target)}"]
    outside = _share_outside(source, target)
    if outside >= 0.005:
        parts.append(f"{outside:.0%} of the new grid lies outside and becomes empty")
    lost = _share_outside(target, source)
    if lost >= 0.005:
        parts.append(f"{lost:.0%} of the old grid is cut off")
    if labels and target.voxel_ml > 1.5 * source.voxel_ml:
        parts.append("structures smaller than a voxel may vanish")
    return f"Resample {parts[0]}, taking {way}" + "".join(f"; {p}" for p in parts[1:]) + "."


def _plain(geometry: Geometry) -> Geometry:
    """The grid of voxel numbers; the diagonal undoes the turn that patient axes get in ITK."""
    return Geometry(geometry.shape, np.diag([-1.0, -1.0, 1.0, 1.0]))


def _least(array: NDArray[Any]) -> float:
    if array.dtype.kind != "f":
        return float(array.min())
    finite = array[np.isfinite(array)]
    return float(finite.min()) if finite.size else 0.0


def _grid(geometry: Geometry) -> str:
    depth, height, width = geometry.shape
    d, h, w = geometry.spacing_mm
    return f"{width} x {height} x {depth} voxels of {w:.3g} x {h:.3g} x {d:.3g} mm"


def _share_outside(inner: Geometry, outer: Geometry, samples: int = 24) -> float:
    """The part of the outer grid that lies outside the inner one, by regular samples."""
    axes = [np.linspace(0, n - 1, min(n, samples)) for n in outer.shape]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    voxels = inner.voxel(outer.world(points))
    inside = ((voxels > -0.5) & (voxels < np.array(inner.shape) - 0.5)).all(axis=-1)
    return float(1 - inside.mean())

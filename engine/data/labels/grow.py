"""Labels found from an image's values: by range, by likeness to a voxel, or from seeds."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
import scipy
import skimage
from numpy.typing import NDArray
from pydantic import model_validator

from engine.data.labels.blur import gaussian
from engine.data.labels.connected import parts_of
from engine.data.labels.distance import distance_to
from engine.data.labels.subject import (
    MAX_LABEL,
    Labels,
    Mask,
    Spacing,
    Subject,
    Watch,
    able_to_hold,
    box_of,
    grown,
    unwatched,
)  # fmt: skip
from engine.data.labels.where import GROUP, Part, part_of
from engine.errors import InputError
from engine.parameters import parameter

MAX_VALUE = 1e12
STAGE_VOXELS = 2**20
MAX_STAGES = 32
CROSS = scipy.ndimage.generate_binary_structure(3, 1)


class Painting(Part):
    """An operation that paints one label by an image."""

    label: int = parameter(1, "Label", "The label to paint.", ge=1, le=MAX_LABEL, group=GROUP)
    overwrite: bool = parameter(
        False, "Overwrite others", "Take voxels of other labels too, save of locked ones.",
        group=GROUP,
    )  # fmt: skip


class ThresholdParams(Painting):
    """Label what lies in a range of values."""

    low: float = parameter(
        0.0, "Lowest", "Smallest value that counts.", ge=-MAX_VALUE, le=MAX_VALUE
    )
    high: float = parameter(
        1e6, "Highest", "Largest value that counts.", ge=-MAX_VALUE, le=MAX_VALUE
    )
    inside: int = parameter(
        0, "Only within", "Label of the second map, or of this one, to stay within; 0 anywhere.",
        ge=0, le=MAX_LABEL,
    )  # fmt: skip
    replace: bool = parameter(False, "Replace", "Take the label from voxels outside of the range.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"lowest {self.low:g} is above highest {self.high:g}")
        return self


def threshold(subject: Subject, params: ThresholdParams) -> Labels:
    """Voxels whose value is from low to high, both included; NaN never is.

    Raises:
        InputError: there is no image, or no such slice.
    """
    part = part_of(subject.labels, params)
    values = subject.values()[part]
    wanted: Mask = (values >= params.low) & (values <= params.high)
    if params.inside:
        map_ = subject.labels if subject.other is None else subject.other
        wanted &= map_[part] == params.inside
    own = params.inside if subject.other is None else 0
    return _painted(subject, params, wanted, replace=params.replace, source=own)


class FloodParams(Painting):
    """Label what is connected to a voxel and of like value."""

    d: int = parameter(0, "Slice D", "Of the voxel to start at, from 0.", ge=0, le=1_000_000)
    h: int = parameter(0, "Row H", "Of the voxel to start at, from 0.", ge=0, le=1_000_000)
    w: int = parameter(0, "Column W", "Of the voxel to start at, from 0.", ge=0, le=1_000_000)
    tolerance: float = parameter(
        10.0, "Tolerance", "How far values may be from that of the voxel.", ge=0, le=MAX_VALUE
    )
    reach_mm: float = parameter(
        0.0, "Reach", "Go no further than this along each axis; 0 goes anywhere.", unit="mm",
        ge=0, le=10_000,
    )  # fmt: skip
    touching: Literal["faces", "corners"] = parameter(
        "faces", "Touching", "What voxels have to share to be connected.",
        choices={"faces": "Faces (6)", "corners": "Corners (26)"}, advanced=True,
    )  # fmt: skip


def flood(subject: Subject, params: FloodParams) -> Labels:
    """The connected voxels whose values differ from that of the start by the tolerance at most.

    Raises:
        InputError: there is no image, or the start lies outside of it.
    """
    start = (params.d, params.h, params.w)
    labels = subject.labels
    part = part_of(labels, params.with_changes(index=start["dhw".index(params.axis)]))
    if any(at >= length for at, length in zip(start, labels.shape, strict=True)):
        raise InputError(
            f"Voxel {start} lies outside of the volume of {labels.shape} voxels.",
            "Choose a voxel within it; they count from 0.",
        )
    if params.reach_mm:
        steps = [int(params.reach_mm / size) for size in subject.spacing_mm]
        limits = [
            slice(max(p.start, at - n), min(p.stop, at + n + 1))
            for p, at, n in zip(part, start, steps, strict=True)
        ]
        part = (limits[0], limits[1], limits[2])
    values = subject.values()[part]
    here = tuple(at - p.start for at, p in zip(start, part, strict=True))
    value = float(values[here])
    like = (values >= value - params.tolerance) & (values <= value + params.tolerance)
    if not like[here]:
        return labels.copy()  # not a number
    parts = parts_of(like, 1 if params.touching == "faces" else 3, subject.watch)
    wanted = np.zeros(labels.shape, bool)
    wanted[part] = parts == parts[here]
    whole = params.with_changes(extent="volume")
    return _painted(subject, whole, wanted)


def _painted(
    subject: Subject, params: Painting, wanted: Mask, *, replace: bool = False, source: int = 0
) -> Labels:
    """The label painted where wanted, over background, `source` and, if asked for, all else."""
    part = part_of(subject.labels, params)
    result = able_to_hold(subject.labels, params.label)
    old, new = subject.labels[part], result[part]
    free = (old == 0) | (old == source)
    if replace:
        new[(old == params.label) & ~wanted] = 0
    new[wanted if params.overwrite else wanted & free] = params.label
    return result


class SeedsParams(Part):
    """Grow all labels from painted seeds up to the edges in the image."""

    reach_mm: float = parameter(
        20.0, "Reach", "What is further than this from all seeds is background.", unit="mm",
        gt=0, le=10_000, step=1,
    )  # fmt: skip
    background: int = parameter(
        0, "Background seeds", "Label painted on what is none of the others, and removed in the "
        "end; 0 for none.", ge=0, le=MAX_LABEL,
    )  # fmt: skip
    edge_mm: float = parameter(
        1.0, "Edge scale", "Blur before edges are looked for; larger ignores noise.", unit="mm",
        ge=0, le=100, step=0.5, advanced=True,
    )  # fmt: skip


def grow_from_seeds(subject: Subject, params: SeedsParams) -> Labels:
    """Watershed of the gradient's magnitude, flooded from all labels at once.

    Seeds of the background are the shell at the reach and the voxels of the background label.
    Meyer 1991, as scikit-image has it; only the surroundings of the seeds are looked at.

    Raises:
        InputError: there is no image, or nothing is painted.
    """
    part = part_of(subject.labels, params)
    result = subject.labels.copy()
    before = subject.labels[part]
    box = box_of(before > 0)
    if box is None:
        raise InputError("There are no seeds to grow from.", "Paint some of each structure first.")
    block = grown(box, before.shape, params.reach_mm, subject.spacing_mm)
    seeds = before[block].astype(np.int32)
    outside = int(seeds.max()) + 1
    watch = subject.watch
    near = distance_to(seeds > 0, subject.spacing_mm, lambda done: watch(0.2 * done))
    far = near > params.reach_mm
    # Where the volume ends before the reach does, nothing stops a label, as nothing is known.
    markers = np.where(far, outside, seeds)
    values = subject.values()[part][block]
    edges = _edges(values, params.edge_mm, subject.spacing_mm, lambda done: watch(0.2 + 0.2 * done))
    filled = flooded(edges, markers, lambda done: watch(0.4 + 0.6 * done))
    filled[(filled == outside) | (filled == params.background)] = 0
    result[part][block] = filled
    return result


def flooded(
    edges: NDArray[np.float32], markers: NDArray[np.int32], watch: Watch = unwatched
) -> NDArray[np.int32]:
    """Watershed of edges (D, H, W) from markers above 0, flooded in stages of rising level.

    A stage goes on from the voxels at the rim of what is flooded, so that large volumes can be
    cancelled between stages.
    """
    stages = min(MAX_STAGES, -(-edges.size // STAGE_VOXELS))
    levels = np.quantile(
        edges.ravel()[:: max(1, edges.size // 10**6)], np.arange(1, stages) / stages
    )
    filled = markers.copy()
    for number, level in enumerate([*levels, np.inf]):
        watch(number / stages)
        free = filled == 0
        rim = scipy.ndimage.maximum_filter(free, footprint=CROSS, mode="constant") & ~free
        below = free & (edges <= level)
        grown_from = np.where(rim, filled, 0)
        new = skimage.segmentation.watershed(edges, grown_from, mask=below | rim)
        filled[below] = new[below]
    return filled


def _edges(
    values: NDArray[np.generic], edge_mm: float, spacing_mm: Spacing, watch: Watch
) -> NDArray[np.float32]:
    """Magnitude of the gradient, by mm."""
    smooth = np.nan_to_num(values.astype(np.float32), posinf=0, neginf=0)
    if edge_mm:
        sigmas = [
            edge_mm / s if n > 1 else 0 for s, n in zip(spacing_mm, values.shape, strict=True)
        ]
        smooth = gaussian(smooth, sigmas, watch=watch)
    squares = np.zeros_like(smooth)
    for axis, size in enumerate(spacing_mm):
        if smooth.shape[axis] > 1:
            squares += np.square(np.gradient(smooth, size, axis=axis))
    return np.sqrt(squares)

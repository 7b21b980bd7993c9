"""Where votes disagree: connected regions of high variance, ranked, to be looked at one by one."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from engine.data.atomic import write_atomic
from engine.data.labels.connected import parts_of
from engine.data.labels.subject import Block, Labels, Mask, Watch, grown, stage, unwatched
from engine.data.volumes.volume import Geometry

LEAST = 0.0625
"""Numbers within an interval of length 1/2 have a variance of at most (1/2)^2 / 4 (Popoviciu 1935):
where that of votes from 0 to 1 is higher, they do not all lie on one side of 1/2."""
MOST = 1000
"""Regions that are listed at most; nobody looks at more."""


@dataclass(frozen=True)
class DoubtRegion:
    """A connected region in which votes disagree.

    Attributes:
        peak: Voxel (d, h, w) of the highest value; of several, as of few votes there are, the one
            in the middle of them.
        low, high: Its bounding box, low inside and high outside of it.
        voxels: How many.
        total: Sum of the values, which the ranking goes by: many voxels, or very doubtful ones.
        highest: The value at the peak.
        label: The most frequent structure in it or touching it, 0 where there is none.
    """

    peak: tuple[int, int, int]
    low: tuple[int, int, int]
    high: tuple[int, int, int]
    voxels: int
    total: float
    highest: float
    label: int = 0


def doubtful_regions(
    uncertainty: NDArray[np.floating[Any]],
    labels: Labels | None = None,
    least: float = LEAST,
    most: int = MOST,
    watch: Watch = unwatched,
) -> tuple[DoubtRegion, ...]:
    """Connected regions (26 neighbours) above a value, by their summed values, the highest first.

    Args:
        uncertainty: (D, H, W), a variance over votes or any other map; NaN counts as certain.
        labels: (D, H, W), to say which structure a region is about.
        least: Voxels belong to a region where the map is above this.
        most: How many regions at most.
        watch: As in `Subject`.
    """
    doubtful = uncertainty > least
    parts = parts_of(doubtful, 3, stage(watch, 0, 2))
    numbers, values = parts[doubtful], uncertainty[doubtful].astype(np.float64)
    if not numbers.size:
        return ()
    sizes = np.bincount(numbers)
    totals = np.bincount(numbers, values)
    boxes = scipy.ndimage.find_objects(parts)
    # Parts are numbered in the order of their first voxels, which decides between equal sums.
    ranked = sorted(range(1, len(sizes)), key=lambda n: (-totals[n], n))[:most]
    found = []
    for done, number in enumerate(ranked):
        stage(watch, 1, 2)(done / len(ranked))
        box = boxes[number - 1]
        d, h, w = _peak(uncertainty[box], parts[box] == number, box)
        found.append(
            DoubtRegion(
                (d, h, w),
                (box[0].start, box[1].start, box[2].start),
                (box[0].stop, box[1].stop, box[2].stop),
                int(sizes[number]), float(totals[number]), float(uncertainty[d, h, w]),
                0 if labels is None else _label(labels, parts, number, box),
            )
        )  # fmt: skip
    return tuple(found)


def telling_least(variance: NDArray[np.floating[Any]]) -> float:
    """Above which variance (D, H, W) there is something to list.

    `LEAST` where votes disagree. Where they nearly agree, half of the highest, in two digits: what
    is most doubtful is worth a look all the same.
    """
    highest = float(np.nanmax(variance, initial=0.0))
    if highest > LEAST or highest <= 0:
        return LEAST
    digits = 1 - math.floor(math.log10(highest / 2))
    # Rounded down, so that at least the highest is listed.
    return math.floor(highest / 2 * 10**digits) / 10**digits


def most_doubtful_slice(uncertainty: NDArray[np.floating[Any]], axis: int) -> int | None:
    """The index of the slice with the highest sum along an axis of (D, H, W).

    The first of several; None where nothing is uncertain anywhere.
    """
    others = tuple(a for a in range(3) if a != axis)
    sums = np.nansum(uncertainty, axis=others, dtype=np.float64)
    return int(sums.argmax()) if sums.max() > 0 else None


def most_doubtful_voxel(
    uncertainty: NDArray[np.floating[Any]], axis: int
) -> tuple[int, int, int] | None:
    """Voxel (d, h, w) of the highest value on the most doubtful slice along an axis; else None."""
    index = most_doubtful_slice(uncertainty, axis)
    if index is None:
        return None
    cut = np.take(uncertainty, index, axis)
    place = [int(at) for at in np.unravel_index(np.nanargmax(cut), cut.shape)]
    place.insert(axis, index)
    return place[0], place[1], place[2]


def table(
    regions: Sequence[DoubtRegion], geometry: Geometry, names: Mapping[int, str] | None = None
) -> list[dict[str, Any]]:
    """Regions as flat rows: voxels i, j, k of the peak from 0, its place in RAS+ millimetres."""
    rows = []
    for rank, region in enumerate(regions, start=1):
        d, h, w = region.peak
        x, y, z = (float(at) for at in geometry.world(np.array(region.peak)))
        rows.append({
            "rank": rank, "i": w, "j": h, "k": d, "x_mm": x, "y_mm": y, "z_mm": z,
            "voxels": region.voxels, "volume_mm3": region.voxels * geometry.voxel_ml * 1000.0,
            "summed": region.total, "highest": region.highest,
            "label": region.label, "name": (names or {}).get(region.label, ""),
        })  # fmt: skip
    return rows


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Comma-separated rows of `table` under a heading."""
    blank = Geometry((1, 1, 1), np.eye(4))
    heads = table((DoubtRegion((0, 0, 0), (0, 0, 0), (1, 1, 1), 1, 0.0, 0.0),), blank)[0]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(heads), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write them so that the file is whole or as it was.

    Raises:
        DiskError: it cannot be written there.
    """
    write_atomic(path, csv_text(rows).encode())


def _peak(values: NDArray[Any], mask: Mask, box: Block) -> tuple[int, int, int]:
    """The highest voxel of a part in its box, counted in the whole array."""
    places = np.argwhere(mask & (values == values[mask].max()))
    away = ((places - places.mean(axis=0)) ** 2).sum(axis=1)
    d, h, w = (int(at) for at in places[away.argmin()])
    return d + box[0].start, h + box[1].start, w + box[2].start


def _label(labels: Labels, parts: NDArray[np.int32], number: int, box: Block) -> int:
    around = grown(box, labels.shape, 0.0, (1.0, 1.0, 1.0))
    mask: Mask = scipy.ndimage.binary_dilation(parts[around] == number, np.ones((3, 3, 3)))
    values, counts = np.unique(labels[around][mask], return_counts=True)
    values, counts = values[values != 0], counts[values != 0]
    return int(values[counts.argmax()]) if values.size else 0

"""What is measured of labels and of regions: size, place, and the image's values in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.atomic import write_atomic
from engine.data.labels.subject import Block, Labels, Mask, Watch, boxes, unwatched
from engine.data.volumes.volume import Geometry


@dataclass(frozen=True)
class ValueStatistics:
    """Of the values in a region that are numbers; all None where there is none.

    Attributes:
        count: How many values are numbers.
        sd: Standard deviation of the population (divided by the count).
    """

    count: int = 0
    mean: float | None = None
    sd: float | None = None
    minimum: float | None = None
    median: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class LabelStatistics:
    """Of one label.

    Attributes:
        name: Of the label, or "".
        ml: Volume.
        centroid_mm: Mean place of its voxels, RAS+.
        low_mm, high_mm: Corners of its bounding box, RAS+, at the outer faces of its voxels.
        values: Of the image, where there is one.
    """

    label: int
    name: str
    voxels: int
    ml: float
    centroid_mm: tuple[float, float, float]
    low_mm: tuple[float, float, float]
    high_mm: tuple[float, float, float]
    values: ValueStatistics


def value_statistics(values: NDArray[Any]) -> ValueStatistics:
    """Statistics of an array of any shape; what is not finite is left out."""
    numbers = np.asarray(values).ravel().astype(np.float64)
    numbers = numbers[np.isfinite(numbers)]
    if not numbers.size:
        return ValueStatistics()
    return ValueStatistics(
        int(numbers.size), float(numbers.mean()), float(numbers.std()), float(numbers.min()),
        float(np.median(numbers)), float(numbers.max()),
    )  # fmt: skip


def label_statistics(
    labels: Labels,
    geometry: Geometry,
    image: NDArray[Any] | None = None,
    names: Mapping[int, str] | None = None,
    watch: Watch = unwatched,
) -> tuple[LabelStatistics, ...]:
    """Each label that there is, in order of its number.

    Args:
        labels: (D, H, W) integers.
        image: (D, H, W) values on the same grid.
        names: Names of labels.
        watch: As in `Subject`.
    """
    found = boxes(labels)
    rows = []
    for number, (label, box) in enumerate(found.items()):
        watch(number / len(found))
        values = None if image is None else image[box]
        name = (names or {}).get(label, "")
        rows.append(_measured(label, name, labels[box] == label, box, geometry, values))
    return tuple(rows)


def area_mm2(voxels: int, geometry: Geometry, axis: int) -> float:
    """Area of so many voxels of one slice across an axis of (D, H, W)."""
    sides = np.delete(geometry.affine[:3, 2::-1], axis, axis=1)
    return voxels * float(np.linalg.norm(np.cross(sides[:, 0], sides[:, 1])))


def _measured(
    label: int, name: str, mask: Mask, box: Block, geometry: Geometry, image: NDArray[Any] | None
) -> LabelStatistics:
    start = [part.start for part in box]
    voxels = np.argwhere(mask)
    ends = np.array([(part.start - 0.5, part.stop - 0.5) for part in box])
    corners = geometry.world(np.stack(np.meshgrid(*ends, indexing="ij"), -1).reshape(-1, 3))
    centroid = geometry.world(voxels.mean(axis=0) + start)
    return LabelStatistics(
        label, name, len(voxels), len(voxels) * geometry.voxel_ml, _place(centroid),
        _place(corners.min(axis=0)), _place(corners.max(axis=0)),
        ValueStatistics() if image is None else value_statistics(image[mask]),
    )  # fmt: skip


def _place(point: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in point)
    return x, y, z


def table(rows: tuple[LabelStatistics, ...]) -> list[dict[str, Any]]:
    """The same as flat rows, with units in the column's names."""
    flat = []
    for row in rows:
        entry: dict[str, Any] = {
            "label": row.label, "name": row.name, "voxels": row.voxels, "volume_ml": row.ml,
        }  # fmt: skip
        for what in ("centroid", "low", "high"):
            point = getattr(row, f"{what}_mm")
            entry |= {f"{what}_{axis}_mm": v for axis, v in zip("xyz", point, strict=True)}
        names = (field.name for field in fields(row.values))
        entry |= dict(zip(names, astuple(row.values), strict=True))
        flat.append(entry)
    return flat


def csv_text(rows: tuple[LabelStatistics, ...]) -> str:
    """Comma-separated rows under a heading; positions are RAS+."""
    empty = LabelStatistics(0, "", 0, 0.0, (0, 0, 0), (0, 0, 0), (0, 0, 0), ValueStatistics())
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(table((empty,))[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table(rows))
    return stream.getvalue()


def write_csv(path: Path, rows: tuple[LabelStatistics, ...]) -> None:
    """Write them so that the file is whole or as it was.

    Raises:
        DiskError: it cannot be written there.
    """
    write_atomic(path, csv_text(rows).encode())

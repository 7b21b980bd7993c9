"""The image that a job is to work on, and the part of it, as a window or a command line gave them.

Inputs of any method that works on volumes:
    input: a path, or an array (C, D, H, W), (D, H, W) or (H, W);
    part: of a path, which series or data set;
    and for an array, where they are known:
    affine: (4, 4) RAS+ mm; without one the image has no orientation;
    slope, intercept: of the stored values;
    channels: what C counts, see `Volume`;
    name: of the image, for records and messages;
    region: (2, 3) voxels (d, h, w), low inside and high outside, or text as in `Region.of_text`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np

from engine.data.volumes.fingerprint import content_digest, files_of
from engine.data.volumes.read import read_volume
from engine.data.volumes.region import Region
from engine.data.volumes.volume import Channels, Geometry, Source, Volume, plain_affine
from engine.errors import InputError
from engine.jobs import Job


def given_volume(job: Job) -> Volume:
    """The image of a job; an array is not copied.

    Raises:
        InputError: a file that cannot be read, or an array of too few or too many axes.
    """
    image = job.inputs.get("input")
    if isinstance(image, Path):
        return read_volume(image, part=_text(job, "part"))
    array = job.array("input")
    if not 2 <= array.ndim <= 4:
        raise InputError(
            f"The image has {array.ndim} axes.", "Give (H, W), (D, H, W) or (C, D, H, W)."
        )
    array = array.reshape((1,) * (4 - array.ndim) + array.shape)
    affine = job.inputs.get("affine")
    depth, height, width = array.shape[1:]
    geometry = Geometry((depth, height, width), plain_affine(), False)
    if isinstance(affine, np.ndarray):
        geometry = Geometry(geometry.shape, affine.astype(np.float64))
    name = _text(job, "name")
    return Volume(
        array, geometry, "image", _channels(job, array),
        _number(job, "slope", 1.0), _number(job, "intercept", 0.0),
        Source(Path(name or "the image"), "array", title=name),
    )  # fmt: skip


def input_record(job: Job, volume: Volume) -> dict[str, Any]:
    """Which file or folder the image of a job is, as a record keeps it; empty for an array.

    Raises:
        InputError: it can no longer be read.
    """
    image = job.inputs.get("input")
    return file_record(image, volume, _text(job, "part")) if isinstance(image, Path) else {}


def file_record(path: Path, volume: Volume, part: str = "") -> dict[str, Any]:
    """Which file or folder an image was read from, as a record keeps it.

    Raises:
        InputError: it can no longer be read.
    """
    series = path.is_dir() or volume.source.format == "dicom"
    files = volume.source.files if series else files_of(path)
    told = {"file": path.name, "path": str(path.absolute()), "sha256": content_digest(files)}
    return {**told, "part": part} if part else told


def given_region(job: Job, volume: Volume) -> Region:
    """The part of a job's image that is wanted; all of it where none is named.

    Raises:
        InputError: it cannot be read, or is not inside of the image.
    """
    value, shape = job.inputs.get("region"), volume.geometry.shape
    if isinstance(value, str):
        return Region.of_text(value, shape).checked(shape)
    if isinstance(value, np.ndarray):
        return Region.of_array(value).checked(shape)
    return Region.whole(shape)


def _channels(job: Job, array: np.ndarray) -> Channels:
    told = job.inputs.get("channels")
    for known in get_args(Channels):
        if known == told:
            found: Channels = known
            return found
    usual: dict[int, Channels] = {1: "single", 3: "rgb"}
    return usual.get(len(array), "components")


def _number(job: Job, name: str, default: float) -> float:
    value = job.inputs.get(name)
    return float(value) if isinstance(value, int | float) else default


def _text(job: Job, name: str) -> str:
    value = job.inputs.get(name)
    return value if isinstance(value, str) else ""

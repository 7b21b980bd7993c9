"""Data sets as AdaptDiff takes them: folders paired by name, or the published pickles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.data.array_pickle import read_array_dict
from engine.data.images import read_image, read_mask
from engine.data.paired import SUFFIXES, find_pairs
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.adaptdiff.params import Kind
from engine.methods.adaptdiff.vessels import VesselImage, check_cases, to_network

PICKLES = (".pkl", ".pickle")


def labelled_cases(job: Job, kind: Kind, name: str) -> list[VesselImage]:
    """The job's `images` with their `masks`.

    Raises:
        InputError: names the file that cannot be used and why.
    """
    source = job.path("images")
    if source.suffix.lower() in PICKLES:
        cases = _from_pickle(source, kind, name, labelled=True)
    else:
        masks = job.inputs.get("masks")
        if not isinstance(masks, Path):
            raise InputError(f"{source} comes without masks.", "Give their folder as well.")
        listing = find_pairs(source, masks)
        cases = [
            VesselImage(case, to_network(read_image(i).array, kind), read_mask(m).mask, i)
            for i, m, case in listing.pairs
        ]
    check_cases(cases, labelled=True)
    return cases


def unlabelled_cases(job: Job, kind: Kind, name: str) -> list[VesselImage]:
    """The job's `images` alone; masks that are there are not looked at.

    Raises:
        InputError: names the file that cannot be used and why.
    """
    source = job.path("images")
    if source.suffix.lower() in PICKLES:
        cases = _from_pickle(source, kind, name, labelled=False)
    else:
        cases = [
            VesselImage(path.stem, to_network(read_image(path).array, kind), file=path)
            for path in image_files(source)
        ]
    check_cases(cases, labelled=False)
    return cases


def image_files(folder: Path) -> list[Path]:
    """The images of a folder in order of their names.

    Raises:
        InputError: the folder is missing or holds none.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.", "Check the path.")
    files = sorted(p for p in folder.iterdir() if p.name.lower().endswith(SUFFIXES))
    if not files:
        raise InputError(
            f"The folder {folder} holds no images.", f"Known are: {', '.join(SUFFIXES)}."
        )
    return files


def _from_pickle(path: Path, kind: Kind, name: str, *, labelled: bool) -> list[VesselImage]:
    """`{name}_im` and, where they are wanted and present, `{name}_gt` of the published layout."""
    arrays = read_array_dict(path)
    names = sorted(k.removesuffix("_im") for k in arrays if k.endswith("_im"))
    if not name and len(names) == 1:
        name = names[0]
    if name not in names:
        raise InputError(
            f"{path} holds no data set named {name!r}.",
            f"Choose one of: {', '.join(names) or 'none, it has no key that ends in _im'}.",
        )
    images = arrays[f"{name}_im"]
    masks = arrays.get(f"{name}_gt", []) if labelled else []
    if masks and len(masks) != len(images):
        raise InputError(
            f"{path} has {len(images)} images and {len(masks)} masks of {name!r}.",
            "Both lists must be of the same length.",
        )
    labels: Sequence[np.ndarray | None] = masks or [None] * len(images)
    return [
        VesselImage(
            f"{name}_{i:04d}",
            to_network(_plane(image, f"{name}_{i:04d}"), kind),
            None if mask is None else (mask > 0).astype(np.uint8),
        )
        for i, (image, mask) in enumerate(zip(images, labels, strict=True))
    ]


def _plane(image: np.ndarray, name: str) -> np.ndarray:
    """An image (H, W) or (H, W, 3) as float32; anything else is refused."""
    if image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3):
        return image.astype(np.float32)
    raise InputError(
        f"{name} has the shape {' x '.join(map(str, image.shape))}.",
        "Images are H x W, or H x W x 3 in colour.",
    )

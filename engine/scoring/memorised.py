"""Whether synthetic images are copies of what a model was trained on: the nearest training image.

A generator that has learnt its training images by heart gives back a patient's image. Every slice
is compared with every training slice by the correlation of small grey versions, mirrored ones too
(Carlini et al. 2023 look for near copies likewise, by distance between patches). How near is
suspicious is told by the training set itself: pictures of different patients in it.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.transform import resize

from engine.data.gathering import Found, find_images
from engine.data.volumes.read import read_volume
from engine.errors import InputError
from engine.metrics.table import write_table
from engine.scoring.params import MemorisedParams
from engine.steps import NoteStep, ProgressStep, Step

SIDE = 32
FAINT = 1e-4
"""Variance of a slice, of a range of 0 to 1, below which there is nothing to compare."""
AT_ONCE = 1024
"""Slices that are compared with all others at a time: memory grows with it, not with all."""
Features = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Slices:
    """Small versions of the slices of many images.

    Attributes:
        features: (n, side^2), of mean 0 and length 1.
        image: (n,) which of `images` each is of.
        place: (n,) its number in that image.
    """

    features: Features
    image: NDArray[np.intp]
    place: NDArray[np.intp]
    images: tuple[Found, ...]

    @property
    def patients(self) -> NDArray[np.str_]:
        """(n,) of each slice."""
        return np.array([image.patient for image in self.images])[self.image]

    def name(self, index: int) -> str:
        """Image and slice, for people."""
        image, place = self.images[self.image[index]], int(self.place[index])
        alone = self._counts[self.image[index]] == 1
        return image.name if alone else f"{image.name}, slice {place + 1}"

    @cached_property
    def _counts(self) -> NDArray[np.intp]:
        """Slices of each image."""
        return np.bincount(self.image)


@dataclass(frozen=True)
class Nearest:
    """A synthetic slice and the training slice that is most like it.

    Attributes:
        correlation: In [-1, 1].
        suspicious: Whether it is nearer than training slices of two patients usually are.
        file, place: The synthetic image, and the slice's number in it; those of the training image
            likewise.
    """

    slice: str
    training: str
    training_file: Path
    correlation: float
    suspicious: bool
    file: Path
    place: int
    training_place: int


@dataclass(frozen=True)
class Memorised:
    """What was found.

    Attributes:
        nearest: The most alike first.
        threshold: From which correlation on a slice is suspicious.
        usual: Correlation of a training slice with its nearest of another patient, the median.
    """

    nearest: tuple[Nearest, ...]
    threshold: float
    usual: float
    params: MemorisedParams

    @property
    def suspicious(self) -> tuple[Nearest, ...]:
        """Those that look like copies."""
        return tuple(one for one in self.nearest if one.suspicious)

    def summary(self) -> str:
        """For people."""
        first = self.nearest[0]
        return (
            f"{len(self.suspicious)} of {len(self.nearest)} synthetic slices are nearer to a "
            f"training slice than {self.params.percentile:g} % of the training slices are to "
            f"another patient's (correlation above {self.threshold:.3f}; usual {self.usual:.3f}). "
            f"The most alike is {first.slice}: {first.correlation:.3f} with {first.training}."
        )

    def figures(self) -> dict[str, Any]:
        """JSON values: how many there are, and by what they are judged."""
        return {
            "slices": len(self.nearest), "suspicious": len(self.suspicious),
            "threshold": self.threshold, "usual": self.usual,
        }  # fmt: skip

    def write(self, path: Path) -> Path:
        """Saves as .csv, or as .json with what was asked.

        Raises:
            InputError: Another ending.
            DiskError: The disk refuses.
        """
        rows: list[dict[str, Any]] = [
            {
                "slice": one.slice, "training": one.training, "file": str(one.training_file),
                "correlation": round(one.correlation, 6), "suspicious": one.suspicious,
                "slice_file": str(one.file), "slice_number": one.place + 1,
                "training_number": one.training_place + 1,
            }
            for one in self.nearest
        ]  # fmt: skip
        report = {
            "kind": "copies", "summary": self.summary(), "threshold": self.threshold,
            "usual": self.usual, "parameters": self.params.model_dump(), "rows": rows,
        }  # fmt: skip
        return write_table(path, list(rows[0]), lambda: rows, lambda: report)


def find_memorised(
    synthetic: Path, training: Path, params: MemorisedParams | None = None
) -> Generator[Step, None, Memorised]:
    """Look for copies of training images.

    Args:
        synthetic, training: Folders of images or volumes, or one of these.

    Yields:
        Progress in images, and notes.

    Raises:
        InputError: Nothing to compare, files that cannot be read, or a training set of one
            patient, which tells nothing of how alike two patients are.
    """
    asked = params or MemorisedParams()
    made = yield from _slices(find_images(synthetic), "synthetic images")
    known = yield from _slices(
        find_images(training, patient_pattern=asked.patient_pattern), "training images"
    )
    patients = known.patients
    if len(set(patients.tolist())) < 2:
        raise InputError(
            f"All images of {training} are of one patient, {patients[0]}.",
            "Give a training set of several; a patient pattern tells whose an image is.",
        )
    between = _most_alike(known.features, known.features, same=(patients, patients))[0]
    threshold = float(np.percentile(between, asked.percentile))
    correlations, places = _most_alike(made.features, known.features)
    order = np.argsort(-correlations, kind="stable")
    nearest = tuple(
        Nearest(
            made.name(i), known.name(places[i]), known.images[known.image[places[i]]].path,
            float(correlations[i]), bool(correlations[i] > threshold),
            made.images[made.image[i]].path, int(made.place[i]), int(known.place[places[i]]),
        )
        for i in order
    )  # fmt: skip
    return Memorised(nearest, threshold, float(np.median(between)), asked)


def _slices(images: Sequence[Found], what: str) -> Generator[Step, None, Slices]:
    """All slices that show something."""
    features: list[Features] = []
    owners: list[int] = []
    places: list[int] = []
    empty = 0
    for index, image in enumerate(images):
        yield ProgressStep(index, len(images), f"Reading {what}")
        for place, plane in enumerate(grey_planes(image.path)):
            small = resize(plane, (SIDE, SIDE), order=1, anti_aliasing=True).astype(np.float32)
            if small.var() < FAINT:
                empty += 1
                continue
            small -= small.mean()
            features.append((small / np.linalg.norm(small)).ravel())
            owners.append(index)
            places.append(place)
    if not features:
        raise InputError(
            f"There is nothing to compare in the {what}: all slices are empty.",
            "Choose images that show something.",
        )
    if empty:
        yield NoteStep(f"{empty} slices of the {what} show nothing and are left out.")
    return Slices(np.stack(features), np.array(owners), np.array(places), tuple(images))


def grey_planes(path: Path) -> NDArray[np.float32]:
    """The slices (n, H, W) of an image in [0, 1].

    Raises:
        InputError: A file that cannot be read.
    """
    volume = read_volume(path, kind="image")
    count = 3 if volume.channels == "rgb" else 1
    grey = np.mean([volume.values(c) for c in range(count)], axis=0, dtype=np.float32)
    low, high = (float(v) for v in np.nanpercentile(grey, (0.5, 99.5)))
    unit = np.clip(np.nan_to_num((grey - low) / max(high - low, 1e-12)), 0, 1)
    return np.asarray(unit, np.float32)


def _most_alike(
    some: Features,
    others: Features,
    same: tuple[NDArray[np.str_], NDArray[np.str_]] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Of each of some the largest correlation with others or their mirror images, and which it is.

    Args:
        same: Owners of some and of others; those of one owner are not compared.
    """
    mirrored = others.reshape(-1, SIDE, SIDE)[:, :, ::-1].reshape(others.shape)
    largest = np.empty(len(some), np.float32)
    places = np.empty(len(some), np.intp)
    for start in range(0, len(some), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        alike = np.maximum(some[part] @ others.T, some[part] @ mirrored.T)
        if same is not None:
            alike[same[0][part, np.newaxis] == same[1][np.newaxis]] = -np.inf
        places[part] = alike.argmax(axis=1)
        largest[part] = alike.max(axis=1)
    return largest, places

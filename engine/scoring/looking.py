"""What there is to see of a judged case: errors on the image, images beside each other, copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.transform import resize

from engine.data.volumes.volume import Geometry, Volume
from engine.scoring.errors import counted_kinds, error_map, worst_place
from engine.scoring.image_scores import PREDICTION, REFERENCE, read_images
from engine.scoring.memorised import Nearest, grey_planes
from engine.scoring.pairing import ScoredCase
from engine.scoring.params import ImageScoreParams
from engine.scoring.planes import across
from engine.scoring.reading import read_case, read_image_of

SIDE = 256
Place = tuple[int, int, int]
DIFFERENCE = "difference"
Picture = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LabelLook:
    """Errors of a case.

    Attributes:
        image: What was segmented; None where that is not known.
        geometry: Of the reference, which all lie on.
        kinds: (D, H, W) uint8, see `engine.scoring.errors.KINDS`.
        counts: Voxels of each kind.
        place: Voxel (d, h, w) to look at first.
    """

    image: Volume | None
    geometry: Geometry
    kinds: NDArray[np.uint8]
    counts: Mapping[int, int]
    place: Place


@dataclass(frozen=True, eq=False)
class ImageLook:
    """Images of a case, and how much they differ.

    Attributes:
        images: Name -> (D, H, W) float32, references in [0, 1]; `DIFFERENCE` is absolute.
        place: Voxel (d, h, w) to look at first: where the difference is largest.
    """

    geometry: Geometry
    images: Mapping[str, NDArray[np.float32]]
    place: Place


def look_at_labels(case: ScoredCase, label: int | None = None, *, other: bool = False) -> LabelLook:
    """Errors of one label, or of all.

    Args:
        other: Those of the other model.

    Raises:
        InputError: A file that cannot be read, or an image of another grid.
    """
    read = read_case(case, compared=other)
    found = read.other if other and read.other is not None else read.found
    image = read_image_of(case, read.geometry)
    kinds = error_map(found, read.truth, label)
    axis = across(read.geometry.spacing_mm) if case.cut is None else case.cut[0]
    place = worst_place(kinds, axis)
    return LabelLook(image, read.geometry, kinds, counted_kinds(kinds), place)


def look_at_images(case: ScoredCase, params: ImageScoreParams, way: str = PREDICTION) -> ImageLook:
    """A reference, an image that is judged by it, and their difference, as they were compared.

    Args:
        way: Which image is judged.

    Raises:
        InputError: A file that cannot be read or used, or that was not kept.
    """
    read = read_images(case, params, (way,))
    geometry = read.volumes[REFERENCE].geometry
    axis = across(geometry.spacing_mm)
    images = {REFERENCE: read.slices[REFERENCE], way: read.slices[way]}
    images[DIFFERENCE] = np.abs(images[way] - images[REFERENCE])
    whole = {name: np.moveaxis(slices, 0, axis) for name, slices in images.items()}
    most = np.unravel_index(int(whole[DIFFERENCE].argmax()), whole[DIFFERENCE].shape)
    d, h, w = (int(v) for v in most)
    return ImageLook(geometry, whole, (d, h, w))


def look_at_copy(nearest: Nearest) -> tuple[Picture, Picture, bool]:
    """A synthetic slice and the training slice that is most like it, both (256, 256) in [0, 1],
    and whether the training slice is shown mirrored, as it is most alike.

    Raises:
        InputError: A file that cannot be read.
    """
    pairs = ((nearest.file, nearest.place), (nearest.training_file, nearest.training_place))
    ours, theirs = (
        resize(grey_planes(file)[place], (SIDE, SIDE), order=1).astype(np.float32)
        for file, place in pairs
    )
    plain, turned = (float((ours * other).mean()) for other in (theirs, theirs[:, ::-1]))
    mirrored = turned > plain
    return ours, np.ascontiguousarray(theirs[:, ::-1]) if mirrored else theirs, mirrored

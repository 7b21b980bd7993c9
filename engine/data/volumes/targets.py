"""Finding out before the work, not after it, whether its results can be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

from engine.data.atomic import check_writable
from engine.data.volumes.volume import Volume
from engine.data.volumes.write import IMAGE_ENDINGS, LABEL_ENDINGS, MAP_ENDINGS, ending_of
from engine.errors import InputError

LABELS, IMAGE = "labels", "image"


def check_targets(
    labels: Path | None,
    maps: Mapping[str, Path],
    like: Volume,
    *,
    image: Path | None = None,
) -> None:
    """Refuses names under which labels, an image or maps of an image cannot be written.

    Args:
        labels: Where the labels are to go, if anywhere.
        maps: What each map is -> where it is to go.
        like: The image.
        image: Where another image on the same voxels is to go, if anywhere.

    Raises:
        InputError: An ending without a format, one that cannot hold the image, two results of one
            name, or the name of the image itself.
        DiskError: A folder that is not there or may not be written to.
    """
    endings = {LABELS: LABEL_ENDINGS, IMAGE: IMAGE_ENDINGS}
    given: dict[str, Path | None] = {LABELS: labels, IMAGE: image, **maps}
    targets = {name: path for name, path in given.items() if path is not None}
    for name, path in targets.items():
        _check_format(path, ending_of(path, endings.get(name, MAP_ENDINGS)), like)
    _check_names(targets, _files(like))
    for path in targets.values():
        check_writable(path)


def _check_format(path: Path, ending: str, like: Volume) -> None:
    slices = like.geometry.shape[0]
    if ending == ".png" and slices > 1:
        raise InputError(f"{path}: PNG cannot hold {slices} slices.", "Use .nii.gz or .tif.")
    if ending == ".dcm" and like.source.format != "dicom":
        raise InputError(
            f"{path}: only a mask of a DICOM series can be a DICOM segmentation.",
            "Use .nii.gz or .seg.nrrd.",
        )


def _files(like: Volume) -> Sequence[Path]:
    own = (like.source.path,) if like.source.path is not None else ()
    return (*own, *like.source.files)


def _check_names(targets: Mapping[str, Path], image: Sequence[Path]) -> None:
    for (one, path), (other, same) in combinations(targets.items(), 2):
        if path.resolve() == same.resolve():
            raise InputError(
                f"{path} is to hold both {one} and {other}.", "Give each a name of its own."
            )
    for path in targets.values():
        if path.exists() and any(own.exists() and path.samefile(own) for own in image):
            raise InputError(
                f"{path} is the image itself, which would be lost.", "Choose another name."
            )

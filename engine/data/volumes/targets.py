"""Finding out before the work, not after it, whether its results can be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

from engine.data.atomic import check_writable
from engine.data.volumes.volume import Volume
from engine.data.volumes.write import LABEL_ENDINGS, MAP_ENDINGS, ending_of
from engine.errors import InputError


def check_targets(labels: Path | None, maps: Mapping[str, Path], like: Volume) -> None:
    """Refuses names under which labels or maps of an image cannot be written.

    Args:
        labels: Where the labels are to go, if anywhere.
        maps: What each map is -> where it is to go.
        like: The image.

    Raises:
        InputError: An ending without a format, one that cannot hold the image, two results of one
            name, or the name of the image itself.
        DiskError: A folder that is not there or may not be written to.
    """
    targets = {} if labels is None else {"labels": labels}
    targets.update(maps)
    for name, path in targets.items():
        ending = ending_of(path, LABEL_ENDINGS if name == "labels" else MAP_ENDINGS)
        _check_format(path, ending, like)
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

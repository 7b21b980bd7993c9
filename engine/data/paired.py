"""Finding which mask belongs to which image in two folders, by their names."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError

SUFFIXES = (
    ".nii.gz",
    ".png",
    ".tif",
    ".tiff",
    ".bmp",
    ".gif",
    ".jpg",
    ".jpeg",
    ".nii",
    ".npy",
)

VOLUME_SUFFIXES = (
    ".nrrd",
    ".nhdr",
    ".mha",
    ".mhd",
    ".hdr",
    ".dcm",
    ".h5",
    ".hdf5",
    ".npz",
)
"""Further ones of files that hold volumes."""

_ENDINGS = (*SUFFIXES, *VOLUME_SUFFIXES)
_ROLE = re.compile(
    r"[ _.\-]+(masks?|gt|groundtruth|ground_truth|labels?|seg|segmentation|annotation|"
    r"(1st|2nd)?_?manual\d*|manual|vessels?|image|img|im|training|train|test)$"
)
_LEADING_NUMBER = re.compile(r"^0*(\d+)")


@dataclass(frozen=True)
class PairListing:
    """What was found.

    Attributes:
        pairs: (image, mask, case id), sorted by case id; no file occurs twice.
        images_without_mask, masks_without_image: What was left over.
        rule: How names were matched, for the user.
    """

    pairs: tuple[tuple[Path, Path, str], ...]
    images_without_mask: tuple[Path, ...]
    masks_without_image: tuple[Path, ...]
    rule: str


def find_pairs(
    images_dir: str | os.PathLike[str],
    masks_dir: str | os.PathLike[str],
    endings: Sequence[str] = SUFFIXES,
) -> PairListing:
    """Pairs images with masks by name, by the strictest rule that pairs most.

    The rules: the same name; the same name without words like _mask, _gt, _manual1 or _training;
    the same leading number (21_training.tif and 21_manual1.gif). Case does not matter. A rule
    under which two images, or two masks, would be the same case does not pair those.

    Args:
        images_dir, masks_dir: Folders; they may be the same one, then files with a word for masks
            in their name are the masks.
        endings: Of the files to take, in lower case.

    Raises:
        InputError: A folder is missing, unreadable or without images, or nothing fits together.
    """
    images, masks = (_images(Path(folder), endings) for folder in (images_dir, masks_dir))
    if Path(images_dir).resolve() == Path(masks_dir).resolve():
        masks = [path for path in masks if _is_mask(path)]
        images = [path for path in images if not _is_mask(path)]
    rules: list[tuple[str, Callable[[Path], str | None]]] = [
        ("the same name", stem_of),
        ("the same name but for words like _mask or _manual1", bare_stem),
        ("the same leading number", _number),
    ]
    best = PairListing((), tuple(images), tuple(masks), "none")
    for name, key in rules:
        listing = _match(images, masks, key, name)
        if len(listing.pairs) > len(best.pairs):
            best = listing
    if not best.pairs:
        raise InputError(
            f"No image of {images_dir} has a mask in {masks_dir}: the names do not match.",
            "Give an image and its mask the same name, or the same name with _mask added.",
        )
    return best


def _images(folder: Path, endings: Sequence[str]) -> list[Path]:
    try:
        names = sorted(folder.iterdir(), key=lambda path: path.name)
    except FileNotFoundError as error:
        raise InputError(f"The folder {folder} does not exist.", "Choose another one.") from error
    except NotADirectoryError as error:
        raise InputError(f"{folder} is not a folder.", "Choose the folder it is in.") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"The folder {folder} cannot be read: {reason}.",
            "Change its rights.",
        ) from error
    found = [
        path
        for path in names
        if not path.name.startswith(".")
        and path.name.lower().endswith(tuple(endings))
        # A link that leads nowhere is told with the others, not passed over.
        and (path.is_file() or (path.is_symlink() and not path.exists()))
    ]
    if not found:
        kinds = ", ".join(endings)
        raise InputError(f"The folder {folder} holds no images.", f"Images end in {kinds}.")
    return found


def without_ending(path: Path) -> str:
    """A file's name without .nii.gz and the like."""
    name = path.name.lower()
    ending = next((ending for ending in _ENDINGS if name.endswith(ending)), path.suffix)
    return path.name[: -len(ending) or None]


def stem_of(path: Path) -> str:
    """A file's name without its ending, for comparing."""
    # Some systems write an umlaut as two characters, others as one.
    return unicodedata.normalize("NFC", without_ending(path)).lower()


def bare_stem(path: Path) -> str:
    """The same without words like _mask, _gt, _manual1 or _training."""
    stem = stem_of(path)
    while (shorter := _ROLE.sub("", stem)) != stem and shorter:
        stem = shorter
    return stem


def _number(path: Path) -> str | None:
    found = _LEADING_NUMBER.match(stem_of(path))
    return found.group(1) if found else None


def _is_mask(path: Path) -> bool:
    word = _ROLE.search(stem_of(path))
    return bool(word) and not re.search(r"(image|img|im|train|training|test)$", stem_of(path))


def _match(
    images: Sequence[Path], masks: Sequence[Path], key: Callable[[Path], str | None], rule: str
) -> PairListing:
    by_key: dict[str, tuple[list[Path], list[Path]]] = defaultdict(lambda: ([], []))
    for side, paths in enumerate((images, masks)):
        for path in paths:
            if (name := key(path)) is not None:
                by_key[name][side].append(path)
    pairs = tuple(
        (own[0], others[0], name)
        for name, (own, others) in sorted(by_key.items(), key=_natural)
        if len(own) == 1 and len(others) == 1
    )
    used = {path for image, mask, _ in pairs for path in (image, mask)}
    return PairListing(
        pairs,
        tuple(path for path in images if path not in used),
        tuple(path for path in masks if path not in used),
        rule,
    )


def _natural(item: tuple[str, object]) -> list[tuple[int, str]]:
    """Sorts case 9 before case 10."""
    parts = re.split(r"(\d+)", item[0])
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]

"""Finding images below a folder by patterns of their names, and those that belong together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.data.segmentation.patients import patient_of
from engine.data.volumes.read import SUPPORTED
from engine.errors import InputError

DICOM = ".dcm"
SHORT = 3
"""Letters up to which a name tells a kind of image and no case, as t1 or flair do not."""


@dataclass(frozen=True)
class Found:
    """An image that has not been read.

    Attributes:
        name: Of its own: the path below the folder without the ending.
        path: File, or folder of a DICOM series.
        patient: Whose; a guess, see `patient_of`.
        stars: Which pattern it fits, from 0, and what its stars, marks and brackets stand for;
            empty where none was given.
    """

    name: str
    path: Path
    patient: str
    stars: tuple[str, ...] = ()


def find_images(source: Path, pattern: str = "", patient_pattern: str = "") -> tuple[Found, ...]:
    """The images of a folder in order of their names; reads none.

    Args:
        source: A folder, or a single image.
        pattern: Paths below the folder, several separated by commas: `*`, `?` and `[a-c]` within
            a name, `**/` for any folders or none. Where it is empty, the images in the folder
            itself, or those anywhere below if it has none.
        patient_pattern: See `patient_of`; matched with the path below the folder.

    Raises:
        InputError: nothing is there.
    """
    if not source.exists():
        raise InputError(f"{source} does not exist.", "Check the path.")
    if source.is_file():
        name = _without_ending(source.name)
        return (Found(name, source, patient_of(name, patient_pattern)),)
    patterns = [part.strip() for part in pattern.split(",") if part.strip()]
    found: dict[Path, Found] = {}
    for number, glob in enumerate(patterns or _usual(source)):
        for path, stars in _matching(source, glob):
            if path not in found:
                below = path.relative_to(source) if path != source else Path(source.name)
                name = _without_ending(below.as_posix())
                whose = name if patient_pattern else _telling(name)
                patient = patient_of(whose, patient_pattern)
                fits = (str(number), *stars) if patterns else ()
                found[path] = Found(name, path, patient, fits)
    if not found:
        asked = f"matches {', '.join(patterns)}" if patterns else "is an image"
        raise InputError(
            f"No file below {source} {asked}.",
            f"Check the pattern; images end in {', '.join(SUPPORTED[:8])} and others.",
        )
    return tuple(sorted(found.values(), key=lambda image: _natural(image.name)))


def pair_images(
    sources: Sequence[Found], references: Sequence[Found]
) -> tuple[tuple[Found, Found], ...]:
    """Images that belong together: those that fit patterns of the same number, with stars that
    stand for the same; or else, or without patterns, those of the same name.

    Raises:
        InputError: nothing fits together, or something fits twice.
    """
    by_stars = all(image.stars for image in (*sources, *references))
    for key in (_stars, _name) if by_stars else (_name,):
        ours, theirs = _by(sources, key), _by(references, key)
        common = [k for k in ours if k in theirs]
        if common:
            for k in common:
                for side in (ours[k], theirs[k]):
                    if len(side) > 1:
                        raise InputError(
                            f"{side[0].path} and {side[1].path} would belong to one case.",
                            "Make the patterns tell them apart.",
                        )
            return tuple((ours[k][0], theirs[k][0]) for k in common)
    raise InputError(
        f"None of the {len(sources)} sources belongs to one of the {len(references)} references.",
        "Give patterns whose stars stand for the same, such as */*_t2.nii.gz and */*_t1.nii.gz, "
        "or the same names in two folders.",
    )


Key = Callable[[Found], tuple[str, ...]]


def _stars(image: Found) -> tuple[str, ...]:
    return tuple(part.lower() for part in image.stars)


def _name(image: Found) -> tuple[str, ...]:
    return (image.name.lower(),)


def _by(images: Sequence[Found], key: Key) -> dict[tuple[str, ...], list[Found]]:
    groups: dict[tuple[str, ...], list[Found]] = defaultdict(list)
    for image in images:
        groups[key(image)].append(image)
    return groups


def _usual(source: Path) -> list[str]:
    return ["*"] if any(_is_image(path) for path in source.iterdir()) else ["**/*"]


def _matching(source: Path, glob: str) -> Iterator[tuple[Path, tuple[str, ...]]]:
    try:
        rule = re.compile(_expression(glob), re.IGNORECASE)
        paths = sorted(source.glob(glob))
    except (ValueError, NotImplementedError, re.error) as error:
        raise InputError(
            f"{glob!r} is no pattern of paths below a folder: {error}.",
            "Write for example */*_t1.nii.gz.",
        ) from error
    for path in paths:
        match = rule.fullmatch(path.relative_to(source).as_posix())
        stars = tuple(part or "" for part in match.groups()) if match else ()
        if path.name.lower().endswith(DICOM):
            # One image is the whole series.
            yield path.parent, stars
        elif _is_image(path):
            yield path, stars


def _is_image(path: Path) -> bool:
    if path.is_dir():
        return any(child.suffix.lower() == DICOM for child in path.iterdir() if child.is_file())
    return path.name.lower().endswith(SUPPORTED) and not path.name.startswith(".")


def _expression(glob: str) -> str:
    """A regular expression with a group for each star."""
    known = {"**/": "((?:.*/)?)", "*": "([^/]*)", "?": "([^/])"}
    parts = []
    for piece in re.split(r"(\*\*/|\*|\?|\[[^\]]+\])", glob):
        if piece.startswith("[") and piece.endswith("]"):
            parts.append(f"({piece.replace('[!', '[^', 1)})")
        else:
            parts.append(known.get(piece, re.escape(piece)))
    return "".join(parts)


def _without_ending(name: str) -> str:
    lower = name.lower()
    ending = next((e for e in sorted(SUPPORTED, key=len, reverse=True) if lower.endswith(e)), "")
    return name[: len(name) - len(ending)] if ending else name


def _telling(name: str) -> str:
    """The part of a path that tells whose image it is: its last, with the one before if that is
    but a word such as t1."""
    parts = name.split("/")
    return "_".join(parts[-2:]) if len(parts[-1]) <= SHORT else parts[-1]


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts case 9 before case 10."""
    parts = re.split(r"(\d+)", name.lower())
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]

"""Finding images with labels of whole slices in the layouts in which they come. Reads no image."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.data.paired import find_pairs
from engine.data.segmentation.cases import CaseListing, find_cases
from engine.data.segmentation.patients import patient_of
from engine.data.volumes.folder import pictures_in
from engine.data.weak.scans import Role
from engine.errors import InputError

TABLES = (".csv", ".tsv")
NEGATIVE = frozenset(
    ("normal", "negative", "healthy", "no", "none", "absent", "background", "false", "0", "")
)
"""Words for images in which there is nothing to be seen."""
MASKS = ("seg", "segs", "mask", "masks", "label", "labels")
PARTS: Mapping[str, Role] = {
    "training": "train", "train": "train", "validate": "test", "validation": "test",
    "val": "test", "test": "test", "testing": "test",
}  # fmt: skip
DEEPEST = 3
Told = Mapping[int | None, frozenset[int]]
"""Slice of the file (None: all of them) -> what is to be seen there."""


@dataclass(frozen=True)
class Entry:
    """An image as a data set lists it.

    Attributes:
        name, patient, image, part, channel, role: As in `Scan`.
        mask, mask_part: Where something is marked in it, if anybody has; never given on to what
            learns.
        told: Its labels, where the set has some; else they follow from the mask.
    """

    name: str
    patient: str
    image: Path
    part: str = ""
    channel: int = 0
    role: Role = ""
    mask: Path | None = None
    mask_part: str = ""
    told: Told | None = None


@dataclass(frozen=True)
class Listing:
    """What a data set holds.

    Attributes:
        entries: In order of their names.
        names: Class -> name where the set tells, with 0; empty where masks tell.
        rule: How it was read, for the user.
        marked: Label in the masks -> name, where the set tells.
        notes: What else the user should know.
    """

    entries: tuple[Entry, ...]
    names: Mapping[int, str] = field(default_factory=dict)
    rule: str = ""
    marked: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def list_entries(
    source: str | os.PathLike[str],
    masks: str | os.PathLike[str] | None = None,
    *,
    channel: int = 0,
    patient_pattern: str = "",
) -> Listing:
    """Finds the images of a data set and what is known of them.

    Layouts: the published one, training/ and validate/ with a folder for each kind of image
    (normal/, tumor/) and perhaps seg/; a table (.csv, .tsv), see `table.read_table`; or any set of
    labelled images of `segmentation.cases.find_cases`, whose masks then tell the labels.

    Args:
        source: Folder, table, dataset.json or list.
        masks: Folder of masks where there is one of its own.
        channel: Which of several that a file has.
        patient_pattern: See `patients.patient_of`.

    Raises:
        InputError: Nothing that can be used; says what was looked for.
    """
    from engine.data.weak.table import read_table

    root = Path(source)
    if root.suffix.lower() in TABLES:
        return read_table(root, channel=channel, patient_pattern=patient_pattern)
    if masks is None and root.is_dir() and (parts := _parts(root)):
        return _layout(parts, patient_pattern)
    found = find_cases(root, masks, channel=channel, patient_pattern=patient_pattern)
    return _of_cases(found)


def _of_cases(found: CaseListing) -> Listing:
    entries = tuple(
        Entry(
            case.name, case.patient, case.image, case.image_part, case.channel,
            mask=case.label, mask_part=case.label_part,
        )
        for case in found.cases
    )  # fmt: skip
    marked = {value: name for value, name in found.names.items() if value}
    return Listing(entries, {}, found.rule, marked, found.notes)


def _parts(root: Path, depth: int = 0) -> dict[Path, Role]:
    """The folders with normal/ and others in them -> their part; empty for another layout."""
    if _is_part(root):
        return {root: PARTS.get(root.name.lower(), "")}
    inside = _folders(root)
    found = {
        path: PARTS[path.name.lower()]
        for path in inside
        if path.name.lower() in PARTS and _is_part(path)
    }
    if found or depth >= DEEPEST:
        return found
    deeper = [parts for path in inside if (parts := _parts(path, depth + 1))]
    if len(deeper) > 1:
        names = ", ".join(str(next(iter(parts)).parent) for parts in deeper)
        raise InputError(f"{root} holds several sets of images.", f"Choose one of {names}.")
    return deeper[0] if deeper else {}


def _is_part(path: Path) -> bool:
    names = {folder.name.lower() for folder in _folders(path)}
    kinds = names - set(MASKS)
    return bool(kinds & NEGATIVE) and len(kinds) > 1


def _folders(path: Path) -> list[Path]:
    return sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))


def _layout(parts: Mapping[Path, Role], pattern: str) -> Listing:
    kinds = sorted(
        {
            folder.name.lower()
            for part in parts
            for folder in _folders(part)
            if folder.name.lower() not in (*MASKS, *NEGATIVE)
        }
    )
    numbers = {name: number for number, name in enumerate(kinds, 1)}
    entries: list[Entry] = []
    notes: list[str] = []
    for part, role in parts.items():
        masks = next((f for f in _folders(part) if f.name.lower() in MASKS), None)
        for folder in _folders(part):
            name = folder.name.lower()
            if name in MASKS:
                continue
            label = numbers.get(name, 0)
            marked: dict[Path, Path] = {}
            images = pictures_in(folder)
            if masks and label and images:
                marked, told = _masks_of(folder, masks)
                notes += told
            labels = frozenset({label} if label else ())
            for image in images:
                named = f"{part.name}/{folder.name}/{image.stem}"
                patient = patient_of(image.stem, pattern)
                entries.append(
                    Entry(
                        named, patient, image, role=role, mask=marked.get(image),
                        told={None: labels},
                    )
                )  # fmt: skip
    names = {0: "normal", **{number: name for name, number in numbers.items()}}
    rule = f"the folders {', '.join(names.values())} of {', '.join(p.name for p in parts)}"
    return Listing(tuple(sorted(entries, key=lambda e: e.name)), names, rule, {}, tuple(notes))


def _masks_of(folder: Path, masks: Path) -> tuple[dict[Path, Path], tuple[str, ...]]:
    """Image -> mask, and what is to be told of those without."""
    listing = find_pairs(folder, masks)
    alone = len(listing.images_without_mask)
    told = (f"{alone} images of {folder} have no mask; they cannot be judged.",) if alone else ()
    return {image: mask for image, mask, _ in listing.pairs}, told


def numbered(words: Sequence[str]) -> dict[str, int]:
    """Words for labels -> class: those for nothing are 0, the others 1, 2, ... in order.

    Whole numbers keep their order as numbers.
    """
    others = sorted({w for w in words if w.lower() not in NEGATIVE}, key=_as_number)
    known = {word: 0 for word in words if word.lower() in NEGATIVE}
    return known | {word: number for number, word in enumerate(others, 1)}


def _as_number(word: str) -> tuple[int, int, str]:
    return (0, int(word), "") if word.isdecimal() else (1, 0, word)

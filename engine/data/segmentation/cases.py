"""Finding labelled images in the layouts in which data sets are published."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.data.paired import SUFFIXES, VOLUME_SUFFIXES, find_pairs
from engine.data.segmentation.patients import patient_of
from engine.errors import InputError

H5_ENDINGS = (".h5", ".hdf5")
LIST_ENDINGS = (".list", ".txt")
_IMAGE_FOLDERS = ("images", "image", "imgs", "img", "imagestr")
# DRIVE has its vessels in 1st_manual; its "mask" is the field of view.
_MASK_FOLDERS = (
    "1st_manual",
    "manual",
    "manual1",
    "masks",
    "mask",
    "labels",
    "label",
    "gt",
    "annotations",
    "labelstr",
)


@dataclass(frozen=True)
class Case:
    """A labelled image that has not been read.

    Attributes:
        name: Of its own in the set.
        patient: Whose; a guess, see `patient_of`.
        image, label: Files; the same one where a file holds both.
        image_part, label_part: Which data sets of h5 files; "" elsewhere.
        channel: Which of the image file's, where it has several that are not colours.
    """

    name: str
    patient: str
    image: Path
    label: Path
    image_part: str = ""
    label_part: str = ""
    channel: int = 0


@dataclass(frozen=True)
class CaseListing:
    """What a folder holds.

    Attributes:
        cases: In order of their names.
        rule: How images and labels were matched, for the user.
        names: Class -> name, where the set tells; with the background.
        images_without_mask, masks_without_image: What was left over.
        notes: What else the user should know.
    """

    cases: tuple[Case, ...]
    rule: str
    names: Mapping[int, str] = field(default_factory=dict)
    images_without_mask: tuple[Path, ...] = ()
    masks_without_image: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


def find_cases(
    images: str | os.PathLike[str],
    masks: str | os.PathLike[str] | None = None,
    *,
    channel: int = 0,
    patient_pattern: str = "",
) -> CaseListing:
    """Finds the labelled images of a data set; reads none.

    Layouts: two folders paired by name; one folder with images/ and masks/ (or labels/) in it, or
    with both side by side; nnU-Net and Decathlon (dataset.json, imagesTr, labelsTr); a folder of
    h5 files with `image` and `label`, or a list of their names (.list, as SSL4MIS has it).

    Args:
        images: Folder, dataset.json or list.
        masks: Folder of masks where there is one of its own.
        channel: Which of nnU-Net's channels (CASE_0000, CASE_0001, ...), or of a file's.
        patient_pattern: See `patient_of`.

    Raises:
        InputError: A folder that is missing, or in which nothing fits together.
    """
    from engine.data.segmentation.decathlon import LABELS, find_decathlon, is_decathlon

    source = Path(images)
    apart = Path(masks) if masks is not None else None
    beside = apart is None or apart.resolve() == (source.parent / LABELS).resolve()
    if beside and is_decathlon(source):
        return find_decathlon(source, channel, patient_pattern)
    if apart is not None:
        return _with_channel(_paired(source, apart, patient_pattern), channel)
    if source.suffix.lower() in LIST_ENDINGS and source.is_file():
        return _with_channel(_listed(source, patient_pattern), channel)
    if not source.is_dir():
        raise InputError(
            f"{source} is no folder of images, no dataset.json and no list.", "Check the path."
        )
    inside = {path.name.lower(): path for path in source.iterdir() if path.is_dir()}
    own = next((inside[name] for name in _IMAGE_FOLDERS if name in inside), None)
    others = [inside[name] for name in _MASK_FOLDERS if name in inside]
    if own and others:
        listing = _with_channel(_paired(own, others[0], patient_pattern), channel)
        left = ", ".join(path.name for path in others[1:])
        told = (f"Labels are those of {others[0].name}, not of {left}.",) if left else ()
        return replace(listing, notes=told)
    files = sorted(p for p in source.iterdir() if p.suffix.lower() in H5_ENDINGS)
    if files:
        rule = f"image and label in each h5 file of {source}"
        return _with_channel(_from_h5(files, rule, patient_pattern), channel)
    return _with_channel(_paired(source, source, patient_pattern), channel)


def _with_channel(listing: CaseListing, channel: int) -> CaseListing:
    return replace(listing, cases=tuple(replace(c, channel=channel) for c in listing.cases))


def _paired(images: Path, masks: Path, pattern: str) -> CaseListing:
    listing = find_pairs(images, masks, (*SUFFIXES, *VOLUME_SUFFIXES))
    # What pairs the files is in lower case; a pattern is meant for the names as they are written.
    return CaseListing(
        tuple(
            Case(case, patient_of(i.name if pattern else case, pattern), i, m)
            for i, m, case in listing.pairs
        ),
        listing.rule,
        images_without_mask=listing.images_without_mask,
        masks_without_image=listing.masks_without_image,
    )


def _from_h5(files: list[Path], rule: str, pattern: str) -> CaseListing:
    return CaseListing(
        tuple(
            Case(p.stem, patient_of(p.stem, pattern), p, p, "image", "label") for p in files
        ),
        rule,
    )  # fmt: skip


def _listed(source: Path, pattern: str) -> CaseListing:
    """A list of names, one a line; the files lie beside it, in data/ or in data/slices/."""
    try:
        lines = source.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The list {source} cannot be read: {error}.", "Check it.") from error
    folders = [source.parent / "data" / "slices", source.parent / "data", source.parent]
    files, missing = [], []
    for line in dict.fromkeys(lines):
        name = line if line.lower().endswith(H5_ENDINGS) else f"{line}.h5"
        found = next((f / name for f in folders if (f / name).is_file()), None)
        if found is None:
            missing.append(line)
        else:
            files.append(found)
    if missing or not files:
        shown = ", ".join(missing[:5]) or "nothing"
        raise InputError(
            f"The list {source} names {len(missing)} files that are not there: {shown}.",
            f"They are looked for in {', '.join(map(str, folders))}.",
        )
    return _from_h5(files, f"image and label in each h5 file that {source.name} names", pattern)

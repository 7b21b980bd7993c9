"""Recognising how a set is laid out, by the readers that will read it. Reads no image."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from engine.data.gathering import find_images as gather
from engine.data.paired import without_ending
from engine.data.segmentation.cases import Case, CaseListing, find_cases
from engine.data.segmentation.decathlon import LABELS, is_decathlon
from engine.data.segmentation.lists import lists_of
from engine.data.segmentation.patients import patient_of
from engine.data.segmentation.splits import Role
from engine.data.segmentation.unlabelled import find_images
from engine.data.volumes.limits import opening
from engine.data.weak.listing import PARTS, TABLES, Listing, list_entries
from engine.errors import InputError

Kind = Literal[
    "ssl4mis", "decathlon", "weak", "table", "h5", "pairs", "pickle", "modalities", "images"
]
"""How a set is laid out; `Layout.title` says it in words."""
PICKLES = (".pkl", ".pickle")
MASK_WORDS = ("seg", "mask", "label", "labels", "segmentation")
LEAST_SHARE = 0.5
"""Of the folders of patients: a kind of image that fewer of them have is none."""
_TAIL = re.compile(r"(?:^|[_\-])([A-Za-z][A-Za-z0-9]{0,11})$")


@dataclass(frozen=True)
class Item:
    """An image of a set, with its mask where it has one.

    Attributes:
        name: Of its own in the set.
        patient: Whose; a guess by names, see `patients.patient_of`.
        image: File, or folder of a DICOM series; None of a mask whose image is missing.
        mask: File; that of the image where one holds both.
        image_part, mask_part: Data sets of h5 files, or a series.
        channel: Which of several of the image.
        role: The part of the set that it is in, where the set itself has parts.
        labels: What is to be seen in it, where whole images are labelled; None where they are not.
        files: All files of the image.
    """

    name: str
    patient: str
    image: Path | None
    mask: Path | None = None
    image_part: str = ""
    mask_part: str = ""
    channel: int = 0
    role: Role | Literal[""] = ""
    labels: frozenset[str] | None = None
    files: tuple[Path, ...] = ()

    @property
    def path(self) -> Path:
        """The image, or the mask of a missing one."""
        found = self.image or self.mask
        assert found is not None
        return found


@dataclass(frozen=True)
class Layout:
    """How a set is laid out.

    Attributes:
        kind, title: For programs and for people.
        why: What it was told by.
        source, masks: What a training takes as its images and masks.
        items: What it holds, in order of their names.
        expects_masks: Whether an image without a mask is a fault.
        names: Label -> name, where the set tells.
        modalities: Kind of image -> pattern of its files, where patients have several.
        lists: Part -> list that names its cases.
        notes: What else is to be said.
    """

    kind: Kind
    title: str
    why: str
    source: Path
    masks: Path | None = None
    items: tuple[Item, ...] = ()
    expects_masks: bool = False
    names: Mapping[int, str] = field(default_factory=dict)
    modalities: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[Role, Path] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def recognise(
    source: Path, masks: Path | None = None, *, channel: int = 0, patient_pattern: str = ""
) -> Layout:
    """How a folder, list, table or file of images is laid out.

    Args:
        masks: Folder of masks where it is another one.
        channel: Which of several that images have.
        patient_pattern: See `patients.patient_of`.

    Raises:
        InputError: Missing, or nothing in it that any reader knows; says what was looked for.
    """
    if not source.exists():
        raise InputError(f"{source} is not there.", "Check the path.")
    if source.suffix.lower() in PICKLES and source.is_file():
        return _pickle(source)
    if source.suffix.lower() in TABLES and source.is_file():
        return _weak(list_entries(source, patient_pattern=patient_pattern), source, "table")
    if masks is None:
        if lists := lists_of(source):
            return _lists(source, lists, channel, patient_pattern)
        if source.is_dir():
            if (parts := _parts(source, channel, patient_pattern)) is not None:
                return parts
            listing = _published(source, channel, patient_pattern)
            if listing is not None:
                return _weak(listing, source, "weak")
    try:
        listing_of = find_cases(source, masks, channel=channel, patient_pattern=patient_pattern)
    except InputError as error:
        if masks is not None or not source.is_dir():
            raise
        return _unlabelled(source, channel, patient_pattern, error)
    return _labelled(source, masks, listing_of, patient_pattern)


def _labelled(source: Path, masks: Path | None, found: CaseListing, pattern: str) -> Layout:
    kind: Kind = "pairs"
    title = "Images with masks"
    if masks is None and is_decathlon(source):
        kind, title = "decathlon", "nnU-Net or Medical Segmentation Decathlon"
        root = source.parent if source.is_file() or source.name == "imagesTr" else source
        source = root if (root / LABELS).is_dir() else source
    elif found.cases and found.cases[0].image_part:
        kind, title = "h5", "h5 files with image and label"
    elif (source / "manifest.json").is_file():
        title = "Pairs that synthesize-set made"
    items = [_item(case) for case in found.cases]
    items += _left_over(found)
    return Layout(
        kind, title, f"Paired by {found.rule}.", source, masks, _sorted(items), True, found.names,
        notes=found.notes,
    )  # fmt: skip


def _item(case: Case, role: Role | Literal[""] = "") -> Item:
    return Item(
        case.name, case.patient, case.image, case.label, case.image_part, case.label_part,
        case.channel, role, files=(case.image,),
    )  # fmt: skip


def _left_over(found: CaseListing) -> list[Item]:
    alone = [
        Item(without_ending(path), "", path, files=(path,)) for path in found.images_without_mask
    ]
    return alone + [Item(without_ending(p), "", None, p) for p in found.masks_without_image]


def _lists(source: Path, lists: Mapping[str, Path], channel: int, pattern: str) -> Layout:
    items: list[Item] = []
    notes: list[str] = []
    roles: dict[Role, Path] = {}
    for part, file in lists.items():
        role: Role = "validation" if part == "validation" else "test" if part == "test" else "train"
        roles[role] = file
        try:
            found = find_cases(file, channel=channel, patient_pattern=pattern)
        except InputError as error:
            if role == "train":
                raise
            notes.append(f"{error.message} {error.hint}")
            continue
        items += [_item(case, role) for case in found.cases]
    named = ", ".join(file.name for file in lists.values())
    root = source if source.is_dir() else source.parent
    return Layout(
        "ssl4mis", "h5 files with lists (SSL4MIS, DiffRect)", f"There are the lists {named}.",
        root, None, _sorted(items), True, lists=roles, notes=tuple(notes),
    )  # fmt: skip


def _published(source: Path, channel: int, pattern: str) -> Listing | None:
    """A set with folders of normal images and others, None for another layout."""
    try:
        found = list_entries(source, channel=channel, patient_pattern=pattern)
    except InputError:
        return None
    return found if found.names else None


def _weak(found: Listing, source: Path, kind: Literal["weak", "table"]) -> Layout:
    items = []
    for entry in found.entries:
        told = None
        if entry.told is not None:
            seen = {found.names.get(v, str(v)) for labels in entry.told.values() for v in labels}
            told = frozenset(seen)
        items.append(
            Item(
                entry.name, entry.patient, entry.image, entry.mask, entry.part, entry.mask_part,
                entry.channel, entry.role, told, (entry.image,),
            )
        )  # fmt: skip
    title = (
        "A table of labelled images"
        if kind == "table"
        else "Folders of normal and other images (CDM)"
    )
    return Layout(
        kind, title, f"Told by {found.rule}.", source, None, tuple(items), False, found.marked,
        notes=found.notes,
    )  # fmt: skip


def _parts(source: Path, channel: int, pattern: str) -> Layout | None:
    """A folder whose folders are training, validation and test, each with images and masks."""
    parts = _role_folders(source)
    if not any(role == "train" for role in parts.values()):
        return None
    items: list[Item] = []
    layout = None
    for folder, role in parts.items():
        try:
            found = find_cases(folder, channel=channel, patient_pattern=pattern)
        except InputError:
            return None
        layout = _labelled(folder, None, found, pattern) if role == "train" else layout
        items.extend(
            replace(item, name=f"{folder.name}/{item.name}", role=role)
            for item in (*(_item(case) for case in found.cases), *_left_over(found))
        )
    if layout is None:
        return None
    named = ", ".join(folder.name for folder in parts)
    told = f"{layout.why} The parts lie in {named}; what is trained on is {layout.source.name}."
    return replace(layout, items=_sorted(items), why=told)


def _role_folders(source: Path) -> dict[Path, Role]:
    with opening(source):
        folders = sorted(path for path in source.iterdir() if path.is_dir())
    found: dict[Path, Role] = {}
    for folder in folders:
        word = folder.name.lower()
        if PARTS.get(word) == "train":
            found[folder] = "train"
        elif word.startswith("val"):
            found[folder] = "validation"
        elif PARTS.get(word) == "test":
            found[folder] = "test"
    return found


def _unlabelled(source: Path, channel: int, pattern: str, why: InputError) -> Layout:
    """Images without masks: of patients with several kinds of image each, or of one kind."""
    several = _modalities(source, pattern)
    if several is not None:
        return several
    try:
        found = find_images(source, channel=channel)
    except InputError as error:
        raise InputError(
            f"{source} holds no set of images that is known here. {why.message}",
            "Known are images with masks in two folders, nnU-Net and the Decathlon, h5 files with "
            "image and label, folders of normal and other images, and folders of images or DICOM.",
        ) from error
    items = tuple(
        Item(
            image.name, patient_of(image.name, pattern), image.path, None, image.part,
            channel=image.channel, files=image.files,
        )
        for image in found.images
    )  # fmt: skip
    series = any(
        image.path.is_dir() or image.path.suffix.lower() == ".dcm" for image in found.images
    )
    title = "DICOM series" if series else "Images without masks"
    return Layout(
        "images", title, "No masks were found beside the images.", source, None, items,
        notes=found.notes,
    )  # fmt: skip


def _modalities(source: Path, pattern: str) -> Layout | None:
    """Folders of patients, in each of which lies an image of every kind: PATIENT_t1.nii.gz."""
    try:
        found = gather(source, "", pattern)
    except InputError:
        return None
    by_folder: dict[Path, dict[str, Path]] = defaultdict(dict)
    for image in found:
        word = _TAIL.search(without_ending(image.path))
        if image.path.parent == source or word is None:
            return None
        by_folder[image.path.parent][word[1].lower()] = image.path
    counts = Counter(word for files in by_folder.values() for word in files)
    least = max(1, LEAST_SHARE * len(by_folder))
    kinds = [word for word, n in counts.items() if n >= least and word not in MASK_WORDS]
    if len(kinds) < 2:
        return None
    mask = next((word for word in MASK_WORDS if counts.get(word, 0) >= least), None)
    items: list[Item] = []
    for image in found:
        word = _TAIL.search(without_ending(image.path))
        if word is not None and word[1].lower() in kinds:
            marked = by_folder[image.path.parent].get(mask) if mask else None
            # All studies of a patient are one patient's, whatever kind of image they are.
            whose = patient_of(image.name if pattern else image.path.parent.name, pattern)
            items.append(Item(image.name, whose, image.path, marked, files=(image.path,)))
    patterns = {kind: _glob(source, by_folder, kind) for kind in sorted(kinds)}
    told = f"{len(by_folder)} folders each hold {', '.join(sorted(kinds))}"
    return Layout(
        "modalities", "Patients with several kinds of image",
        f"{told}{f', with {mask} as mask' if mask else ''}.", source, None, tuple(items),
        modalities=patterns,
    )  # fmt: skip


def _glob(source: Path, folders: Mapping[Path, Mapping[str, Path]], kind: str) -> str:
    """A pattern below the source that fits the files of a kind and no others."""
    path = next(files[kind] for files in folders.values() if kind in files)
    depth = len(path.relative_to(source).parts) - 1
    stem = without_ending(path)
    ending = path.name[len(stem) :]
    before = (
        "_"
        if stem.lower().endswith(f"_{kind}")
        else "-"
        if stem.lower().endswith(f"-{kind}")
        else ""
    )
    tail = stem[len(stem) - len(kind) :]
    return "*/" * depth + f"{'*' + before if before else ''}{tail}{ending}"


def _pickle(source: Path) -> Layout:
    return Layout(
        "pickle", "Published pickle of AdaptDiff", "A file of arrays; they are checked when it is "
        "trained on.", source,
    )  # fmt: skip


def _sorted(items: Sequence[Item]) -> tuple[Item, ...]:
    return tuple(sorted(items, key=lambda item: (item.role, item.name)))

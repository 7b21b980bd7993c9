"""A data set from its files to scans that can be learnt from, told step by step.

Masks are read here where nothing else tells which slices show something; what is kept of them is
that alone.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.segmentation.cases import Case
from engine.data.segmentation.reading import read_case
from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Volume
from engine.data.weak.frames import Plane, Range, content_of, frame_of, in_plane
from engine.data.weak.listing import Entry, Listing, list_entries
from engine.data.weak.scans import Scan
from engine.errors import InputError
from engine.steps import ProgressStep, Step

LEAST_CONTENT = 0.01
"""Of a slice: below it there is nothing but background."""
MARGIN = 1.05
"""Of the field of view over the widest content."""
SHOWN = 5


@dataclass(frozen=True)
class Wanted:
    """How a set is looked at.

    Attributes:
        plane: Which way volumes are cut.
        channel, patient_pattern: See `list_entries`.
        finding: Name of what masks mark, where all their labels count as one.
        each: Every label of the masks is a class of its own.
        smallest: Pixels of a slice that must be marked; with fewer, but some, it is left out.
    """

    plane: Plane = "stored"
    channel: int = 0
    patient_pattern: str = ""
    finding: str = "lesion"
    each: bool = False
    smallest: int = 1


@dataclass(frozen=True)
class ScanReport:
    """What there is to learn from.

    Attributes:
        scans: Usable ones; copies of an image count as one patient's.
        names: Class -> name, with 0.
        fov_mm: Width that holds the content of every slice; 0 for pictures without a patient.
        pixel_mm: Least and largest spacing of pixels in the plane; (1, 1) for pictures.
        range: How values are best taken, see `Framing`.
        told: What is to be said of the set, each a sentence.
    """

    scans: tuple[Scan, ...]
    names: Mapping[int, str]
    fov_mm: float = 0.0
    pixel_mm: tuple[float, float] = (1.0, 1.0)
    range: Range = "tails"
    told: tuple[str, ...] = ()

    def counts(self, scans: Sequence[Scan] | None = None) -> dict[int, int]:
        """Class -> how many slices of these scans (of all by default) can be learnt from."""
        found = Counter(
            label
            for scan in (self.scans if scans is None else scans)
            for index in scan.used
            for label in scan.labels[index] or {0}
        )
        return {label: found[label] for label in sorted({*self.names, *found})}

    def accept(self) -> tuple[Scan, ...]:
        """The scans, where something can be learnt from them.

        Raises:
            InputError: Nothing usable, or only one class.
        """
        counts = self.counts()
        present = [self.names.get(label, str(label)) for label, n in counts.items() if n]
        if not present:
            raise InputError(
                f"There is no image that can be learnt from: {' '.join(self.told[:3])}",
                "Choose another set.",
            )
        if len(present) < 2:
            raise InputError(
                f"All {sum(counts.values())} slices are labelled {present[0]}: what a lesion looks "
                "like is learnt from images with it and images without.",
                "Add images of the other kind, or check the labels; slices of volumes without a "
                "mark count as normal, in a table only with a row that says so.",
            )
        return self.scans


@dataclass(frozen=True)
class _Facts:
    """A scan whose labels are those of the masks, and what else is to be known of its image."""

    scan: Scan
    digest: str
    extent_mm: float
    pixel_mm: tuple[float, float]
    oriented: bool
    bytes_picture: bool
    doubtful: int = 0
    empty: int = 0
    unnamed: int = 0
    notes: tuple[str, ...] = ()


def open_scans(
    source: Path, masks: Path | None, wanted: Wanted
) -> Generator[Step, None, ScanReport]:
    """Finds, reads and checks all images of a set.

    Args:
        source, masks: See `list_entries`.

    Raises:
        InputError: There is nothing.
    """
    listing = list_entries(
        source, masks, channel=wanted.channel, patient_pattern=wanted.patient_pattern
    )
    if not listing.entries:
        raise InputError(f"{source} holds no images with labels.", "Choose another set.")
    facts: list[_Facts] = []
    problems: list[str] = []
    for index, entry in enumerate(listing.entries):
        try:
            facts.append(_inspect(entry, wanted))
        except InputError as error:
            problems.append(f"{error.message} {error.hint}".strip())
        yield ProgressStep(index + 1, len(listing.entries), f"Checking {entry.name}")
    return _judge(listing, facts, problems, wanted)


def _inspect(entry: Entry, wanted: Wanted) -> _Facts:
    volume, marked = _read(entry)
    ready = in_plane(volume, wanted.plane, channel=0 if marked is not None else entry.channel)
    content = content_of(volume, ready)
    frame = frame_of(volume, ready)
    depth = ready.array.shape[1]
    doubtful: set[int] = set()
    unnamed: set[int] = set()
    if entry.told is not None:
        labels, unnamed = _told(entry, frame.stored_slices(), depth)
    else:
        assert marked is not None
        planes = frame.turn(marked[np.newaxis])[0]
        labels, doubtful = _from_mask(planes, wanted)
    empty = {i for i in range(depth) if content.share[i] < LEAST_CONTENT}
    scan = Scan(
        entry.name, entry.patient, entry.image, entry.part, entry.channel, labels,
        frozenset(doubtful | empty | unnamed), entry.role,
    )  # fmt: skip
    stored = np.ascontiguousarray(volume.array)
    bytes_picture = stored.dtype == np.uint8 and not volume.scaled
    return _Facts(
        scan, hashlib.sha256(stored.tobytes()).hexdigest(), content.extent_mm, content.spacing,
        volume.geometry.oriented, bytes_picture and not volume.geometry.oriented,
        len(doubtful), len(empty - doubtful - unnamed), len(unnamed), ready.notes,
    )  # fmt: skip


def _read(entry: Entry) -> tuple[Volume, NDArray[np.generic] | None]:
    """The image; its mask where nothing else tells what it shows."""
    if entry.told is None and entry.mask is not None:
        case = Case(
            entry.name, entry.patient, entry.image, entry.mask, entry.part, entry.mask_part,
            entry.channel,
        )  # fmt: skip
        found = read_case(case)
        return found.volume, found.labels
    return read_volume(entry.image, part=entry.part, kind="image"), None


def _told(
    entry: Entry, stored: NDArray[np.intp] | None, depth: int
) -> tuple[tuple[frozenset[int], ...], set[int]]:
    """Labels of the plane's slices from those of the file's; and the slices without one."""
    assert entry.told is not None
    whole = entry.told.get(None, frozenset())
    single = {number: labels for number, labels in entry.told.items() if number is not None}
    if not single:
        return (whole,) * depth, set()
    if stored is None:
        raise InputError(
            f"The labels of {entry.name} are of slices as the file has them, which the chosen "
            "plane cuts across.",
            "Choose the plane 'stored'.",
        )
    if outside := sorted(n for n in single if n >= depth):
        raise InputError(
            f"{entry.name} has {depth} slices, no slice {outside[0]}.",
            "Slices count from 0; correct the table.",
        )
    # A slice that nobody looked at is not known to be normal.
    known = range(depth) if None in entry.told else single
    unnamed = {i for i, number in enumerate(stored) if int(number) not in known}
    return tuple(single.get(int(number), whole) for number in stored), unnamed


def _from_mask(
    planes: NDArray[np.generic], wanted: Wanted
) -> tuple[tuple[frozenset[int], ...], set[int]]:
    """Of each slice the labels that are marked in it; and the slices where it is too little."""
    labels, doubtful = [], set()
    for index, plane in enumerate(planes):
        values, sizes = np.unique(plane[plane > 0], return_counts=True)
        if not wanted.each and len(values):
            values, sizes = np.array([1]), sizes.sum(keepdims=True)
        labels.append(
            frozenset(int(v) for v, n in zip(values, sizes, strict=True) if n >= wanted.smallest)
        )
        if (sizes < wanted.smallest).any():
            doubtful.add(index)
    return tuple(labels), doubtful


def _judge(
    listing: Listing, facts: Sequence[_Facts], problems: Sequence[str], wanted: Wanted
) -> ScanReport:
    names, remap = _names(listing, facts, wanted)
    scans, told = _without_copies(facts)
    scans = [
        replace(scan, labels=tuple(frozenset(remap[v] for v in seen) for seen in scan.labels))
        for scan in scans
    ]
    volumes = [f for f in facts if f.oriented]
    pixels = [side for f in volumes for side in f.pixel_mm] or [1.0]
    notes = [f"Labels come from {listing.rule}.", *listing.notes, *problems[:SHOWN]]
    if len(problems) > SHOWN:
        notes.append(f"{len(problems) - SHOWN} more images cannot be used.")
    notes += told
    converted = Counter(note for f in facts for note in f.notes)
    notes += [f"In {count} images: {note}." for note, count in converted.items()]
    if doubtful := sum(f.doubtful for f in facts):
        notes.append(
            f"{doubtful} slices with fewer than {wanted.smallest} marked pixels are left out."
        )
    if unnamed := sum(f.unnamed for f in facts):
        notes.append(
            f"{unnamed} slices that the table does not name are left out; a row without a slice "
            "labels the rest of a volume."
        )
    if empty := sum(f.empty for f in facts):
        notes.append(f"{empty} slices that show nothing but background are left out.")
    return ScanReport(
        tuple(scans), names,
        round(MARGIN * max(f.extent_mm for f in volumes), 1) if volumes else 0.0,
        (min(pixels), max(pixels)),
        "bytes" if facts and all(f.bytes_picture for f in facts) else "tails",
        tuple(notes),
    )  # fmt: skip


def _names(
    listing: Listing, facts: Sequence[_Facts], wanted: Wanted
) -> tuple[dict[int, str], dict[int, int]]:
    """Class -> name, and what was read -> class."""
    if listing.names:
        return dict(listing.names), {label: label for label in listing.names}
    if not wanted.each:
        return {0: "normal", 1: wanted.finding}, {1: 1}
    seen = {label for f in facts for labels in f.scan.labels for label in labels}
    values = sorted(seen | set(listing.marked))
    remap = {value: number for number, value in enumerate(values, 1)}
    called = {n: listing.marked.get(v, f"label {v}") for v, n in remap.items()}
    return {0: "normal", **called}, remap


def _without_copies(facts: Sequence[_Facts]) -> tuple[list[Scan], list[str]]:
    """Copies of an image get one patient, so that no split takes them apart."""
    by_digest: dict[str, list[Scan]] = defaultdict(list)
    for fact in facts:
        by_digest[fact.digest].append(fact.scan)
    owner = {fact.scan.patient: fact.scan.patient for fact in facts}

    def whose(patient: str) -> str:
        while owner[patient] != patient:
            patient = owner[patient]
        return patient

    told = []
    for same in by_digest.values():
        if len(same) > 1:
            shown = ", ".join(scan.name for scan in same[:SHOWN])
            told.append(f"{shown} are the same image; they count as one patient's.")
            for scan in same[1:]:
                owner[whose(scan.patient)] = whose(same[0].patient)
    scans = [replace(fact.scan, patient=whose(fact.scan.patient)) for fact in facts]
    return scans, told

"""Which series of DICOM images there are in a folder: one quick pass over the headers."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.dicom_header import (
    SEGMENTATION_CLASSES,
    Frame,
    looks_like_dicom,
    read_frames,
)
from engine.data.volumes.dicom_order import Order, arrange
from engine.data.volumes.dicom_pixels import decode_frames
from engine.data.volumes.volume import Shape
from engine.errors import InputError

MAX_FILES = 100_000
_FLAT = ("CR", "DX", "MG", "PX", "IO", "RG")
_FEW = 2


@dataclass(frozen=True, eq=False)
class Series:
    """Images that make one volume.

    Attributes:
        uid: The Series Instance UID, with "#2", "#3" behind it where the files of one UID are no
            single volume (other patient, size or direction).
        patient, study, description, modality: As the headers give them, for people.
        shape: (D, H, W).
        order: The images in order; its notes and warnings say what is odd about the series.
    """

    uid: str
    patient: str
    study: str
    description: str
    modality: str
    shape: Shape
    order: Order

    @property
    def slices(self) -> int:
        """Number of slices at one point in time."""
        return self.shape[0]

    @property
    def title(self) -> str:
        """For a list to choose from."""
        return self.description or f"{self.modality} series"

    @property
    def detail(self) -> str:
        """What tells it from others: patient, study, size."""
        depth, height, width = self.shape
        times = len(self.order.frames)
        size = f"{width} x {height} x {depth}" + (f" x {times}" if times > 1 else "")
        return ", ".join(word for word in (self.patient, self.study, self.modality, size) if word)

    @property
    def files(self) -> tuple[Path, ...]:
        """All files, each once, in slice order."""
        paths = (frame.header.path for line in self.order.frames for frame in line)
        return tuple(dict.fromkeys(paths))

    def thumbnail(self, side: int = 96) -> NDArray[np.uint8]:
        """The middle slice, uint8 (H, W), at most `side` on a side.

        Raises:
            InputError: That file is damaged or without a codec.
        """
        line = self.order.frames[0]
        frame = line[len(line) // 2]
        stored = decode_frames(frame.header)[frame.index]
        grey = stored.mean(-1) if stored.ndim == 3 else stored
        step = max(1, -(-max(grey.shape) // side))
        values = grey[::step, ::step].astype(np.float32) * frame.slope + frame.intercept
        low, high = frame.window or np.percentile(values, (1, 99)).tolist()
        unit = ((values - low) / max(high - low, 1e-6)).clip(0, 1)
        if frame.header.photometric == "MONOCHROME1":
            unit = 1 - unit
        return (unit * 255).astype(np.uint8)


def find_series(path: str | os.PathLike[str]) -> tuple[Series, ...]:
    """The series in a folder and the folders in it, or the one that a file belongs to.

    Localizers are left out, other files ignored. Images of different patients, sizes or
    directions are never in one series.

    Raises:
        InputError: The path is not there, or is a file that is not DICOM or has a damaged header.
    """
    source = Path(path)
    if not source.exists():
        raise InputError(f"{source} does not exist.", "Check the name, or choose it again.")
    if source.is_dir():
        return _series_of(_frames_in(_files_below(source)))
    if source.name.upper() == "DICOMDIR":
        return find_series(source.parent)
    frames, damaged = _frames_in([source])
    if damaged or not looks_like_dicom(source):
        reason = "has a damaged header" if damaged else "is not a DICOM file"
        raise InputError(f"{source} {reason}.", "Choose another file, or export it again.")
    if not frames:
        _refuse_segmentation(source)
        raise InputError(f"{source} holds no image.", "Choose an image of the series.")
    own = _series_of((frames, []))
    if len(frames) > 1:
        return own
    beside = [p for p in sorted(source.parent.iterdir()) if p.is_file() and p != source]
    others, _ = _frames_in(beside)
    uid = frames[0].header.series_uid
    together = _series_of(([*frames, *(f for f in others if f.header.series_uid == uid)], []))
    # Left out of its series as a stray, or as a copy, it is still what was asked for.
    return tuple(s for s in together if source in s.files) or own


def _refuse_segmentation(path: Path) -> None:
    frames = read_frames(path)
    if frames and frames[0].header.sop_class in SEGMENTATION_CLASSES:
        raise InputError(
            f"{path} is a segmentation: labels of an image, and no image.",
            "Open the image that it was drawn on, then open this file as its labels.",
        )


def series_of_files(files: Iterable[Path]) -> tuple[Series, ...]:
    """The series in these files alone."""
    return _series_of(_frames_in(files))


def _files_below(folder: Path) -> list[Path]:
    found: list[Path] = []
    for here, folders, names in os.walk(folder):
        folders.sort()
        found += [Path(here, name) for name in sorted(names) if not name.startswith(".")]
        if len(found) > MAX_FILES:
            raise InputError(
                f"{folder} holds more than {MAX_FILES:,} files.", "Choose a folder inside it."
            )
    return found


def _frames_in(paths: Iterable[Path]) -> tuple[list[Frame], list[Path]]:
    """All images, and the files whose headers are damaged."""
    frames: list[Frame] = []
    damaged: list[Path] = []
    for path in paths:
        if not path.is_file() or not looks_like_dicom(path):
            continue
        try:
            frames += read_frames(path)
        except ValueError:
            damaged.append(path)
    return [f for f in frames if f.header.sop_class not in SEGMENTATION_CLASSES], damaged


def _series_of(found: tuple[list[Frame], list[Path]]) -> tuple[Series, ...]:
    frames, damaged = found
    images = [f for f in frames if not f.header.localizer] or frames
    by_uid: dict[tuple[int, str], list[Frame]] = defaultdict(list)
    for frame in images:
        by_uid[frame.header.number, frame.header.series_uid].append(frame)
    scouts = len(frames) - len(images)
    notes = (f"{_count(scouts, 'localizer image')} left out",) if scouts else ()
    warnings: tuple[str, ...] = ()
    if damaged:
        names = ", ".join(p.name for p in damaged[:3]) + (" ..." if len(damaged) > 3 else "")
        warnings = (f"{_count(len(damaged), 'damaged file')} left out: {names}.",)
    series = [s for key in sorted(by_uid) for s in _of_uid(key[1], by_uid[key])]
    return tuple(_told(s, notes, warnings) for s in series)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _told(series: Series, notes: tuple[str, ...], warnings: tuple[str, ...]) -> Series:
    order = series.order
    order = replace(order, notes=order.notes + notes, warnings=order.warnings + warnings)
    return replace(series, order=order)


def _of_uid(uid: str, frames: Sequence[Frame]) -> list[Series]:
    """The volumes that the images of one series UID make."""
    unique, copies = _without_copies(frames)
    groups = _alike(unique)
    most = max(map(len, groups))
    kept = [g for g in groups if len(g) > _FEW or most <= 2 * _FEW]
    dropped = sum(map(len, groups)) - sum(map(len, kept))
    notes: tuple[str, ...] = ()
    if copies:
        notes += ("1 copy left out" if copies == 1 else f"{copies} copies left out",)
    if dropped:
        notes += (f"{_count(dropped, 'image')} of another size or direction left out",)
    if len(kept) > 1:
        notes += (f"one of {len(kept)} volumes in files that claim to be one series",)
    series = [
        _series(uid if place == 1 else f"{uid}#{place}", group)
        for place, group in enumerate(kept, 1)
    ]
    return [_told(s, notes, ()) for s in series]


def _without_copies(frames: Sequence[Frame]) -> tuple[list[Frame], int]:
    """Each image once: the same file often lies in two folders."""
    unique: dict[tuple[str, int, str], Frame] = {}
    for frame in frames:
        head = frame.header
        key = (head.sop_uid or str(head.path), frame.index, head.patient_id + head.patient_name)
        unique.setdefault(key, frame)
    return list(unique.values()), len(frames) - len(unique)


def _alike(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Groups of one patient, size, spacing and direction, the largest first."""
    groups: dict[tuple[object, ...], list[Frame]] = defaultdict(list)
    for frame in frames:
        head = frame.header
        key: tuple[object, ...] = (
            head.patient_id,
            head.patient_name,
            head.study_uid,
            head.rows,
            head.columns,
            head.samples,
            head.photometric,
        )
        if head.modality in _FLAT and frame.position is None:
            key += (head.path,)
        groups[key].append(frame)
    parts = [part for group in groups.values() for part in _of_one_grid(group)]
    return sorted(parts, key=len, reverse=True)


def _of_one_grid(frames: Sequence[Frame]) -> list[list[Frame]]:
    groups: list[list[Frame]] = []
    for frame in frames:
        for group in groups:
            if _same_grid(group[0], frame):
                group.append(frame)
                break
        else:
            groups.append([frame])
    return groups


def _same_grid(a: Frame, b: Frame) -> bool:
    """Whether pixels have one size and lie in one direction, but for rounding."""
    if (a.spacing is None) != (b.spacing is None):
        return False
    if a.spacing and b.spacing and not np.allclose(a.spacing, b.spacing, rtol=0.01):
        return False
    if a.orientation is None or a.position is None or b.orientation is None or b.position is None:
        return (a.orientation is None or a.position is None) == (
            b.orientation is None or b.position is None
        )
    return bool((a.orientation * b.orientation).sum(axis=1).min() > 0.9995)


def _series(uid: str, frames: Sequence[Frame]) -> Series:
    order = arrange(frames)
    head = order.frames[0][0].header
    if "MOSAIC" in head.image_type:
        told = "The slices are tiled in one picture (mosaic): convert the series with dcm2niix."
        order = replace(order, warnings=(*order.warnings, told))
    return Series(
        uid=uid,
        patient=head.patient,
        study=head.study,
        description=head.description,
        modality=head.modality,
        shape=(len(order.frames[0]), head.rows, head.columns),
        order=order,
    )

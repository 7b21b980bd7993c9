"""Slices of the target modality: found, checked, and drawn at random with what guides them."""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.gathering import Found, find_images
from engine.data.volumes.read import read_volume
from engine.diffusion.local_information import InformationSettings, SourceImage
from engine.errors import InputError
from engine.methods.midiffusion.frames import frame_volume
from engine.methods.midiffusion.looks import Facts, Framing, facts_of
from engine.methods.midiffusion.params import TrainParams
from engine.methods.midiffusion.varying import deformed, recoloured
from engine.steps import ProgressStep, Step

MEMORY_SHARE = 0.25
MARGIN = 1.05
"""Of the field of view over the widest content."""
SHOWN = 5
Square = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Scan:
    """An image to learn from.

    Attributes:
        name: Of its own.
        patient: Whose.
        path: File or folder.
        slices: Numbers of those of the plane that show something.
        facts: See `looks.Facts`.
    """

    name: str
    patient: str
    path: Path
    slices: tuple[int, ...]
    facts: Facts


@dataclass(frozen=True, eq=False)
class Gathered:
    """A checked set.

    Attributes:
        scans: Usable ones; copies of an image count as one patient's.
        pixel_mm: Of squares that hold the widest of them; 0 where none has a place in a patient.
        notes: What is to be said, each a sentence.
    """

    scans: tuple[Scan, ...]
    pixel_mm: float
    notes: tuple[str, ...]

    def quantiles(self) -> list[float]:
        """Of the intensities that are no background, over all scans alike."""
        found = np.mean([scan.facts.quantiles for scan in self.scans], axis=0)
        return [round(float(value), 4) for value in found]


def gather(source: Path, params: TrainParams) -> Generator[Step, None, Gathered]:
    """Find, read and check the images of a set.

    Raises:
        InputError: nothing that can be learnt from.
    """
    images = find_images(source, params.pattern, params.patient_pattern)
    framing = Framing(params.size, params.plane, params.pixel_mm)
    scans: list[Scan] = []
    problems: list[str] = []
    digests: dict[str, list[int]] = {}
    empty = 0
    for index, image in enumerate(images):
        try:
            scan, digest = _inspect(image, framing, params)
        except InputError as error:
            problems.append(f"{error.message} {error.hint}".strip())
        else:
            empty += len(scan.facts.content) - len(scan.slices)
            if scan.slices:
                digests.setdefault(digest, []).append(len(scans))
                scans.append(scan)
            else:
                problems.append(f"{image.path} shows nothing but background.")
        yield ProgressStep(index + 1, len(images), f"Checking {image.name}")
    if not scans:
        raise InputError(
            f"There is no image to learn from: {' '.join(problems[:3])}", "Choose another set."
        )
    notes = problems[:SHOWN]
    if len(problems) > SHOWN:
        notes.append(f"{len(problems) - SHOWN} more images cannot be used.")
    if empty:
        notes.append(f"{empty} slices that show too little are left out.")
    images_of = Counter(scan.patient for scan in scans)
    several = sum(count > 1 for count in images_of.values())
    if several and not params.pattern:
        notes.append(
            f"{several} of {len(images_of)} patients have several images, and all are learnt "
            "from: name the files of one modality if they show more."
        )
    notes += _join_copies(scans, digests)
    widest = max(scan.facts.widest_mm for scan in scans)
    pixel = params.pixel_mm or round(MARGIN * widest / params.size, 3)
    return Gathered(tuple(scans), pixel if widest else 0.0, tuple(notes))


def _inspect(image: Found, framing: Framing, params: TrainParams) -> tuple[Scan, str]:
    volume = read_volume(image.path, kind="image")
    facts = facts_of(volume, framing, params.channel)
    kept = np.flatnonzero((facts.content >= params.content) & (facts.content > 0))
    stored = np.ascontiguousarray(volume.array[params.channel : params.channel + 1])
    digest = hashlib.sha256(stored.tobytes()).hexdigest()
    scan = Scan(image.name, image.patient, image.path, tuple(int(i) for i in kept), facts)
    return scan, digest


def _join_copies(scans: list[Scan], digests: dict[str, list[int]]) -> list[str]:
    """Give copies of an image one patient, so that no split takes them apart."""
    told = []
    for same in digests.values():
        if len(same) > 1:
            names = ", ".join(scans[i].name for i in same[:SHOWN])
            told.append(f"{names} are the same image; they count as one patient's.")
            joined = {scans[i].patient for i in same}
            first = scans[same[0]].patient
            for i, scan in enumerate(scans):
                if scan.patient in joined:
                    scans[i] = replace(scan, patient=first)
    return told


class TrainingSlices:
    """Random squares; all that is random comes from the generator that is given.

    Scans are read when they are first asked for, and those that were not used for longest are
    forgotten first. What a slice's windows tell of themselves is found once.

    Args:
        scans: Of one part of the split.
        framing: How they are seen.
        settings: Of the mutual information; None where none is wanted.
        flips: Mirror rows and columns at random.
        deform: See `varying.deformed`.
        contrasts: Share of the slices that are guided by themselves in another contrast.
        limit_bytes: What may be kept; None takes a quarter of what is free.
    """

    def __init__(
        self,
        scans: Sequence[Scan],
        framing: Framing,
        settings: InformationSettings | None,
        *,
        channel: int = 0,
        flips: bool = True,
        deform: float = 0.0,
        contrasts: float = 0.0,
        limit_bytes: int | None = None,
    ) -> None:
        self.scans = tuple(scans)
        self.framing = framing
        self.settings = settings
        self.channel = channel
        self.flips = flips
        self.deform, self.contrasts = deform, contrasts
        self.places = tuple((i, s) for i, scan in enumerate(self.scans) for s in scan.slices)
        free = int(psutil.virtual_memory().available * MEMORY_SHARE)
        self._limit = free if limit_bytes is None else limit_bytes
        self._kept: OrderedDict[int, NDArray[np.float16]] = OrderedDict()
        self._maps: dict[tuple[int, int], NDArray[np.float32]] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self.places)

    def batch(self, rng: np.random.Generator, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """`size` squares (size, 1, S, S) in [0, 1], what guides them, and LMI of that with itself,
        of the same shape. They guide themselves where no other contrasts are wanted."""
        squares, guides, maps = zip(*(self._draw(rng) for _ in range(size)), strict=True)
        return _stacked(squares), _stacked(guides), _stacked(maps)

    def some(self, count: int) -> tuple[Tensor, Tensor]:
        """The same `count` squares every time, evenly chosen, unchanged."""
        chosen = np.linspace(0, len(self) - 1, min(count, len(self))).round().astype(int)
        places = [self.places[i] for i in chosen]
        squares = [self._square(place, None) for place in places]
        maps = [self._kept_own(*pair) for pair in zip(places, squares, strict=True)]
        return _stacked(squares), _stacked(maps)

    def _draw(self, rng: np.random.Generator) -> tuple[Square, Square, Square]:
        """A square, what guides it, and LMI of that with itself."""
        place = self.places[int(rng.integers(len(self.places)))]
        stored = self._square(place, rng)
        # Drawn in any case, so that what follows does not depend on it.
        mirrored = rng.random(2) < 0.5
        axes = tuple(axis for axis in (0, 1) if self.flips and mirrored[axis])
        square = np.flip(stored, axes)
        if self.deform:
            square = deformed(square, rng, self.deform)
        if self.contrasts and rng.random() < self.contrasts:
            guide = recoloured(square, rng)
            return square, guide, self._own(guide)
        if self.deform:
            return square, square, self._own(square)
        return square, square, np.flip(self._kept_own(place, stored), axes)

    def _square(self, place: tuple[int, int], rng: np.random.Generator | None) -> Square:
        """A square; of a slice that is larger any part, or the middle."""
        scan, number = place
        whole = self._slices(scan)[number].astype(np.float32)
        size = self.framing.size
        rooms = [side - size for side in whole.shape]
        if not any(rooms):
            return whole
        starts = [room // 2 if rng is None else int(rng.integers(room + 1)) for room in rooms]
        return whole[starts[0] : starts[0] + size, starts[1] : starts[1] + size]

    def _kept_own(self, place: tuple[int, int], square: Square) -> Square:
        """LMI of a square as it is stored with itself; found once where it is a whole slice."""
        if any(side != self.framing.size for side in self._slices(place[0]).shape[1:]):
            return self._own(square)
        if place not in self._maps:
            self._maps[place] = self._own(square)
        return self._maps[place]

    def _own(self, square: Square) -> Square:
        if self.settings is None:
            return np.zeros_like(square)
        image = torch.from_numpy(np.ascontiguousarray(square))[None, None]
        found: Square = SourceImage(image, self.settings).similarity(image)[0, 0].numpy()
        return found

    def _slices(self, index: int) -> NDArray[np.float16]:
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        scan = self.scans[index]
        volume = read_volume(scan.path, kind="image")
        slices = frame_volume(volume, self.framing, channel=self.channel).slices.astype(np.float16)
        self._kept[index] = slices
        self._bytes += slices.nbytes
        while self._bytes > self._limit and len(self._kept) > 1:
            _, forgotten = self._kept.popitem(last=False)
            self._bytes -= forgotten.nbytes
        return slices


def _stacked(squares: Sequence[Square]) -> Tensor:
    return torch.from_numpy(np.stack(squares))[:, None]

"""The patients of a set as somebody may look at them who parts them by hand. Loads no torch."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.segmentation.cases import Case
from engine.data.segmentation.preparation import nearest
from engine.data.segmentation.reading import CaseFacts, read_case
from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Volume
from engine.errors import InputError
from engine.methods.diffrect.cases import Pool, open_pool
from engine.methods.diffrect.choosing import choose, names_in
from engine.methods.diffrect.params import TrainParams, names_of
from engine.methods.diffrect.parting import split_for
from engine.methods.diffrect.structures import table_of
from engine.steps import ProgressStep, Step

Part = Literal["labelled", "unlabelled", "validation", "test"]
PARTS: tuple[Part, ...] = ("labelled", "unlabelled", "validation", "test")
SIDE = 96
TAILS = (1.0, 99.0)


@dataclass(frozen=True, eq=False)
class Patient:
    """One patient.

    Attributes:
        name: As parameters may name it.
        part: Where the parameters put it.
        cases: Names of its cases.
        bare: How many of them have no label.
        slices: Of all of them.
        structures: Classes that its labels have, without the background.
        picture: A slice (H, W) uint8, at most `SIDE` a side.
        marked: Its labels (H, W) uint8; None where there are none.
    """

    name: str
    part: Part
    cases: tuple[str, ...]
    bare: int
    slices: int
    structures: tuple[int, ...]
    picture: NDArray[np.uint8]
    marked: NDArray[np.uint8] | None

    @property
    def has_labels(self) -> bool:
        """Whether it can be anything but unlabelled."""
        return self.bare < len(self.cases)


@dataclass(frozen=True, eq=False)
class Roster:
    """All patients in the order of the set, those without a label last.

    Attributes:
        structures: Class -> name and colour (r, g, b) in 0 to 255.
        told: What the check of the set has to say.
        problem: Why the choice of the parameters cannot be met, "" where it can.
    """

    patients: tuple[Patient, ...]
    structures: Mapping[int, tuple[str, tuple[int, int, int]]]
    told: tuple[str, ...]
    problem: str = ""


def read_roster(
    images: Path,
    masks: Path | None,
    unlabelled: Path | None,
    labelled: Path | None,
    params: TrainParams,
) -> Generator[Step, None, Roster]:
    """Read all cases, as a training does before it begins.

    Args:
        images, masks, unlabelled, labelled: As the inputs of a training.
        params: Their choice is where everybody stands; one that cannot be met is told.

    Raises:
        InputError: There is no usable case, or a list names what is not there.
    """
    pool = yield from open_pool(
        images, masks, unlabelled,
        channel=params.channel, patient_pattern=params.patient_pattern,
    )  # fmt: skip
    report = pool.report
    report.accept(remap=True, least=1)
    parts, problem = _parts(pool, labelled, params)
    of_patient: dict[str, list[Case]] = {}
    for case in (*pool.cases, *pool.unlabelled):
        of_patient.setdefault(case.patient, []).append(case)
    bare = {case.name for case in pool.unlabelled}
    patients = []
    for index, (name, cases) in enumerate(of_patient.items()):
        yield ProgressStep(index + 1, len(of_patient), f"Looking at {name}")
        patients.append(_patient(name, cases, bare, parts, pool))
    structures = {e.value: (e.name, e.colour) for e in table_of(report.names)}
    return Roster(tuple(patients), structures, report.notes(remap=True), problem)


def _parts(pool: Pool, labelled: Path | None, params: TrainParams) -> tuple[dict[str, Part], str]:
    """Case -> part, and what cannot be met: that leaves all that it is about unlabelled."""
    found: dict[str, Part] = {}
    try:
        split = split_for(pool, params)
    except InputError as error:
        return found, _sentences(error)
    found.update((name, "validation") for name in split.validation)
    found.update((name, "test") for name in split.test)
    try:
        names = names_of(params.labelled_cases) or (names_in(labelled) if labelled else ())
        chosen = choose(pool, split, params.labelled_patients, names)
    except InputError as error:
        return found, _sentences(error)
    found.update((case.name, "labelled") for case in chosen.labelled)
    return found, ""


def _sentences(error: InputError) -> str:
    return f"{error.message} {error.hint}".strip()


def _patient(
    name: str, cases: Sequence[Case], bare: set[str], parts: Mapping[str, Part], pool: Pool
) -> Patient:
    facts = {case.name: pool.facts[case.name] for case in cases}
    of_cases = [parts.get(case.name, "unlabelled") for case in cases]
    part = min(of_cases, key=lambda p: ("validation", "test", "labelled", "unlabelled").index(p))
    remap = pool.report.remap
    values = {remap.get(v, v) for fact in facts.values() for v in fact.values}
    picture, marked = _picture(_telling(cases, facts), bare, pool)
    return Patient(
        name, part, tuple(facts), sum(case.name in bare for case in cases),
        sum(fact.shape[0] for fact in facts.values()),
        tuple(sorted(v for v in values if v)), picture, marked,
    )  # fmt: skip


def _telling(cases: Sequence[Case], facts: Mapping[str, CaseFacts]) -> Case:
    """The middle one of those with the most structures."""
    most = max(len(facts[case.name].values) for case in cases)
    best = [case for case in cases if len(facts[case.name].values) == most]
    return best[len(best) // 2]


def _picture(
    case: Case, bare: set[str], pool: Pool
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    if case.name in bare:
        volume = read_volume(case.image, part=case.image_part, kind="image")
        return _grey(volume, case, volume.geometry.shape[0] // 2), None
    read = read_case(case, pool.report.remap or None)
    kinds = [len(np.unique(labels)) for labels in read.labels]
    best = [z for z, kind in enumerate(kinds) if kind == max(kinds)]
    z = best[len(best) // 2]
    return _grey(read.volume, case, z), read.labels[z][_at(read.labels[z].shape)].astype(np.uint8)


def _grey(volume: Volume, case: Case, z: int) -> NDArray[np.uint8]:
    """A slice between its tails."""
    if volume.channels == "rgb":
        values = np.asarray(volume.array[:, z], np.float32).mean(axis=0)
    else:
        channel = case.channel if len(volume.array) > 1 else 0
        values = np.asarray(volume.array[channel, z], np.float32)
    values = values[_at(values.shape)]
    low, high = np.percentile(values, TAILS)
    unit = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
    return (unit * 255).round().astype(np.uint8)


def _at(shape: tuple[int, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """What shrinks (H, W) to at most `SIDE` a side: of each pixel the nearest one."""
    rows, columns = shape
    shrink = max(1.0, max(rows, columns) / SIDE)
    wanted = max(1, round(rows / shrink)), max(1, round(columns / shrink))
    return nearest(rows, wanted[0])[:, None], nearest(columns, wanted[1])

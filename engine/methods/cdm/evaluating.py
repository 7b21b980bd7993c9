"""Evaluation as a job: every kind of evidence on cases that nothing was trained on."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np

from engine.data.segmentation.splits import FILE, check_split, read_split
from engine.data.volumes.volume import Volume
from engine.data.weak.opening import ScanReport, Wanted, open_scans
from engine.data.weak.scans import Scan
from engine.data.weak.truth import Truths
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.cdm.evaluation import Case, Find, evaluate_cases
from engine.methods.cdm.inference import segment
from engine.methods.cdm.looking import Networks, Seen, check_networks, look, needs
from engine.methods.cdm.networks import class_names
from engine.methods.cdm.segmenting import load_networks
from engine.methods.cdm.use_params import EvaluateParams, EvidenceName
from engine.metrics.table import check_table
from engine.provenance import versions
from engine.results import FileResult
from engine.scoring.keeping import Keeper
from engine.steps import NoteStep, Step
from engine.training.checkpoint import Card

EVIDENCES: tuple[EvidenceName, ...] = get_args(EvidenceName)


def evaluate(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """Inputs: images, masks (where apart), split (run folder or split.json; where it is missing,
    that of the run that the checkpoint lies in), output (.json, or .csv for the rows alone).

    Raises:
        InputError: cases that cannot be used, or findings that the checkpoint does not know.
        CheckpointError: a checkpoint that cannot be used.
        DiskError: the file cannot be written.
    """
    params = job.params
    assert isinstance(params, EvaluateParams)
    check_table(job.path("output"))
    evidences = wanted_evidence(params)
    for name in evidences.left_out:
        yield NoteStep(f"{name} is left out: there is no classifier.")
    networks = load_networks(params, evidences.used, context)
    for name in evidences.used:
        check_networks(networks, name, params)
    wanted = wanted_of(networks.main.card)
    masks = job.inputs.get("masks")
    masks = masks if isinstance(masks, Path) else None
    report = yield from open_scans(job.path("images"), masks, wanted)
    for note in report.told:
        yield NoteStep(note)
    names = class_names(networks.main.card, networks.main.classes)
    _check_names(report, names, networks)
    scans = _chosen(job, params, report.scans)
    truths = Truths(job.path("images"), masks, wanted, report.names)
    judged = _some([scan for scan in scans if truths.has(scan.name)], params.most)
    if not judged:
        raise InputError(
            f"None of the {len(scans)} cases has a mask to judge by.",
            "Give masks; they are used for the evaluation alone.",
        )
    yield NoteStep(f"{len(judged)} of {len(report.scans)} cases are evaluated ({params.part}).")
    given = params.labels == "truth"
    cases = [Case(s.name, partial(truths.read, s.name), s.labels, given) for s in judged]
    ask = None if networks.classifier is not None else 0

    def looked(volume: Volume) -> Generator[Step, None, Seen]:
        return look(volume, networks, context, given=ask, channel=wanted.channel)

    finders: dict[str, Find] = {
        name: _finder(networks, name, params, context) for name in evidences.used
    }
    with Keeper(job.path("output"), wanted=params.keep_labels, ways=evidences.used) as keeper:
        found = yield from evaluate_cases(
            cases, looked, finders, names, keeper, each_slice=params.each_slice
        )
        extra = {**_extra(job, params, networks), **keeper.settle()}
        output = found.write(job.path("output"), extra)
    return FileResult(output, found.summary(), {**found.report(), **extra})


@dataclass(frozen=True)
class Evidences:
    """Which kinds are compared, and which are left out for want of a classifier."""

    used: tuple[EvidenceName, ...]
    left_out: tuple[EvidenceName, ...]


def wanted_evidence(params: EvaluateParams) -> Evidences:
    """Which kinds the parameters ask for.

    Raises:
        InputError: one that is none, or none at all; labels from a classifier without one.
    """
    words = [word.strip() for word in params.evidences.split(",") if word.strip()]
    if unknown := [word for word in words if word not in EVIDENCES]:
        raise InputError(
            f"There is no evidence called {unknown[0]!r}.", f"There are: {', '.join(EVIDENCES)}."
        )
    asked = tuple(name for name in EVIDENCES if name in words)
    used = tuple(name for name in asked if params.classifier or not needs(name)[1])
    if not used:
        raise InputError(
            "There is nothing to compare." if not asked else f"{asked[0]} needs a classifier.",
            "Choose some evidence, and a classifier.",
        )
    if params.labels == "classifier" and not params.classifier:
        raise InputError(
            "Labels of slices are to come from a classifier, and there is none.",
            "Choose one, or take the labels of the set.",
        )
    return Evidences(used, tuple(name for name in asked if name not in used))


def wanted_of(card: Card) -> Wanted:
    """How the set was looked at that a checkpoint was trained on; imported ones: as masks are."""
    told = card.preprocessing
    return Wanted(
        told.get("plane", "stored"), int(told.get("channel", 0)),
        str(told.get("patient_pattern", "")), str(told.get("finding", "lesion")),
        bool(told.get("each", False)), int(told.get("smallest", 1)),
    )  # fmt: skip


def _finder(
    networks: Networks, evidence: EvidenceName, params: EvaluateParams, context: Context
) -> Find:
    def find(volume: Volume, seen: Seen) -> Generator[Step, None, Any]:
        return segment(volume, seen, networks, evidence, params, context)

    return find


def _check_names(report: ScanReport, names: dict[int, str], networks: Networks) -> None:
    if len(report.names) > len(names):
        raise InputError(
            f"The set has the findings {', '.join(list(report.names.values())[1:])}; "
            f"{networks.main.identity.name} knows {', '.join(list(names.values())[1:])}.",
            "Choose a checkpoint for these findings, or a set with those that it knows.",
        )


def _chosen(job: Job, params: EvaluateParams, scans: tuple[Scan, ...]) -> tuple[Scan, ...]:
    """The part that is asked for, of which nothing was trained on."""
    if params.part == "all":
        return scans
    split_at = job.inputs.get("split")
    # RUN/checkpoints/final.safetensors belongs to RUN/split.json.
    own = Path(params.checkpoint or params.classifier).parent.parent
    place = split_at if isinstance(split_at, Path) else own
    if not isinstance(split_at, Path) and not (place / FILE).is_file():
        if params.part == "test" and any(scan.role == "test" for scan in scans):
            return tuple(scan for scan in scans if scan.role == "test")
        raise InputError(
            "It is not known which cases the checkpoint was trained on.",
            f"Give the run's folder or its {FILE} as split, or evaluate on all cases if they are "
            "others than those of the training.",
        )
    split = read_split(place)
    check_split(split, scans)
    chosen = split.of(scans, params.part)
    other = Path(params.classifier).parent.parent
    if params.classifier and params.part != "train" and (other / FILE).is_file():
        seen = set(read_split(other).train) & {scan.name for scan in chosen}
        if seen:
            raise InputError(
                f"The classifier was trained on {len(seen)} of these cases, such as {min(seen)}.",
                "Train both with the same seed and patients held out.",
            )
    return chosen


def _some(scans: Sequence[Scan], most: int) -> list[Scan]:
    """At most so many, evenly chosen; 0 all."""
    if not most or len(scans) <= most:
        return list(scans)
    places = np.linspace(0, len(scans) - 1, most).round().astype(int)
    return [scans[place] for place in places]


def _extra(job: Job, params: EvaluateParams, networks: Networks) -> dict[str, Any]:
    told = {
        role: {**one.identity.told(), "title": one.card.title}
        for role, one in (
            ("checkpoint", networks.diffusion),
            ("classifier weights", networks.classifier),
        )
        if one is not None
    }
    return {
        **told, "parameters": params.model_dump(), "images": str(job.path("images")),
        "versions": versions(),
    }  # fmt: skip

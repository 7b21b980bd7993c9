"""Training CDM as jobs: images found, checked and parted, then the U-Net or the classifier."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from engine.data.segmentation.splits import Split, check_split, continued_split, make_split
from engine.data.weak.frames import Framing
from engine.data.weak.opening import ScanReport, Wanted, open_scans
from engine.data.weak.scans import Scan
from engine.data.weak.store import SliceStore
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.cdm.classifier_stage import ClassifierStage
from engine.methods.cdm.data import PLAIN, TrainingSlices, augmentation
from engine.methods.cdm.diffusion_stage import DiffusionStage, fit_settings
from engine.methods.cdm.importer import PALETTE
from engine.methods.cdm.networks import (
    CLASSIFIER,
    DIFFUSION,
    METHOD,
    LoadedDiffusion,
    Process,
    card_config,
)
from engine.methods.cdm.params import ClassifierParams, DiffusionParams, SliceParams
from engine.networks.guided_unet import GuidedConfig, GuidedUNet
from engine.networks.noisy_classifier import ClassifierConfig, NoisyClassifier, make_classifier
from engine.parameters import whole_numbers
from engine.provenance import array_hash, versions
from engine.results import FileResult
from engine.steps import NoteStep, Step
from engine.training.checkpoint import Card
from engine.training.fit import fit
from engine.training.runs import RunFolder
from engine.training.stage import Trainable
from engine.wording import counted


@dataclass(frozen=True, eq=False)
class _Set:
    """A set that is ready to be learnt from."""

    report: ScanReport
    split: Split
    framing: Framing

    @property
    def classes(self) -> int:
        """With 0 for nothing."""
        return len(self.report.names)

    def slices(self, params: SliceParams) -> tuple[TrainingSlices, TrainingSlices | None]:
        """To train on and to validate on, the latter None without any."""
        train = SliceStore(self.split.of(self.report.scans, "train"), self.framing)
        data = TrainingSlices(train, self.classes, augmentation(params), balance=params.balance)
        checked = self.split.of(self.report.scans, "validation")
        store = SliceStore(checked, self.framing)
        return data, TrainingSlices(store, self.classes, PLAIN) if len(store) else None


def train_diffusion(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """Inputs: images (folder, table, Decathlon or h5), masks (folder, where apart), output (run
    folder).

    Raises:
        InputError: images or parameters that cannot be used; says which and what to do.
        EngineError: training diverged.
    """
    params = job.params
    assert isinstance(params, DiffusionParams)
    found = yield from _open(job, params)
    config = diffusion_config(params, found.classes)
    process = Process(schedule=params.schedule, timesteps=params.timesteps)
    card = _card(DIFFUSION, params, found, card_config(config), process)
    with torch.random.fork_rng():
        torch.manual_seed(params.seed)
        model = GuidedUNet(config)
    loaded = LoadedDiffusion(model, process, process.make(), found.framing, card)
    stage = DiffusionStage(loaded, *found.slices(params), importance=params.importance)
    return (yield from _run(job, params, context, stage, card, found))


def train_classifier(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """Inputs as those of `train_diffusion`.

    Raises:
        InputError: images or parameters that cannot be used; says which and what to do.
        EngineError: training diverged.
    """
    params = job.params
    assert isinstance(params, ClassifierParams)
    found = yield from _open(job, params)
    config = classifier_config(params, found.classes)
    process = Process(schedule=params.schedule, timesteps=params.timesteps)
    card = _card(CLASSIFIER, params, found, card_config(config), process)
    with torch.random.fork_rng():
        torch.manual_seed(params.seed)
        model: NoisyClassifier = make_classifier(config)
    stage = ClassifierStage(model, process, *found.slices(params))
    return (yield from _run(job, params, context, stage, card, found))


def wanted_of(params: SliceParams) -> Wanted:
    """How a set is looked at."""
    return Wanted(
        params.plane, params.channel, params.patient_pattern, params.finding, params.each,
        params.smallest,
    )  # fmt: skip


def diffusion_config(params: DiffusionParams, classes: int) -> GuidedConfig:
    """The U-Net that the parameters describe.

    Raises:
        InputError: a side that it cannot halve so often, attention where there is no feature map,
            or heads that do not divide the features.
    """
    channels = 3 if params.colour else 1
    config = GuidedConfig(
        inputs=channels, outputs=channels * (2 if params.learn_variance else 1),
        width=params.width, multipliers=whole_numbers(params.multipliers), blocks=params.blocks,
        attention=_reductions(params), heads=params.heads, classes=classes, dropout=params.dropout,
    )  # fmt: skip
    for level, multiplier in enumerate(config.multipliers):
        last = level == len(config.multipliers) - 1
        features = params.width * multiplier
        if (config.attends(level) or last) and features % params.heads:
            raise InputError(
                f"{features} features cannot be shared by {params.heads} heads.",
                "Choose a number of heads that divides them.",
            )
    return config


def classifier_config(params: ClassifierParams, classes: int) -> ClassifierConfig:
    """The classifier that the parameters describe.

    Raises:
        InputError: as `diffusion_config`.
    """
    attention = _reductions(params) if params.kind == "encoder" else ()
    multipliers = whole_numbers(params.multipliers)
    for level, multiplier in enumerate(multipliers):
        features = params.width * multiplier
        attends = 2**level in attention or level == len(multipliers) - 1
        if params.kind == "encoder" and attends and features % params.head_channels:
            raise InputError(
                f"{features} features cannot be parted into heads of {params.head_channels}.",
                "Choose features a head that divide them.",
            )
    return ClassifierConfig(
        kind=params.kind, classes=classes, image_size=params.size,
        inputs=3 if params.colour else 1, width=params.width, multipliers=multipliers,
        blocks=params.blocks, attention=attention, head_channels=params.head_channels,
        dropout=params.dropout,
    )  # fmt: skip


def _reductions(params: SliceParams) -> tuple[int, ...]:
    """By how much the feature maps with attention are reduced."""
    levels = len(whole_numbers(params.multipliers))
    if params.size % 2 ** (levels - 1):
        raise InputError(
            f"A side of {params.size} px cannot be halved {levels - 1} times.",
            f"Choose a multiple of {2 ** (levels - 1)}, or fewer multipliers.",
        )
    sides = {params.size // 2**level: 2**level for level in range(levels)}
    wanted = whole_numbers(params.attention)
    if unknown := [side for side in wanted if side not in sides]:
        raise InputError(
            f"No feature map has a side of {unknown[0]} px to attend to.",
            f"There are: {', '.join(map(str, sides))}.",
        )
    return tuple(sorted(sides[side] for side in wanted))


def _open(job: Job, params: SliceParams) -> Generator[Step, None, _Set]:
    masks = job.inputs.get("masks")
    report = yield from open_scans(
        job.path("images"), masks if isinstance(masks, Path) else None, wanted_of(params)
    )
    for note in report.told:
        yield NoteStep(note)
    scans = report.accept()
    split = continued_split(job.path("output"), scans) or _split(scans, params)
    check_split(split, scans)
    training = split.of(scans, "train")
    counts = report.counts(training)
    if missing := [report.names[label] for label, n in counts.items() if not n]:
        raise InputError(
            f"The {len(training)} images to train on show no slice of {', '.join(missing)}.",
            "Choose another seed, hold other patients out, or add images.",
        )
    fov = params.fov or report.fov_mm
    channels = 3 if params.colour else 1
    framing = Framing(params.size, params.plane, channels, fov, report.range, params.tail)
    yield NoteStep(_told(report, split, framing, counts))
    return _Set(report, split, framing)


def _split(scans: Sequence[Scan], params: SliceParams) -> Split:
    """That of the set where it has one, else a draw of patients."""
    tested = [scan for scan in scans if scan.role == "test"]
    if not tested or params.held_out:
        return make_split(
            scans, params.seed, params.validation, params.test, params.held_out,
            params.folds, params.fold,
        )  # fmt: skip
    others = [scan for scan in scans if scan.role != "test"]
    split = make_split(
        others, params.seed, params.validation, 0.0, folds=params.folds, fold=params.fold
    )
    return replace(split, test=tuple(sorted(scan.name for scan in tested)))


def _told(report: ScanReport, split: Split, framing: Framing, counts: dict[int, int]) -> str:
    shown = ", ".join(f"{n} {report.names[label]}" for label, n in counts.items())
    told = (
        f"{counted(len(split.train), 'image')} to train on ({shown} slices), "
        f"{len(split.validation)} to validate, {len(split.test)} kept apart for testing."
    )
    least, most = report.pixel_mm
    if framing.fov_mm:
        pixel = framing.fov_mm / framing.size
        told += f" Slices show {framing.fov_mm:g} mm in pixels of {pixel:.3g} mm"
        told += f"; they are resampled from {least:.3g} to {most:.3g} mm." if least < most else "."
    return told


def _run(
    job: Job,
    params: SliceParams,
    context: Context,
    stage: Trainable,
    card: Card,
    found: _Set,
) -> Generator[Step, None, FileResult]:
    run = RunFolder(job.path("output"), card)
    run.write_request(
        {
            "method": job.method,
            "task": job.task,
            "parameters": params.model_dump(),
            "inputs": {k: str(v) for k, v in job.inputs.items()},
        }
    )
    found.split.save(job.path("output"), found.report.scans)
    trained: nn.Module = yield from fit(stage, fit_settings(params), context, run)
    del trained
    return FileResult(run.final, f"{card.title}: {run.saved} iterations done.")


def _card(
    role: str, params: SliceParams, found: _Set, config: dict[str, Any], process: Process
) -> Card:
    training = found.split.of(found.report.scans, "train")
    names = "\n".join(scan.name for scan in training).encode()
    return Card(
        method=METHOD, role=role, title=f"CDM {role}, {params.finding}", config=config,
        process={**process.model_dump(), "range": [-1, 1], "prediction": "eps"},
        preprocessing={
            **found.framing.card(), "finding": params.finding, "each": params.each,
            "smallest": params.smallest, "channel": params.channel,
            "patient_pattern": params.patient_pattern,
        },
        labels={
            str(value): {"name": name, "color": PALETTE[(value - 1) % len(PALETTE)]}
            for value, name in found.report.names.items()
            if value
        },
        training={"parameters": params.model_dump()},
        data=[
            {
                "images": len(training),
                "slices": {
                    found.report.names[k]: n for k, n in found.report.counts(training).items()
                },
                "labels": "of whole slices",
                "fingerprint": array_hash(np.frombuffer(names, np.uint8)),
            }
        ],
        versions=versions(),
    )  # fmt: skip

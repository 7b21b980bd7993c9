"""Training cDAL as a job: cases found, checked and parted, then generator against discriminator."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from engine.data.segmentation.cases import Case
from engine.data.segmentation.checking import CheckReport
from engine.data.segmentation.opening import open_cases
from engine.data.segmentation.splits import continued_split, make_split
from engine.data.segmentation.store import CaseStore
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.cdal.data import Recipe, TrainingData, label_channels, recipe
from engine.methods.cdal.networks import METHOD, Process
from engine.methods.cdal.params import TrainParams
from engine.methods.cdal.stage import DuelStage, fit_settings
from engine.networks.ncsnpp import GeneratorConfig, NCSNpp
from engine.networks.time_discriminator import BLOCKS, DiscriminatorConfig, TimeDiscriminator
from engine.parameters import whole_numbers
from engine.provenance import array_hash, versions
from engine.results import FileResult
from engine.steps import NoteStep, Step
from engine.training.checkpoint import Card
from engine.training.fit import fit
from engine.training.runs import RunFolder

PALETTE = ("#FF0000", "#00FF00", "#0000FF", "#FFFF00", "#00FFFF", "#FF00FF")


def train(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """Inputs: images (folder, Decathlon or h5), masks (folder, where apart), output (run folder).

    Raises:
        InputError: cases or parameters that cannot be used; says which and what to do.
        EngineError: training diverged.
    """
    params = job.params
    assert isinstance(params, TrainParams)
    masks = job.inputs.get("masks")
    report = yield from open_cases(
        job.path("images"), masks if isinstance(masks, Path) else None,
        channel=params.channel, patient_pattern=params.patient_pattern,
    )  # fmt: skip
    for note in report.notes(remap=params.renumber):
        yield NoteStep(note)
    cases = report.accept(remap=params.renumber)
    shown = recipe(params.kind, params.size, params.resize, augmented=params.augment)
    structures = [name for value, name in sorted(report.names.items()) if value]
    settings = fit_settings(params, structures)
    networks = generator_config(params, shown, report.classes)
    discriminator = discriminator_config(params, networks.labels)
    split = continued_split(job.path("output"), cases) or make_split(
        cases, params.seed, params.validation, params.test,
        folds=params.folds, fold=params.fold,
    )  # fmt: skip
    yield NoteStep(
        f"{len(split.train)} cases to train on, {len(split.validation)} to validate, "
        f"{len(split.test)} kept apart for testing."
    )
    train_data = _data(split.of(cases, "train"), shown, report)
    plain = recipe(params.kind, params.size, params.resize, augmented=False)
    held_out = split.of(cases, "validation")
    process = Process(timesteps=params.timesteps, vote_range=params.vote_range)
    with torch.random.fork_rng():
        torch.manual_seed(params.seed)
        model, critic = NCSNpp(networks), TimeDiscriminator(discriminator)
    stage = DuelStage(
        model, critic, train_data, process.make(), params, context,
        _data(held_out, plain, report) if held_out else None, structures,
    )  # fmt: skip
    card = _card(params, networks, process, shown, report, split.of(cases, "train"))
    run = RunFolder(job.path("output"), card)
    run.write_request(
        {
            "method": job.method,
            "task": job.task,
            "parameters": params.model_dump(),
            "inputs": {k: str(v) for k, v in job.inputs.items()},
        }
    )
    split.save(job.path("output"), cases)
    yield from fit(stage, settings, context, run)
    return FileResult(run.final, f"{card.title}: {run.saved} iterations done.")


def generator_config(params: TrainParams, shown: Recipe, classes: int) -> GeneratorConfig:
    """The generator that the parameters describe.

    Raises:
        InputError: the side is none that the network can halve so often.
    """
    config = GeneratorConfig(
        labels=label_channels(classes), image_channels=shown.preparation.channels,
        image_size=params.size, width=params.width, multipliers=whole_numbers(params.multipliers),
        blocks=params.blocks, attention=whole_numbers(params.attention),
        encoder_layers=params.encoder_layers, encoder_blocks=params.encoder_blocks,
        latent=params.latent, style=params.style,
    )  # fmt: skip
    if params.size % config.divisor:
        raise InputError(
            f"A side of {params.size} px cannot be halved {len(config.multipliers) - 1} times.",
            f"Choose a multiple of {config.divisor}, or fewer multipliers.",
        )
    return config


def discriminator_config(params: TrainParams, labels: int) -> DiscriminatorConfig:
    """The discriminator that the parameters describe.

    Raises:
        InputError: images too small for it, or no such feature map.
    """
    blocks = BLOCKS[params.discriminator]
    halvings = sum(down for _, down in blocks)
    if params.size < 2**halvings:
        raise InputError(
            f"A side of {params.size} px is too small for the {params.discriminator} "
            "discriminator.",
            f"Choose at least {2**halvings} px, or the small one.",
        )
    return DiscriminatorConfig(
        params.discriminator, labels, params.discriminator_width, params.style
    )


def _data(cases: tuple[Case, ...], shown: Recipe, report: CheckReport) -> TrainingData:
    return TrainingData(CaseStore(cases, shown.preparation, report.remap), shown, report.classes)


def _card(
    params: TrainParams, networks: GeneratorConfig, process: Process, shown: Recipe,
    report: CheckReport, cases: tuple[Case, ...],
) -> Card:  # fmt: skip
    names = "\n".join(case.name for case in cases).encode()
    return Card(
        method=METHOD, role="generator", title=f"cDAL, {params.kind}",
        config={k: list(v) if isinstance(v, tuple) else v for k, v in asdict(networks).items()},
        process={**process.model_dump(), "range": [-1, 1], "prediction": "x0"},
        preprocessing={"kind": params.kind, **shown.card()},
        labels={
            str(value): {"name": name, "color": PALETTE[(value - 1) % len(PALETTE)]}
            for value, name in report.names.items()
            if value
        },
        training={"parameters": params.model_dump()},
        data=[{"cases": len(cases), "fingerprint": array_hash(np.frombuffer(names, np.uint8))}],
        versions=versions(),
    )  # fmt: skip

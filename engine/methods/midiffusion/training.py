"""Training MIDiffusion as a job: images of the target modality found, checked and parted."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

import numpy as np
import torch

from engine.data.segmentation.splits import Split, check_split, continued_split, make_split
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.midiffusion.data import Gathered, Scan, TrainingSlices, gather
from engine.methods.midiffusion.looks import Framing
from engine.methods.midiffusion.networks import (
    MAPS,
    METHOD,
    ROLE,
    LoadedTranslator,
    Process,
    card_config,
)
from engine.methods.midiffusion.params import TrainParams
from engine.methods.midiffusion.stage import TranslatorStage, fit_settings
from engine.networks.guided_unet import GuidedConfig, GuidedUNet
from engine.parameters import whole_numbers
from engine.provenance import array_hash, versions
from engine.results import FileResult
from engine.steps import NoteStep, Step
from engine.training.checkpoint import Card
from engine.training.fit import fit
from engine.training.runs import RunFolder
from engine.wording import counted


def train(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """Inputs: images (folder or file), output (run folder).

    Raises:
        InputError: images or parameters that cannot be used; says which and what to do.
        EngineError: training diverged.
    """
    params = job.params
    assert isinstance(params, TrainParams)
    config = network_config(params)
    found = yield from gather(job.path("images"), params)
    for note in found.notes:
        yield NoteStep(note)
    framing = Framing(params.size, params.plane, found.pixel_mm)
    split = continued_split(job.path("output"), found.scans) or _split(found.scans, params)
    check_split(split, found.scans)
    parts = {role: split.of(found.scans, role) for role in ("train", "validation", "test")}
    slices = {role: sum(len(scan.slices) for scan in scans) for role, scans in parts.items()}
    yield NoteStep(
        f"{slices['train']} slices of {counted(len(parts['train']), 'image')} to train on, "
        f"{slices['validation']} to validate, {slices['test']} kept apart for testing."
    )
    if framing.pixel_mm:
        yield NoteStep(f"A pixel of the {params.size} px squares is {framing.pixel_mm:.3g} mm.")
    process = process_of(params)
    card = _card(params, config, process, framing, found, parts["train"])
    with torch.random.fork_rng():
        torch.manual_seed(params.seed)
        model = GuidedUNet(config)
    loaded = LoadedTranslator(model, process, process.make(), framing, card)
    stage = TranslatorStage(
        loaded, _slices(parts["train"], loaded, params), params,
        _slices(parts["validation"], loaded, params) if slices["validation"] else None,
    )  # fmt: skip
    run = RunFolder(job.path("output"), card)
    run.write_request(
        {
            "method": job.method,
            "task": job.task,
            "parameters": params.model_dump(),
            "inputs": {k: str(v) for k, v in job.inputs.items()},
        }
    )
    split.save(job.path("output"), found.scans)
    yield from fit(stage, fit_settings(params), context, run)
    return FileResult(run.final, f"{card.title}: {run.saved} iterations done.")


def network_config(params: TrainParams) -> GuidedConfig:
    """The network that the parameters describe.

    Raises:
        InputError: a side that cannot be halved so often, or features that heads do not divide.
    """
    multipliers = whole_numbers(params.multipliers)
    reductions = tuple(
        params.size // side for side in whole_numbers(params.attention) if side <= params.size
    )
    config = GuidedConfig(
        inputs=1 if params.unguided >= 1.0 else 1 + MAPS, outputs=1, width=params.width,
        multipliers=multipliers, blocks=params.blocks, attention=reductions, heads=params.heads,
        scale_shift=False, classes=0, dropout=params.dropout,
    )  # fmt: skip
    if params.size % config.divisor:
        raise InputError(
            f"A side of {params.size} px cannot be halved {len(multipliers) - 1} times.",
            f"Choose a multiple of {config.divisor}, or fewer multipliers.",
        )
    if any(params.width * m % params.heads for m in multipliers):
        raise InputError(
            f"{params.heads} heads do not divide {params.width} features and their multiples.",
            "Choose fewer heads.",
        )
    return config


def process_of(params: TrainParams) -> Process:
    """The diffusion that the parameters describe.

    Raises:
        InputError: a value is out of range.
    """
    process = Process(
        timesteps=params.timesteps, beta_start=params.beta_start, beta_end=params.beta_end,
        bins=params.bins, sigma=params.sigma, normalized=params.normalized,
        unguided=params.unguided > 0, prediction=params.prediction,
    )  # fmt: skip
    process.make()
    return process


def _split(scans: Sequence[Scan], params: TrainParams) -> Split:
    patients = {scan.patient for scan in scans}
    if len(patients) == 1 and not params.held_out:
        # Everything is of one patient: there is nothing to keep apart.
        return Split(tuple(scan.name for scan in scans), (), (), params.seed)
    return make_split(
        scans, params.seed, params.validation, params.test, params.held_out,
        params.folds, params.fold,
    )  # fmt: skip


def _slices(scans: Sequence[Scan], loaded: LoadedTranslator, params: TrainParams) -> TrainingSlices:
    settings = loaded.process.information if loaded.guided else None
    return TrainingSlices(
        scans, loaded.framing, settings, channel=params.channel, flips=params.flips,
        deform=params.deform, contrasts=params.contrasts if loaded.guided else 0.0,
    )  # fmt: skip


def _card(
    params: TrainParams,
    config: GuidedConfig,
    process: Process,
    framing: Framing,
    found: Gathered,
    scans: Sequence[Scan],
) -> Card:
    names = "\n".join(scan.name for scan in scans).encode()
    chosen = replace(found, scans=tuple(scans))
    return Card(
        method=METHOD, role=ROLE, title=f"Translator, {params.size} px",
        config=card_config(config),
        process={**process.model_dump(), "range": [0, 1]},
        preprocessing={
            **framing.card(), "channel": params.channel, "quantiles": chosen.quantiles(),
            "patient_pattern": params.patient_pattern,
        },
        training={"parameters": params.model_dump()},
        data=[
            {
                "cases": len(scans), "slices": sum(len(scan.slices) for scan in scans),
                "fingerprint": array_hash(np.frombuffer(names, np.uint8)),
            }
        ],
        versions=versions(),
    )  # fmt: skip

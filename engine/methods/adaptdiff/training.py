"""AdaptDiff's training stages as jobs (arXiv 2410.04648, sections 2.1, 2.2 and 2.4)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from engine.data.pairset import read_pair_set
from engine.data.segmentation.splits import Split, continued_split
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.adaptdiff.networks import METHOD, load_segmenter, segmenter_of
from engine.methods.adaptdiff.params import (
    SEGMENTER_CHANNELS,
    SPADE_WIDTHS,
    DiffusionParams,
    FineTuneParams,
    SegmenterParams,
    TrainingParams,
)
from engine.methods.adaptdiff.parting import Owner, owners, split_for
from engine.methods.adaptdiff.sources import labelled_cases
from engine.methods.adaptdiff.stages import DiffusionStage, SegmenterStage, fit_settings
from engine.methods.adaptdiff.vessels import VesselImage, check_cases, min_max
from engine.networks.residual_unet import ResidualUNet
from engine.networks.spade_unet import SpadeUNet
from engine.parameters import Parameters
from engine.provenance import array_hash, versions
from engine.results import FileResult
from engine.steps import NoteStep, Step
from engine.training.checkpoint import Card
from engine.training.fit import Trainable, fit
from engine.training.runs import RunFolder

Training = Generator[Step, None, FileResult]
Network = TypeVar("Network", bound=nn.Module)


def train_segmenter(job: Job, context: Context) -> Training:
    """Stage 1. Inputs: images, masks, output (run folder)."""
    params = job.params
    assert isinstance(params, SegmenterParams)
    cases = labelled_cases(job, params.kind, params.name)
    owned = owners(cases, params.patient_pattern)
    split = continued_split(job.path("output"), owned) or split_for(owned, params)
    train, held_out = (
        [case for case in cases if case.name in split.part(role)]
        for role in ("train", "validation")
    )
    yield NoteStep(
        f"{len(train)} cases to train on, {len(held_out)} to validate, {len(split.test)} kept "
        "apart for testing."
    )
    model = _seeded(params.seed, lambda: ResidualUNet(SEGMENTER_CHANNELS))
    _check_crop(model, params)
    stage = SegmenterStage(model, train, params, published=False, validation=held_out)
    card = _card("segmenter", f"Vessel segmenter, {params.kind}", params, model.config, train)
    card.preprocessing = {"kind": params.kind, "range": [0, 1], "vessels": "bright"}
    return (yield from _train(job, stage, params, card, context, (split, owned)))


def train_diffusion(job: Job, context: Context) -> Training:
    """Stage 2b. Inputs: images, masks (weak labels), output (run folder)."""
    params = job.params
    assert isinstance(params, DiffusionParams)
    cases = labelled_cases(job, params.kind, params.name)
    model = _seeded(params.seed, lambda: SpadeUNet(SPADE_WIDTHS))
    stage = DiffusionStage(model, cases, params)
    pixels = np.concatenate([(c.image * 2 - 1).ravel() for c in cases])
    vessel = np.concatenate([c.mask.ravel() > 0 for c in cases if c.mask is not None])
    of_vessels, of_others = (pixels[part] if part.any() else pixels for part in (vessel, ~vessel))
    config = {"widths": list(SPADE_WIDTHS)}
    card = _card("diffusion", f"Mask to {params.kind}", params, config, cases)
    card.process = {
        "schedule": params.schedule, "timesteps": params.timesteps,
        "beta_start": params.beta_start, "beta_end": params.beta_end,
        "range": [-1, 1], "prediction": "eps",
        "data_mean": float(of_others.mean()), "data_std": float(of_others.std()),
        "vessel_mean": float(of_vessels.mean()), "vessel_std": float(of_vessels.std()),
    }  # fmt: skip
    card.labels = {"1": {"name": "vessel", "color": "#FF0000"}}
    return (yield from _train(job, stage, params, card, context))


def fine_tune(job: Job, context: Context) -> Training:
    """Stage 4. Inputs: pairs (a set of synthetic pairs), output (run folder)."""
    params = job.params
    assert isinstance(params, FineTuneParams)
    pairs = read_pair_set(job.path("pairs"))
    cases = [
        VesselImage(name, min_max(image), mask)
        for name, image, mask in zip(pairs.names, pairs.images, pairs.masks, strict=True)
    ]
    check_cases(cases, labelled=True)
    source, source_card = load_segmenter(params.checkpoint, context)
    # A copy: the loaded one may be kept and used by other jobs.
    model = segmenter_of(source_card)
    model.load_state_dict(source.state_dict())
    _check_crop(model, params)
    stage = SegmenterStage(model, cases, params, published=True)
    card = _card("segmenter", "Vessel segmenter, adapted", params, model.config, cases)
    card.preprocessing = {**source_card.preprocessing, "kind": "grey"}
    card.training["started_from"] = params.checkpoint
    return (yield from _train(job, stage, params, card, context))


def _check_crop(model: ResidualUNet, params: TrainingParams) -> None:
    """Batch norm needs more than one value a channel, also at the lowest resolution."""
    if params.batch == 1 and params.crop <= model.divisor:
        raise InputError(
            f"A batch of one crop of {params.crop} px leaves a single value to normalise.",
            f"Choose a larger batch, or a crop above {model.divisor} px.",
        )


def _train(
    job: Job, stage: Trainable, params: TrainingParams, card: Card, context: Context,
    parted: tuple[Split, Sequence[Owner]] | None = None,
) -> Training:  # fmt: skip
    run = RunFolder(job.path("output"), card)
    run.write_request(
        {
            "method": job.method,
            "task": job.task,
            "parameters": params.model_dump(),
            "inputs": {k: str(v) for k, v in job.inputs.items()},
        }
    )
    if parted is not None:
        split, owned = parted
        split.save(job.path("output"), owned)
    validate_every = max(1, params.iterations // 10)
    yield from fit(stage, fit_settings(params, validate_every), context, run)
    return FileResult(run.final, f"{card.title}: {run.saved} iterations done.")


def _card(
    role: str,
    title: str,
    params: Parameters,
    config: Mapping[str, object],
    cases: Sequence[VesselImage],
) -> Card:
    return Card(
        method=METHOD, role=role, title=title, config=dict(config),
        training={"parameters": params.model_dump()},
        data=[{"cases": len(cases), "fingerprint": fingerprint(cases)}],
        versions=versions(),
    )  # fmt: skip


def fingerprint(cases: Sequence[VesselImage]) -> str:
    """A hash that changes when any image or mask of the training data does."""
    parts = [array_hash(a) for c in cases for a in (c.image, c.mask) if a is not None]
    return array_hash(np.frombuffer("".join(parts).encode(), np.uint8))


def _seeded(seed: int, build: Callable[[], Network]) -> Network:
    """Build a network with initial weights that follow from the seed, leaving torch's own RNG."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build()

"""Training DiffRect as a job: cases found, checked, parted and chosen, then the iterations."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import numpy as np
import torch

from engine.data.segmentation.splits import Split, continued_split
from engine.data.volumes.label_table import LabelEntry
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.diffrect.cases import Pool, open_pool
from engine.methods.diffrect.choosing import Chosen, choose, names_in
from engine.methods.diffrect.data import SliceStore
from engine.methods.diffrect.growing import Batching, GrowingData
from engine.methods.diffrect.labelled import begin_run, continued_labelled
from engine.methods.diffrect.networks import METHOD, SEGMENTER, card_config
from engine.methods.diffrect.params import TrainParams, names_of
from engine.methods.diffrect.parting import split_for
from engine.methods.diffrect.recipe import Recipe
from engine.methods.diffrect.rectifying import RectifyingStage
from engine.methods.diffrect.stage import PseudoLabelStage, SegmenterStage, fit_settings
from engine.methods.diffrect.structures import card_labels, table_of
from engine.methods.diffrect.validating import Validation
from engine.methods.diffrect.watching import Watched
from engine.networks.label_rectifier import LabelRectifier, RectifierConfig
from engine.networks.level_unet import SegmenterConfig, SegmenterUNet
from engine.networks.ncsnpp import channels_last
from engine.provenance import array_hash, versions
from engine.results import FileResult
from engine.steps import NoteStep, Step
from engine.training.checkpoint import Card
from engine.training.fit import fit
from engine.training.runs import RunFolder

LATENT_GROWTH = (2, 3, 4)
"""Features of the latent denoiser in halves of the bottleneck's: 256, 384 and 512 as published."""


def train(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """Inputs: images (folder, list, or a set's root), masks (folder, where apart), unlabelled
    (folder or list of further images), labelled (list of cases or patients), output (run folder).

    Raises:
        InputError: cases or parameters that cannot be used; says which and what to do.
        EngineError: training diverged.
    """
    params, run_path = job.params, job.path("output")
    assert isinstance(params, TrainParams)
    pool = yield from open_pool(
        job.path("images"), _optional(job, "masks"), _optional(job, "unlabelled"),
        channel=params.channel, patient_pattern=params.patient_pattern,
    )  # fmt: skip
    report = pool.report
    for note in report.notes(remap=params.renumber):
        yield NoteStep(note)
    cases = report.accept(remap=params.renumber)
    table = table_of(report.names)
    settings = fit_settings(params, [entry.name for entry in table])
    split = continued_split(run_path, cases) or split_for(pool, params)
    listed = _optional(job, "labelled")
    names = names_of(params.labelled_cases) or (names_in(listed) if listed is not None else ())
    chosen = choose(pool, split, params.labelled_patients, names)
    _check_schemes(params, chosen)
    continued_labelled(run_path, chosen.labelled)
    held_out = split.of(cases, "validation")
    yield NoteStep(f"{len(held_out)} cases validate, {len(split.test)} are kept apart for testing.")
    for note in chosen.notes:
        yield NoteStep(note)
    run = RunFolder(run_path, _card(params, pool, chosen))
    run.write_request(
        {
            "method": job.method,
            "task": job.task,
            "parameters": params.model_dump(),
            "inputs": {k: str(v) for k, v in job.inputs.items()},
        }
    )
    split.save(run_path, cases)
    begin_run(
        run_path, chosen.labelled, chosen.unlabelled, params.pinned,
        [report.names[label] for label in sorted(report.names)],
    )  # fmt: skip
    stage = _stage(params, pool, chosen, split, run_path, table, context)
    yield from fit(stage, settings, context, run)
    return FileResult(run.final, f"{run.card.title}: {run.saved} iterations done.")


def recipe_of(params: TrainParams) -> Recipe:
    """How slices are shown."""
    return Recipe(3 if params.colour else 1, params.size, params.contrast, params.resampling)


def networks_of(params: TrainParams, classes: int) -> tuple[SegmenterConfig, RectifierConfig]:
    """The networks that the parameters describe."""
    inputs = recipe_of(params).channels
    widths = tuple(params.width * 2**level for level in range(5))
    latent = tuple(widths[-1] * halves // 2 for halves in LATENT_GROWTH)
    return (
        SegmenterConfig(inputs, classes, widths),
        RectifierConfig(inputs, classes, widths, latent_widths=latent),
    )


def _stage(
    params: TrainParams, pool: Pool, chosen: Chosen, split: Split, run: Path,
    table: tuple[LabelEntry, ...], context: Context,
) -> SegmenterStage:  # fmt: skip
    report = pool.report
    store = SliceStore(recipe_of(params), report.remap)
    half = params.batch // 2
    alone = params.scheme == "supervised"
    data = GrowingData(
        store, chosen.labelled, chosen.unlabelled, pool.facts,
        Batching(params.batch if alone else half, 0 if alone else half, params.seed,
                 report.classes),
        run,
    )  # fmt: skip
    held_out = split.of(pool.cases, "validation")
    validation = Validation(held_out, store, report.names) if held_out else None
    watched = Watched(run, params.pinned, params.confidence, table)
    of_segmenter, of_rectifier = networks_of(params, report.classes)
    with torch.random.fork_rng():
        torch.manual_seed(params.seed)
        model, rectifier = SegmenterUNet(of_segmenter), LabelRectifier(of_rectifier)
    for network in (model, rectifier):
        channels_last(network)
    if params.scheme == "diffrect":
        return RectifyingStage(model, rectifier, data, params, context, validation, watched)
    kind = SegmenterStage if alone else PseudoLabelStage
    return kind(model, data, params, context, validation, watched)


def _check_schemes(params: TrainParams, chosen: Chosen) -> None:
    if params.scheme != "supervised" and not chosen.unlabelled:
        raise InputError(
            "There is no unlabelled case to learn from.",
            "Ask for fewer labelled patients, add images without labels, or learn from labelled "
            "cases alone (--scheme supervised).",
        )
    if params.sample_steps > params.timesteps:
        raise InputError(
            f"{params.sample_steps} latent steps in use of {params.timesteps} cannot be taken.",
            f"Take at most {params.timesteps}.",
        )
    known = {case.name for case in chosen.unlabelled}
    if params.pinned and params.pinned not in known:
        raise InputError(
            f"There is no unlabelled case {params.pinned} to watch.",
            f"Name one of them, such as {chosen.unlabelled[0].name}."
            if chosen.unlabelled
            else "Name none.",
        )


def _optional(job: Job, name: str) -> Path | None:
    value = job.inputs.get(name)
    return value if isinstance(value, Path) else None


def _card(params: TrainParams, pool: Pool, chosen: Chosen) -> Card:
    titles = {"diffrect": "DiffRect", "pseudo-labels": "Pseudo-labels", "supervised": "U-Net"}
    patients = len({case.patient for case in chosen.labelled})
    names = "\n".join(case.name for case in (*chosen.labelled, *chosen.unlabelled)).encode()
    of_segmenter, _ = networks_of(params, pool.report.classes)
    return Card(
        method=METHOD, role=SEGMENTER,
        title=f"{titles[params.scheme]}, {patients} labelled patients",
        config=card_config(of_segmenter),
        preprocessing=recipe_of(params).card(),
        labels=card_labels(pool.report.names),
        training={"parameters": params.model_dump()},
        data=[
            {
                "cases": len(chosen.labelled), "unlabelled": len(chosen.unlabelled),
                "fingerprint": array_hash(np.frombuffer(names, np.uint8)),
            }
        ],
        versions=versions(),
    )  # fmt: skip

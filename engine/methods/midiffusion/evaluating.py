"""Evaluation as a job: pairs of images, translations against what was measured, in a file."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.gathering import find_images, pair_images
from engine.data.segmentation.splits import FILE, read_split
from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Volume
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.midiffusion.evaluation import (
    HISTOGRAM,
    SDEDIT,
    TRANSLATION,
    Judge,
    Pair,
    Translator,
    as_pairs,
    evaluate_pairs,
    named_baselines,
)
from engine.methods.midiffusion.inference import Translation, framing_of, translate_volume
from engine.methods.midiffusion.looks import facts_of
from engine.methods.midiffusion.networks import LoadedTranslator, load_translator
from engine.methods.midiffusion.sampling import way_of
from engine.methods.midiffusion.use_params import EvaluateParams, SampleParams
from engine.metrics.table import check_table
from engine.results import FileResult
from engine.scoring.encoders import open_encoder
from engine.scoring.keeping import Keeper
from engine.steps import NoteStep, Step


def evaluate(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """Inputs: images (sources), references (the same folder where it is missing), split (run
    folder or split.json; where it is missing, that of the run that the checkpoint lies in),
    features (weights of Inception), output (.json, or .csv for the rows alone).

    Raises:
        InputError: images that cannot be used or paired.
        CheckpointError: a checkpoint that cannot be used.
        DiskError: the file cannot be written.
    """
    params = job.params
    assert isinstance(params, EvaluateParams)
    check_table(job.path("output"))
    loaded = load_translator(params.checkpoint, context)
    way_of(loaded, params)
    encoder = open_encoder(_path(job, "features"))
    whose = params.patient_pattern or str(loaded.card.preprocessing.get("patient_pattern", ""))
    images = job.path("images")
    sources = find_images(images, params.pattern, whose)
    references = find_images(_path(job, "references") or images, params.reference_pattern, whose)
    pairs = as_pairs(pair_images(sources, references))
    yield NoteStep(
        f"{len(pairs)} pairs of {len(sources)} sources and {len(references)} references."
    )
    chosen = yield from _chosen(job, params, pairs)
    judge, left_out = _judge(params, loaded, context, chosen)
    for note in left_out:
        yield NoteStep(note)
    output = job.path("output")
    with Keeper(
        output, wanted=params.keep_images, ways=judge.ways, kind="images",
        synthetic=tuple(judge.translators),
    ) as keeper:  # fmt: skip
        found = yield from evaluate_pairs(chosen, judge, encoder, context.device, keeper)
        extra = {
            **found.more(),
            "checkpoint": {**loaded.identity.told(), "title": loaded.card.title},
            "parameters": params.model_dump(), "images": str(images),
            "left out": left_out, **keeper.settle(),
        }  # fmt: skip
        output = found.table.write(output, extra)
    return FileResult(output, found.table.summary(), {**found.table.report(), **extra})


def _judge(
    params: EvaluateParams, loaded: LoadedTranslator, context: Context, pairs: Sequence[Pair]
) -> tuple[Judge, list[str]]:
    """How cases are judged, and what cannot be compared with."""
    told = []
    baselines = list(named_baselines(params.baselines))
    translators: dict[str, Translator] = {TRANSLATION: _translator(loaded, params, params, context)}
    if SDEDIT in baselines:
        plain = params.with_changes(
            guidance="none", start="source", repetitions=1,
            level=0 if params.start == "noise" else params.level,
            steps=min(params.steps, loaded.schedule.num_timesteps // 2),
        )  # fmt: skip
        if loaded.does_without:
            translators[SDEDIT] = _translator(loaded, params, plain, context)
        else:
            baselines.remove(SDEDIT)
            told.append(
                f"SDEdit is left out: {loaded.identity.name} has never seen a slice without mutual "
                "information."
            )
    quantiles = np.asarray(loaded.card.preprocessing.get("quantiles", ()), np.float32)
    if HISTOGRAM in baselines and not len(quantiles):
        quantiles = _of_references(pairs, loaded, params)
        told.append(
            "The checkpoint does not tell the target's intensities: histograms are matched to "
            "those of the references, which no method would have."
        )
    judge = Judge(
        (TRANSLATION, *baselines), framing_of(loaded, params), loaded.divisor, quantiles,
        translators,
    )  # fmt: skip
    return judge, told


def _translator(
    loaded: LoadedTranslator, params: EvaluateParams, used: SampleParams, context: Context
) -> Translator:
    way_of(loaded, used)

    def translate(volume: Volume) -> Generator[Step, None, Translation]:
        return translate_volume(volume, loaded, used, context, most=params.most)

    return translate


def _of_references(
    pairs: Sequence[Pair], loaded: LoadedTranslator, params: EvaluateParams
) -> NDArray[np.float32]:
    framing = framing_of(loaded, params)
    each = [
        facts_of(read_volume(pair.reference.path, kind="image"), framing).quantiles
        for pair in pairs
    ]
    return np.mean(each, axis=0, dtype=np.float32)


def _chosen(
    job: Job, params: EvaluateParams, pairs: tuple[Pair, ...]
) -> Generator[Step, None, tuple[Pair, ...]]:
    """The part that is asked for, by patient; and what is to be said of those trained on.

    Raises:
        InputError: there is no split, or nobody in that part.
    """
    given = _path(job, "split")
    # RUN/checkpoints/final.safetensors belongs to RUN/split.json.
    place = given or Path(params.checkpoint).parent.parent
    file = place / FILE if place.is_dir() else place
    if not file.is_file():
        if params.part == "all" and given is None:
            return pairs
        raise InputError(
            "It is not known which patients the checkpoint was trained on.",
            f"Give the run's folder or its {FILE} as split, or evaluate on all pairs if they are "
            "of others.",
        )
    split, patients = read_split(file), _patients(file)
    if params.part == "all":
        seen = {patients.get(name, "") for name in split.train}
        known = sorted({p.source.patient for p in pairs if p.source.patient in seen})
        if known:
            yield NoteStep(
                f"The checkpoint was trained on images of {', '.join(known[:5])}, who are among "
                "these pairs: their figures say nothing of new patients."
            )
        return pairs
    wanted = {patients.get(name, "") for name in split.part(params.part)}
    chosen = tuple(p for p in pairs if p.source.patient in wanted)
    if not chosen:
        raise InputError(
            f"None of the {len(pairs)} pairs is of a patient of the {params.part} part "
            f"({', '.join(sorted(wanted)) or 'which is empty'}).",
            "Choose another part, or a patient pattern that gives both the same names.",
        )
    yield NoteStep(f"{len(chosen)} of {len(pairs)} pairs are evaluated ({params.part}).")
    return chosen


def _patients(file: Path) -> dict[str, str]:
    """Case -> patient, as a split keeps them."""
    told: Any = json.loads(file.read_text(encoding="utf-8")).get("patients", {})
    return {str(k): str(v) for k, v in told.items()} if isinstance(told, dict) else {}


def _path(job: Job, name: str) -> Path | None:
    value = job.inputs.get(name)
    return value if isinstance(value, Path) else None

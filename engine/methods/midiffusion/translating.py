"""Translating as a job: an image in, the same in another modality out, on the same voxels."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import numpy as np

from engine import provenance
from engine.data.volumes.given import given_volume, input_record
from engine.data.volumes.targets import check_targets
from engine.data.volumes.volume import Volume
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.midiffusion.inference import (
    IMAGE,
    INFORMATION,
    SPREAD,
    Translation,
    framing_of,
    translate_volume,
)
from engine.methods.midiffusion.networks import LoadedTranslator, load_translator
from engine.methods.midiffusion.outputs import write_translation
from engine.methods.midiffusion.use_params import (
    TranslateImageParams,
    TranslateParams,
    slice_numbers,
)
from engine.results import TranslationResult
from engine.steps import Step

MAPS = ("spread", "information")


def translate(job: Job, context: Context) -> Generator[Step, None, TranslationResult]:
    """Translate an image or a volume; files are written where `output` is given.

    Inputs: image and part of it as in `engine.data.volumes.given`; output, spread, information:
    paths.

    Raises:
        InputError: an image or parameter that cannot be used.
        CheckpointError: a checkpoint that cannot be used.
        DiskError: the files cannot be written.
    """
    params = job.params
    assert isinstance(params, TranslateImageParams)
    volume = given_volume(job)
    output, maps = _targets(job)
    check_targets(None, maps, volume, image=output)
    loaded = load_translator(params.checkpoint, context)
    only = slice_numbers(params.slices)
    found = yield from translate_volume(volume, loaded, params, context, only=only)
    result = result_of(job, context, volume, loaded, found)
    if file := input_record(job, volume):
        result.provenance["inputs"]["input"] = file
    if output is not None:
        write_translation(output, result, volume, **maps)
    return result


def result_of(
    job: Job, context: Context, volume: Volume, loaded: LoadedTranslator, found: Translation
) -> TranslationResult:
    """A translation on its source's voxels, with its record."""
    params = job.params
    assert isinstance(params, TranslateParams)
    maps = found.back()
    intensities = found.framed.intensities
    low, high = (intensities.low, intensities.high) if params.values == "source" else (0.0, 1.0)
    scale = np.float32(high - low)
    record = provenance.of_job(
        job, device=context.device.type, precision=context.precision, threads=context.threads,
        checkpoint=loaded.identity.told(),
    )  # fmt: skip
    framing = framing_of(loaded, params)
    record |= {
        "source": {"name": volume.source.name, "sha256": provenance.array_hash(volume.array)},
        "intensity": {**intensities.record(), "values": params.values, "written": [low, high]},
        "slices": {
            "plane": framing.plane, "translated": int(found.done.sum()), "of": len(found.done),
            "pixels": list(found.framed.slices.shape[1:]),
        },
        "run": {"noise level": found.way.level, "network calls": len(found.way.timesteps)},
    }  # fmt: skip
    return TranslationResult(
        maps[IMAGE] * scale + np.float32(low), maps[SPREAD] * scale, maps[INFORMATION],
        (low, high), record, found.notes,
    )  # fmt: skip


def _targets(job: Job) -> tuple[Path | None, dict[str, Path]]:
    """Where the image and maps are to go.

    Raises:
        InputError: maps without an image.
    """
    given = {name: job.inputs.get(name) for name in ("output", *MAPS)}
    paths = {name: value for name, value in given.items() if isinstance(value, Path)}
    output = paths.pop("output", None)
    if paths and output is None:
        raise InputError(
            f"Files were named for {', '.join(paths)}, but none for the image.",
            "Name an output, too.",
        )
    return output, paths

"""Segmenting as a job: an image in, labels, probability and uncertainty on its voxels out."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import numpy as np
from torch import Tensor

from engine import provenance
from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Channels, Geometry, Source, Volume, plain_affine
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.cdal.data import Recipe
from engine.methods.cdal.inference import segment as segment_volume
from engine.methods.cdal.networks import LoadedGenerator, load_generator
from engine.methods.cdal.outputs import write_segmentation
from engine.methods.cdal.params import SegmentParams
from engine.methods.cdal.regions import Region
from engine.methods.cdal.sampling import Votes, sample_votes
from engine.results import SegmentationResult
from engine.steps import DenoiseStep, Step

REGION_NUMBERS = 6


def segment(job: Job, context: Context) -> Generator[Step, None, SegmentationResult]:
    """Segment an image or a volume; files are written where `output` is given.

    Inputs: input, a path or an array (C, D, H, W) or (D, H, W) or (H, W) with, if known, `affine`
    (4, 4) RAS+ mm; region, (2, 3) voxels (d, h, w), low inside and high outside; output,
    probability, uncertainty, entropy: paths.

    Raises:
        InputError: an image or parameter that cannot be used.
        CheckpointError: a checkpoint that cannot be used.
        DiskError: the files cannot be written.
    """
    params = job.params
    assert isinstance(params, SegmentParams)
    volume = _volume(job)
    loaded = load_generator(params.checkpoint, context)
    recipe = Recipe.from_card(loaded.card.preprocessing)
    _check_window(recipe, loaded)

    def draw(images: Tensor, votes: int, seed: int) -> Generator[DenoiseStep, None, Votes]:
        return sample_votes(loaded, images, votes, seed, context)

    found = yield from segment_volume(
        volume, recipe, loaded.model.config.labels, draw, context,
        votes=params.votes, seed=params.seed, region=_region(job), channel=params.channel,
        thorough=params.thorough,
    )  # fmt: skip
    record = provenance.of_job(
        job, device=context.device.type, precision=context.precision, threads=context.threads,
        checkpoint={"name": loaded.name, "sha256": loaded.sha256},
    )  # fmt: skip
    # What is told of a made image does not hold for labels of a real one.
    record |= {"synthetic": False, "source": volume.source.name}
    record.pop("digital_source_type")
    result = SegmentationResult(
        found.labels, found.probability, found.variance, found.entropy, found.votes, found.shown,
        found.region, class_names(loaded), record, found.notes,
    )  # fmt: skip
    _write(job, result, volume)
    return result


def class_names(loaded: LoadedGenerator) -> dict[int, str]:
    """Class -> name, with the background; "label 2" where the card names none."""
    named = {int(k): v.get("name", "") for k, v in loaded.card.labels.items() if k.isdigit()}
    return {
        value: named.get(value) or (f"label {value}" if value else "background")
        for value in range(loaded.classes)
    }


def _volume(job: Job) -> Volume:
    image = job.inputs.get("input")
    if isinstance(image, Path):
        return read_volume(image)
    array = job.array("input")
    if not 2 <= array.ndim <= 4:
        raise InputError(
            f"The image has {array.ndim} axes.", "Give (H, W), (D, H, W) or (C, D, H, W)."
        )
    array = array.reshape((1,) * (4 - array.ndim) + array.shape)
    affine = job.inputs.get("affine")
    depth, height, width = array.shape[1:]
    geometry = Geometry(
        (depth, height, width),
        np.asarray(affine, np.float64) if isinstance(affine, np.ndarray) else plain_affine(),
        isinstance(affine, np.ndarray),
    )
    usual: dict[int, Channels] = {1: "single", 3: "rgb"}
    channels = usual.get(len(array), "components")
    return Volume(array, geometry, "image", channels, source=Source(Path("the image"), "array"))


def _region(job: Job) -> Region | None:
    value = job.inputs.get("region")
    if not isinstance(value, np.ndarray):
        return None
    if value.size != REGION_NUMBERS:
        raise InputError(
            f"The region has {value.size} numbers.", "Give low and high (d, h, w), in voxels."
        )
    low, high = (tuple(int(v) for v in row) for row in value.reshape(2, 3))
    return Region((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def _check_window(recipe: Recipe, loaded: LoadedGenerator) -> None:
    divisor = loaded.model.config.divisor
    if recipe.window % divisor or recipe.window < divisor:
        raise InputError(
            f"{loaded.name} is to see {recipe.window} px, which its network cannot halve.",
            f"Import it again with a side that is a multiple of {divisor}.",
        )


def _write(job: Job, result: SegmentationResult, volume: Volume) -> None:
    output = job.inputs.get("output")
    if not isinstance(output, Path):
        return
    maps = {
        name: path
        for name in ("probability", "uncertainty", "entropy")
        if isinstance(path := job.inputs.get(name), Path)
    }
    write_segmentation(result, volume, output, **maps)

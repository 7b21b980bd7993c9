"""Segmenting as a job: an image in, labels, probability and uncertainty on its voxels out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from engine import provenance
from engine.data.segmentation.figures import figures_of
from engine.data.volumes.given import given_region, given_volume, input_record
from engine.data.volumes.region import Region
from engine.data.volumes.targets import check_targets
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.cdal.data import Recipe
from engine.methods.cdal.inference import segment as segment_volume
from engine.methods.cdal.networks import LoadedGenerator, load_generator
from engine.methods.cdal.outputs import write_segmentation
from engine.methods.cdal.params import SegmentParams
from engine.methods.cdal.sampling import Votes, sample_votes
from engine.results import SegmentationResult
from engine.steps import DenoiseStep, Step

MAPS = ("probability", "uncertainty", "entropy")


def segment(job: Job, context: Context) -> Generator[Step, None, SegmentationResult]:
    """Segment an image or a volume; files are written where `output` is given.

    Inputs: image and region as in `engine.data.volumes.given`; output, probability, uncertainty,
    entropy: paths.

    Raises:
        InputError: an image or parameter that cannot be used.
        CheckpointError: a checkpoint that cannot be used.
        DiskError: the files cannot be written.
    """
    params = job.params
    assert isinstance(params, SegmentParams)
    volume = given_volume(job)
    region = given_region(job, volume)
    output, maps = _targets(job)
    check_targets(output, maps, volume)
    loaded = load_generator(params.checkpoint, context)
    recipe = Recipe.from_card(loaded.card.preprocessing)
    _check_window(recipe, loaded)

    def draw(images: Tensor, votes: int, seed: int) -> Generator[DenoiseStep, None, Votes]:
        return sample_votes(loaded, images, votes, seed, context)

    found = yield from segment_volume(
        volume, recipe, loaded.model.config.labels, draw, context,
        votes=params.votes, seed=params.seed, region=region, channel=params.channel,
        thorough=params.thorough, turn=params.turn, threshold=params.threshold,
    )  # fmt: skip
    record = provenance.of_job(
        job, device=context.device.type, precision=context.precision, threads=context.threads,
        checkpoint=loaded.identity.told(),
    )  # fmt: skip
    names = class_names(loaded)
    # What is told of a made image does not hold for labels of a real one.
    record |= {
        "synthetic": False, "source": volume.source.name, "region": region.text(),
        "partial": region != Region.whole(volume.geometry.shape),
        "figures": figures_of(found.labels, names, volume.geometry, found.variance),
    }  # fmt: skip
    if file := input_record(job, volume):
        record["inputs"]["input"] = file
    record.pop("digital_source_type")
    result = replace(found, names=names, provenance=record)
    if output is not None:
        write_segmentation(result, volume, output, **maps)
    return result


def class_names(loaded: LoadedGenerator) -> dict[int, str]:
    """Class -> name, with the background; "label 2" where the card names none."""
    named = {int(k): v.get("name", "") for k, v in loaded.card.labels.items() if k.isdigit()}
    return {
        value: named.get(value) or (f"label {value}" if value else "background")
        for value in range(loaded.classes)
    }


def _check_window(recipe: Recipe, loaded: LoadedGenerator) -> None:
    divisor = loaded.model.config.divisor
    if recipe.window % divisor or recipe.window < divisor:
        raise InputError(
            f"{loaded.identity.name} is to see {recipe.window} px, which its network cannot halve.",
            f"Import it again with a side that is a multiple of {divisor}.",
        )


def _targets(job: Job) -> tuple[Path | None, dict[str, Path]]:
    """Where labels and maps are to go; without labels nothing is written."""
    output = job.inputs.get("output")
    if not isinstance(output, Path):
        return None, {}
    return output, {name: path for name in MAPS if isinstance(path := job.inputs.get(name), Path)}

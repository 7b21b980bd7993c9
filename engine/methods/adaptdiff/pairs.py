"""Stage 3 in bulk: source masks in, a labelled set of synthetic target images out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine import provenance
from engine.data.images import read_mask
from engine.data.pairset import PairSetWriter
from engine.data.phantoms.vessels import grow_vessel_tree
from engine.data.volumes.fingerprint import content_digest
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.adaptdiff.networks import load_diffusion
from engine.methods.adaptdiff.params import SynthesisSetParams
from engine.methods.adaptdiff.sources import image_files
from engine.methods.adaptdiff.synthesis import (
    check_mask,
    check_steps,
    denoise,
    match,
    to_image,
    wanted_template,
)
from engine.methods.adaptdiff.vessels import VesselImage, random_crop
from engine.parameters import MAX_SEED
from engine.results import FileResult
from engine.steps import ProgressStep, Step

LEAST_VESSEL = 0.01
TRIES = 20


def synthesize_set(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """`count` pairs from crops of masks. Inputs: masks (folder), template, output.

    The output is a folder, .npz or .h5; no masks are needed where all are grown.
    Pair i follows from (seed, i) alone. A set that was interrupted is continued.
    """
    params = job.params
    assert isinstance(params, SynthesisSetParams)
    template = wanted_template(job, params)
    masks = _masks(job, params)
    loaded = load_diffusion(params.checkpoint, context)
    check_steps(params, loaded)
    record = provenance.of_job(
        job, device=context.device.type, precision=context.precision, threads=context.threads,
        checkpoint=loaded.identity.told(),
    )  # fmt: skip
    if masks:
        folder = job.path("masks")
        digest = content_digest(image_files(folder))
        record["inputs"]["masks"] = {"path": str(folder.absolute()), "sha256": digest}
    del record["created"]  # a set that is continued is the same set
    limited = replace(context, max_batch=context.limit(params.batch))
    output = job.path("output")
    with PairSetWriter(output, record) as writer:
        todo = [i for i in range(params.count) if _name(i) not in writer.names]
        for start in range(0, len(todo), params.batch):
            part = todo[start : start + params.batch]
            crops = np.stack([_crop(masks, params, i) for i in part])
            seeds = tuple((params.seed + i) % (MAX_SEED + 1) for i in part)
            images: list[np.ndarray] = []
            for step in denoise(loaded, crops, seeds, params, limited):
                yield step
                if step.index == step.total - 1:
                    images.extend(match(to_image(step.x_t), template))
            for i, seed, image, mask in zip(part, seeds, images, crops, strict=True):
                writer.add(_name(i), image, mask, {"seed": seed})
            yield ProgressStep(params.count - len(todo) + start + len(part), params.count)
    return FileResult(output, f"{params.count} synthetic pairs in {output.name}.")


def _name(index: int) -> str:
    return f"pair_{index:05d}"


def _masks(job: Job, params: SynthesisSetParams) -> list[VesselImage]:
    if params.phantom_share >= 1.0:
        return []
    folder = job.inputs.get("masks")
    if not isinstance(folder, Path):
        raise InputError(
            "There are no masks to make pairs of.", "Give a folder of masks, or have all grown."
        )
    return [
        VesselImage(path.stem, np.zeros((1, 1), np.float32), check_mask(read_mask(path).mask))
        for path in image_files(folder)
    ]


def _crop(masks: list[VesselImage], params: SynthesisSetParams, index: int) -> np.ndarray:
    """The mask of pair `index`, (crop, crop) uint8: from a case, or grown."""
    rng = np.random.default_rng([params.seed, index])
    side, zoom = params.crop, (params.zoom_min, params.zoom_max)
    if not masks or rng.random() < params.phantom_share:
        seed = int(rng.integers(MAX_SEED))
        tree = VesselImage(
            "grown", np.zeros((1, 1), np.float32),
            grow_vessel_tree(side, side, seed, field="macula").mask(),
        )  # fmt: skip
        return _mask_crop(tree, rng, side, (1.0, 1.0))
    for _ in range(TRIES):
        case = masks[int(rng.integers(len(masks)))]
        mask = _mask_crop(case, rng, side, zoom)
        if mask.mean() >= LEAST_VESSEL:
            break  # crops beside the field of view hold nothing to learn from
    return mask


def _mask_crop(
    case: VesselImage, rng: np.random.Generator, side: int, zoom: tuple[float, float]
) -> np.ndarray:
    assert case.mask is not None
    whole = VesselImage(case.name, case.mask.astype(np.float32), case.mask)
    return random_crop(whole, rng, side, zoom)[1].astype(np.uint8)

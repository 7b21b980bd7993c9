"""From what the slices of an image show to evidence of where, and to labels on its voxels."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.volumes.limits import readable_bytes
from engine.data.volumes.region import Region
from engine.data.volumes.volume import Volume
from engine.data.weak.frames import Framed
from engine.device import Context
from engine.diffusion.noise import NoiseSource
from engine.errors import InputError
from engine.methods.cdm import saliency
from engine.methods.cdm.cutting import cut
from engine.methods.cdm.looking import Networks, Seen, slices_a_call
from engine.methods.cdm.saliency import grad_cam, slice_seeds
from engine.methods.cdm.use_params import EvidenceName, SampleParams
from engine.results import SaliencyResult, Squares
from engine.steps import DenoiseStep, NoteStep, ProgressStep, Step

MEMORY_SHARE = 0.8
KEPT_BYTES = 2**30
"""Of evidence a step; where there is more, several steps are kept as their sum."""


def segment(
    volume: Volume,
    seen: Seen,
    networks: Networks,
    evidence: EvidenceName,
    params: SampleParams,
    context: Context,
    region: Region | None = None,
) -> Generator[Step, None, SaliencyResult]:
    """Evidence for every finding of every slice, and the labels cut from it.

    Args:
        seen: Of this image, see `look`.
        region: Inside of the image; outside of it there are no labels.

    Yields:
        Progress in slices, and both ways of the slice in the middle.

    Raises:
        InputError: too little memory.
    """
    inside = region or Region.whole(volume.geometry.shape)
    box = (inside.low, inside.high)
    asked = [(i, label) for i, labels in enumerate(seen.shown) for label in sorted(labels)]
    rounds = _rounds(evidence, params)
    _check_memory(len(asked), rounds, seen.framed.slices.shape[-1], volume, networks.main.classes)
    squares = yield from _gather(seen, asked, networks, evidence, params, context)
    labels, heat, thresholds = cut(
        squares, volume.geometry.shape, networks.main.classes, box, params
    )
    notes = seen.framed.notes
    if not asked:
        notes = (*notes, "no slice shows a finding: the labels are empty")
    return SaliencyResult(labels, heat, thresholds, squares, box, notes=notes)


def _gather(
    seen: Seen,
    asked: Sequence[tuple[int, int]],
    networks: Networks,
    evidence: EvidenceName,
    params: SampleParams,
    context: Context,
) -> Generator[Step, None, Squares]:
    """Evidence of all that is asked for, a batch after the other."""
    framed = seen.framed
    rounds, side = _rounds(evidence, params), framed.slices.shape[-1]
    each = max(1, -(-rounds * _map_bytes(len(asked), side) // KEPT_BYTES))
    if each > 1:
        yield NoteStep(f"Evidence is kept of every {each} steps together, for memory.")
    size = slices_a_call(framed, context, 2 if evidence in ("cdm", "cg-cdm") else 1)
    shown = len(asked) // 2 if asked else -1
    maps: list[NDArray[np.float32]] = []
    states = np.zeros((0, 2, *framed.slices.shape[2:]), np.float32)
    total = len(asked)
    yield ProgressStep(0, total, "Segmenting")
    for start in range(0, total, size):
        part = asked[start : start + size]
        place = shown - start if start <= shown < start + size else None
        found = yield from _draws(
            part,
            framed,
            networks,
            evidence,
            params,
            context,
            place,
            ProgressStep(start, total, "Segmenting"),
        )
        one = found.maps.transpose(0, 1).float().cpu().numpy()
        maps.append(np.add.reduceat(one, np.arange(0, one.shape[1], each), axis=1))
        if place is not None and len(found.states):
            states = found.states[:, :, place].float().cpu().numpy()
        yield ProgressStep(start + len(part), total, "Segmenting")
    slices = np.array([i for i, _ in asked], np.intp)
    return Squares(
        framed.slices[slices].mean(axis=1),
        np.concatenate(maps) if maps else np.zeros((0, 1, side, side), np.float32),
        slices, np.array([label for _, label in asked], np.intp), framed.frame, seen.chances,
        states, shown, each,
    )  # fmt: skip


def _draws(
    part: Sequence[tuple[int, int]],
    framed: Framed,
    networks: Networks,
    evidence: EvidenceName,
    params: SampleParams,
    context: Context,
    place: int | None,
    now: ProgressStep,
) -> Generator[Step, None, saliency.Evidence]:
    """Evidence of some slices, the mean over the draws of the noise.

    Args:
        place: The slice whose steps are passed on, if any.
    """
    numbers = [i for i, _ in part]
    slices = torch.from_numpy(framed.slices[numbers]).to(context.device)
    labels = torch.tensor([label for _, label in part], device=context.device)
    if evidence == "grad-cam":
        assert networks.classifier is not None
        found = grad_cam(networks.classifier, slices, labels)
        return saliency.Evidence(found[None], found.new_zeros(0, 2, *found.shape))
    first: saliency.Evidence | None = None
    mean = torch.zeros(())
    for draw in range(params.draws):
        noise = NoiseSource(slice_seeds(params.seed, numbers, draw))
        steps = _sampling(slices, labels, noise, networks, evidence, params)
        one = yield from _passed_on(steps, len(part), place if draw == 0 else None, now)
        first = first or one
        mean = mean + one.maps / params.draws
    assert first is not None
    return saliency.Evidence(mean, first.states)


def _sampling(
    slices: Tensor,
    labels: Tensor,
    noise: NoiseSource,
    networks: Networks,
    evidence: EvidenceName,
    params: SampleParams,
) -> saliency.Sampling:
    assert networks.diffusion is not None
    if evidence == "reconstruction":
        return saliency.reconstruction(
            networks.diffusion, slices, noise, level=params.level, count=params.denoise_steps,
            classifier=networks.classifier, scale=params.scale,
        )  # fmt: skip
    return saliency.cdm(
        networks.diffusion, slices, labels, noise, level=params.level, rounds=params.rounds,
        tau=params.tau, scale=params.scale,
        classifier=networks.classifier if evidence == "cg-cdm" else None,
    )  # fmt: skip


def _passed_on(
    steps: saliency.Sampling, batch: int, place: int | None, now: ProgressStep
) -> Generator[Step, None, saliency.Evidence]:
    """The sampler's steps as pictures of one slice, or only moments at which to stop."""
    try:
        while True:
            step = next(steps)
            yield now if place is None else _one(step, batch, place)
    except StopIteration as end:
        found: saliency.Evidence = end.value
        return found
    finally:
        steps.close()


def _one(step: DenoiseStep, batch: int, place: int) -> DenoiseStep:
    """A slice's states, a row each way."""
    evidence = None if step.evidence is None else step.evidence[place : place + 1]
    return replace(
        step, x_t=step.x_t[place::batch], x0_hat=step.x0_hat[place::batch], eps=None,
        evidence=evidence,
    )  # fmt: skip


def _rounds(evidence: EvidenceName, params: SampleParams) -> int:
    """How many steps evidence is made of."""
    return params.rounds if evidence in ("cdm", "cg-cdm") else 1


def _map_bytes(count: int, side: int) -> int:
    """Of a map of so many slices."""
    return 4 * count * side**2


def _check_memory(count: int, rounds: int, side: int, volume: Volume, classes: int) -> None:
    """Refuse what evidence and results do not fit into."""
    maps = _map_bytes(count, side)
    own = min(rounds * maps, KEPT_BYTES + maps) + 4 * maps
    theirs = 4 * int(np.prod(volume.geometry.shape)) * (3 * classes + 4)
    free = psutil.virtual_memory().available
    if own + theirs > free * MEMORY_SHARE:
        raise InputError(
            f"The segmentation needs {readable_bytes(own + theirs)} of memory; "
            f"{readable_bytes(free)} are free.",
            "Segment a region or single slices, or close other programs.",
        )

"""Segmenting an image or a volume: slice by slice through the segmenter, and back on its grid."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.labels.cutoff import cut_off
from engine.data.segmentation.preparation import prepare
from engine.data.volumes.limits import readable_bytes
from engine.data.volumes.region import Region
from engine.data.volumes.volume import Volume
from engine.device import Context
from engine.errors import InputError
from engine.methods.diffrect.recipe import Recipe
from engine.networks.level_unet import SegmenterUNet
from engine.results import SegmentationResult
from engine.steps import NoteStep, ProgressStep, Step
from engine.wording import sentence

MEMORY_SHARE = 0.8
CALL_PIXELS = {"cpu": 2 * 256**2, "mps": 8 * 256**2, "cuda": 64 * 256**2}
"""Pixels of one network call: large enough to be efficient, small enough to cancel soon."""

Maps = NDArray[np.float32]
Change = Callable[[Tensor, Tensor], Tensor]
"""Images (B, C, S, S) and probabilities (B, K, S, S) -> other probabilities."""


def segment(
    volume: Volume,
    recipe: Recipe,
    model: SegmenterUNet,
    context: Context,
    *,
    region: Region | None = None,
    channel: int = 0,
    threshold: float = 0.0,
) -> Generator[Step, None, SegmentationResult]:
    """Segment a volume, or an image as a volume of one slice; slices lie along its first axis.

    Grey values are those of the whole volume, also where only a region is segmented.

    Args:
        region: What to segment; None takes all. Slices are looked at whole.
        channel: Of a series in time or of components.
        threshold: See `cutoff.cut_off`; 0 takes the most probable class.

    Returns:
        Nothing varies from run to run: the variance is 0, and there is one vote.

    Raises:
        InputError: NaN, a constant image, a region outside of it, or too little memory.
    """
    ready = prepare(volume, recipe.preparation, channel)
    for note in ready.notes:
        yield NoteStep(sentence(note))
    shape = volume.geometry.shape
    wanted = (region or Region.whole(shape)).checked(shape)
    classes = model.config.classes
    _check_memory(shape, classes)
    low, high = wanted.low[0], wanted.high[0]
    probability = np.zeros((classes, *shape), np.float32)
    doubt = np.zeros(shape, np.float32)
    yield ProgressStep(0, high - low, "Segmenting")
    for start, images in _calls(recipe, ready.array[:, low:high], context):
        found = _said(model, images, context)
        depth = slice(low + start, low + start + len(images))
        # Made before it is resized: between two sure pixels that differ nothing is uncertain.
        maps = torch.cat([found, entropy(found)[:, None]], dim=1)
        back = recipe.back(maps.movedim(1, 0).numpy(), shape[1:])
        probability[:, depth], doubt[depth] = back[:-1], back[-1]
        yield ProgressStep(start + len(images), high - low, "Segmenting")
    outside = np.ones(shape, bool)
    outside[wanted.index] = False
    labels = cut_off(probability, threshold) if threshold else _most_probable(probability)
    for array in (*probability, doubt, labels):
        array[outside] = 0
    shown = (low + high) // 2
    return SegmentationResult(
        labels, probability, np.zeros(shape, np.float32), doubt, labels[shown : shown + 1].copy(),
        shown, (wanted.low, wanted.high), notes=ready.notes,
    )  # fmt: skip


def probabilities(
    model: SegmenterUNet, slices: Maps, context: Context, change: Change | None = None
) -> Maps:
    """(C, D, S, S) as the network sees them -> (K, D, S, S)."""
    images = torch.from_numpy(slices).movedim(1, 0)
    found = [_said(model, part, context, change) for part in images.split(_rows(images, context))]
    result: Maps = torch.cat(found).movedim(1, 0).numpy()
    return result


def entropy(probability: Tensor) -> Tensor:
    """Of (B, K, ...) over the classes, in units of log K, so in [0, 1]."""
    found = -torch.xlogy(probability, probability).sum(dim=1)
    return (found / np.log(probability.shape[1])).clamp(0.0, 1.0)


@torch.inference_mode()
def _said(
    model: SegmenterUNet, images: Tensor, context: Context, change: Change | None = None
) -> Tensor:
    """Images (B, C, S, S) -> probabilities (B, K, S, S), float32 on the CPU."""
    weight = next(model.parameters())
    given = images.to(weight.device, weight.dtype)
    soft = model(given).float().softmax(dim=1)
    return (soft if change is None else change(given, soft)).cpu()


def _calls(recipe: Recipe, unit: Maps, context: Context) -> Iterator[tuple[int, Tensor]]:
    """Slices for one call after the other, and the number of the first of each."""
    rows = max(1, CALL_PIXELS[context.device.type] // recipe.side**2)
    rows = min(rows, context.max_batch) if context.max_batch else rows
    context.limit(rows)
    for start in range(0, unit.shape[1], rows):
        shown = recipe.slices(unit[:, start : start + rows])
        yield start, torch.from_numpy(shown).movedim(1, 0)


def _rows(images: Tensor, context: Context) -> int:
    pixels = images.shape[2] * images.shape[3]
    return context.limit(max(1, CALL_PIXELS[context.device.type] // pixels))


def _most_probable(probability: Maps) -> NDArray[np.uint8]:
    return probability.argmax(axis=0).astype(np.uint8)


def _check_memory(shape: tuple[int, int, int], classes: int) -> None:
    """Refuse what the results do not fit into."""
    needed = 4 * int(np.prod(shape)) * (classes + 4)
    free = psutil.virtual_memory().available
    if needed > free * MEMORY_SHARE:
        raise InputError(
            f"The segmentation needs {readable_bytes(needed)} of memory; "
            f"{readable_bytes(free)} are free.",
            "Segment a region or single slices, or close other programs.",
        )

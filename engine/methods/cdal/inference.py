"""Segmenting an image or a volume: windows, votes, and what they say together, on its own grid."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import psutil
import torch
from torch import Tensor

from engine.data.segmentation.preparation import prepare
from engine.data.volumes.limits import readable_bytes
from engine.data.volumes.region import Region
from engine.data.volumes.volume import Volume
from engine.device import Context
from engine.errors import InputError
from engine.methods.cdal.assembling import assembled
from engine.methods.cdal.data import Recipe
from engine.methods.cdal.regions import looked_at
from engine.methods.cdal.sampling import vote_seed
from engine.methods.cdal.turning import Draw, Sampled, turned
from engine.methods.cdal.votes import Tally
from engine.methods.cdal.windows import Window, Windows, cut
from engine.results import SegmentationResult
from engine.steps import DenoiseStep, NoteStep, ProgressStep, Step
from engine.wording import sentence

MEMORY_SHARE = 0.8
ROW_PIXELS = {"cpu": 2 * 256**2, "mps": 4 * 256**2, "cuda": 32 * 256**2}
"""Pixels of the slices that share one call, before votes multiply them."""


def segment(
    volume: Volume,
    recipe: Recipe,
    channels: int,
    draw: Draw,
    context: Context,
    *,
    votes: int = 0,
    seed: int = 0,
    region: Region | None = None,
    channel: int = 0,
    thorough: bool = False,
    turn: bool = False,
    threshold: float = 0.0,
) -> Generator[Step, None, SegmentationResult]:
    """Segment a volume, or an image as a volume of one slice.

    Intensities are those of the whole volume, also where only a region is segmented.

    Args:
        recipe: How the network sees images.
        channels: Maps of a vote.
        draw: The sampler.
        votes: 0 takes the recipe's.
        region: What to segment; None takes all. More is looked at around it, as a window needs.
        channel: Of a series in time or of components.
        thorough: Windows of a volume overlap from slice to slice as well, as the paper has it.
            The network sees each slice by itself, so that is more votes and nothing else.
        turn: Each vote sees the image turned or mirrored another way.
        threshold: See `cutoff.cut_off`; 0 takes the class of most votes.

    Yields:
        Progress in windows, and the denoising of the window in the middle: foreground states of
        the shown slice, a row a vote.

    Raises:
        InputError: NaN, a constant image, a region outside of it, or too little memory.
    """
    count = votes or recipe.votes
    ready = prepare(volume, recipe.preparation, channel)
    for note in ready.notes:
        yield NoteStep(sentence(note))
    shape = volume.geometry.shape
    wanted = (region or Region.whole(shape)).checked(shape)
    box = looked_at(wanted, ready, recipe)
    unit = ready.array[(slice(None), *box)]
    image = torch.from_numpy(recipe.preparation.normalise(unit))
    _check_memory(image.shape, channels, count, volume)
    windows = _windows(image, recipe, thorough)
    if windows.image.shape != image.shape:
        yield NoteStep(_padded(windows, image))
    tally = Tally(channels, windows.shape, count, _shown(windows))
    draw = turned(draw) if turn else draw
    yield from _run(windows, tally, draw, context, count, seed)
    return assembled(tally, windows, box, wanted, ready, threshold)


def _run(
    windows: Windows, tally: Tally, draw: Draw, context: Context, count: int, seed: int
) -> Generator[Step, None, None]:
    middle = _middle(windows, tally.shown)
    total = len(windows.places)
    yield ProgressStep(0, total, "Segmenting")
    for index, place in enumerate(windows.places):
        tiles = windows.image[(slice(None), *place)].transpose(0, 1)
        own = _own_seed(seed, place)
        shown = tally.shown - place[0].start if index == middle else None
        now = ProgressStep(index, total, "Segmenting")
        samples = yield from _votes(tiles, draw, context, count, own, shown, now)
        tally.add(samples, place, windows.weight)
        yield ProgressStep(index + 1, total, "Segmenting")


def _votes(
    tiles: Tensor,
    draw: Draw,
    context: Context,
    count: int,
    seed: int,
    shown: int | None,
    now: ProgressStep,
) -> Generator[Step, None, Tensor]:
    """Votes (N, d, L, h, w) on the slices (d, C, h, w) of a window, some slices at a time.

    `shown`: the slice whose steps are passed on, if any.
    """
    rows = max(1, ROW_PIXELS[context.device.type] // (tiles.shape[2] * tiles.shape[3]))
    if context.max_batch:
        # After the memory ran out: fewer slices and, in the sampler, fewer votes.
        rows = min(rows, context.max_batch)
    found, first = [], _nth_seed(seed, 0)
    for start in range(0, len(tiles), rows):
        part = tiles[start : start + rows]
        # A slice has its noise however many share a call, so memory decides nothing.
        steps = draw(part, count, vote_seed(first, 0, start))
        inside = None if shown is None else shown - start
        if inside is not None and not 0 <= inside < len(part):
            inside = None
        found.append((yield from _passed_on(steps, len(part), inside, now)).samples)
    return torch.cat(found, dim=1)


def _passed_on(
    steps: Generator[DenoiseStep, None, Sampled],
    images: int,
    shown: int | None,
    now: ProgressStep,
) -> Generator[Step, None, Sampled]:
    """The sampler's steps as pictures of the foreground of one image, or none of them."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            result: Sampled = end.value
            return result
        if shown is None:
            # Nothing new, but a moment at which the job can be stopped.
            yield now
        else:
            yield replace(
                step,
                x_t=_foreground(step.x_t[shown::images]),
                x0_hat=_foreground(step.x0_hat[shown::images]),
                before=None if step.before is None else _foreground(step.before[shown::images]),
                eps=None,
                evidence=None,
            )


def _foreground(state: Tensor) -> Tensor:
    """(B, L, H, W) to (B, 1, H, W): of several classes what speaks most for any structure."""
    return state if state.shape[1] == 1 else state[:, 1:].amax(dim=1, keepdim=True)


def _windows(image: Tensor, recipe: Recipe, thorough: bool) -> Windows:
    side, overlap = recipe.window, recipe.overlap
    if recipe.preparation.dims == 3:
        # The network sees slices: repeating the first and last would only cost time.
        depth = min(side, image.shape[1]) if thorough else 0
        return cut(image, (depth, side, side), (overlap,) * 3, recipe.blend)
    return cut(image, (1, side, side), (0.0, overlap, overlap), recipe.blend)


def _padded(windows: Windows, image: Tensor) -> str:
    given, wanted = (" x ".join(map(str, i.shape[1:])) for i in (image, windows.image))
    return f"It is smaller than a window: {given} voxels, padded with its edge to {wanted}."


def _shown(windows: Windows) -> int:
    """The slice in the middle of what was given."""
    depth = windows.inside[0]
    return (depth.start + depth.stop) // 2


def _middle(windows: Windows, shown: int) -> int:
    """The window with the shown slice that lies nearest to the middle."""
    centre = np.array([shown, *(n / 2 for n in windows.shape[1:])])

    def away(index: int) -> tuple[bool, float]:
        place = windows.places[index]
        middle = np.array([(s.start + s.stop) / 2 for s in place])
        return not place[0].start <= shown < place[0].stop, float(np.abs(middle - centre).sum())

    return min(range(len(windows.places)), key=away)


def _own_seed(seed: int, place: Window) -> int:
    """A window's noise follows from the seed and where it lies."""
    return _nth_seed(seed, *(s.start for s in place))


def _nth_seed(seed: int, *numbers: int) -> int:
    state = np.random.SeedSequence([seed, *numbers]).generate_state(1)
    return int(state[0]) & 0x7FFFFFFF


def _check_memory(shape: tuple[int, ...], channels: int, votes: int, volume: Volume) -> None:
    """Refuse what the sums of all votes and the results do not fit into."""
    _, depth, height, width = shape
    plane = height * width
    classes = max(2, channels)
    own = 4 * (2 * channels * depth * plane + votes * channels * plane)
    theirs = 4 * int(np.prod(volume.geometry.shape)) * (4 * channels + 2 * classes + 4)
    free = psutil.virtual_memory().available
    if own + theirs > free * MEMORY_SHARE:
        raise InputError(
            f"The segmentation needs {readable_bytes(own + theirs)} of memory; "
            f"{readable_bytes(free)} are free.",
            "Segment a region or single slices, or close other programs.",
        )

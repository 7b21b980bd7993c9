"""Translating an image or a volume: slice by slice, with shared noise, back onto its own grid."""

from __future__ import annotations

from collections.abc import Collection, Generator
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.volumes.limits import readable_bytes
from engine.data.volumes.volume import Affine, Volume
from engine.device import Context
from engine.errors import InputError
from engine.methods.midiffusion.frames import Framed, frame_volume
from engine.methods.midiffusion.looks import Framing
from engine.methods.midiffusion.networks import LoadedTranslator
from engine.methods.midiffusion.params import Plane
from engine.methods.midiffusion.sampling import (
    Translated,
    Way,
    run_count,
    translate_slices,
    way_of,
)
from engine.methods.midiffusion.use_params import SampleParams
from engine.steps import DenoiseStep, NoteStep, ProgressStep, Step
from engine.wording import sentence

MEMORY_SHARE = 0.8
GROUP_PIXELS = {"cpu": 4 * 128**2, "mps": 16 * 128**2, "cuda": 256 * 128**2}
"""Pixels of one network call: large enough to be efficient, small enough to cancel soon."""
FEATURE_MAPS = 24
"""Maps of the network's width that are in memory at once, at full resolution."""
IMAGE, SPREAD, INFORMATION = range(3)
PLANES: tuple[Plane, ...] = get_args(Plane)


@dataclass(frozen=True, eq=False)
class Translation:
    """A translated image as the network sees it.

    Attributes:
        framed: The source.
        maps: (3, n, h, w) float32: image in [0, 1], spread and information, slice by slice; 0 for
            slices that were left out.
        done: (n,) which slices were translated.
        way: How the runs went.
        notes: For the user.
    """

    framed: Framed
    maps: NDArray[np.float32]
    done: NDArray[np.bool_]
    way: Way
    notes: tuple[str, ...]

    def back(self) -> NDArray[np.float32]:
        """The maps (3, D, H, W) on the image's own voxels."""
        return self.framed.back(self.maps)


def framing_of(loaded: LoadedTranslator, params: SampleParams) -> Framing:
    """The model's, with what the parameters change."""
    own = loaded.framing
    plane = next((p for p in PLANES if p == params.plane), own.plane)
    dark = own.dark if params.dark < 0 else params.dark
    bright = own.bright if params.bright < 0 else params.bright
    return replace(own, plane=plane, dark=dark, bright=bright)


def translate_volume(
    volume: Volume,
    loaded: LoadedTranslator,
    params: SampleParams,
    context: Context,
    *,
    most: int = 0,
    only: Collection[int] = (),
) -> Generator[Step, None, Translation]:
    """Translate an image, or some slices of it.

    Args:
        most: Slices at most, evenly chosen; 0 takes all that show something.
        only: Numbers of slices as `Framed.numbers` has them; none takes all.

    Yields:
        Progress in network calls, and the denoising of the slice in the middle, which comes
        first: x_t, x0_hat and, as evidence, the local mutual information (1, 1, h, w). The steps
        of repetitions and samples are counted in a row.

    Raises:
        InputError: an image that cannot be used, parameters that do not fit the model, or too
            little memory.
    """
    way = way_of(loaded, params)
    framing = framing_of(loaded, params)
    framed = frame_volume(volume, framing, loaded.divisor, params.channel)
    notes = framed.notes
    if framing.plane != loaded.framing.plane and volume.geometry.oriented:
        notes += (f"the model knows {loaded.framing.plane} slices, not {framing.plane} ones",)
    chosen = _chosen(framed, most, only)
    left_out = int((framed.content == 0).sum())
    if left_out and not only:
        notes += (f"{left_out} of {len(framed.slices)} slices are constant and stay empty",)
    for note in notes:
        yield NoteStep(sentence(note))
    _check_memory(volume, framed, loaded, context)
    maps = np.zeros((3, *framed.slices.shape), np.float32)
    done = np.zeros(len(framed.slices), bool)
    affine = framed.affine(volume.affine, int(chosen[0]))
    yield from _run(framed, chosen, loaded, way, params, context, maps, done, affine)
    return Translation(framed, maps, done, way, notes)


def _chosen(framed: Framed, most: int, only: Collection[int]) -> NDArray[np.intp]:
    """Slices that show anything, the middle one of them first, then outwards.

    Raises:
        InputError: none does, or none of those that are asked for.
    """
    filled = np.flatnonzero(framed.content > 0)
    if only:
        filled = _only(framed, filled, only)
    if not len(filled):
        raise InputError(
            f"All {len(framed.slices)} slices of the image are constant.",
            "Cut the volume another way, or choose another image.",
        )
    if most and len(filled) > most:
        filled = filled[np.linspace(0, len(filled) - 1, most).round().astype(int)]
    middle = filled[len(filled) // 2]
    order = np.argsort(np.abs(filled - middle), kind="stable")
    found: NDArray[np.intp] = filled[order]
    return found


def _only(framed: Framed, filled: NDArray[np.intp], only: Collection[int]) -> NDArray[np.intp]:
    """Those of some slices that are asked for.

    Raises:
        InputError: one that is not there, or none that shows anything.
    """
    numbers = framed.numbers()
    count = len(numbers)
    if max(only) >= count:
        raise InputError(
            f"Slice {max(only)} was asked for; this way the image has {count}, 0 to {count - 1}.",
            "Choose among those, or cut the volume another way.",
        )
    found = filled[np.isin(numbers[filled], list(only))]
    if not len(found):
        one = len(only) == 1
        raise InputError(
            f"Slice {min(only)} is constant." if one else "The chosen slices are all constant.",
            "Choose one that shows something.",
        )
    return found


def _run(
    framed: Framed,
    chosen: NDArray[np.intp],
    loaded: LoadedTranslator,
    way: Way,
    params: SampleParams,
    context: Context,
    maps: NDArray[np.float32],
    done: NDArray[np.bool_],
    affine: Affine,
) -> Generator[Step, None, None]:
    height, width = framed.slices.shape[1:]
    wanted = max(1, GROUP_PIXELS[context.device.type] // (height * width))
    size = context.limit(min(wanted, len(chosen)))
    calls = len(way.timesteps) * run_count(params)
    total = -(-len(chosen) // size) * calls
    yield ProgressStep(0, total, "Translating")
    for start in range(0, len(chosen), size):
        part = chosen[start : start + size]
        sources = torch.from_numpy(framed.slices[part])[:, None]
        steps = translate_slices(loaded, sources, way, params, context.device)
        before = start // size * calls
        found = yield from _passed_on(steps, before, total, None if start else (sources, affine))
        for place, values in ((IMAGE, found.image), (SPREAD, found.spread),
                              (INFORMATION, found.information)):  # fmt: skip
            maps[place, part] = values[:, 0].cpu().numpy()
        done[part] = True


def _passed_on(
    steps: Generator[DenoiseStep, None, Translated],
    before: int,
    total: int,
    shown: tuple[Tensor, Affine] | None,
) -> Generator[Step, None, Translated]:
    """The steps as pictures of the first slice, or as progress alone.

    Args:
        shown: The sources, and where the first of them lies.
    """
    count = before
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            found: Translated = end.value
            return found
        count += 1
        if shown is not None:
            begins = step.run == step.index == 0
            yield replace(
                step, x_t=step.x_t[:1], x0_hat=step.x0_hat[:1], eps=None,
                evidence=_first(step.evidence), before=_first(step.before) if begins else None,
                guide=shown[0][:1] if begins else None, affine=shown[1] if begins else None,
            )  # fmt: skip
        yield ProgressStep(count, total, "Translating")


def _first(state: Tensor | None) -> Tensor | None:
    return None if state is None else state[:1]


def _check_memory(
    volume: Volume, framed: Framed, loaded: LoadedTranslator, context: Context
) -> None:
    """Refuse what results and network do not fit into."""
    _, height, width = framed.slices.shape
    results = 4 * 3 * (framed.slices.size + 2 * int(np.prod(volume.geometry.shape)))
    network = 0
    if context.device.type == "cpu":
        network = 4 * FEATURE_MAPS * loaded.model.config.width * height * width
    free = psutil.virtual_memory().available
    if results + network > free * MEMORY_SHARE:
        raise InputError(
            f"The translation needs {readable_bytes(results + network)} of memory; "
            f"{readable_bytes(free)} are free.",
            "Crop the image, or close other programs.",
        )

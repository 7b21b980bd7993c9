"""From slices of any modality to slices of the one that the network knows.

Every step is told how much each window of the source says of the state so far: the condition is
(LMI(source, x_t), LMI(source, source)). SDEdit has no condition, and a start from the source.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.diffusion.estimate import Predict
from engine.diffusion.local_information import SourceImage
from engine.diffusion.noise import Noise, NoiseSource
from engine.diffusion.process import q_sample
from engine.diffusion.samplers import Steps, ancestral, ddim
from engine.diffusion.schedules import Schedule
from engine.diffusion.timesteps import make_timesteps, respace
from engine.errors import InputError
from engine.methods.midiffusion.networks import LoadedTranslator
from engine.methods.midiffusion.use_params import SampleParams
from engine.parameters import MAX_SEED
from engine.steps import DenoiseStep

SAMPLE_STRIDE = 1_000_003


@dataclass(frozen=True)
class Way:
    """How a run goes, settled before the first step.

    Attributes:
        level: Noise levels that it starts from, 1 to T.
        timesteps: Strictly decreasing, all below `level`.
    """

    level: int
    timesteps: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Translated:
    """What came of some slices, each (B, 1, H, W) float32.

    Attributes:
        image: In [0, 1], the mean over the samples.
        spread: Standard deviation over the samples; 0 of a single one.
        information: LMI of the source and the image.
    """

    image: Tensor
    spread: Tensor
    information: Tensor


def way_of(loaded: LoadedTranslator, params: SampleParams) -> Way:
    """Where the run starts and what it visits.

    Raises:
        InputError: a noise level that the model does not have, more steps than there are below
            it, or a mode that the model was not trained for.
    """
    total = loaded.schedule.num_timesteps
    if params.level > total:
        raise InputError(
            f"A noise level of {params.level} was asked of a model with {total}.",
            f"Choose 1 to {total}, or 0 for the usual one.",
        )
    if params.start == "noise" and params.level not in (0, total):
        raise InputError(
            f"A run from noise starts at level {total}, not at {params.level}.",
            "Leave the level at 0, or start from the noised source.",
        )
    if params.guidance == "none":
        _check_unguided(loaded, params)
    elif not loaded.guided:
        raise InputError(
            f"{loaded.identity.name} was trained without mutual information.",
            "Choose None (SDEdit) as guidance and start from the source, or another model.",
        )
    level = params.level or (total if params.start == "noise" else max(1, total // 2))
    if params.steps > level:
        raise InputError(
            f"{params.steps} steps were asked for below noise level {level}.",
            f"Choose at most {level}, or 0 for all.",
        )
    below = respace(loaded.schedule, range(level - 1, -1, -1))
    spacing = "trailing" if params.sampler == "ddpm" else "logsnr"
    return Way(level, tuple(make_timesteps(below, params.steps or None, spacing)))


def _check_unguided(loaded: LoadedTranslator, params: SampleParams) -> None:
    if params.start == "noise":
        raise InputError(
            "Without mutual information and from noise alone, nothing of the source is seen.",
            "Start from the noised source.",
        )
    if not loaded.does_without:
        raise InputError(
            f"{loaded.identity.name} has never seen a slice without mutual information.",
            "Train with an unguided share above 0, or take a model trained for SDEdit.",
        )


def run_count(params: SampleParams) -> int:
    """Runs of the sampler that a slice takes."""
    return params.samples * params.repetitions


@torch.inference_mode()
def translate_slices(
    loaded: LoadedTranslator,
    sources: Tensor,
    way: Way,
    params: SampleParams,
    device: torch.device,
) -> Generator[DenoiseStep, None, Translated]:
    """Translate slices that share their noise, so that a volume of them does not flicker.

    Args:
        sources: (B, 1, H, W) in [0, 1]; sides divisible by the network's `divisor`.

    Yields:
        The steps of each run; `evidence` is LMI(source, x_t) (B, 1, H, W) where there is any, of
        the state that the step set out from. `run` counts those of these slices.
    """
    sources = sources.to(device, torch.float32)
    guide = SourceImage(sources, loaded.process.information)
    own = guide.similarity(sources) if params.guidance == "information" else None
    runs = run_count(params)
    results = []
    for sample in range(params.samples):
        seed = (params.seed + SAMPLE_STRIDE * sample) % (MAX_SEED + 1)
        noise = NoiseSource([seed] * len(sources))
        found = sources
        for repetition in range(params.repetitions):
            fresh = params.start == "noise" and repetition == 0
            x_T = _start(loaded.schedule, found, way.level, noise, fresh=fresh)
            seen: list[Tensor] = []
            predict = _predictor(loaded, guide, own, seen)
            for step in _sampler(predict, loaded, x_T, noise, way, params):
                found = step.x_t
                yield replace(
                    step, evidence=seen[-1] if seen else None,
                    before=x_T if step.index == 0 else None,
                    run=sample * params.repetitions + repetition, runs=runs,
                )  # fmt: skip
            found = found.clamp(0, 1)
        results.append(found)
    stacked = torch.stack(results)
    image = stacked.mean(dim=0)
    spread = stacked.std(dim=0, unbiased=False)
    return Translated(image, spread, guide.similarity(image))


def _start(schedule: Schedule, image: Tensor, level: int, noise: Noise, *, fresh: bool) -> Tensor:
    """Noise alone, or an image with noise up to a level."""
    drawn = noise.normal(image.shape[1:], image.device)
    if fresh:
        return drawn
    t = torch.full((len(image),), level - 1, device=image.device)
    return q_sample(schedule, image, t, drawn)


def _predictor(
    loaded: LoadedTranslator, guide: SourceImage, own: Tensor | None, seen: list[Tensor]
) -> Predict:
    """The network with its condition; the last LMI is left in `seen`."""

    def predict(x_t: Tensor, t: Tensor) -> Tensor:
        if own is None:
            return loaded.predict(x_t, t, None)
        seen[:] = [guide.similarity(x_t)]
        return loaded.predict(x_t, t, torch.cat([seen[0], own], dim=1))

    return predict


def _sampler(
    predict: Predict,
    loaded: LoadedTranslator,
    x_T: Tensor,
    noise: Noise,
    way: Way,
    params: SampleParams,
) -> Steps:
    """DDPM is as published: the large variance, nothing clipped while all levels are visited."""
    schedule, prediction = loaded.schedule, loaded.process.prediction
    if params.sampler == "ddpm":
        whole = len(way.timesteps) == way.level
        return ancestral(
            predict, schedule, x_T, noise, timesteps=way.timesteps, prediction=prediction,
            variance="fixed_large", clip="none" if whole else "unit",
        )  # fmt: skip
    return ddim(
        predict, schedule, x_T, noise, timesteps=way.timesteps, prediction=prediction,
        clip="unit", eta=params.eta,
    )  # fmt: skip

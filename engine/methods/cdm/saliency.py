"""What tells where the finding is: CDM, CG-CDM, and the two that the paper compares them with.

Hu et al. 2023, algorithm 1: a slice is noised to level Q and denoised for R DDIM steps, once under
its label and once under a blend of its label with that for nothing. What the state becomes brighter
by, over 1 - tau, is the finite difference of the model along the label. Both ways share each
network call, and so do several slices.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.diffusion.guidance import Guide, classifier_guide
from engine.diffusion.noise import FixedNoise, Noise
from engine.diffusion.process import q_sample
from engine.diffusion.samplers import ddim
from engine.diffusion.schedules import Schedule
from engine.errors import InputError
from engine.methods.cdm.networks import LoadedClassifier, LoadedDiffusion
from engine.steps import DenoiseStep

NO_NOISE = FixedNoise(())
"""DDIM at eta 0 asks for none."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Where B slices show their finding.

    Attributes:
        maps: (R, B, H, W) what every step adds; one alone where there are no steps.
        states: (R, 2, B, H, W) of the first channel under the label and under the blend, after
            every step; (0, ...) where there are none.
    """

    maps: Tensor
    states: Tensor


Sampling = Generator[DenoiseStep, None, Evidence]


def check_level(schedule: Schedule, level: int, rounds: int) -> None:
    """Refuse a way that is not there.

    Raises:
        InputError: Q beyond the model's steps, or R beyond Q.
    """
    most = schedule.num_timesteps - 1
    if not 1 <= level <= most:
        raise InputError(
            f"Noise level Q is {level}; the model has steps 0 to {most}.",
            f"Choose Q from 1 to {most}.",
        )
    if not 1 <= rounds <= level:
        raise InputError(
            f"{rounds} steps R do not fit below noise level Q = {level}.",
            f"Choose R from 1 to {level}, or a higher Q.",
        )


def cdm(
    loaded: LoadedDiffusion,
    slices: Tensor,
    labels: Tensor,
    noise: Noise,
    *,
    level: int = 400,
    rounds: int = 10,
    tau: float = 0.95,
    classifier: LoadedClassifier | None = None,
    scale: float = 10.0,
) -> Sampling:
    """CDM, and with a classifier CG-CDM: that guides one way to the label, the other to nothing.

    Args:
        slices: (B, C, H, W) in [-1, 1].
        labels: (B,) what each shows, from 1 on.
        noise: Of the slices.
        level, rounds, tau: Q, R and the blend, see the module.
        scale: Of the classifier's gradient.

    Yields:
        The steps of both ways, (2B, C, H, W), those under the label first; their evidence is the
        sum of the maps so far, (B, 1, H, W).

    Raises:
        InputError: see `check_level`.
    """
    check_level(loaded.schedule, level, rounds)
    batch = len(slices)
    with torch.inference_mode():
        positive = loaded.model.label_vectors(labels)
        blend = torch.lerp(loaded.model.label_vectors(torch.zeros_like(labels)), positive, tau)
        vectors = torch.cat([positive, blend])
        x_Q = _noised(loaded.schedule, slices, level, noise).repeat(2, 1, 1, 1)
    guide = _guide(classifier, torch.cat([labels, torch.zeros_like(labels)]), scale)

    def predict(x_t: Tensor, t: Tensor) -> Tensor:
        return loaded.eps(x_t, t, vectors)

    timesteps = range(level - 1, level - 1 - rounds, -1)
    steps = ddim(
        predict, loaded.schedule, x_Q, NO_NOISE, timesteps=timesteps,
        final_t=level - 1 - rounds, clip="x0", guide=guide,
    )  # fmt: skip
    maps, states = [], []
    total = torch.zeros_like(slices[:, :1])
    for step in _inferred(steps):
        ways = step.x_t.unflatten(0, (2, batch))
        maps.append((ways[0] - ways[1]).mean(dim=1) / (1.0 - tau))
        states.append(ways[:, :, 0])
        total = total + maps[-1][:, None]
        yield replace(step, evidence=total)
    return Evidence(torch.stack(maps), torch.stack(states))


def reconstruction(
    loaded: LoadedDiffusion,
    slices: Tensor,
    noise: Noise,
    *,
    level: int = 400,
    count: int = 50,
    classifier: LoadedClassifier | None = None,
    scale: float = 10.0,
) -> Sampling:
    """|x - x'|, x' being the slice noised to a level and denoised as one that shows nothing.

    Args:
        slices: (B, C, H, W) in [-1, 1].
        level: Q.
        count: DDIM steps from there to a clean slice, evenly spread.
        classifier: Guides towards nothing as well, as guided diffusion does.
        scale: Of its gradient.

    Yields:
        The steps, (B, C, H, W).

    Raises:
        InputError: see `check_level`.
    """
    check_level(loaded.schedule, level, 1)
    nothing = torch.zeros(len(slices), dtype=torch.long, device=slices.device)
    with torch.inference_mode():
        vectors = loaded.model.label_vectors(nothing)
        x_Q = _noised(loaded.schedule, slices, level, noise)
    guide = _guide(classifier, nothing, scale)

    def predict(x_t: Tensor, t: Tensor) -> Tensor:
        return loaded.eps(x_t, t, vectors)

    timesteps = sorted(
        {round(t) for t in np.linspace(0, level - 1, min(count, level))}, reverse=True
    )
    last = slices
    steps = ddim(
        predict, loaded.schedule, x_Q, NO_NOISE, timesteps=timesteps, clip="x0", guide=guide
    )
    for step in _inferred(steps):
        last = step.x_t
        yield step
    found = (slices - last).abs().mean(dim=1)
    return Evidence(found[None], slices.new_zeros(0, 2, len(slices), *slices.shape[2:]))


def grad_cam(classifier: LoadedClassifier, slices: Tensor, labels: Tensor) -> Tensor:
    """Where the classifier looks (Selvaraju et al. 2017, eq. 1 and 2), on clean slices.

    Features are weighted by the mean gradient of the label's logit; what speaks against it is 0.
    Only the features take part in the gradient.

    Args:
        slices: (B, C, H, W) in [-1, 1].
        labels: (B,).

    Returns:
        (B, H, W), at least 0.
    """
    t = torch.zeros(len(slices), dtype=torch.long, device=slices.device)
    with torch.no_grad():
        features = classifier.model.features(slices, classifier.process.told(t))
    with torch.inference_mode(False), torch.enable_grad():
        features = features.detach().clone().requires_grad_()
        logits = classifier.model.logits(features)
        (slope,) = torch.autograd.grad(logits.gather(1, labels.clone()[:, None]).sum(), features)
    weighted = (slope.mean(dim=(2, 3), keepdim=True) * features.detach()).sum(dim=1, keepdim=True)
    found = F.interpolate(weighted.relu(), slices.shape[2:], mode="bilinear", align_corners=False)
    return found[:, 0]


@torch.inference_mode()
def class_chances(classifier: LoadedClassifier, slices: Tensor) -> Tensor:
    """p(label | slice) of clean slices (B, C, H, W): (B, classes)."""
    t = torch.zeros(len(slices), dtype=torch.long, device=slices.device)
    return classifier.logits(slices, t).float().softmax(dim=1)


def _noised(schedule: Schedule, slices: Tensor, level: int, noise: Noise) -> Tensor:
    t = torch.full((len(slices),), level, device=slices.device)
    return q_sample(schedule, slices, t, noise.normal(slices.shape[1:], slices.device))


def _guide(classifier: LoadedClassifier | None, labels: Tensor, scale: float) -> Guide | None:
    return None if classifier is None else classifier_guide(classifier.logits, labels, scale)


def _inferred(steps: Generator[DenoiseStep, None, None]) -> Generator[DenoiseStep, None, None]:
    """The steps, each made in inference mode, which is left while others look at them."""
    try:
        while True:
            with torch.inference_mode():
                step = next(steps, None)
            if step is None:
                return
            yield step
    finally:
        steps.close()


def slice_seeds(seed: int, slices: Sequence[int], draw: int) -> list[int]:
    """A slice's noise follows from the seed, its number and the draw: not from its batch."""
    return [
        int(np.random.SeedSequence([seed, int(number), draw]).generate_state(1)[0]) & 0x7FFFFFFF
        for number in slices
    ]

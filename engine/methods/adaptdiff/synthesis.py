"""Stage 3: from a vessel mask to images, step by step (arXiv 2410.04648, section 2.3)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np
import psutil
import torch
import torch.nn.functional as F
from skimage import exposure
from torch import Tensor

from engine import provenance
from engine.device import Context
from engine.diffusion.estimate import Predict
from engine.diffusion.noise import NoiseSource
from engine.diffusion.process import x0_from_eps
from engine.diffusion.samplers import SAMPLERS, Steps, ancestral, ddim
from engine.diffusion.timesteps import initial_state, make_timesteps
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.adaptdiff.networks import LoadedDiffusion, load_diffusion
from engine.methods.adaptdiff.params import SynthesisParams
from engine.parameters import MAX_SEED
from engine.results import SynthesisResult
from engine.steps import DenoiseStep, NoteStep, Step

MIN_SIDE = 16
BYTES_A_PIXEL = 3_500
"""Peak of a float32 run per pixel of one image: 3.3 kB for a mask of noise (512 x 512), whose
windows are all different; 0.6 to 1.1 kB for vessel trees."""

GROUP_PIXELS = {"cpu": 4 * 256**2, "mps": 8 * 256**2, "cuda": 64 * 256**2}
"""Pixels of one network call: large enough to be efficient, small enough to cancel soon."""


def synthesize(job: Job, context: Context) -> Generator[Step, None, SynthesisResult]:
    """One mask, `variants` images; see `SynthesisParams`.

    Inputs: mask (H, W), anything above 0 is vessel; template (H, W), for histogram matching.

    Raises:
        InputError: a mask or parameter that cannot be used.
        CheckpointError: a checkpoint that cannot be used.
    """
    params = job.params
    assert isinstance(params, SynthesisParams)
    mask = check_mask(job.array("mask"))
    template = wanted_template(job, params)
    loaded = load_diffusion(params.checkpoint, context)
    check_steps(params, loaded)
    notes = _notes(mask, loaded)
    for note in notes:
        yield NoteStep(note)
    seeds = tuple((params.seed + i) % (MAX_SEED + 1) for i in range(params.variants))
    images: list[np.ndarray] = []
    for step in denoise(loaded, mask[None], seeds, params, context):
        yield step
        if step.index == step.total - 1:
            images.extend(to_image(step.x_t))
    images = match(images, template)
    record = provenance.of_job(
        job, device=context.device.type, precision=context.precision, threads=context.threads,
        checkpoint=loaded.identity.told(),
    )  # fmt: skip
    record["inputs"]["mask"]["packed"] = provenance.packed(mask)
    return SynthesisResult(np.stack(images), mask, seeds, record, notes)


def denoise(
    loaded: LoadedDiffusion,
    masks: np.ndarray,
    seeds: tuple[int, ...],
    params: SynthesisParams,
    context: Context,
) -> Generator[DenoiseStep, None, None]:
    """Images for masks (N, H, W), or for one mask (1, H, W) and many seeds; group by group.

    Steps have x_t and x0_hat (B, 1, H, W) float32 in [-1, 1], cropped to the mask's size.
    """
    height, width = masks.shape[-2:]
    pixels = _padded(height, loaded) * _padded(width, loaded)
    wanted = max(1, GROUP_PIXELS[context.device.type] // pixels)
    size = context.limit(min(wanted, len(seeds)))
    _check_memory(pixels, context)
    groups = -(-len(seeds) // size)
    for group in range(groups):
        part = slice(group * size, (group + 1) * size)
        own = masks if len(masks) == 1 else masks[part]
        for step in _denoise_group(loaded, own, seeds[part], params, context):
            yield replace(
                step,
                x_t=step.x_t[..., :height, :width],
                x0_hat=step.x0_hat[..., :height, :width],
                eps=None if step.eps is None else step.eps[..., :height, :width],
                group=group,
                groups=groups,
                offset=group * size,
            )


def _denoise_group(
    loaded: LoadedDiffusion,
    masks: np.ndarray,
    seeds: tuple[int, ...],
    params: SynthesisParams,
    context: Context,
) -> Generator[DenoiseStep, None, None]:
    mask = torch.from_numpy(masks.astype(np.float32))[:, None]
    height, width = mask.shape[-2:]
    pad = (0, _padded(width, loaded) - width, 0, _padded(height, loaded) - height)
    mask = F.pad(mask, pad).to(context.device, context.dtype)
    noise = NoiseSource(seeds)
    start = noise.normal((1, *mask.shape[-2:]), context.device, torch.float32)
    with torch.inference_mode():
        modulation: Any = loaded.model.modulation(mask)

    def predict(x_t: Tensor, t: Tensor) -> Tensor:
        with torch.inference_mode():
            return loaded.model(x_t.to(context.dtype), t, modulation).float()

    if params.one_shot:
        yield one_shot(predict, loaded, start)
    else:
        yield from sampler(predict, loaded, start, mask.float(), noise, params)


def one_shot(predict: Predict, loaded: LoadedDiffusion, x_T: Tensor) -> DenoiseStep:
    """The release's `reverse_skip`: x0_hat from a single call at t = T - 1."""
    t = loaded.schedule.num_timesteps - 1
    batch_t = torch.full((len(x_T),), t, device=x_T.device)
    eps = predict(x_T, batch_t)
    x0 = x0_from_eps(loaded.schedule, x_T, batch_t, eps).clamp(-1, 1)
    return DenoiseStep(0, 1, t, x0, x0, eps)


def sampler(
    predict: Predict,
    loaded: LoadedDiffusion,
    start: Tensor,
    mask: Tensor,
    noise: NoiseSource,
    params: SynthesisParams,
) -> Steps:
    """The run that the parameters ask for.

    DDPM is the published serial reverse iteration: prior start, x_t clamped after every step.
    The few-step solvers start from `conditional_start` instead of N(0, 1).
    """
    schedule = loaded.schedule
    choice = next(s for s in SAMPLERS if s.name == params.sampler)
    steps = make_timesteps(schedule, params.steps, choice.spacing)
    if params.sampler == "ddpm":
        return ancestral(predict, schedule, start, noise, timesteps=steps, clip="x_t")
    x_T = conditional_start(loaded, start, mask, steps[0])
    if params.sampler == "ddim":
        return ddim(
            predict, schedule, x_T, noise, timesteps=steps, clip="x0", eta=params.eta
        )  # fmt: skip
    return choice.run(predict, schedule, x_T, noise, timesteps=steps, clip="x0")


def conditional_start(loaded: LoadedDiffusion, noise: Tensor, mask: Tensor, t: int) -> Tensor:
    """x_t as it was in training for such a mask, to second order.

    With alpha_bar_T = 0.05 the last state still shows 22 % of the image. A start without any
    disagrees with the mask over many vessel pixels, and deterministic solvers lost contrast by
    it. So the means of vessels and of background are put in.

    Args:
        noise, mask: (B or 1, 1, H, W); mask in {0, 1}.
    """
    (mean, std), (vessel_mean, vessel_std) = loaded.moments, loaded.vessel_moments
    background = initial_state(
        loaded.schedule, noise, "rescaled", t=t, data_mean=mean, data_std=std
    )  # fmt: skip
    vessel = initial_state(
        loaded.schedule, noise, "rescaled", t=t, data_mean=vessel_mean, data_std=vessel_std
    )  # fmt: skip
    return torch.where(mask > 0, vessel, background)


def check_mask(mask: np.ndarray) -> np.ndarray:
    """(H, W) of any type -> uint8 in {0, 1}.

    Raises:
        InputError: not two-dimensional, too small, or not a number somewhere.
    """
    if mask.ndim != 2 or min(mask.shape) < MIN_SIDE:
        raise InputError(
            f"The mask has shape {' x '.join(map(str, mask.shape))}.",
            f"It must be an image of one channel with sides of at least {MIN_SIDE} pixels.",
        )
    if not np.isfinite(mask).all():
        raise InputError("The mask holds NaN or infinite values.", "Replace them by 0 or 1.")
    return (mask > 0).astype(np.uint8)


def check_steps(params: SynthesisParams, loaded: LoadedDiffusion) -> None:
    """Refuse more steps than the model has levels of noise."""
    most = loaded.schedule.num_timesteps
    if params.steps > most:
        raise InputError(
            f"{params.steps} steps were asked of a model with {most} noise levels.",
            f"Choose at most {most} steps.",
        )


def to_image(x: Tensor) -> list[np.ndarray]:
    """(B, 1, H, W) in [-1, 1] -> B arrays (H, W) float32 in [0, 1]."""
    return list(((x[:, 0].float() + 1) / 2).clamp(0, 1).cpu().numpy())


def match(images: list[np.ndarray], template: np.ndarray | None) -> list[np.ndarray]:
    """The images with the grey values of the template, where there is one."""
    if template is None:
        return images
    return [exposure.match_histograms(i, template).astype(np.float32) for i in images]


def wanted_template(job: Job, params: SynthesisParams) -> np.ndarray | None:
    """The job's `template`, any range, one or three channels -> (H, W) float32 in [0, 1].

    Raises:
        InputError: histogram matching is on, and the template is missing or cannot be used.
    """
    if not params.match_histogram:
        return None
    template = job.inputs.get("template")
    if not isinstance(template, np.ndarray):
        raise InputError("Match histogram is on, but there is no template.", "Choose an image.")
    if template.ndim not in (2, 3) or not template.size:
        raise InputError(f"The template has the shape {template.shape}.", "Choose an image.")
    grey = (template.mean(axis=2) if template.ndim == 3 else template).astype(np.float32)
    low, high = float(grey.min()), float(grey.max())
    if not np.isfinite([low, high]).all() or high <= low:
        raise InputError("The template is constant or holds NaN.", "Choose another image.")
    return (grey - low) / (high - low)


def _notes(mask: np.ndarray, loaded: LoadedDiffusion) -> tuple[str, ...]:
    notes = []
    if not mask.any():
        notes.append("The mask is empty: the image will show background only.")
    elif mask.all():
        notes.append("The mask is vessel everywhere: no model was trained on such a mask.")
    height, width = mask.shape
    padded = (_padded(height, loaded), _padded(width, loaded))
    if padded != (height, width):
        notes.append(
            f"{width} x {height} was padded to {padded[1]} x {padded[0]} for the network, "
            "and the image cropped back."
        )
    return tuple(notes)


def _padded(side: int, loaded: LoadedDiffusion) -> int:
    return side + -side % loaded.model.divisor


def _check_memory(pixels: int, context: Context) -> None:
    """Refuse a mask that one image alone could not be made of in the memory that is free."""
    if context.device.type != "cpu":
        return
    free: Any = psutil.virtual_memory().available
    if pixels * BYTES_A_PIXEL > free:
        side = int((free / BYTES_A_PIXEL) ** 0.5)
        raise InputError(
            f"A mask of {pixels / 1e6:.1f} million pixels needs about "
            f"{pixels * BYTES_A_PIXEL / 1e9:.1f} GB; {free / 1e9:.1f} GB are free.",
            f"Make it smaller, at most about {side} x {side}.",
        )

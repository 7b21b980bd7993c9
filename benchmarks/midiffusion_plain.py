"""MIDiffusion in the straightforward form that the fast one is measured against.

All pairs of windows of two slices are in memory at once, the kernels of a pixel are evaluated for
every window that it is part of, and what the source's windows tell of themselves is found again in
each of the thousand steps.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.diffusion import local_information_plain as plain
from engine.diffusion.local_information import InformationSettings
from engine.diffusion.noise import NoiseSource
from engine.diffusion.samplers import ancestral
from engine.methods.midiffusion.networks import LoadedTranslator

WINDOW = 9


def window_pairs(source: Tensor, target: Tensor, settings: InformationSettings) -> Tensor:
    """LMI of two images (B, 1, H, W): (B, 1, H, W), from 9 B H W pairs of windows."""
    batch, _, height, width = source.shape
    windows = plain.Windows(settings.bins, settings.sigma, settings.normalized)
    own, around = (plain.neighbours(image).permute(0, 2, 3, 1) for image in (source, target))
    shape = (batch, height, width, WINDOW, WINDOW)
    ours = own[..., None, :].expand(shape)
    theirs = around[..., None, :].expand(shape).gather(-1, _seen(height, width).expand(shape))
    kernels = [windows.kernels(pixels.reshape(-1, WINDOW)) for pixels in (ours, theirs)]
    found = windows.information(*kernels).reshape(batch, height, width, WINDOW)
    return found.amax(dim=-1)[:, None]


def _seen(height: int, width: int) -> Tensor:
    """(H, W, 9, 9): which neighbours each window of each pixel holds."""
    rows, columns = (
        [-1 if i == 0 else int(i == length - 1) for i in range(length)]
        for length in (height, width)
    )
    tables = {(y, x): plain.seen_from(y, x) for y in set(rows) for x in set(columns)}
    return torch.tensor([[tables[y, x] for x in columns] for y in rows])


@torch.inference_mode()
def plain_steps(loaded: LoadedTranslator, source: Tensor, count: int) -> Tensor:
    """The first steps of the published process for slices (B, 1, H, W): the state after them."""
    noise, settings = NoiseSource([0] * len(source)), loaded.process.information
    x_T = noise.normal(source.shape[1:], source.device)

    def predict(x_t: Tensor, t: Tensor) -> Tensor:
        maps = [window_pairs(source, image, settings) for image in (x_t, source)]
        return loaded.predict(x_t, t, torch.cat(maps, dim=1))

    steps = ancestral(predict, loaded.schedule, x_T, noise, variance="fixed_large")
    for step in steps:
        if step.index == count - 1:
            break
    steps.close()
    return step.x_t

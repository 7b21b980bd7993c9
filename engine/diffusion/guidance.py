"""Steering a sampler by a classifier of noisy images (Dhariwal & Nichol 2021, section 4)."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Guide = Callable[[Tensor, Tensor], Tensor]
"""(x_t (B, C, ...), t (B,)) -> the gradient of log p(y | x_t) along x_t, already scaled."""


def classifier_guide(
    classify: Callable[[Tensor, Tensor], Tensor], labels: Tensor, scale: float
) -> Guide:
    """scale * grad log p(labels | x_t).

    Gradients are kept for the length of one call, also inside of `no_grad` and inference mode.

    Args:
        classify: (x_t (B, C, ...), t (B,)) -> logits (B, classes); its weights need no gradient.
        labels: (B,) what each image is steered towards.
        scale: Above 1 sharpens what the classifier says.
    """

    def guide(x_t: Tensor, t: Tensor) -> Tensor:
        with torch.inference_mode(False), torch.enable_grad():
            x = x_t.detach().clone().requires_grad_()
            logits = classify(x, t.clone()).float()
            chosen = F.log_softmax(logits, dim=1).gather(1, labels.clone()[:, None])
            (slope,) = torch.autograd.grad(chosen.sum(), x)
        return slope * scale

    return guide


def guided_noise(eps: Tensor, slope: Tensor, alpha_bar: float) -> Tensor:
    """eps - sqrt(1 - alpha_bar) * slope: the score with that of the label; algorithm 2."""
    return torch.sub(eps, slope.to(eps.dtype), alpha=(1.0 - alpha_bar) ** 0.5)

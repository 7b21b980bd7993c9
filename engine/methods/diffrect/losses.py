"""DiffRect's losses and pseudo-labels (Liu et al., MICCAI 2024, section 2; and their release).

Soft outputs are (B, K, H, W) probabilities, label maps (B, H, W) whole numbers in [0, K).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

SMOOTH = 1e-5
RAMP_STEPS = 200
TINY = torch.finfo(torch.float32).tiny
NOWHERE = 1e-12
"""Of a class over all pixels together; less would make gradients without end."""
MOST_DISTANCE = 999.0
"""The rectifier's time of a label that has nothing in common with the better one."""


def certainty(soft: Tensor) -> Tensor:
    """(max - min) / max over the classes, (B, H, W): what the threshold is held against."""
    low, high = torch.aminmax(soft, dim=1)
    return (high - low) / high


def pseudo_labels(soft: Tensor, threshold: float) -> Tensor:
    """The most probable class where (p - min) / max exceeds the threshold, else 0; no gradient."""
    soft = soft.detach()
    # Not argmax, which takes eight times as long over few classes. Of all classes the most
    # probable one has the largest such value.
    return soft.max(dim=1).indices.masked_fill_(certainty(soft) <= threshold, 0)


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """(B, H, W) -> (B, K, H, W) float32."""
    found = torch.zeros((len(labels), classes, *labels.shape[1:]), device=labels.device)
    return found.scatter_(1, labels[:, None], 1.0)


def dice_loss(soft: Tensor, labels: Tensor) -> Tensor:
    """1 - Dice with squared sums, each class over the whole batch; their mean."""
    classes = soft.shape[1]
    sums = (0, 2, 3)
    # Of a one-hot map the squares are the map itself, and its sums are counts.
    both = (soft * one_hot(labels, classes)).sum(dim=sums)
    size = torch.bincount(labels.flatten(), minlength=classes).to(soft.dtype)
    dice = (2 * both + SMOOTH) / (soft.square().sum(dim=sums) + size + SMOOTH)
    return 1.0 - dice.mean()


def dice_distance(labels: Tensor, others: Tensor, classes: int) -> Tensor:
    """`dice_loss` between label maps: 0 where both are the same, near 1 where nothing is."""
    pairs = torch.bincount((labels * classes + others).flatten(), minlength=classes**2)
    table = pairs.reshape(classes, classes).float()
    sizes = table.sum(dim=0) + table.sum(dim=1)
    return 1.0 - ((2 * table.diagonal() + SMOOTH) / (sizes + SMOOTH)).mean()


def ce_and_dice(logits: Tensor, soft: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy plus `dice_loss`."""
    return F.cross_entropy(logits, labels) + dice_loss(soft, labels)


def adaptive_weight(soft: Tensor) -> Tensor:
    """Mean over images and classes of 1 - entropy / log(HW), a class's pixels taken for a
    distribution: large where each class is in few places."""
    shares = soft.flatten(2)
    shares = shares / shares.sum(dim=2, keepdim=True).clamp_min(NOWHERE)
    # A network that is sure gives some class 0, where the slope of x log x has no end.
    entropy = -(shares * shares.clamp_min(TINY).log()).sum(dim=2)
    return 1.0 - entropy.mean() / math.log(shares.shape[2])


def complementary_loss(weak: Tensor, strong: Tensor) -> tuple[Tensor, Tensor]:
    """What the strong view must not find: the class that the weak one finds least likely.

    As in the release, 1 - strong is taken for logits.

    Returns:
        weight * CE(1 - strong, argmin weak), and the weight.
    """
    weight = adaptive_weight(strong)
    return weight * F.cross_entropy(1.0 - strong, weak.detach().min(dim=1).indices), weight


def ramp(iteration: int, length: int, weight: float) -> float:
    """lambda = weight * exp(-5 (1 - r)^2), with r growing to 1 in 200 steps (Laine & Aila 2017).

    Args:
        iteration: From 0.
        length: Iterations until r is 1; 30,000 in the release, which takes a step every 150.
    """
    step = max(1, length // RAMP_STEPS)
    r = min(1.0, (iteration // step) / RAMP_STEPS)
    return weight * math.exp(-5.0 * (1.0 - r) ** 2)

"""Losses against slow forms of their own; the published numbers are in tests/golden."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from monai.losses import DiceLoss

from engine.methods.diffrect.losses import (
    adaptive_weight,
    ce_and_dice,
    certainty,
    complementary_loss,
    dice_distance,
    dice_loss,
    one_hot,
    pseudo_labels,
    ramp,
)


def drawn(classes: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """Probabilities and labels."""
    rng = torch.Generator().manual_seed(0)
    soft = torch.randn(2, classes, 7, 9, generator=rng).mul(3).softmax(dim=1)
    return soft, torch.randint(classes, (2, 7, 9), generator=rng)


def test_dice_is_that_of_monai() -> None:
    soft, labels = drawn()
    theirs = DiceLoss(
        to_onehot_y=True, squared_pred=True, batch=True, smooth_nr=1e-5, smooth_dr=1e-5
    )
    wanted = theirs(soft, labels[:, None])
    assert dice_loss(soft, labels).item() == pytest.approx(wanted.item(), abs=1e-6)


def test_dice_distance_is_dice_of_label_maps() -> None:
    _, labels = drawn()
    _, others = drawn(3)
    others = others.flip(1)
    wanted = dice_loss(one_hot(labels, 3), others)
    assert dice_distance(labels, others, 3).item() == pytest.approx(wanted.item(), abs=1e-6)
    assert dice_distance(labels, labels, 3).item() == pytest.approx(0.0, abs=1e-6)
    away = dice_distance(torch.zeros(1, 4, 4).long(), torch.ones(1, 4, 4).long(), 2)
    assert away.item() == pytest.approx(1.0, abs=1e-5)


def test_labels_are_kept_where_the_segmenter_is_sure() -> None:
    sure = torch.tensor([0.05, 0.9, 0.05])
    torn = torch.tensor([0.2, 0.5, 0.3])
    soft = torch.stack([sure, torn], dim=1)[None, :, None, :]
    assert certainty(soft)[0, 0].tolist() == pytest.approx([0.85 / 0.9, 0.3 / 0.5])
    assert pseudo_labels(soft, 0.8)[0, 0].tolist() == [1, 0]
    assert pseudo_labels(soft, 0.5)[0, 0].tolist() == [1, 1]
    assert not pseudo_labels(soft.requires_grad_(), 0.5).requires_grad


def test_the_weight_is_large_where_classes_are_in_few_places() -> None:
    even = torch.full((1, 2, 8, 8), 0.5)
    assert adaptive_weight(even).item() == pytest.approx(0.0, abs=1e-6)
    spot = even.clone()
    spot[0, :, 2:, :] = torch.tensor([1.0, 0.0])[:, None, None]
    assert adaptive_weight(spot) > adaptive_weight(even)


def test_the_complement_punishes_the_least_likely_class() -> None:
    soft, _ = drawn()
    loss, weight = complementary_loss(soft, soft)
    plain = F.cross_entropy(1 - soft, soft.argmin(dim=1))
    assert loss.item() == pytest.approx((weight * plain).item(), rel=1e-5)
    strong = soft.clone().requires_grad_()
    complementary_loss(soft.requires_grad_(), strong)[0].backward()
    assert strong.grad is not None
    assert soft.grad is None, "the weak view is told nothing"


def test_both_losses_together() -> None:
    soft, labels = drawn()
    logits = soft.log()
    wanted = F.cross_entropy(logits, labels) + dice_loss(soft, labels)
    assert ce_and_dice(logits, soft, labels).item() == pytest.approx(wanted.item())


def test_the_weight_of_unlabelled_slices_grows_as_published() -> None:
    for iteration in (0, 149, 150, 15_000, 29_999, 30_000, 90_000):
        r = min(1.0, (iteration // 150) / 200)
        wanted = 0.1 * math.exp(-5 * (1 - r) ** 2)
        assert ramp(iteration, 30_000, 0.1) == pytest.approx(wanted)
    assert ramp(5, 4, 0.1) == pytest.approx(0.1 * np.exp(-5 * (1 - 5 / 200) ** 2))


def test_a_network_that_is_sure_is_still_led() -> None:
    """Logits so far apart that softmax gives exactly 0."""
    logits = torch.zeros(2, 3, 7, 9)
    logits[:, 0, :3] = 200.0
    logits[:, 1] -= 200.0
    logits.requires_grad_()
    _, labels = drawn()
    soft = logits.softmax(dim=1)
    assert not soft[:, 1].any(), "a class that is nowhere"
    loss, weight = complementary_loss(soft.detach(), soft)
    (loss + weight + ce_and_dice(logits, soft, labels)).backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()

from __future__ import annotations

import numpy as np
import torch

from engine.methods.diffrect.views import two_views


def scene(count: int = 1, side: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    """A bright bar with its label, off the middle."""
    images = torch.full((count, 1, side, side), 0.2)
    labels = torch.zeros(count, side, side, dtype=torch.long)
    images[:, :, 6:12, 8:24] = 0.8
    labels[:, 6:12, 8:24] = 1
    return images, labels


def test_views_follow_from_the_generator_and_fit_their_labels() -> None:
    images, labels = scene(16)
    weak, strong, moved = two_views(images, labels, np.random.default_rng(0))
    again = two_views(images, labels, np.random.default_rng(0))
    assert all(torch.equal(a, b) for a, b in zip((weak, strong, moved), again, strict=True))
    assert weak.shape == strong.shape == images.shape
    assert moved.dtype == torch.long
    inside, outside = weak[:, 0][moved == 1], weak[:, 0][moved == 0]
    assert inside.median() > 0.75
    assert outside.median() < 0.25
    assert len({tuple(m.nonzero()[0].tolist()) for m in moved}) > 4, "each is moved by itself"


def test_the_strong_view_differs_in_values_and_not_in_place() -> None:
    images, labels = scene(16)
    weak, strong, _ = two_views(images, labels, np.random.default_rng(1))
    assert not torch.equal(weak, strong)
    assert (weak - strong).abs().max() < 0.35
    for one, other in zip(weak, strong, strict=True):
        assert np.corrcoef(one.flatten(), other.flatten())[0, 1] > 0.97


def test_black_comes_in_where_a_slice_is_turned() -> None:
    images, labels = torch.ones(24, 1, 32, 32), torch.ones(24, 32, 32, dtype=torch.long)
    weak, _, moved = two_views(images, labels, np.random.default_rng(2))
    corners = weak[:, 0, 0, 0]
    assert 0 < (corners == 0).float().mean() < 1, "about half of them are turned"
    assert torch.equal(moved[:, 16, 16], torch.ones(24).long())
    assert weak.max() <= 1


def test_colours_stay_three() -> None:
    weak, strong, _ = two_views(
        torch.rand(2, 3, 32, 32), torch.zeros(2, 32, 32).long(), np.random.default_rng(0)
    )
    assert weak.shape == strong.shape == (2, 3, 32, 32)

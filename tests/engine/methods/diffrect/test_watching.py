"""What is shown of the case that is watched; the pictures themselves are in test_training."""

from __future__ import annotations

import torch

from engine.methods.diffrect.watching import class_correlation


def test_correlation_of_classes() -> None:
    rng = torch.Generator().manual_seed(0)
    soft = torch.randn(2, 3, 20, 20, generator=rng).mul(2).softmax(dim=1)
    same = class_correlation(soft, soft)
    assert same.shape == (3, 3)
    assert torch.allclose(same.diagonal(), torch.ones(3).double())
    assert torch.allclose(same, same.T)
    wanted = torch.corrcoef(soft.double().movedim(1, 0).flatten(1))
    assert torch.allclose(same, wanted)
    swapped = class_correlation(soft, soft[:, [1, 0, 2]])
    assert torch.allclose(swapped[0, 1], torch.ones(()).double())


def test_a_class_that_is_the_same_everywhere_correlates_with_nothing() -> None:
    soft = torch.full((1, 2, 8, 8), 0.5)
    assert not class_correlation(soft, soft).any()

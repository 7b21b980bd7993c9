from __future__ import annotations

import numpy as np
import pytest

from engine.metrics.agreement import agreement


def test_dice_of_each_vote() -> None:
    reference = np.array([[0, 1, 1, 2]])
    votes = np.array([[[0, 1, 1, 2]], [[1, 1, 1, 2]], [[0, 1, 1, 0]], [[0, 0, 0, 0]]])
    # Two in three right of label 1 and three found: 4/5; a label that is missed counts with 0.
    assert agreement(votes, reference) == pytest.approx((1.0, (4 / 5 + 1) / 2, 0.5, 0.0))


def test_nothing_agrees_with_nothing_but_not_with_something() -> None:
    nothing, something = np.zeros((2, 3), int), np.ones((2, 3), int)
    assert agreement(np.stack([nothing, something]), nothing) == (1.0, 0.0)


def test_other_shapes_are_a_fault() -> None:
    with pytest.raises(ValueError, match="shape"):
        agreement(np.zeros((2, 3, 4), int), np.zeros((4, 3), int))

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn

from engine.errors import InputError
from engine.training.sharing import check_shared, normalises_batches
from engine.training.stage import Batch
from tests.helpers.tiny_training import Toy


class Duel(Toy):
    critic: nn.Module = nn.Identity()

    def critic_loss(self, critic: nn.Module, batch: Batch, iteration: int) -> Mapping[str, Tensor]:
        return {"critic": batch[0].mean()}


class Learning(Toy):
    def memory(self) -> Mapping[str, Tensor]:
        return {"losses": torch.zeros(3)}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Nothing."""


@pytest.mark.parametrize(
    ("stage", "batch", "why"),
    [
        (Toy(), 3, "3 cannot be shared by 2"), (Duel(), 4, "two networks take turns"),
        (Toy(norm=True), 4, "normalises over the batch"), (Learning(), 4, "remembers its losses"),
    ],
)  # fmt: skip
def test_what_cannot_be_shared_is_refused_with_its_reason(stage: Toy, batch: int, why: str) -> None:
    with pytest.raises(InputError, match=why):
        check_shared(stage, batch, 2)
    check_shared(stage, batch, 1)


def test_samples_that_know_nothing_of_each_other_are_shared() -> None:
    check_shared(Toy(), 4, 2)
    assert not normalises_batches(nn.GroupNorm(2, 4))

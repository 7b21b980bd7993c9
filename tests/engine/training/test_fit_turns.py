"""Two networks that take several steps an iteration, on cases that may change on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.steps import NoteStep, Step, TrainStep
from engine.training.fit import Batch, FitSettings, fit
from engine.training.runs import RunFolder
from engine.training.stage import Turn
from tests.helpers.tiny_training import CARD, Toy
from tests.helpers.torch_rules import cpu_context

SETTINGS = FitSettings(
    iterations=6, batch=4, lr=0.05, critic_lr=0.02, seed=3, save_every=1, optimizer="sgd",
    momentum=0.9, weight_decay=1e-3, poly=0.9, critic_falls=False,
)  # fmt: skip


class Pair(Toy):
    """The toy with a second network in between, a second step of its own, and dropout."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(5)
            self.critic: nn.Module = nn.Conv2d(1, 1, 1)
        # As the memory of a fused optimizer has to lie, also after it was kept in a file.
        self.model.to(memory_format=torch.channels_last)
        self.order: list[str] = []
        self.begun: list[int] = []

    def begin(self, iteration: int) -> Sequence[str]:
        self.begun.append(iteration)
        return (f"Case added at {iteration}.",) if iteration == 3 else ()

    def turns_of(self, iteration: int) -> Sequence[Turn]:
        turns = [Turn("model", self._first, "loss"), Turn("critic", self._second, "second")]
        return [*turns, Turn("model", self._third, "third")] if iteration > 2 else turns

    def _first(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        self.order.append("first")
        found = F.dropout(model(batch[0]), 0.3)
        return {"loss": F.mse_loss(found, batch[1])}

    def _second(self, critic: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        self.order.append("second")
        return {"second": F.mse_loss(critic(batch[1]), batch[1].square())}

    def _third(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        self.order.append("third")
        return {"third": F.mse_loss(model(batch[0]), batch[1])}


def steps_of(pair: Pair, path: Path | None = None, stop: int = 0) -> list[Step]:
    run = RunFolder(path, CARD.model_copy(deep=True)) if path is not None else None
    found: list[Step] = []
    steps = fit(pair, SETTINGS, cpu_context(), run)
    for step in steps:
        found.append(step)
        if stop and isinstance(step, TrainStep) and step.iteration == stop:
            steps.close()
            break
    return found


def test_turns_come_in_order_and_later_ones_join() -> None:
    pair = Pair()
    told = steps_of(pair)
    assert pair.order[:4] == ["first", "second"] * 2
    assert pair.order[4:7] == ["first", "second", "third"]
    assert pair.begun == [1, 2, 3, 4, 5, 6]
    assert [s.message for s in told if isinstance(s, NoteStep)] == ["Case added at 3."]
    losses = [s.losses for s in told if isinstance(s, TrainStep)]
    assert "third" not in losses[1]
    assert {"loss", "second", "third", "lr", "critic lr"} <= losses[2].keys()
    assert losses[3]["lr"] == pytest.approx(0.05 * 0.5**0.9)
    assert {row["critic lr"] for row in losses} == {0.02}


def test_each_network_moves_in_its_turns_alone() -> None:
    pair = Pair()
    before = [p.detach().clone() for p in pair.critic.parameters()]
    steps_of(pair)
    assert not all(torch.equal(a, b) for a, b in zip(before, pair.critic.parameters(), strict=True))
    assert all(p.grad is None for p in pair.critic.parameters())


def test_a_broken_run_goes_on_to_the_same_bits_with_dropout(tmp_path: Path) -> None:
    whole, broken = Pair(), Pair()
    steps_of(whole, tmp_path / "whole")
    steps_of(broken, tmp_path / "broken", stop=3)
    again = Pair()
    torch.manual_seed(99)  # what torch drew before must not matter
    steps_of(again, tmp_path / "broken")
    assert again.begun == [4, 5, 6]
    for one, other in ((whole.model, again.model), (whole.critic, again.critic)):
        for name, value in one.state_dict().items():
            assert torch.equal(value, other.state_dict()[name]), name


def test_the_loop_leaves_the_random_numbers_of_others_alone() -> None:
    pair = Pair()
    torch.manual_seed(1)
    wanted = torch.rand(3)
    torch.manual_seed(1)
    steps_of(pair)
    assert torch.equal(torch.rand(3), wanted)


def test_sgd_follows_its_equation() -> None:
    class Slope(Toy):
        def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
            return {"loss": sum((p.sum() for p in model.parameters()), torch.zeros(()))}

    settings = FitSettings(
        iterations=2, batch=2, lr=0.1, seed=0, optimizer="sgd", momentum=0.9, weight_decay=0.0
    )
    toy = Slope()
    before = [p.detach().numpy().copy() for p in toy.model.parameters()]
    list(fit(toy, settings, cpu_context()))
    for start, after in zip(before, toy.model.parameters(), strict=True):
        assert np.allclose(after.detach().numpy(), start - 0.1 * (1 + 1.9), atol=1e-6)


def test_rmsprop_trains_and_is_continued(tmp_path: Path) -> None:
    settings = FitSettings(
        iterations=4, batch=2, lr=1e-3, seed=0, optimizer="rmsprop", save_every=2
    )
    whole = list(fit(Toy(), settings, cpu_context()))
    training = fit(Toy(), settings, cpu_context(), RunFolder(tmp_path, CARD))
    for step in training:
        if isinstance(step, TrainStep) and step.iteration == 2:
            break
    training.close()
    rest = list(fit(Toy(), settings, cpu_context(), RunFolder(tmp_path, CARD)))
    last = [step.losses["loss"] for step in (whole[-1], rest[-1]) if isinstance(step, TrainStep)]
    assert last[0] == last[1]
    assert isinstance(whole[0], TrainStep)
    assert last[0] < whole[0].losses["loss"]

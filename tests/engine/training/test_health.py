from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from engine.errors import Diverged
from engine.training.fit import FitSettings, fit
from engine.training.health import FARTHEST, FIRST, Level
from engine.training.runs import RunFolder
from engine.training.status import read_status
from tests.engine.training.driving import finish, folder_of, state_of
from tests.helpers.tiny_training import Toy
from tests.helpers.torch_rules import cpu_context

SETTINGS = FitSettings(iterations=12, batch=4, lr=1e-2, seed=3, save_every=4)


def level_after(losses: list[float]) -> Level:
    level = Level()
    for loss in losses:
        level.take(loss)
    return level


def test_a_loss_that_grows_without_end_has_run_away() -> None:
    usual = [1.0] * FIRST
    assert not level_after([*usual, *[100.0] * 200]).ran_away
    assert not level_after([*usual, 1e9, 1.0, 1e9, *[1.0] * 50]).ran_away, "two spikes"
    assert level_after([*usual, *[1e9] * 3]).ran_away
    assert level_after([*usual, *[-2 * FARTHEST] * 50]).ran_away
    assert not level_after([0.0] * 50).ran_away


def test_a_level_goes_on_from_what_was_kept() -> None:
    losses = [0.1 * i for i in range(1, 60)]
    whole, broken = level_after(losses), Level()
    broken.restore(level_after(losses[:33]).tensor())
    for loss in losses[33:]:
        broken.take(loss)
    assert torch.equal(whole.tensor(), broken.tensor())


def test_numbers_that_are_none_end_the_run_with_an_explanation(tmp_path: Path) -> None:
    stage = Toy(figures=(0.5, 0.2))
    stage.nan_from = 11
    settings = replace(SETTINGS, validate_every=3)
    with pytest.raises(Diverged) as caught:
        finish(fit(stage, settings, cpu_context(), folder_of(tmp_path)))
    error = caught.value
    assert "no longer a number at iteration 11 (loss, square)" in error.message
    assert "kept as it was at iteration 8, its best weights as of iteration 3" in error.message
    assert "0.001 in place of 0.01" in error.hint
    assert "float32" not in error.hint, "it was full already"
    assert "doctor" in error.hint
    status = read_status(tmp_path)
    assert status is not None
    assert (status.state, status.iteration) == ("diverged", 11)
    assert (status.message, status.hint) == (error.message, error.hint)
    assert not status.is_alive
    # Another rate, and the run goes on from where it was good.
    finish(fit(Toy(), replace(settings, lr=1e-3), cpu_context(), folder_of(tmp_path)))
    status = read_status(tmp_path)
    assert status is not None
    assert (status.state, status.iteration, status.message) == ("finished", 12, "")


def test_half_precision_is_named_where_it_may_be_to_blame(tmp_path: Path) -> None:
    stage = Toy()
    stage.nan_from = 2
    context = replace(cpu_context(), dtype=torch.bfloat16)
    with pytest.raises(Diverged, match="No state had been saved") as caught:
        finish(fit(stage, SETTINGS, context, folder_of(tmp_path)))
    assert "full precision (float32)" in caught.value.hint


class Exploding(Toy):
    """Loses itself after the first iterations, in numbers that are some."""

    def loss(self, model: nn.Module, batch: tuple[Tensor, ...]) -> dict[str, Tensor]:
        loss = super().loss(model, batch)["loss"]
        return {"loss": loss * (1e6 if len(self.batches) > FIRST + 4 else 1.0)}


def test_a_loss_that_runs_away_ends_the_run(tmp_path: Path) -> None:
    settings = replace(SETTINGS, iterations=FIRST + 20, clip_norm=1.0)
    with pytest.raises(Diverged, match="has run away") as caught:
        finish(fit(Exploding(), settings, cpu_context(), folder_of(tmp_path)))
    assert "iteration 24" in caught.value.message, "the last state before"
    assert int(state_of(tmp_path)["counters.iteration"]) == 24


def test_an_optimizer_that_overflows_replaces_no_good_state(tmp_path: Path) -> None:
    """Adam's memory of squares is infinite, its steps are nothing, and weights look well."""

    class Overflowing(Toy):
        def loss(self, model: nn.Module, batch: tuple[Tensor, ...]) -> dict[str, Tensor]:
            loss = super().loss(model, batch)["loss"]
            return {"loss": loss * (1e25 if len(self.batches) == 6 else 1.0)}

    with pytest.raises(Diverged, match="no longer numbers at iteration 8"):
        finish(fit(Overflowing(), SETTINGS, cpu_context(), folder_of(tmp_path)))
    assert int(state_of(tmp_path)["counters.iteration"]) == 4
    assert RunFolder(tmp_path, folder_of(tmp_path).card).load_state()

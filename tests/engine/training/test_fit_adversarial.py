from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.errors import CheckpointError, EngineError
from engine.steps import ImagesStep, NoteStep, TrainStep
from engine.training.checkpoint import load_checkpoint, load_tensors
from engine.training.fit import Batch, FitSettings, fit
from engine.training.previews import preview_iterations, read_previews
from engine.training.runs import RunFolder, read_metrics
from tests.helpers.adaptdiff_models import run
from tests.helpers.tiny_training import CARD, Toy
from tests.helpers.torch_rules import cpu_context

SETTINGS = FitSettings(
    iterations=6, batch=4, lr=1e-2, seed=3, ema_decay=0.9, betas=(0.5, 0.9), cosine_end=1e-3,
    critic_lr=5e-3, preview_every=3,
)  # fmt: skip


class Duel(Toy):
    """The toy with a critic that judges its output, and pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.critic: nn.Module = nn.Conv2d(1, 1, 3)
        self.turns: list[str] = []

    def critic_loss(self, critic: nn.Module, batch: Batch, iteration: int) -> Mapping[str, Tensor]:
        self.turns.append(f"critic {iteration}")
        with torch.no_grad():
            fake = self.model(batch[0])
        value = critic(fake).square().mean() + (critic(batch[1]) - 1).square().mean()
        return {"critic": value, "turn": torch.tensor(float(iteration))}

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        self.turns.append("model")
        return super().loss(model, batch)

    def preview(self, model: nn.Module) -> Mapping[str, np.ndarray]:
        assert not model.training
        weight = next(model.parameters())
        return {"weights": weight[0, 0].numpy().copy()}


def folder(path: Path) -> RunFolder:
    return RunFolder(path, CARD.model_copy(deep=True))


def test_the_critic_moves_first_on_the_same_batch() -> None:
    stage = Duel()
    before = [p.detach().clone() for p in stage.critic.parameters()]
    _, steps = run(fit(stage, replace(SETTINGS, iterations=2), cpu_context()))
    assert stage.turns == ["critic 1", "model", "critic 2", "model"]
    assert len(stage.batches) == 2
    after = stage.critic.parameters()
    assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert [s.losses["turn"] for s in steps if isinstance(s, TrainStep)] == [1, 2]


def test_pictures_are_of_the_averaged_weights(tmp_path: Path) -> None:
    _, steps = run(fit(Duel(), SETTINGS, cpu_context(), folder(tmp_path)))
    shown = [s for s in steps if isinstance(s, ImagesStep)]
    assert [s.caption for s in shown] == ["Iteration 3", "Iteration 6"]
    ema = load_tensors(tmp_path / "checkpoints" / "latest.state")["ema.0.weight"]
    assert np.array_equal(shown[-1].images["weights"], ema[0, 0].numpy())
    assert preview_iterations(tmp_path) == (3, 6)
    kept = read_previews(tmp_path, 6)["weights"]
    assert np.allclose(kept, ema[0, 0].numpy(), atol=np.ptp(ema[0, 0].numpy()) / 255)


def test_the_last_iteration_is_shown_too_unless_none_is() -> None:
    _, steps = run(fit(Duel(), replace(SETTINGS, preview_every=4), cpu_context()))
    shown = [s.caption for s in steps if isinstance(s, ImagesStep)]
    assert shown == ["Iteration 4", "Iteration 6"]
    _, steps = run(fit(Duel(), replace(SETTINGS, preview_every=0), cpu_context()))
    assert not [s for s in steps if isinstance(s, ImagesStep)]


def test_a_killed_run_that_is_continued_forgets_later_pictures(tmp_path: Path) -> None:
    first = fit(Duel(), replace(SETTINGS, save_every=2), cpu_context(), folder(tmp_path))
    for step in first:
        if isinstance(step, ImagesStep):
            shutil.copytree(tmp_path, tmp_path.parent / "killed")
            break
    first.close()
    assert preview_iterations(tmp_path.parent / "killed") == (3,)
    again = fit(Duel(), SETTINGS, cpu_context(), folder(tmp_path.parent / "killed"))
    assert isinstance(next(again), NoteStep)
    assert preview_iterations(tmp_path.parent / "killed") == ()
    again.close()


@pytest.mark.parametrize("at", [1, 4])
def test_cancelled_and_continued_is_the_same_run(at: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    run(fit(Duel(), SETTINGS, cpu_context(), folder(tmp_path / "whole")))
    first = fit(Duel(), SETTINGS, cpu_context(), folder(tmp_path / "broken"))
    for step in first:
        if isinstance(step, TrainStep) and step.iteration == at:
            break
    first.close()
    run(fit(Duel(), SETTINGS, cpu_context(), folder(tmp_path / "broken")))
    one, other = (
        load_tensors(tmp_path / name / "checkpoints" / "latest.state")
        for name in ("whole", "broken")
    )
    assert {k.split(".")[0] for k in one} >= {"rival-model", "rival-optimizer"}
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    assert read_metrics(tmp_path / "whole") == read_metrics(tmp_path / "broken")
    final = load_checkpoint(folder(tmp_path / "whole").final)
    assert final.tensors.keys() == Duel().model.state_dict().keys(), "the critic is no result"


def test_the_state_of_a_run_without_critic_does_not_fit(tmp_path: Path) -> None:
    run(fit(Toy(), SETTINGS, cpu_context(), folder(tmp_path)))
    with pytest.raises(CheckpointError, match="does not fit"):
        run(fit(Duel(), SETTINGS, cpu_context(), folder(tmp_path)))


def test_a_critic_that_diverges_stops_the_run() -> None:
    class Broken(Duel):
        def critic_loss(
            self, critic: nn.Module, batch: Batch, iteration: int
        ) -> Mapping[str, Tensor]:
            value = super().critic_loss(critic, batch, iteration)["critic"]
            return {"critic": value * (float("nan") if iteration == 3 else 1)}

    with pytest.raises(EngineError, match="iteration 3"):
        run(fit(Broken(), SETTINGS, cpu_context()))


def test_rates_fall_along_a_cosine() -> None:
    rates = [SETTINGS.rate(i) for i in range(7)]
    assert rates[0] == pytest.approx(1e-2)
    assert rates[3] == pytest.approx(5.5e-3)
    assert rates[6] == pytest.approx(1e-3)
    assert SETTINGS.critic_rate(3) == pytest.approx(3e-3)
    assert rates == sorted(rates, reverse=True)


def test_adam_takes_the_betas() -> None:
    models = []
    for betas in ((0.5, 0.9), (0.9, 0.999)):
        settings = replace(SETTINGS, betas=betas, ema_decay=0.0)
        models.append(run(fit(Toy(), settings, cpu_context()))[0].state_dict())
    assert not torch.equal(models[0]["0.weight"], models[1]["0.weight"])

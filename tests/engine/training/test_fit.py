from __future__ import annotations

import shutil
from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from engine.errors import CheckpointError, EngineError, InputError
from engine.steps import NoteStep, Step, TrainStep
from engine.training.checkpoint import load_checkpoint
from engine.training.fit import Batch, FitSettings, fit
from engine.training.previews import preview_iterations
from engine.training.runs import RunFolder, read_metrics
from engine.training.status import read_status
from tests.engine.training.driving import finish, folder_of, state_of
from tests.helpers.tiny_training import CARD, Toy
from tests.helpers.torch_rules import cpu_context

SETTINGS = FitSettings(
    iterations=12, batch=4, lr=1e-2, seed=3, halve_every=5, ema_decay=0.9, clip_norm=1.0,
    save_every=4, validate_every=3,
)  # fmt: skip
FIGURES = (0.2, 0.5, 0.4)


def toy(**changes: Any) -> Toy:
    return Toy(**{"norm": True, "figures": FIGURES, **changes})


def cancel_after(training: Generator[Step, None, nn.Module], iterations: int) -> None:
    for step in training:
        if isinstance(step, TrainStep) and step.iteration == iterations:
            break
    training.close()


def assert_same_run(a: Path, b: Path) -> None:
    """Weights, optimizer, average, counters, figures and measurements, to the last bit."""
    one, other = state_of(a), state_of(b)
    assert one.keys() == other.keys()
    assert {k.split(".")[0] for k in one} == {"model", "optimizer", "ema", "counters"}
    for name, value in one.items():
        assert torch.equal(value, other[name]), name
    assert (a / "metrics.csv").read_bytes() == (b / "metrics.csv").read_bytes()
    for name in ("best", "final"):
        first, second = (load_checkpoint(p / "checkpoints" / f"{name}.safetensors") for p in (a, b))
        assert first.card == second.card
        for key, value in first.tensors.items():
            assert torch.equal(value, second.tensors[key]), (name, key)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without a break."""
    path = tmp_path_factory.mktemp("runs") / "whole"
    torch.set_num_threads(1)
    finish(fit(toy(), SETTINGS, cpu_context(), folder_of(path)))
    return path


@pytest.mark.parametrize("at", [1, 5, 11, 12])
def test_cancelled_and_continued_is_the_same_run(at: int, whole: Path, tmp_path: Path) -> None:
    cancel_after(fit(toy(), SETTINGS, cpu_context(), folder_of(tmp_path)), at)
    left = toy(figures=FIGURES[at // 3 :] or FIGURES[-1:])
    _, steps = finish(fit(left, SETTINGS, cpu_context(), folder_of(tmp_path)))
    assert isinstance(steps[0], NoteStep)
    assert f"iteration {at} of 12" in steps[0].message
    assert_same_run(whole, tmp_path)


def test_killed_and_continued_is_the_same_run(whole: Path, tmp_path: Path) -> None:
    """After kill -9 there is the last saved state, and metrics that are ahead of it."""
    training = fit(toy(), SETTINGS, cpu_context(), folder_of(tmp_path / "run"))
    for step in training:
        if isinstance(step, TrainStep) and step.iteration == 4:
            shutil.copytree(tmp_path / "run", tmp_path / "killed")
        if isinstance(step, TrainStep) and step.iteration == 8:
            break
    ahead = (tmp_path / "run" / "metrics.csv").read_bytes()
    training.close()
    assert [i for i, name, _ in read_metrics(tmp_path / "killed") if name == "loss"] == [1, 2, 3, 4]
    (tmp_path / "killed" / "metrics.csv").write_bytes(ahead + b"9,loss,0.1")
    finish(fit(toy(figures=FIGURES[1:]), SETTINGS, cpu_context(), folder_of(tmp_path / "killed")))
    assert_same_run(whole, tmp_path / "killed")


def test_killed_between_the_last_state_and_the_final_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*args: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "save_state", kill)
        with pytest.raises(Killed):
            finish(fit(toy(), replace(SETTINGS, save_every=0), cpu_context(), folder_of(tmp_path)))
    finish(fit(toy(), SETTINGS, cpu_context(), folder_of(tmp_path)))
    assert folder_of(tmp_path).final.exists()
    iterations = [i for i, name, _ in read_metrics(tmp_path) if name == "loss"]
    assert iterations == list(range(1, 13)), "rows of the killed attempt are still there"


def test_a_finished_run_stays_as_it_is_and_a_longer_one_goes_on(
    whole: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    shutil.copytree(whole, path)
    model, steps = finish(fit(toy(), SETTINGS, cpu_context(), folder_of(path)))
    assert not [s for s in steps if isinstance(s, TrainStep)]
    ema = {k: v for k, v in state_of(path).items() if k.startswith("ema.")}
    for name, value in model.state_dict().items():
        assert torch.equal(value, ema[f"ema.{name}"].to(value.dtype)), name
    _, steps = finish(fit(toy(), replace(SETTINGS, iterations=14), cpu_context(), folder_of(path)))
    assert [s.iteration for s in steps if isinstance(s, TrainStep)] == [13, 14]


def test_the_result_is_the_average_in_eval_mode() -> None:
    stage = toy()
    model, _ = finish(fit(stage, replace(SETTINGS, ema_decay=0.0), cpu_context()))
    averaged, _ = finish(fit(toy(), SETTINGS, cpu_context()))
    assert not model.training
    assert not averaged.training
    a, b = (m.state_dict()["0.weight"] for m in (model, averaged))
    assert not torch.allclose(a, b, atol=1e-4)


def test_training_reduces_the_loss() -> None:
    _, steps = finish(fit(Toy(), FitSettings(60, 8, 2e-2, seed=0), cpu_context()))
    losses = [s.losses["loss"] for s in steps if isinstance(s, TrainStep)]
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])


@pytest.mark.parametrize("max_batch", [1, 3])
def test_parts_of_a_batch_make_the_same_update(max_batch: int) -> None:
    settings = replace(SETTINGS, iterations=5)
    whole_batch, steps = finish(fit(Toy(), settings, cpu_context()))
    in_parts, part_steps = finish(fit(Toy(), settings, cpu_context(max_batch)))
    for a, b in zip(steps, part_steps, strict=True):
        assert isinstance(a, TrainStep)
        assert isinstance(b, TrainStep)
        assert a.losses["loss"] == pytest.approx(b.losses["loss"], abs=1e-5)
    assert_close(in_parts.state_dict(), whole_batch.state_dict(), atol=1e-5, rtol=1e-4)


def test_crops_and_noise_follow_from_seed_and_iteration_alone() -> None:
    one, other = Toy(), Toy()
    finish(fit(one, replace(SETTINGS, iterations=3), cpu_context()))
    finish(fit(other, replace(SETTINGS, iterations=3, lr=0.1), cpu_context(1)))
    assert all(torch.equal(a, b) for a, b in zip(one.batches, other.batches, strict=True))
    assert not torch.equal(one.batches[0], one.batches[1])


def test_rate_is_halved() -> None:
    rates = [SETTINGS.rate(i) for i in range(12)]
    assert rates == [1e-2] * 5 + [5e-3] * 5 + [2.5e-3] * 2
    assert replace(SETTINGS, halve_every=0).rate(10**6) == 1e-2


def test_rates_and_figures_are_recorded(whole: Path) -> None:
    rows = read_metrics(whole)
    assert [v for _, name, v in rows if name == "lr"] == [SETTINGS.rate(i) for i in range(12)]
    assert [(i, v) for i, name, v in rows if name == "score"] == [
        (3, 0.2), (6, 0.5), (9, 0.4), (12, 0.4),
    ]  # fmt: skip
    assert {name for _, name, _ in rows} == {"loss", "square", "lr", "score"}
    assert list(whole.glob("events.out.tfevents.*"))


def test_a_step_tells_the_rates_and_figures_that_are_recorded(tmp_path: Path) -> None:
    _, steps = finish(fit(toy(), SETTINGS, cpu_context(), folder_of(tmp_path)))
    told = [
        (s.iteration, n, v) for s in steps if isinstance(s, TrainStep) for n, v in s.losses.items()
    ]
    assert told == read_metrics(tmp_path)


def test_a_folder_that_another_run_holds_is_left_alone(tmp_path: Path) -> None:
    other = folder_of(tmp_path)
    other.hold()
    with pytest.raises(InputError, match="Another process trains"):
        finish(fit(toy(), SETTINGS, cpu_context(), folder_of(tmp_path)))
    assert not (tmp_path / "metrics.csv").exists()
    other.close()
    finish(fit(toy(), SETTINGS, cpu_context(), folder_of(tmp_path)))
    finish(fit(toy(), SETTINGS, cpu_context(), folder_of(tmp_path)))


def test_best_is_the_best_and_final_the_last(whole: Path) -> None:
    best = load_checkpoint(whole / "checkpoints" / "best.safetensors")
    final = load_checkpoint(whole / "checkpoints" / "final.safetensors")
    assert best.card.training["iterations_done"] == 6
    assert best.card.figures == {"score": 0.5}
    assert final.card.training["iterations_done"] == 12
    assert final.card.figures == {"score": 0.4}
    ema = {k.removeprefix("ema."): v for k, v in state_of(whole).items() if k.startswith("ema.")}
    assert torch.equal(final.tensors["0.weight"], ema["0.weight"].half().float())


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    stage = toy(norm=False)
    stage.nan_from = 7
    with pytest.raises(EngineError, match="no longer a number at iteration 7") as caught:
        finish(fit(stage, SETTINGS, cpu_context(), folder_of(tmp_path)))
    assert "learning rate" in caught.value.hint
    state = state_of(tmp_path)
    assert int(state["counters.iteration"]) == 4
    assert all(bool(v.isfinite().all()) for k, v in state.items() if k != "counters.best")
    _, steps = finish(fit(toy(norm=False), SETTINGS, cpu_context(), folder_of(tmp_path)))
    assert [s.iteration for s in steps if isinstance(s, TrainStep)] == list(range(5, 13))


def test_weights_that_are_no_numbers_replace_no_good_state(tmp_path: Path) -> None:
    """The loss is a number while its gradient is not: the square root of zero."""

    class Rooted(Toy):
        def loss(self, model: nn.Module, batch: tuple[Tensor, ...]) -> dict[str, Tensor]:
            loss = super().loss(model, batch)["loss"]
            root = (loss * 0).sqrt() if len(self.batches) == 6 else loss * 0
            return {"loss": loss + root}

    settings = replace(SETTINGS, save_every=2, validate_every=0, clip_norm=0.0)
    with pytest.raises(EngineError, match="no longer numbers at iteration 6"):
        finish(fit(Rooted(), settings, cpu_context(), folder_of(tmp_path)))
    assert int(state_of(tmp_path)["counters.iteration"]) == 4

    other = folder_of(tmp_path / "cancelled")
    cancel_after(fit(Rooted(), replace(settings, save_every=5), cpu_context(), other), 6)
    assert int(state_of(tmp_path / "cancelled")["counters.iteration"]) == 5


def test_a_run_of_another_network_is_not_continued(tmp_path: Path) -> None:
    cancel_after(fit(toy(), SETTINGS, cpu_context(), folder_of(tmp_path)), 2)
    with pytest.raises(CheckpointError, match="does not fit the network"):
        finish(fit(toy(norm=False), SETTINGS, cpu_context(), folder_of(tmp_path)))


def test_averaging_can_be_switched_on_and_off_on_the_way(tmp_path: Path) -> None:
    off = replace(SETTINGS, ema_decay=0.0)
    cancel_after(fit(toy(), off, cpu_context(), folder_of(tmp_path)), 3)
    trained = state_of(tmp_path)["model.0.weight"]
    cancel_after(fit(toy(), SETTINGS, cpu_context(), folder_of(tmp_path)), 4)
    fresh = Toy(norm=True).model.state_dict()["0.weight"]
    averaged = state_of(tmp_path)["ema.0.weight"]
    assert (averaged - trained).abs().max() < (averaged - fresh).abs().max()
    finish(fit(toy(), off, cpu_context(), folder_of(tmp_path)))


def test_batches_that_processes_cannot_share_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accelerate.Accelerator.num_processes", 3)
    with pytest.raises(InputError, match="4 cannot be shared by 3"):
        finish(fit(toy(), SETTINGS, cpu_context()))


def test_it_ends_early_where_validations_bring_nothing_better(tmp_path: Path) -> None:
    settings = replace(SETTINGS, patience=2, validate_every=2)
    figures = (0.2, 0.5, 0.4, 0.5, 0.9)
    _, steps = finish(fit(toy(figures=figures), settings, cpu_context(), folder_of(tmp_path)))
    assert isinstance(steps[-1], NoteStep)
    assert "Ended early at iteration 8 of 12" in steps[-1].message
    assert "than that of iteration 4" in steps[-1].message
    final = load_checkpoint(tmp_path / "checkpoints" / "final.safetensors")
    assert final.card.training["iterations_done"] == 8
    status = read_status(tmp_path)
    assert status is not None
    assert (status.state, status.iteration) == ("ended early", 8)
    # It stays as it is, until there is more patience.
    _, steps = finish(fit(toy(), settings, cpu_context(), folder_of(tmp_path)))
    assert not [s for s in steps if isinstance(s, TrainStep)]
    patient = replace(settings, patience=4)
    left = toy(figures=figures[4:])
    _, steps = finish(fit(left, patient, cpu_context(), folder_of(tmp_path)))
    assert [s.iteration for s in steps if isinstance(s, TrainStep)] == [9, 10, 11, 12]


def test_patience_outlasts_an_interruption(tmp_path: Path) -> None:
    settings = replace(SETTINGS, patience=3, validate_every=1)
    cancel_after(fit(toy(), settings, cpu_context(), folder_of(tmp_path)), 4)
    left = toy(figures=FIGURES[2:])
    _, steps = finish(fit(left, settings, cpu_context(), folder_of(tmp_path)))
    assert [s.iteration for s in steps if isinstance(s, TrainStep)] == [5], "2 + 3 without better"


def test_the_best_is_told_by_the_figure_that_is_chosen(tmp_path: Path) -> None:
    class Judged(Toy):
        def validate(self, model: nn.Module) -> Mapping[str, float]:
            done = len(self.batches)
            return {"score": done, "other": -abs(done - 6)}

    settings = replace(SETTINGS, best_by="other")
    finish(fit(Judged(), settings, cpu_context(), folder_of(tmp_path)))
    best = load_checkpoint(tmp_path / "checkpoints" / "best.safetensors")
    assert best.card.training["iterations_done"] == 6
    assert list(best.card.figures) == ["other", "score"]
    with pytest.raises(InputError, match="no figure 'none'"):
        finish(fit(Judged(), replace(settings, best_by="none"), cpu_context(),
                   folder_of(tmp_path / "none")))  # fmt: skip


class Learning(Toy):
    """Remembers the sum of its losses, and trains differently by it."""

    def __init__(self) -> None:
        super().__init__()
        self.total = torch.zeros(())

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        losses = super().loss(model, batch)
        self.total = self.total + losses["loss"].detach()
        return {**losses, "loss": losses["loss"] / (1 + self.total)}

    def memory(self) -> Mapping[str, Tensor]:
        return {"total": self.total}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        self.total = memory["total"]


def test_what_a_stage_remembers_is_continued_too(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    finish(fit(Learning(), SETTINGS, cpu_context(), folder_of(whole)))
    cancel_after(fit(Learning(), SETTINGS, cpu_context(), folder_of(broken)), 5)
    finish(fit(Learning(), SETTINGS, cpu_context(), folder_of(broken)))
    one, other = state_of(whole), state_of(broken)
    assert one["memory.total"] > 0
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_weights_decay_apart_from_the_gradient() -> None:
    def train(decay: float) -> Tensor:
        stage = Toy()
        settings = FitSettings(iterations=1, batch=2, lr=0.1, seed=0, weight_decay=decay)
        model, _ = finish(fit(stage, settings, cpu_context()))
        return next(model.parameters()).detach()

    before = next(Toy().model.parameters()).detach()
    assert_close(train(0.0) - train(0.5), 0.1 * 0.5 * before, atol=1e-6, rtol=1e-5)


def test_pictures_are_there_before_the_state_that_goes_on_after_them(tmp_path: Path) -> None:
    class Shown(Toy):
        def preview(self, model: nn.Module) -> Mapping[str, np.ndarray]:
            return {"Guess": np.zeros((1, 4, 4), np.float32)}

    found: dict[int, tuple[int, ...]] = {}

    class Watched(RunFolder):
        def save_state(self, tensors: Mapping[str, Tensor], iteration: int) -> None:
            found[iteration] = preview_iterations(tmp_path)
            super().save_state(tensors, iteration)

    settings = FitSettings(iterations=4, batch=2, lr=1e-3, seed=0, save_every=2, preview_every=2)
    finish(fit(Shown(), settings, cpu_context(), Watched(tmp_path, CARD.model_copy(deep=True))))
    assert found[2] == (2,)
    assert found[4] == (2, 4)

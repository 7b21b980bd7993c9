from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.data.segmentation.cases import find_cases
from engine.data.segmentation.splits import read_split
from engine.data.segmentation.store import CaseStore
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.cdal.data import TrainingData, recipe
from engine.methods.cdal.networks import Process, load_generator
from engine.methods.cdal.params import TrainParams
from engine.methods.cdal.stage import DuelStage, class_dice, classes_of, fit_settings, mean_of
from engine.methods.cdal.training import train
from engine.networks.ncsnpp import NCSNpp
from engine.networks.time_discriminator import DiscriminatorConfig, TimeDiscriminator
from engine.steps import ImagesStep, NoteStep, TrainStep
from engine.training.checkpoint import load_checkpoint, load_tensors
from engine.training.runs import read_metrics, read_request
from tests.helpers.adaptdiff_models import run
from tests.helpers.cdal_models import SIDE, TINY, TINY_TRAINING, ball_set, disc_folders
from tests.helpers.torch_rules import cpu_context


def params(**changes: Any) -> TrainParams:
    made: TrainParams = TrainParams.parse({**TINY_TRAINING, **changes})
    return made


def job(folder: Path, made: TrainParams, output: str = "run", **inputs: Path) -> Job:
    named = inputs or {"images": folder / "images", "masks": folder / "masks"}
    return Job("cdal", "train", made, {**named, "output": folder / output})


def stage(folder: Path, made: TrainParams | None = None) -> DuelStage:
    made = made or params()
    shown = recipe("grey", SIDE, augmented=False)
    store = CaseStore(find_cases(folder / "images", folder / "masks").cases, shown.preparation)
    torch.manual_seed(0)
    critic = TimeDiscriminator(DiscriminatorConfig("small", 1, 4, 8))
    schedule = Process(timesteps=2).make()
    data = TrainingData(store, shown, 2)
    return DuelStage(NCSNpp(TINY), critic, data, schedule, made, cpu_context())


def test_from_folders_to_a_checkpoint(tmp_path: Path) -> None:
    disc_folders(tmp_path)
    made = params(preview_every=2, ema_decay=0.5, renumber=True)
    result, steps = run(train(job(tmp_path, made), cpu_context()))
    trained = [s for s in steps if isinstance(s, TrainStep)]
    assert [s.iteration for s in trained] == [1, 2, 3, 4]
    assert {"loss", "critic", "D real", "D fake", "R1"} <= trained[0].losses.keys()
    assert 0 <= trained[-1].losses["validation Dice"] <= 1
    shown = [s for s in steps if isinstance(s, ImagesStep)]
    assert len(shown) == 2
    assert {"Image", "Labels", "Segmentation", "Attention of D"} <= shown[0].images.keys()
    assert all(i.shape == (SIDE, SIDE) and np.isfinite(i).all() for i in shown[0].images.values())
    card = load_checkpoint(result.path).expect("cdal", "generator").card
    assert card.config["image_size"] == SIDE
    assert card.labels["1"]["name"]
    assert card.preprocessing["kind"] == "grey"
    assert card.training["parameters"] == made.model_dump()
    assert card.data[0]["cases"] == 3, "one of five validates, one is kept for testing"
    split = read_split(tmp_path / "run")
    assert len(split.test) == len(split.validation) == 1
    assert read_request(tmp_path / "run")["task"] == "train"
    assert load_generator(str(result.path), cpu_context()).schedule.num_timesteps == 2
    rates = {name: v for i, name, v in read_metrics(tmp_path / "run") if i == 4}
    assert rates["lr"] < made.lr_generator
    assert rates["critic lr"] < made.lr_discriminator


def test_volumes_with_two_structures(tmp_path: Path) -> None:
    folder = ball_set(tmp_path / "balls")
    made = params(kind="hippocampus", iterations=2, validation=0.0)
    result, steps = run(train(job(tmp_path, made, images=folder), cpu_context()))
    card = load_checkpoint(result.path).card
    assert card.config["labels"] == 3, "one map a class"
    assert [card.labels[k]["name"] for k in ("1", "2")] == ["front", "back"]
    assert "validation Dice" not in [s for s in steps if isinstance(s, TrainStep)][-1].losses


def test_the_best_weights_by_one_structure(tmp_path: Path) -> None:
    folder = ball_set(tmp_path / "balls")
    made = params(kind="hippocampus", iterations=2, validation=0.25, best_by="Back")
    result, steps = run(train(job(tmp_path, made, images=folder), cpu_context()))
    told = [s for s in steps if isinstance(s, TrainStep)][-1].losses
    of_each = [told["validation Dice, front"], told["validation Dice, back"]]
    assert told["validation Dice, lowest"] == min(of_each)
    best = load_checkpoint(result.path.with_name("best.safetensors")).card.figures
    assert next(iter(best)) == "validation Dice, back"
    other = job(tmp_path, made.with_changes(best_by="left"), "other", images=folder)
    with pytest.raises(InputError, match="no structure left") as caught:
        run(train(other, cpu_context()))
    assert "lowest, front, back" in caught.value.hint
    assert not (tmp_path / "other").exists()


def test_a_cancelled_job_is_continued_to_the_same_bits(tmp_path: Path) -> None:
    disc_folders(tmp_path)
    made = params(lazy_r1=2, ema_decay=0.5, save_every=1, renumber=True)
    run(train(job(tmp_path, made, "whole"), cpu_context()))
    generator = train(job(tmp_path, made, "broken"), cpu_context())
    for step in generator:
        if isinstance(step, TrainStep) and step.iteration == 2:
            break
    generator.close()
    _, steps = run(train(job(tmp_path, made, "broken"), cpu_context()))
    assert [s.iteration for s in steps if isinstance(s, TrainStep)] == [3, 4]
    assert any("Continuing at iteration 2" in s.message for s in steps if isinstance(s, NoteStep))
    one, other = (
        load_tensors(tmp_path / name / "checkpoints" / "latest.state")
        for name in ("whole", "broken")
    )
    assert one.keys() == other.keys()
    assert {k.split(".")[0] for k in one} == {
        "model", "optimizer", "rival-model", "rival-optimizer", "ema", "counters",
    }  # fmt: skip
    for name, value in one.items():
        assert torch.equal(value, other[name]), name
    assert read_metrics(tmp_path / "whole") == read_metrics(tmp_path / "broken")


def test_both_networks_learn_and_only_when_it_is_their_turn(tmp_path: Path) -> None:
    duel = stage(disc_folders(tmp_path))
    batch = duel.batch(np.random.default_rng(0), 2)
    duel.critic_loss(duel.critic, batch, 1)["critic"].backward()
    assert _has_gradient(duel.critic)
    assert not _has_gradient(duel.model)
    duel.critic.zero_grad()
    duel.loss(duel.model, batch)["loss"].backward()
    assert _has_gradient(duel.model)
    assert not _has_gradient(duel.critic)


def _has_gradient(network: nn.Module) -> bool:
    return any(p.grad is not None and bool(p.grad.any()) for p in network.parameters())


def test_the_penalty_is_that_of_the_slope_and_lazy(tmp_path: Path) -> None:
    duel = stage(disc_folders(tmp_path), params(r1_gamma=3.0, lazy_r1=3))
    batch = duel.batch(np.random.default_rng(0), 2)
    told = [set(duel.critic_loss(duel.critic, batch, i)) for i in (1, 2, 3, 4)]
    assert ["R1" in names for names in told] == [True, False, False, True]

    class Slope(nn.Module):
        def forward(self, x_t: Tensor, t: Tensor, x_next: Tensor) -> Tensor:
            return 2 * x_t.flatten(1).sum(dim=1, keepdim=True)

    penalty = duel.critic_loss(Slope(), batch, 1)["R1"]
    assert penalty.item() == pytest.approx(3.0 / 2 * 4 * SIDE**2)


def test_scores_are_judged_by_softplus(tmp_path: Path) -> None:
    duel = stage(disc_folders(tmp_path), params(r1_gamma=0.0))
    batch = duel.batch(np.random.default_rng(0), 2)

    class Sure(nn.Module):
        def forward(self, x_t: Tensor, t: Tensor, x_next: Tensor) -> Tensor:
            return torch.full((len(x_t), 1), 2.0)

    losses = duel.critic_loss(Sure(), batch, 1)
    assert losses["D real"].item() == pytest.approx(np.log1p(np.exp(-2.0)))
    assert losses["D fake"].item() == pytest.approx(np.log1p(np.exp(2.0)))
    assert losses["critic"].item() == pytest.approx(
        losses["D real"].item() + losses["D fake"].item()
    )


def test_the_generator_sees_labels_where_the_discriminator_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    duel = stage(disc_folders(tmp_path))
    images, x0, t, latents, noise = duel.batch(np.random.default_rng(0), 2)
    batch = (images, x0, torch.ones_like(t), latents, torch.zeros_like(noise))
    looks = torch.zeros(2, 1, SIDE, SIDE)
    looks[..., : SIDE // 2] = 3.0
    monkeypatch.setattr(duel, "_attention", lambda x_t, t, x_next: looks)
    seen: list[Tensor] = []

    class Perfect(nn.Module):
        def forward(self, x: Tensor, t: Tensor, z: Tensor, image: Tensor) -> Tensor:
            seen.append(x)
            return x0

    assert duel.loss(Perfect(), batch)["loss"].item() == 0
    signal = duel.schedule.alpha_bar[1].sqrt().float()
    assert torch.allclose(seen[0], signal * looks * x0)
    assert not seen[0][..., SIDE // 2 :].any()


def test_pairs_follow_the_forward_process(tmp_path: Path) -> None:
    duel = stage(disc_folders(tmp_path))
    x0, t = torch.ones(2, 1, 64, 64), torch.tensor([0, 1])
    noise = torch.from_numpy(
        np.random.default_rng(0).standard_normal((2, 4, 1, 64, 64), np.float32)
    )
    x_t, x_next = duel._pair(duel.schedule, x0, t, noise)
    assert torch.equal(x_t[0], x0[0]), "before the first step labels are clean"
    alpha_bar = duel.schedule.alpha_bar
    for i in range(2):
        assert x_next[i].mean().item() == pytest.approx(alpha_bar[i].sqrt().item(), abs=0.05)
        assert x_next[i].std().item() == pytest.approx((1 - alpha_bar[i]).sqrt().item(), abs=0.05)


def test_training_learns_to_segment(tmp_path: Path) -> None:
    disc_folders(tmp_path, count=6)
    made = params(
        iterations=60, batch=4, lr_generator=1e-2, lazy_r1=8, renumber=True, validation=0.0
    )
    _, steps = run(train(job(tmp_path, made), cpu_context()))
    losses = [s.losses for s in steps if isinstance(s, TrainStep)]
    first = np.mean([v["loss"] for v in losses[:5]])
    assert np.mean([v["loss"] for v in losses[-10:]]) < 0.5 * first


def test_settings_come_from_the_parameters() -> None:
    settings = fit_settings(params(lr_end=0.0, beta1=0.3, iterations=10))
    assert settings.betas == (0.3, 0.9)
    assert settings.critic_lr == 1e-3
    assert settings.rate(5) == pytest.approx(1e-4)
    assert settings.critic_rate(0) == 1e-3


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"multipliers": "1, 1, 1, 1, 1, 1"}, "cannot be halved 5 times"),
        ({"discriminator": "large"}, "too small for the large"),
    ],
)
def test_networks_that_cannot_be_built(
    tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    disc_folders(tmp_path)
    made = params(renumber=True, **changes)
    with pytest.raises(InputError, match=problem):
        run(train(job(tmp_path, made), cpu_context()))
    assert not (tmp_path / "run").exists()


def test_a_run_on_other_cases_is_not_continued(tmp_path: Path) -> None:
    disc_folders(tmp_path)
    made = params(iterations=1, renumber=True)
    run(train(job(tmp_path, made), cpu_context()))
    for name in ("images", "masks"):
        for file in (tmp_path / name).iterdir():
            file.rename(file.with_name(f"new_{file.name}"))
    with pytest.raises(InputError, match="a run on other cases"):
        run(train(job(tmp_path, made), cpu_context()))


def test_dice_of_classes() -> None:
    truth = torch.tensor([[0, 1, 1, 2]])
    assert class_dice(truth, truth) == {1: 1, 2: 1}
    some = class_dice(torch.tensor([[0, 1, 0, 0]]), truth)
    assert some == {1: pytest.approx(2 / 3), 2: 0}
    assert mean_of(some) == pytest.approx((2 / 3 + 0) / 2)
    assert mean_of(class_dice(torch.zeros(1, 4), torch.zeros(1, 4))) == 1
    maps = torch.tensor([[[-1.0, 0.2]], [[0.5, -1.0]]]).reshape(1, 2, 1, 2)
    assert classes_of(maps).tolist() == [[[1, 0]]]
    assert classes_of(maps[:, :1]).tolist() == [[[0, 1]]]

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.data.pairset import PairSetWriter
from engine.data.phantoms import grow_vessel_tree, render_octa
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.adaptdiff import training
from engine.methods.adaptdiff.networks import load_segmenter
from engine.methods.adaptdiff.params import (
    DiffusionParams,
    FineTuneParams,
    SegmenterParams,
    SynthesisParams,
)
from engine.methods.adaptdiff.stages import DiffusionStage, SegmenterStage, fit_settings
from engine.methods.adaptdiff.synthesis import synthesize
from engine.methods.adaptdiff.vessels import VesselImage, min_max
from engine.networks.residual_unet import ResidualUNet
from engine.networks.spade_unet import SpadeUNet
from engine.steps import TrainStep
from engine.training.checkpoint import load_checkpoint
from engine.training.runs import read_metrics, read_request
from tests.helpers.adaptdiff_models import CHANNELS, WIDTHS, phantom_folders, run, save_segmenter
from tests.helpers.torch_rules import cpu_context

SHORT: dict[str, Any] = {"iterations": 3, "batch": 2, "crop": 64, "seed": 5}


@pytest.fixture(autouse=True)
def _tiny_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SPADE_WIDTHS", WIDTHS)
    monkeypatch.setattr(training, "SEGMENTER_CHANNELS", CHANNELS)


def phantoms(count: int = 2) -> list[VesselImage]:
    trees = [grow_vessel_tree(80, 80, i, field="macula") for i in range(count)]
    return [VesselImage(f"p{i}", min_max(render_octa(t, i)), t.mask()) for i, t in enumerate(trees)]


def folder_job(folder: Path, task: str, params: Any, output: str = "run") -> Job:
    inputs = {
        "images": folder / "images", "masks": folder / "masks", "output": folder / output,
    }  # fmt: skip
    return Job("adaptdiff", task, params, inputs)


def test_diffusion_from_folders_to_an_image(tmp_path: Path) -> None:
    phantom_folders(tmp_path)
    params = DiffusionParams.parse({**SHORT, "timesteps": 10, "schedule": "quadratic"})
    job = folder_job(tmp_path, "train-diffusion", params)
    result, steps = run(training.train_diffusion(job, cpu_context()))
    assert [s.iteration for s in steps if isinstance(s, TrainStep)] == [1, 2, 3]
    checkpoint = load_checkpoint(result.path).expect("adaptdiff", "diffusion")
    card = checkpoint.card
    assert (card.process["schedule"], card.process["timesteps"]) == ("quadratic", 10)
    assert -1 < card.process["data_mean"] < 1
    assert 0 < card.process["data_std"] < 1
    assert card.training["parameters"] == params.model_dump()
    assert card.training["iterations_done"] == 3
    assert card.data[0]["cases"] == 3
    request = read_request(tmp_path / "run")
    assert request["task"] == "train-diffusion"
    assert DiffusionParams.parse(request["parameters"]) == params
    synthesis = SynthesisParams.parse({"checkpoint": str(result.path), "steps": 3})
    mask = grow_vessel_tree(32, 32, 0, field="macula").mask()
    made, _ = run(
        synthesize(Job("adaptdiff", "synthesize", synthesis, {"mask": mask}), cpu_context())
    )
    assert made.images.shape == (1, 32, 32)
    assert np.isfinite(made.images).all()


def test_segmenter_then_fine_tuned_on_pairs(tmp_path: Path) -> None:
    phantom_folders(tmp_path, count=10, side=64, kind="fundus")
    params = SegmenterParams.parse({**SHORT, "ema_decay": 0.9})
    job = folder_job(tmp_path, "train-segmenter", params)
    result, _ = run(training.train_segmenter(job, cpu_context()))
    card = load_checkpoint(result.path).expect("adaptdiff", "segmenter").card
    assert card.preprocessing == {"kind": "fundus", "range": [0, 1], "vessels": "bright"}
    assert card.data[0]["cases"] == 8, "two of ten are held out"
    assert 0 <= card.figures["validation Dice"] <= 1
    assert (tmp_path / "run" / "checkpoints" / "best.safetensors").exists()

    with PairSetWriter(tmp_path / "pairs", {"made": "here"}) as writer:
        for case in phantoms(3):
            writer.add(case.name, case.image, case.mask if case.mask is not None else [])
    tuning = FineTuneParams.parse({**SHORT, "checkpoint": str(result.path)})
    inputs = {"pairs": tmp_path / "pairs", "output": tmp_path / "tuned"}
    context = cpu_context()
    before = load_segmenter(str(result.path), context)[0]
    kept = {k: v.clone() for k, v in before.state_dict().items()}
    tuned, _ = run(training.fine_tune(Job("adaptdiff", "fine-tune", tuning, inputs), context))
    after, card = load_segmenter(str(tuned.path), context)
    assert card.training["started_from"] == str(result.path)
    assert card.preprocessing["kind"] == "grey"
    assert all(torch.equal(v, kept[k]) for k, v in before.state_dict().items())
    weight = after.state_dict()["encoder.0.align.weight"]
    assert 0 < (weight - kept["encoder.0.align.weight"]).abs().max() < 0.01


def test_a_cancelled_job_is_continued_to_the_same_weights(tmp_path: Path) -> None:
    phantom_folders(tmp_path)
    params = DiffusionParams.parse({**SHORT, "timesteps": 10})
    whole, _ = run(
        training.train_diffusion(
            folder_job(tmp_path, "train-diffusion", params, "whole"), cpu_context()
        )
    )
    job = folder_job(tmp_path, "train-diffusion", params, "broken")
    generator = training.train_diffusion(job, cpu_context())
    next(generator)
    generator.close()
    rest, _ = run(training.train_diffusion(job, cpu_context()))
    one, other = load_checkpoint(whole.path), load_checkpoint(rest.path)
    assert one.card == other.card
    assert all(torch.equal(v, other.tensors[k]) for k, v in one.tensors.items())
    assert read_metrics(tmp_path / "whole") == read_metrics(tmp_path / "broken")


def test_the_initial_weights_follow_from_the_seed_and_leave_torchs_own(tmp_path: Path) -> None:
    phantom_folders(tmp_path)
    states = []
    for run_name, disturb in (("a", 1), ("b", 2)):
        torch.manual_seed(disturb)
        following = torch.get_rng_state()
        params = DiffusionParams.parse({**SHORT, "iterations": 1, "timesteps": 5})
        job = folder_job(tmp_path, "train-diffusion", params, run_name)
        result, _ = run(training.train_diffusion(job, cpu_context()))
        states.append(load_checkpoint(result.path).tensors)
        assert torch.equal(torch.get_rng_state(), following)
    assert all(torch.equal(v, states[1][k]) for k, v in states[0].items())


def test_polluted_labels_reach_the_network() -> None:
    cases = phantoms()
    clean, dirty = (
        DiffusionStage(
            SpadeUNet(WIDTHS),
            cases,
            DiffusionParams.parse({**SHORT, "timesteps": 10, "false_negative_rate": rate}),
        )
        for rate in (0.0, 1.0)
    )
    x0, mask, noise, t = clean.batch(np.random.default_rng(0), 3)
    assert x0.shape == mask.shape == noise.shape == (3, 1, 64, 64)
    assert x0.amin() == -1
    assert x0.amax() == 1
    assert t.dtype == torch.int64
    assert set(mask.unique().tolist()) == {0, 1}
    assert not dirty.batch(np.random.default_rng(0), 3)[1].any()


def test_the_diffusion_loss_is_the_mean_over_the_batch() -> None:
    stage = DiffusionStage(
        SpadeUNet(WIDTHS), phantoms(), DiffusionParams.parse({**SHORT, "timesteps": 10})
    )
    model = stage.model.eval()
    batch = stage.batch(np.random.default_rng(0), 2)
    with torch.no_grad():
        whole = stage.loss(model, batch)["loss"]
        parts = [stage.loss(model, tuple(p[i : i + 1] for p in batch))["loss"] for i in range(2)]
    assert whole.item() == pytest.approx(sum(p.item() for p in parts) / 2, abs=1e-6)


@pytest.mark.parametrize("published", [True, False])
def test_segmenter_batches_and_losses(published: bool) -> None:
    stage = SegmenterStage(
        ResidualUNet(CHANNELS), phantoms(), SegmenterParams.parse(SHORT), published=published
    )
    images, masks = stage.batch(np.random.default_rng(0), 4)
    assert images.shape == masks.shape == (4, 1, 64, 64)
    assert images.amin() == 0
    assert images.amax() == 1
    losses = stage.loss(stage.model, (images, masks))
    assert losses["loss"].item() == pytest.approx(
        losses["cross-entropy"].item() + losses["dice"].item(), abs=1e-6
    )
    logits = torch.cat([-20 * (2 * masks - 1), 20 * (2 * masks - 1)], dim=1)
    truth = nn.Identity()
    truth.forward = lambda x: logits
    perfect = stage.loss(truth, (images, masks))
    assert perfect["loss"].item() < 1e-3


def test_fit_settings_come_from_the_parameters() -> None:
    params = DiffusionParams.parse({**SHORT, "halve_every": 7, "save_every": 9, "ema_decay": 0.5})
    settings = fit_settings(params, 11)
    assert (settings.iterations, settings.batch, settings.seed) == (3, 2, 5)
    assert (settings.halve_every, settings.save_every, settings.ema_decay) == (7, 9, 0.5)
    assert settings.validate_every == 11
    assert settings.lr == params.lr


def test_any_change_of_the_data_changes_the_fingerprint() -> None:
    cases = phantoms()
    print_of = training.fingerprint(cases)
    assert print_of == training.fingerprint(phantoms())
    image = cases[1].image.copy()
    image[3, 3] += 0.01
    assert training.fingerprint([cases[0], VesselImage("x", image, cases[1].mask)]) != print_of
    assert cases[1].mask is not None
    assert training.fingerprint([cases[0], cases[1].with_mask(1 - cases[1].mask)]) != print_of
    assert training.fingerprint(cases[::-1]) != print_of


def test_a_run_of_another_stage_is_not_continued(tmp_path: Path) -> None:
    phantom_folders(tmp_path)
    params = SegmenterParams.parse({**SHORT, "kind": "octa", "iterations": 1})
    run(training.train_segmenter(folder_job(tmp_path, "train-segmenter", params), cpu_context()))
    request = (tmp_path / "run" / "run.toml").read_bytes()
    other = folder_job(
        tmp_path, "train-diffusion", DiffusionParams.parse({**SHORT, "timesteps": 10})
    )
    with pytest.raises(InputError, match="holds a run of adaptdiff train-segmenter"):
        run(training.train_diffusion(other, cpu_context()))
    assert (tmp_path / "run" / "run.toml").read_bytes() == request


def test_pairs_that_are_no_set(tmp_path: Path) -> None:
    checkpoint = save_segmenter(tmp_path / "s.safetensors")
    params = FineTuneParams.parse({**SHORT, "checkpoint": str(checkpoint)})
    (tmp_path / "pairs").mkdir()
    inputs = {"pairs": tmp_path / "pairs", "output": tmp_path / "run"}
    with pytest.raises(InputError, match="no set of pairs"):
        run(training.fine_tune(Job("adaptdiff", "fine-tune", params, inputs), cpu_context()))
    assert not (tmp_path / "run").exists()


def test_one_crop_that_shrinks_to_a_point_is_refused_in_words(tmp_path: Path) -> None:
    phantom_folders(tmp_path)
    side = ResidualUNet(CHANNELS).divisor
    params = SegmenterParams.parse({**SHORT, "batch": 1, "crop": max(64, side)})
    model = ResidualUNet((8,) * 6)
    with pytest.raises(InputError, match="single value"):
        training._check_crop(model, params)

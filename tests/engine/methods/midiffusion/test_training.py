"""Training on one modality: runs, resuming, what is learnt, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import torch
from torch import nn

from engine.data.segmentation.splits import read_split
from engine.diffusion.local_information import SourceImage
from engine.diffusion.process import q_sample, v_from
from engine.errors import EngineError, InputError
from engine.jobs import Job
from engine.methods.midiffusion.data import Gathered, TrainingSlices, gather
from engine.methods.midiffusion.looks import Framing
from engine.methods.midiffusion.networks import LoadedTranslator, Process, load_translator
from engine.methods.midiffusion.params import TrainParams
from engine.methods.midiffusion.stage import TranslatorStage, fit_settings
from engine.methods.midiffusion.training import train
from engine.networks.guided_unet import GuidedUNet
from engine.results import FileResult
from engine.steps import ImagesStep, NoteStep, Step, TrainStep
from engine.training.checkpoint import Card, load_checkpoint, load_tensors
from engine.training.runs import read_metrics, read_request
from tests.helpers.adaptdiff_models import run
from tests.helpers.midiffusion_models import (
    PROCESS,
    SIDE,
    STEPS,
    TINY,
    TINY_TRAINING,
    head,
    heads,
    save_volume,
)
from tests.helpers.torch_rules import cpu_context

T1 = {"pattern": "*_t1.nii.gz"}


def trained(folder: Path, output: str = "run", **changes: Any) -> tuple[FileResult, list[Step]]:
    params = TrainParams.parse({**TINY_TRAINING, **T1, **changes})
    inputs = {"images": folder, "output": folder.parent / output}
    result, steps = run(train(Job("midiffusion", "train", params, inputs), cpu_context()))
    return result, steps


def gathered(folder: Path, **changes: Any) -> Gathered:
    found, _ = run(gather(folder, TrainParams.parse({**TINY_TRAINING, **T1, **changes})))
    assert isinstance(found, Gathered)
    return found


def slices_of(folder: Path, **how: Any) -> TrainingSlices:
    found = gathered(folder)
    settings = Process(**PROCESS).information
    return TrainingSlices(found.scans, Framing(SIDE, pixel_mm=found.pixel_mm), settings, **how)


def stage_of(data: TrainingSlices, **changes: Any) -> TranslatorStage:
    params = TrainParams.parse({**TINY_TRAINING, **changes})
    process = Process(**PROCESS, prediction=params.prediction)
    torch.manual_seed(0)
    card = Card(method="", role="", title="")
    loaded = LoadedTranslator(GuidedUNet(TINY), process, process.make(), data.framing, card)
    return TranslatorStage(loaded, data, params, data)


class Watching(nn.Module):
    """Keeps what it sees, and finds no noise in it."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[torch.Tensor] = []

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        self.shown.append(x)
        return torch.zeros_like(x[:, :1])


def test_a_run_of_one_modality(tmp_path: Path) -> None:
    folder = heads(tmp_path / "set", 5)
    result, steps = trained(folder, preview_every=2, validation=0.2, test=0.2, unguided=0.2)
    losses = [s.losses for s in steps if isinstance(s, TrainStep)]
    assert len(losses) == 4
    assert {"loss", "noise"} <= losses[0].keys()
    assert "noise explained" in losses[-1]
    shown = [s for s in steps if isinstance(s, ImagesStep)]
    assert len(shown) == 2
    assert {"Slice", "Turned round", "Translated", "Local mutual information"} <= shown[
        0
    ].images.keys()
    assert all(i.shape == (SIDE, SIDE) and np.isfinite(i).all() for i in shown[0].images.values())
    told = " ".join(s.message for s in steps if isinstance(s, NoteStep))
    assert "12 slices of 3 images to train on, 4 to validate, 4 kept apart" in told
    assert "5 slices that show too little are left out" in told
    card = load_checkpoint(result.path).expect("midiffusion", "translator").card
    assert card.data[0]["cases"] == 3
    assert len(card.preprocessing["quantiles"]) == 256
    split = read_split(tmp_path / "run")
    assert [len(split.part(r)) for r in ("train", "validation", "test")] == [3, 1, 1]
    assert read_request(tmp_path / "run")["task"] == "train"
    loaded = load_translator(str(result.path), cpu_context())
    assert loaded.schedule.num_timesteps == STEPS
    assert loaded.does_without
    assert loaded.process.sigma == 3.0
    assert loaded.framing.pixel_mm == pytest.approx(1.05 * 0.84 * 12 * 1.5 / SIDE, abs=0.3)


def test_a_cancelled_run_is_continued_to_the_same_bits(tmp_path: Path) -> None:
    folder = heads(tmp_path / "set", 4)
    params = TrainParams.parse({**TINY_TRAINING, **T1, "save_every": 1, "unguided": 0.3})

    def job(output: str) -> Job:
        inputs = {"images": folder, "output": tmp_path / output}
        return Job("midiffusion", "train", params, inputs)

    run(train(job("whole"), cpu_context()))
    steps = train(job("broken"), cpu_context())
    for step in steps:
        if isinstance(step, TrainStep) and step.iteration == 2:
            break
    steps.close()
    _, told = run(train(job("broken"), cpu_context()))
    assert [s.iteration for s in told if isinstance(s, TrainStep)] == [3, 4]
    for file in ("latest.state", "final.safetensors"):
        one, other = (
            load_tensors(tmp_path / name / "checkpoints" / file) for name in ("whole", "broken")
        )
        assert one.keys() == other.keys()
        assert all(torch.equal(value, other[name]) for name, value in one.items())
    assert read_metrics(tmp_path / "whole") == read_metrics(tmp_path / "broken")


def test_training_explains_the_noise(tmp_path: Path) -> None:
    stage = stage_of(slices_of(heads(tmp_path / "set", 4)))
    before = stage.validate(stage.model)
    optimizer = torch.optim.Adam(stage.model.parameters(), 3e-3)
    for i in range(60):
        losses = stage.loss(stage.model, stage.batch(np.random.default_rng(i), 8))
        optimizer.zero_grad()
        losses["loss"].backward()
        optimizer.step()
    with torch.inference_mode():
        after = stage.validate(stage.model)
    assert before["noise explained"] == pytest.approx(0, abs=0.02)
    assert after["noise explained"] > 0.4


def test_the_condition_is_one_level_up(tmp_path: Path) -> None:
    """(LMI(x0, x_{t+1}), LMI(x0, x0)) with the noise of x_t; the loss sums over pixels."""
    stage = stage_of(slices_of(heads(tmp_path / "set", 2)))
    batch = x0, shown, own, noise, t, without = stage.batch(np.random.default_rng(0), 4)
    assert (t[:2] + t[2:]).tolist() == [STEPS - 1] * 2, "antithetic"
    assert not without.any()
    assert torch.equal(shown, x0), "slices guide themselves"
    guide = SourceImage(x0, stage.loaded.process.information)
    torch.testing.assert_close(own, guide.similarity(x0), atol=1e-5, rtol=0)
    following = (t + 1).clamp(max=STEPS - 1)
    seen = guide.similarity(q_sample(stage.loaded.schedule, x0, following, noise))
    watching = Watching()
    losses = stage.loss(watching, batch)
    (x,) = watching.shown
    torch.testing.assert_close(x[:, :1], q_sample(stage.loaded.schedule, x0, t, noise))
    torch.testing.assert_close(x[:, 1:2], seen)
    torch.testing.assert_close(x[:, 2:], own)
    wanted = noise.square().flatten(1)
    assert losses["loss"].item() == pytest.approx(wanted.sum(dim=1).mean().item(), rel=1e-5)
    assert losses["noise"].item() == pytest.approx(wanted.mean().item(), rel=1e-5)


def test_velocity_is_learnt_where_it_is_asked_for(tmp_path: Path) -> None:
    stage = stage_of(slices_of(heads(tmp_path / "set", 2)), prediction="v")
    batch = x0, _, _, noise, t, _ = stage.batch(np.random.default_rng(0), 4)
    losses = stage.loss(Watching(), batch)
    wanted = v_from(stage.loaded.schedule, x0, t, noise).square().flatten(1)
    assert losses["loss"].item() == pytest.approx(wanted.sum(dim=1).mean().item(), rel=1e-5)
    assert losses["velocity"].item() == pytest.approx(wanted.mean().item(), rel=1e-5)


def test_slices_are_guided_by_other_contrasts(tmp_path: Path) -> None:
    data = slices_of(heads(tmp_path / "set", 2), contrasts=0.5, deform=0.5)
    squares, guides, own = data.batch(np.random.default_rng(0), 24)
    same = [torch.equal(one, other) for one, other in zip(squares, guides, strict=True)]
    assert 4 < sum(same) < 20
    found = SourceImage(guides, Process(**PROCESS).information).similarity(guides)
    torch.testing.assert_close(own, found, atol=1e-4, rtol=0)
    again = slices_of(tmp_path / "set", contrasts=0.5, deform=0.5)
    for one, other in zip(data.batch(np.random.default_rng(7), 4),
                          again.batch(np.random.default_rng(7), 4), strict=True):  # fmt: skip
        assert torch.equal(one, other)


def test_the_condition_compares_the_guide(tmp_path: Path) -> None:
    stage = stage_of(slices_of(heads(tmp_path / "set", 2), contrasts=1.0))
    batch = x0, shown, own, noise, t, _ = stage.batch(np.random.default_rng(0), 4)
    guide = SourceImage(shown, stage.loaded.process.information)
    following = (t + 1).clamp(max=STEPS - 1)
    watching = Watching()
    stage.loss(watching, batch)
    seen = guide.similarity(q_sample(stage.loaded.schedule, x0, following, noise))
    torch.testing.assert_close(watching.shown[0][:, 1:2], seen)
    torch.testing.assert_close(watching.shown[0][:, 2:], own)


def test_some_slices_are_shown_without_maps(tmp_path: Path) -> None:
    stage = stage_of(slices_of(heads(tmp_path / "set", 2)), unguided=0.5)
    batch = stage.batch(np.random.default_rng(0), 32)
    assert 0 < int(batch[-1].sum()) < 32
    watching = Watching()
    stage.loss(watching, batch)
    for maps, without in zip(watching.shown[0][:, 1:], batch[-1], strict=True):
        assert bool((maps == -1).all()) == bool(without)


def test_everything_follows_the_generator(tmp_path: Path) -> None:
    folder = heads(tmp_path / "set", 3)
    one, other = (slices_of(folder).batch(np.random.default_rng(3), 4) for _ in range(2))
    assert torch.equal(one[0], other[0])
    assert one[0].shape == (4, 1, SIDE, SIDE)
    assert one[0].min() == 0
    assert 0.9 < one[0].max() <= 1
    data = slices_of(folder)
    assert len(data) == 12, "the black slices are left out"
    assert torch.equal(data.some(5)[0], slices_of(folder).some(5)[0])


def test_flips_go_with_their_maps(tmp_path: Path) -> None:
    data = slices_of(heads(tmp_path / "set", 2))
    squares, _, own = data.batch(np.random.default_rng(1), 16)
    guide = SourceImage(squares, Process(**PROCESS).information)
    torch.testing.assert_close(own, guide.similarity(squares), atol=1e-4, rtol=0)
    straight = slices_of(tmp_path / "set", flips=False).batch(np.random.default_rng(1), 16)[0]
    assert not torch.equal(straight, squares)


def test_what_does_not_fit_in_memory_is_read_again(tmp_path: Path) -> None:
    folder = heads(tmp_path / "set", 3)
    data = slices_of(folder, limit_bytes=1)
    wanted = slices_of(folder).batch(np.random.default_rng(0), 8)[0]
    assert torch.equal(data.batch(np.random.default_rng(0), 8)[0], wanted)
    assert len(data._kept) == 1


def test_parts_of_larger_slices(tmp_path: Path) -> None:
    """Where a pixel is set, slices may be larger than the squares."""
    folder = tmp_path / "set"
    folder.mkdir()
    save_volume(folder / "a.nii.gz", head(np.random.default_rng(0), (3, 40, 44))[0])
    found = gathered(folder, pattern="", pixel_mm=1.5)
    assert found.pixel_mm == 1.5
    data = TrainingSlices(found.scans, Framing(SIDE, pixel_mm=1.5), Process(**PROCESS).information)
    squares, _, own = data.batch(np.random.default_rng(0), 6)
    assert squares.shape == own.shape == (6, 1, SIDE, SIDE)
    assert torch.equal(data.some(2)[0], data.some(2)[0])


def test_training_for_sdedit_alone(tmp_path: Path) -> None:
    folder = heads(tmp_path / "set", 2)
    result, _ = trained(folder, unguided=1.0, preview_every=4, validation=0.0, test=0.0)
    loaded = load_translator(str(result.path), cpu_context())
    assert not loaded.guided
    assert loaded.does_without


def test_images_of_one_patient_are_not_parted(tmp_path: Path) -> None:
    folder = heads(tmp_path / "set", 1)
    _, steps = trained(folder, iterations=1)
    split = read_split(tmp_path / "run")
    assert (len(split.train), split.validation, split.test) == (1, (), ())
    assert any("0 to validate" in s.message for s in steps if isinstance(s, NoteStep))


def test_patients_may_be_named(tmp_path: Path) -> None:
    folder = heads(tmp_path / "set", 4)
    trained(folder, hold_out="patient2", validation=0.0, iterations=1)
    split = read_split(tmp_path / "run")
    assert (split.test, split.validation) == (("patient2_t1",), ())


def test_a_mixture_of_modalities_is_told(tmp_path: Path) -> None:
    folder = heads(tmp_path / "set", 3)
    mixed = gathered(folder, pattern="")
    assert len(mixed.scans) == 6
    assert any("3 of 3 patients have several images" in note for note in mixed.notes)
    assert not any("several images" in note for note in gathered(folder).notes)


def test_copies_stay_together(tmp_path: Path) -> None:
    folder = heads(tmp_path / "set", 3)
    shutil.copy(folder / "patient0_t1.nii.gz", folder / "patient7_t1.nii.gz")
    found = gathered(folder)
    assert any("are the same image" in note for note in found.notes)
    assert len({scan.patient for scan in found.scans}) == 3


def test_images_that_cannot_be_used_are_told_and_left_out(tmp_path: Path) -> None:
    folder = heads(tmp_path / "set", 2)
    save_volume(folder / "patient8_t1.nii.gz", np.full((3, 9, 9), np.nan, np.float32))
    save_volume(folder / "patient9_t1.nii.gz", np.full((3, 9, 9), 5, np.float32))
    found = gathered(folder)
    assert len(found.scans) == 2
    told = " ".join(found.notes)
    assert "patient8_t1.nii.gz" in told
    assert "NaN" in told
    assert "patient9_t1.nii.gz" in told


def test_the_optimizer_is_chosen() -> None:
    adam = fit_settings(TrainParams.parse(TINY_TRAINING))
    assert (adam.optimizer, adam.clip_norm, adam.cosine_end) == ("adamw", 1.0, None)
    sgd = fit_settings(TrainParams.parse({**TINY_TRAINING, "optimizer": "sgd", "lr_end": 0.0}))
    assert (sgd.optimizer, sgd.momentum) == ("sgd", 0.9)
    assert sgd.rate(2) == pytest.approx(0.5e-3)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"size": 18, "multipliers": "1, 1, 1"}, "cannot be halved"),
        ({"hold_out": "nobody"}, "no patient nobody"),
        ({"pattern": "*_pd.nii.gz"}, r"matches \*_pd"),
        ({"content": 1.0}, "no image to learn from"),
        ({"channel": 3}, "channel"),
        ({"patient_pattern": "("}, "no regular expression"),
    ],
)
def test_requests_that_cannot_be_met(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    folder = heads(tmp_path / "set", 4)
    with pytest.raises(EngineError, match=problem) as caught:
        trained(folder, **changes)
    assert caught.value.hint
    assert not (tmp_path / "run" / "run.toml").exists()


def test_the_affine_decides_the_plane(tmp_path: Path) -> None:
    """A sagittal series is cut axially, as the model is asked for."""
    folder = heads(tmp_path / "set", 2)
    for file in folder.glob("*_t1.nii.gz"):
        turned = nibabel.load(file)
        ornt = nibabel.orientations.axcodes2ornt("PSR")
        now = nibabel.io_orientation(turned.affine)
        nibabel.save(turned.as_reoriented(nibabel.orientations.ornt_transform(now, ornt)), file)
    assert [scan.slices for scan in gathered(folder).scans] == [(1, 2, 3, 4)] * 2


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        trained(tmp_path / "none" / "set")

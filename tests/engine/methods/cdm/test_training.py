from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.data.segmentation.splits import read_split
from engine.data.weak.frames import Framing
from engine.data.weak.opening import Wanted, open_scans
from engine.data.weak.store import SliceStore
from engine.errors import EngineError, InputError
from engine.jobs import Job
from engine.methods import cdm
from engine.methods.cdm.classifier_stage import ClassifierStage
from engine.methods.cdm.data import TrainingSlices, augmentation
from engine.methods.cdm.diffusion_stage import DiffusionStage, fit_settings
from engine.methods.cdm.networks import (
    LoadedDiffusion,
    Process,
    load_classifier,
    load_diffusion,
    prepare,
)
from engine.methods.cdm.params import ClassifierParams, DiffusionParams, SliceParams
from engine.methods.cdm.training import train_classifier, train_diffusion
from engine.networks.guided_unet import GuidedUNet
from engine.networks.noisy_classifier import make_classifier
from engine.steps import ImagesStep, NoteStep, Step, TrainStep
from engine.training.checkpoint import Card, load_checkpoint, load_tensors
from engine.training.runs import read_metrics, read_request
from tests.helpers.adaptdiff_models import run
from tests.helpers.cdm_models import (
    SIDE,
    STEPS,
    TINY,
    TINY_CLASSIFIER,
    TINY_TRAINING,
    layout,
    stirred,
    volumes,
)
from tests.helpers.torch_rules import cpu_context

SPLIT = {"validation": 0.2, "test": 0.2}


def trained(
    folder: Path, kind: type[SliceParams], output: str = "run", **changes: Any
) -> tuple[Any, list[Step]]:
    more = {"head_channels": 4} if kind is ClassifierParams else {"heads": 2}
    params = kind.parse({**TINY_TRAINING, **SPLIT, **more, **changes})
    task = train_diffusion if kind is DiffusionParams else train_classifier
    name = "train-diffusion" if kind is DiffusionParams else "train-classifier"
    inputs = {"images": folder, "output": folder.parent / output}
    result, steps = run(task(Job("cdm", name, params, inputs), cpu_context()))
    return result, steps


def slices_of(folder: Path, **how: Any) -> TrainingSlices:
    steps = open_scans(folder, None, Wanted())
    report, _ = run(steps)
    store = SliceStore(report.scans, Framing(SIDE, fov_mm=report.fov_mm, range=report.range))
    return TrainingSlices(store, 2, **how)


def test_a_diffusion_model_from_volumes(tmp_path: Path) -> None:
    folder = volumes(tmp_path / "set", spacings=(1.0, 1.5))
    result, steps = trained(folder, DiffusionParams, preview_every=2, plane="axial", finding="spot")
    losses = [s.losses for s in steps if isinstance(s, TrainStep)]
    assert len(losses) == 4
    assert {"loss", "noise", "bound"} <= losses[0].keys()
    assert {"noise explained", "label gain"} <= losses[-1].keys()
    shown = [s for s in steps if isinstance(s, ImagesStep)]
    assert len(shown) == 2
    assert {"Slice", "Evidence", "Under its label"} <= shown[0].images.keys()
    assert all(i.shape == (SIDE, SIDE) and np.isfinite(i).all() for i in shown[0].images.values())
    told = " ".join(s.message for s in steps if isinstance(s, NoteStep))
    assert "resampled from 1 to 1.5 mm" in told
    assert "kept apart for testing" in told
    card = load_checkpoint(result.path).expect("cdm", "diffusion").card
    assert card.labels["1"]["name"] == "spot"
    assert card.preprocessing["plane"] == "axial"
    assert card.data[0]["slices"] == {"normal": 12, "spot": 6}
    split = read_split(tmp_path / "run")
    assert [len(split.part(r)) for r in ("train", "validation", "test")] == [3, 1, 1]
    assert read_request(tmp_path / "run")["task"] == "train-diffusion"
    loaded = load_diffusion(str(result.path), cpu_context())
    assert loaded.framing.fov_mm > 15
    assert loaded.schedule.num_timesteps == STEPS


def test_a_classifier_from_the_published_layout(tmp_path: Path) -> None:
    folder = layout(tmp_path / "flair")
    result, steps = trained(folder, ClassifierParams)
    losses = [s.losses for s in steps if isinstance(s, TrainStep)]
    assert {"loss", "accuracy", "balanced accuracy", "balanced accuracy, noisy"} <= losses[
        -1
    ].keys()
    assert 0 <= losses[-1]["balanced accuracy"] <= 1
    split = read_split(tmp_path / "run")
    assert all(name.startswith("validate/") for name in split.test)
    assert len(split.test) == 8
    assert not any(name.startswith("validate/") for name in split.train + split.validation)
    loaded = load_classifier(str(result.path), cpu_context())
    assert loaded.framing.range == "bytes"
    assert loaded.card.labels["1"]["name"] == "tumor"


def test_both_stages_keep_the_same_patients_apart(tmp_path: Path) -> None:
    folder = volumes(tmp_path / "set", 8)
    trained(folder, DiffusionParams, "one", iterations=1)
    trained(folder, ClassifierParams, "other", iterations=1)
    assert read_split(tmp_path / "one") == read_split(tmp_path / "other")


def test_patients_may_be_named(tmp_path: Path) -> None:
    folder = volumes(tmp_path / "set", 4)
    trained(folder, DiffusionParams, hold_out="patient2", validation=0.0, iterations=1)
    split = read_split(tmp_path / "run")
    assert (split.test, split.validation) == (("patient2",), ())


def test_masks_do_not_reach_the_training(tmp_path: Path) -> None:
    """Moved within their slices, they change nothing: only which slices have one counts."""
    one, other = (volumes(tmp_path / name / "set", 4) for name in ("a", "b"))
    import nibabel

    for file in (other / "labelsTr").iterdir():
        mask = nibabel.load(file)
        moved = np.roll(np.asarray(mask.dataobj), (5, -7), axis=(0, 1))
        nibabel.save(nibabel.Nifti1Image(moved, mask.affine), file)
    results = [trained(folder, DiffusionParams)[0] for folder in (one, other)]
    first, second = (load_tensors(r.path) for r in results)
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_what_learns_knows_nothing_that_reads_masks() -> None:
    """Neither the stages nor what they take their slices from import a reader of masks."""
    package = Path(cdm.__file__).parent
    weak = package.parents[1] / "data" / "weak"
    learning = [package / f"{n}.py" for n in ("data", "diffusion_stage", "classifier_stage")]
    for path in [*learning, weak / "store.py", weak / "scans.py", weak / "frames.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = {node.module, *(alias.name for alias in node.names)}
                assert not names & {
                    "engine.data.weak.truth", "engine.data.weak.listing", "read_case",
                    "engine.data.segmentation.reading", "engine.data.volumes.masks",
                }, path.name  # fmt: skip
    training = ast.parse((package / "training.py").read_text("utf-8"))
    modules = {n.module for n in ast.walk(training) if isinstance(n, ast.ImportFrom)}
    assert "engine.data.weak.truth" not in modules


@pytest.mark.parametrize("importance", [False, True])
def test_a_cancelled_job_is_continued_to_the_same_bits(tmp_path: Path, importance: bool) -> None:
    folder = volumes(tmp_path / "set", 5)
    params = DiffusionParams.parse(
        {**TINY_TRAINING, **SPLIT, "heads": 2, "save_every": 1, "importance": importance}
    )

    def job(output: str) -> Job:
        inputs = {"images": folder, "output": tmp_path / output}
        return Job("cdm", "train-diffusion", params, inputs)

    run(train_diffusion(job("whole"), cpu_context()))
    steps = train_diffusion(job("broken"), cpu_context())
    for step in steps:
        if isinstance(step, TrainStep) and step.iteration == 2:
            break
    steps.close()
    _, told = run(train_diffusion(job("broken"), cpu_context()))
    assert [s.iteration for s in told if isinstance(s, TrainStep)] == [3, 4]
    one, other = (
        load_tensors(tmp_path / name / "checkpoints" / "latest.state")
        for name in ("whole", "broken")
    )
    assert one.keys() == other.keys()
    assert ("memory.losses" in one) == importance
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    assert read_metrics(tmp_path / "whole") == read_metrics(tmp_path / "broken")


def loaded_of(model: GuidedUNet, steps: int = STEPS) -> LoadedDiffusion:
    process = Process(timesteps=steps)
    card = Card(method="", role="", title="")
    return LoadedDiffusion(model, process, process.make(), Framing(SIDE), card)


def test_training_explains_the_noise(tmp_path: Path) -> None:
    data = slices_of(layout(tmp_path / "set", 6))
    torch.manual_seed(0)
    stage = DiffusionStage(loaded_of(GuidedUNet(TINY)), data, data)
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


def test_losses_follow_the_parts(tmp_path: Path) -> None:
    data = slices_of(layout(tmp_path / "set", 2))
    stage = DiffusionStage(loaded_of(GuidedUNet(TINY)), data)
    batch = stage.batch(np.random.default_rng(0), 4)
    losses = stage.loss(stage.model, batch)
    assert losses["noise"].item() == pytest.approx(batch[-1].square().mean().item(), rel=1e-4)
    assert losses["loss"].item() == pytest.approx(
        losses["noise"].item() + losses["bound"].item(), rel=1e-5
    )
    plain = GuidedUNet(TINY.__class__(**{**vars(TINY), "outputs": 1}))
    losses = DiffusionStage(loaded_of(plain), data).loss(plain, batch)
    assert "bound" not in losses
    assert losses["loss"].item() == losses["noise"].item()


def test_importance_weights_the_losses(tmp_path: Path) -> None:
    data = slices_of(layout(tmp_path / "set", 2))
    stage = DiffusionStage(loaded_of(GuidedUNet(TINY), 2), data, importance=True)
    assert stage.moments is not None
    for _ in range(10):
        stage.moments.learn(torch.tensor([0, 1]), torch.tensor([1.0, 3.0]))
    _, _, t, weights, _ = batch = stage.batch(np.random.default_rng(0), 200)
    assert float((t == 1).float().mean()) == pytest.approx(0.75, abs=0.1)
    assert weights[t == 1][0].item() == pytest.approx(1 / 1.5, abs=0.01)
    before = stage.memory()["losses"].clone()
    stage.loss(stage.model, tuple(part[:4] for part in batch))
    assert not torch.equal(stage.memory()["losses"], before), "it learns from what it sees"


def test_a_classifier_learns(tmp_path: Path) -> None:
    data = slices_of(layout(tmp_path / "set", 6))
    torch.manual_seed(0)
    stage = ClassifierStage(make_classifier(TINY_CLASSIFIER), Process(timesteps=STEPS), data, data)
    optimizer = torch.optim.Adam(stage.model.parameters(), 3e-3)
    for i in range(60):
        losses = stage.loss(stage.model, stage.batch(np.random.default_rng(i), 16))
        optimizer.zero_grad()
        losses["loss"].backward()
        optimizer.step()
    stage.model.eval()
    with torch.inference_mode():
        assert stage.validate(stage.model)["balanced accuracy"] > 0.9


def test_a_classifier_sees_clean_slices_too(tmp_path: Path) -> None:
    data = slices_of(layout(tmp_path / "set", 2))
    stage = ClassifierStage(make_classifier(TINY_CLASSIFIER), Process(timesteps=STEPS), data)
    slices, _, t, noise = stage.batch(np.random.default_rng(0), 64)
    assert 0 < int((t < 0).sum()) < 32
    shown, told = stage._shown(slices, t, noise)
    assert torch.equal(shown[t < 0], slices[t < 0])
    assert not torch.equal(shown[t > 0], slices[t > 0])
    assert told.min() == 0
    assert stage.validate(stage.model) == {}


def test_classes_are_balanced_and_everything_follows_the_generator(tmp_path: Path) -> None:
    folder = volumes(tmp_path / "set", 4)
    balanced, plain = slices_of(folder), slices_of(folder, balance=False)

    def share(data: TrainingSlices) -> float:
        return data.batch(np.random.default_rng(0), 300)[1].float().mean().item()

    assert share(balanced) == pytest.approx(1 / 2, abs=0.1)
    assert share(plain) == pytest.approx(1 / 3, abs=0.1)
    how = augmentation(SliceParams.parse({"flips": True}))
    one, other = (slices_of(folder, how=how).batch(np.random.default_rng(3), 4) for _ in range(2))
    assert torch.equal(one[0], other[0])
    assert one[0].abs().max() <= 1
    assert one[0].shape == (4, 1, SIDE, SIDE)
    same = slices_of(folder).batch(np.random.default_rng(3), 4)
    assert not torch.equal(one[0], same[0])
    pictures, labels = balanced.some(6)
    assert labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert torch.equal(pictures, balanced.some(6)[0])


def test_of_several_findings_one_is_drawn(tmp_path: Path) -> None:
    folder = volumes(tmp_path / "set", 2)
    table = tmp_path / "set" / "t.csv"
    table.write_text("file,label\nimagesTr/patient0.nii.gz,a;b\nimagesTr/patient1.nii.gz,normal\n")
    report, _ = run(open_scans(table, None, Wanted()))
    store = SliceStore(report.scans, Framing(SIDE, fov_mm=report.fov_mm))
    data = TrainingSlices(store, 3, balance=False)
    drawn = data.batch(np.random.default_rng(0), 200)[1]
    assert set(drawn.tolist()) == {0, 1, 2}
    assert folder.is_dir()


def test_settings_come_from_the_parameters() -> None:
    settings = fit_settings(DiffusionParams.parse({**TINY_TRAINING, "weight_decay": 0.1}))
    assert (settings.weight_decay, settings.cosine_end) == (0.1, None)
    falling = fit_settings(DiffusionParams.parse({**TINY_TRAINING, "lr_end": 0.0}))
    assert falling.rate(2) == pytest.approx(0.5e-3)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"size": 24, "multipliers": "1, 1, 1, 1, 1", "attention": ""}, "cannot be halved"),
        ({"hold_out": "nobody"}, "no patient nobody"),
        ({"smallest": 10_000}, "All 20 slices are labelled normal"),
        ({"plane": "axial", "hold_out": "patient0,patient1,patient2,patient3"}, "too few"),
    ],
)
def test_requests_that_cannot_be_met(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    folder = volumes(tmp_path / "set", 5)
    with pytest.raises(EngineError, match=problem) as caught:
        trained(folder, DiffusionParams, **changes)
    assert caught.value.hint
    assert not (tmp_path / "run" / "run.toml").exists()


def test_patients_in_both_parts_of_a_set_are_refused(tmp_path: Path) -> None:
    folder = layout(tmp_path / "set", 2)
    for kind in ("normal", "tumor"):
        for file in (folder / "validate" / kind).iterdir():
            file.rename(file.with_name(file.name.replace("patient100", "patient0")))
    with pytest.raises(InputError, match="in two parts"):
        trained(folder, DiffusionParams)


def test_training_without_one_of_the_classes_is_refused(tmp_path: Path) -> None:
    folder = volumes(tmp_path / "set", 3)
    table = folder / "t.csv"
    rows = ["imagesTr/patient0.nii.gz,normal", "imagesTr/patient1.nii.gz,normal",
            "imagesTr/patient2.nii.gz,spot"]  # fmt: skip
    table.write_text("\n".join(["file,label", *rows]))
    params = {**TINY_TRAINING, "heads": 2, "hold_out": "patient2", "validation": 0.0}
    job = Job(
        "cdm", "train-diffusion", DiffusionParams.parse(params),
        {"images": table, "output": tmp_path / "run"},
    )  # fmt: skip
    with pytest.raises(InputError, match="show no slice of spot"):
        run(train_diffusion(job, cpu_context()))


def test_networks_ready_for_use_keep_their_numbers() -> None:
    model = stirred(GuidedUNet(TINY)).eval()
    x, t, y = torch.randn(1, 1, SIDE, SIDE), torch.tensor([3]), torch.tensor([1])
    with torch.no_grad():
        before = model(x, t, y)
        assert torch.allclose(prepare(model, cpu_context())(x, t, y), before, atol=1e-5)

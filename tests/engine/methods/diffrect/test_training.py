from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.data.segmentation.splits import read_split
from engine.data.volumes.read import read_volume
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.diffrect.labelled import pin, promote, read_labelled
from engine.methods.diffrect.networks import load_segmenter
from engine.methods.diffrect.params import TrainParams
from engine.methods.diffrect.training import networks_of, train
from engine.steps import ImagesStep, NoteStep, Step, TrainStep
from engine.training.checkpoint import load_checkpoint, load_tensors
from engine.training.previews import read_previews
from engine.training.runs import read_metrics, read_request
from tests.helpers.adaptdiff_models import run
from tests.helpers.diffrect_models import SIDE, TINY_TRAINING, label_file, slices_set
from tests.helpers.torch_rules import cpu_context


def params(**changes: Any) -> TrainParams:
    made: TrainParams = TrainParams.parse({**TINY_TRAINING, **changes})
    return made


def job(root: Path, made: TrainParams, output: str = "run", **inputs: Path) -> Job:
    return Job("diffrect", "train", made, {"images": root, **inputs, "output": root / output})


def trained(steps: list[Step]) -> list[TrainStep]:
    return [step for step in steps if isinstance(step, TrainStep)]


def notes(steps: list[Step]) -> str:
    return "\n".join(step.message for step in steps if isinstance(step, NoteStep))


def test_from_slices_to_a_checkpoint(tmp_path: Path) -> None:
    root = slices_set(tmp_path)
    made = params(preview_every=2)
    result, steps = run(train(job(root, made), cpu_context()))
    told = trained(steps)
    assert [s.iteration for s in told] == [1, 2, 3, 4]
    first = {"loss", "supervised", "unlabelled", "confident", "rectifier", "latent"}
    assert first <= told[0].losses.keys()
    assert "rectification" not in told[1].losses, "the segmenter waits for the rectifier"
    assert "rectification" in told[-1].losses
    judged = {"validation Dice", "validation Dice, label 1", "validation Dice, label 2"}
    judged.add("validation Dice, lowest")
    assert judged <= told[-1].losses.keys()
    assert 0 <= told[-1].losses["validation Dice"] <= 1
    rates = {(name, i): value for i, name, value in read_metrics(tmp_path / "run")}
    assert rates["lr", 4] == pytest.approx(0.01 * (1 - 3 / 4) ** 0.9)
    assert rates["critic lr", 4] == 0.01
    card = load_checkpoint(result.path).expect("diffrect", "segmenter").card
    assert card.training["parameters"] == made.model_dump()
    assert card.data[0]["cases"] == 6, "three slices of each of two patients"
    assert card.data[0]["unlabelled"] == 9
    assert load_segmenter(str(result.path), cpu_context()).classes == 3
    assert (tmp_path / "run" / "checkpoints" / "best.safetensors").exists()
    assert len(read_split(tmp_path / "run").validation) == 2
    assert read_request(tmp_path / "run")["task"] == "train"
    found = read_labelled(tmp_path / "run")
    assert found is not None
    assert (len(found.chosen), len(found.unlabelled)) == (6, 9)
    assert found.classes == ("background", "label 1", "label 2")
    assert found.watched == found.unlabelled[0]
    assert "6 labelled cases of 2 patients (patient001, patient002)" in notes(steps)


def test_pictures_of_the_case_that_is_watched(tmp_path: Path) -> None:
    root = slices_set(tmp_path)
    name = "patient004_frame01_slice_1"
    made = params(preview_every=1, iterations=3, pinned=name)
    generator = train(job(root, made), cpu_context())
    shown: list[ImagesStep] = []
    for step in generator:
        if isinstance(step, ImagesStep):
            shown.append(step)
            pin(root / "run", "patient003_frame01_slice_0")
    titles = {"Image", "Pseudo-label", "Rectified", "Difference", "Class correlation"}
    assert all(step.images.keys() == titles for step in shown)
    for title, picture in shown[0].images.items():
        assert picture.ndim == 2, title
        assert np.isfinite(picture).all()
        assert picture.dtype == (np.uint8 if "label" in title.lower() else picture.dtype)
    changed = shown[0].images["Pseudo-label"] != shown[0].images["Rectified"]
    assert np.array_equal(shown[0].images["Difference"] > 0, changed)
    matrix = shown[0].images["Class correlation"]
    assert matrix.shape == (3, 3)
    assert np.abs(matrix).max() <= 1 + 1e-5
    kept = read_previews(root / "run", 1)["Class correlation"]
    assert np.array_equal(kept, matrix), "numbers are kept, not shades"
    assert not np.array_equal(shown[0].images["Image"], shown[1].images["Image"])
    for case in (name, "patient003_frame01_slice_0"):
        proposed = read_volume(root / "run" / "proposals" / f"{case}.nii.gz", kind="labels")
        assert proposed.geometry.shape == (1, 40, 36), "on the voxels of its image"


def test_what_it_is_compared_with(tmp_path: Path) -> None:
    root = slices_set(tmp_path)
    for scheme, loss in (("supervised", "loss"), ("pseudo-labels", "unlabelled")):
        made = params(scheme=scheme, iterations=2, preview_every=2)
        _, steps = run(train(job(root, made, scheme), cpu_context()))
        assert loss in trained(steps)[-1].losses
        assert "rectifier" not in trained(steps)[-1].losses
        shown = next(s for s in steps if isinstance(s, ImagesStep))
        assert {"Image", "Pseudo-label", "Certainty"} == shown.images.keys()
        (proposal,) = (root / scheme / "proposals").glob("*.json")
        record = json.loads(proposal.read_text(encoding="utf-8"))
        assert record["what"] == "pseudo-label"
        assert Path(record["source"]).is_file()
    card = load_checkpoint(root / "supervised" / "checkpoints" / "final.safetensors").card
    assert card.title.startswith("U-Net")


def test_norms_are_measured_for_use_and_training_stays_the_same(tmp_path: Path) -> None:
    root = slices_set(tmp_path)
    weights, losses = [], []
    for norms in ("running", "measured"):
        made = params(norms=norms, iterations=2, validate_every=1, preview_every=2)
        result, steps = run(train(job(root, made, norms), cpu_context()))
        weights.append(load_checkpoint(result.path).tensors)
        losses.append(trained(steps)[-1].losses["loss"])
    assert losses[0] == losses[1]
    for name, value in weights[0].items():
        statistic = "running_" in name or "batches_tracked" in name
        assert statistic or np.array_equal(value, weights[1][name]), name
    (changed,) = [n for n in weights[0] if n.endswith("blocks.0.norm_in.running_mean")][:1]
    assert not np.array_equal(weights[0][changed], weights[1][changed])


def _broken_off(root: Path, made: TrainParams, at: int) -> None:
    generator = train(job(root, made, "broken"), cpu_context())
    for step in generator:
        if isinstance(step, TrainStep) and step.iteration == at:
            break
    generator.close()


@pytest.mark.parametrize("at", [2, 4])
def test_a_cancelled_job_is_continued_to_the_same_bits(tmp_path: Path, at: int) -> None:
    """Two iterations go through the labelled slices: within an epoch, and at its end."""
    root = slices_set(tmp_path, patients=4, slices=2)
    made = params(iterations=6, batch=2, labelled_patients=1, rectify_after=1)
    run(train(job(root, made, "whole"), cpu_context()))
    _broken_off(root, made, at)
    _, steps = run(train(job(root, made, "broken"), cpu_context()))
    assert [s.iteration for s in trained(steps)] == list(range(at + 1, 7))
    one, other = (
        load_tensors(root / name / "checkpoints" / "latest.state") for name in ("whole", "broken")
    )
    assert one.keys() == other.keys()
    assert {"memory", "rival-optimizer", "optimizer"} <= {key.split(".")[0] for key in one}
    for name, value in one.items():
        assert torch.equal(value, other[name]), name
    assert read_metrics(root / "whole") == read_metrics(root / "broken")


def test_a_promoted_case_joins_at_the_next_epoch(tmp_path: Path) -> None:
    root = slices_set(tmp_path, patients=4, slices=2)
    made = params(iterations=6, batch=2, labelled_patients=1, rectify_after=1)
    case = "patient003_frame01_slice_1"
    told: list[tuple[int, str]] = []
    iteration = 0
    for step in train(job(root, made), cpu_context()):
        if isinstance(step, TrainStep):
            iteration = step.iteration
            if iteration == 1:
                labels = label_file(tmp_path / "mended.nii.gz", (1, 40, 36))
                promote(root / "run", case, labels)
        elif isinstance(step, NoteStep) and "Now labelled" in step.message:
            told.append((iteration, step.message))
    assert told == [(2, f"Now labelled: {case}; 3 cases in all.")]
    state = load_tensors(root / "run" / "checkpoints" / "latest.state")
    epoch, start, taken = state["memory.epoch"].tolist()
    assert (epoch, start, taken) == (2, 5, 1), "the second epoch has three labelled slices"
    with pytest.raises(InputError, match="labelled already"):
        promote(root / "run", case, tmp_path / "mended.nii.gz")


def test_a_promotion_is_not_lost_where_a_run_is_broken_off(tmp_path: Path) -> None:
    """Continued within an epoch that had begun before the promotion."""
    root = slices_set(tmp_path, patients=4, slices=2)
    made = params(iterations=5, batch=2, labelled_patients=1, rectify_after=9)
    _broken_off(root, made, 1)
    labels = label_file(tmp_path / "mended.nii.gz", (1, 40, 36))
    promote(root / "broken", "patient003_frame01_slice_1", labels)
    _, steps = run(train(job(root, made, "broken"), cpu_context()))
    assert "Now labelled: patient003_frame01_slice_1" in notes(steps)
    state = load_tensors(root / "broken" / "checkpoints" / "latest.state")
    assert state["memory.epoch"].tolist() == [1, 2, 1]


def test_a_promoted_label_that_does_not_fit_is_told_and_left_out(tmp_path: Path) -> None:
    root = slices_set(tmp_path, patients=4, slices=2)
    made = params(iterations=3, batch=2, labelled_patients=1, rectify_after=9)
    _broken_off(root, made, 1)
    cases = [f"patient00{i}_frame01_slice_1" for i in (2, 3)]
    promote(root / "broken", cases[0], label_file(tmp_path / "a.nii.gz", (1, 12, 36)))
    promote(root / "broken", cases[1], label_file(tmp_path / "b.nii.gz", (1, 40, 36), 7))
    _, steps = run(train(job(root, made, "broken"), cpu_context()))
    assert f"{cases[0]} stays unlabelled" in notes(steps)
    assert f"{cases[1]} stays unlabelled: the run knows no label 7" in notes(steps)


def test_a_damaged_file_of_labelled_cases_ends_no_training(tmp_path: Path) -> None:
    root = slices_set(tmp_path, patients=4, slices=2)
    made = params(iterations=4, batch=2, labelled_patients=1, rectify_after=9)
    told = ""
    for step in train(job(root, made), cpu_context()):
        if isinstance(step, TrainStep) and step.iteration == 1:
            (root / "run" / "labelled.json").write_text("{")
        told += step.message if isinstance(step, NoteStep) else ""
    assert "The labelled cases stay as they were" in told
    with pytest.raises(InputError, match=r"labelled\.json cannot be read"):
        run(train(job(root, made), cpu_context()))


def test_mixed_precision(tmp_path: Path) -> None:
    root = slices_set(tmp_path)
    context = Context(torch.device("cpu"), torch.bfloat16, 1)
    _, steps = run(train(job(root, params(preview_every=4)), context))
    assert all(np.isfinite(list(step.losses.values())).all() for step in trained(steps))
    assert "rectification" in trained(steps)[-1].losses


def test_a_batch_that_memory_takes_apart_has_both_kinds_in_each_part(tmp_path: Path) -> None:
    root = slices_set(tmp_path)
    _, steps = run(train(job(root, params(iterations=3)), cpu_context(max_batch=2)))
    last = trained(steps)[-1].losses
    assert {"supervised", "unlabelled", "rectification", "latent unlabelled"} <= last.keys()


def test_training_learns_to_segment(tmp_path: Path) -> None:
    root = slices_set(tmp_path)
    made = params(iterations=40, lr=0.1, batch=2, rectify_after=30, validate_every=40, width=4)
    _, steps = run(train(job(root, made), cpu_context()))
    losses = [step.losses for step in trained(steps)]
    first = np.mean([each["supervised"] for each in losses[:5]])
    assert np.mean([each["supervised"] for each in losses[-5:]]) < 0.6 * first
    latent = [each["latent"] for each in losses]
    assert np.mean(latent[-5:]) < np.mean(latent[:5])


def test_networks_of_the_published_size() -> None:
    segmenter, rectifier = networks_of(TrainParams(), 4)
    assert segmenter.widths == rectifier.widths == (16, 32, 64, 128, 256)
    assert rectifier.latent_widths == (256, 384, 512)
    assert SIDE % rectifier.divisor == 0


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"labelled_patients": 9}, "9 labelled patients are asked for; there are 5"),
        ({"labelled_patients": 5}, "no unlabelled case to learn from"),
        ({"pinned": "patient001_frame01_slice_0"}, "no unlabelled case patient001"),
        ({"sample_steps": 11}, "11 latent steps in use of 10"),
        ({"labelled_cases": "patient006"}, "kept for validation or test"),
        ({"labelled_cases": "nobody"}, "no case or patient nobody"),
    ],
)
def test_requests_that_cannot_be_met(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    root = slices_set(tmp_path)
    with pytest.raises(InputError, match=problem) as caught:
        run(train(job(root, params(**changes)), cpu_context()))
    assert caught.value.hint
    assert not (root / "run").exists()


def test_a_run_goes_on_with_the_cases_it_began_with(tmp_path: Path) -> None:
    root = slices_set(tmp_path)
    run(train(job(root, params(iterations=1)), cpu_context()))
    with pytest.raises(InputError, match="begun with other labelled cases"):
        run(train(job(root, params(iterations=2, labelled_patients=1)), cpu_context()))
    split = json.loads((root / "run" / "split.json").read_text())
    split["validation"].append(split["train"][0])
    (root / "run" / "split.json").write_text(json.dumps(split))
    with pytest.raises(InputError, match="patient001"):
        run(train(job(root, params(iterations=2)), cpu_context()))

"""Images and volumes translated by jobs, with their files and records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from engine.data.png import write_png
from engine.data.volumes.read import read_volume
from engine.errors import CheckpointError, DiskError, InputError
from engine.events import Event, JobPreview
from engine.jobs import Job
from engine.methods.midiffusion.translating import translate
from engine.methods.midiffusion.use_params import TranslateImageParams
from engine.provenance import SYNTHETIC_SOURCE
from engine.reporting import StepReporter
from engine.results import TranslationResult
from engine.steps import DenoiseStep, NoteStep, ProgressStep, Step
from engine.training.checkpoint import Card, load_checkpoint, save_checkpoint
from tests.helpers.adaptdiff_models import run
from tests.helpers.midiffusion_models import (
    QUICK,
    SIDE,
    STEPS,
    head,
    heads,
    save_translator,
    save_volume,
)
from tests.helpers.torch_rules import cpu_context


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    return str(save_translator(tmp_path / "t.safetensors"))


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """Five axial slices, the first of them black."""
    return heads(tmp_path / "set", 1) / "patient0_t2.nii.gz"


def translated(
    inputs: dict[str, Any], max_batch: int = 0, **params: Any
) -> tuple[TranslationResult, list[Step]]:
    made = TranslateImageParams.parse({**QUICK, **params})
    job = Job("midiffusion", "translate", made, inputs)
    result, steps = run(translate(job, cpu_context(max_batch)))
    return result, steps


def test_a_volume_on_its_own_voxels(tmp_path: Path, checkpoint: str, scan: Path) -> None:
    output = tmp_path / "t1.nii.gz"
    maps = {name: tmp_path / f"{name}.nii.gz" for name in ("spread", "information")}
    result, steps = translated(
        {"input": scan, "output": output, **maps}, checkpoint=checkpoint, samples=2
    )
    source, written = nibabel.load(scan), nibabel.load(output)
    assert written.shape == source.shape
    np.testing.assert_allclose(written.affine, source.affine)
    assert written.get_data_dtype() == np.float32
    assert "SYNTHETIC" in str(written.header["descrip"])
    np.testing.assert_allclose(written.get_fdata().T, result.image, rtol=1e-5, atol=1e-4)
    low, high = result.window
    assert low == result.image[0].min() == result.image[0].max(), "an empty slice stays empty"
    assert result.image[1:].max() <= high + 1e-3
    assert result.image[2].std() > 0
    for name, path in maps.items():
        kept = nibabel.load(path).get_fdata().T
        np.testing.assert_allclose(kept, getattr(result, name), rtol=1e-5, atol=1e-5)
        assert not kept[0].any()
    assert list(result.layers) == ["Local mutual information", "Spread"]
    told = " ".join(s.message for s in steps if isinstance(s, NoteStep))
    assert "12 x 14 px are seen in 16 x 16 px" in told
    assert "1 of 5 slices are constant and stay empty" in told
    assert result.summary == "4 of 5 slices translated."


def test_the_record_beside_it(tmp_path: Path, checkpoint: str, scan: Path) -> None:
    output = tmp_path / "t1.nii.gz"
    result, _ = translated({"input": scan, "output": output}, checkpoint=checkpoint, seed=3)
    record = json.loads((tmp_path / "t1.nii.gz.json").read_text(encoding="utf-8"))
    assert record["synthetic"]
    assert record["digital_source_type"] == SYNTHETIC_SOURCE
    assert record["parameters"]["seed"] == 3
    assert record["checkpoint"]["name"] == "t"
    assert record["inputs"]["input"]["file"] == scan.name
    assert record["slices"] == {"plane": "axial", "translated": 4, "of": 5, "pixels": [SIDE, SIDE]}
    assert record["run"] == {"noise level": STEPS, "network calls": 2}
    mapped = record["intensity"]
    assert mapped["written"] == list(result.window)
    assert "percentile 99.5 of those above" in mapped["rule"]
    assert mapped["low"] < mapped["high"]


def test_values_from_zero_to_one(checkpoint: str, scan: Path) -> None:
    unit, _ = translated({"input": scan}, checkpoint=checkpoint, values="unit")
    assert unit.window == (0.0, 1.0)
    assert unit.image.min() == 0
    assert unit.image.max() <= 1
    own, _ = translated({"input": scan}, checkpoint=checkpoint)
    low, high = own.window
    np.testing.assert_allclose((own.image - low) / (high - low), unit.image, atol=1e-5)


def test_how_voxels_are_stored_does_not_matter(tmp_path: Path, checkpoint: str, scan: Path) -> None:
    first, _ = translated({"input": scan}, checkpoint=checkpoint)
    stored = nibabel.load(scan)
    turned = nibabel.as_closest_canonical(stored)
    nibabel.save(turned, tmp_path / "ras.nii.gz")
    again, _ = translated({"input": tmp_path / "ras.nii.gz"}, checkpoint=checkpoint)
    np.testing.assert_allclose(again.image, first.image[:, ::-1, ::-1], atol=0.05)


def test_how_many_slices_share_a_call_does_not_matter(checkpoint: str, scan: Path) -> None:
    together, _ = translated({"input": scan}, checkpoint=checkpoint)
    alone, _ = translated({"input": scan}, max_batch=1, checkpoint=checkpoint)
    np.testing.assert_allclose(alone.image, together.image, atol=0.05)


def test_equal_slices_become_equal(tmp_path: Path, checkpoint: str) -> None:
    """Shared noise: nothing flickers where the source stays the same."""
    _, one = head(np.random.default_rng(0), (14, 12), deep=False)
    path = save_volume(tmp_path / "same.nii.gz", np.repeat(one[None], 6, axis=0))
    result, _ = translated({"input": path}, checkpoint=checkpoint, sampler="ddpm", steps=4)
    scale = result.window[1] - result.window[0]
    assert np.abs(np.diff(result.image, axis=0)).max() < 1e-3 * scale


@pytest.mark.parametrize("plane", ["coronal", "sagittal", "stored"])
def test_other_planes(checkpoint: str, scan: Path, plane: str) -> None:
    result, steps = translated({"input": scan}, checkpoint=checkpoint, plane=plane)
    assert result.image.shape == (5, 14, 12)
    assert result.provenance["slices"]["plane"] == plane
    told = " ".join(s.message for s in steps if isinstance(s, NoteStep))
    assert f"he model knows axial slices, not {plane} ones" in told


def test_steps_are_of_the_middle_slice(checkpoint: str, scan: Path) -> None:
    result, steps = translated({"input": scan}, max_batch=2, checkpoint=checkpoint, steps=3)
    shown = [s for s in steps if isinstance(s, DenoiseStep)]
    assert len(shown) == 3, "of one slice alone"
    assert all(s.x_t.shape == (1, 1, SIDE, SIDE) for s in shown)
    assert all(s.evidence is not None and s.evidence.shape == s.x_t.shape for s in shown)
    assert shown[0].before is not None
    progress = [s for s in steps if isinstance(s, ProgressStep)]
    assert (progress[0].done, progress[-1].done, progress[-1].total) == (0, 6, 6)
    assert result.provenance["run"]["network calls"] == 3


def test_a_picture_as_png(tmp_path: Path, checkpoint: str) -> None:
    _, picture = head(np.random.default_rng(1), (40, 30), deep=False)
    write_png(tmp_path / "a.png", picture.clip(0, 255).astype(np.uint8), {})
    output = tmp_path / "b.png"
    result, steps = translated(
        {"input": tmp_path / "a.png", "output": output}, checkpoint=checkpoint
    )
    with Image.open(output) as image:
        assert image.size == (30, 40)
        assert image.mode == "L"
        assert json.loads(image.text["reverie"])["synthetic"]
    assert result.image.shape == (1, 40, 30)
    told = " ".join(s.message for s in steps if isinstance(s, NoteStep))
    assert "Slices of 30 x 40 px are seen in 16 x 16 px, scaled by 0.4." in told


def test_arrays_of_a_window(checkpoint: str, scan: Path) -> None:
    volume = read_volume(scan)
    wanted, _ = translated({"input": scan}, checkpoint=checkpoint)
    given = {"input": volume.array, "affine": volume.affine, "name": "brain"}
    found, _ = translated(given, checkpoint=checkpoint)
    np.testing.assert_array_equal(found.image, wanted.image)
    assert found.provenance["source"]["name"] == "brain"


def test_colours_and_negative_values(tmp_path: Path, checkpoint: str) -> None:
    _, picture = head(np.random.default_rng(1), (20, 20), deep=False)
    colours = np.stack([picture, picture * 0.6, picture]).clip(0, 255).astype(np.uint8)[:, None]
    result, steps = translated({"input": colours}, checkpoint=checkpoint)
    assert result.image.shape == (1, 20, 20)
    told = " ".join(s.message for s in steps if isinstance(s, NoteStep))
    assert "grey" in told
    shifted, _ = translated({"input": picture - 300.0}, checkpoint=checkpoint)
    plain, _ = translated({"input": picture}, checkpoint=checkpoint)
    assert shifted.window[0] < 0
    np.testing.assert_allclose(shifted.image + 300, plain.image, atol=0.5)


def test_cancelled_between_two_steps(tmp_path: Path, checkpoint: str, scan: Path) -> None:
    output = tmp_path / "t1.nii.gz"
    params = TranslateImageParams.parse({**QUICK, "checkpoint": checkpoint})
    job = Job("midiffusion", "translate", params, {"input": scan, "output": output})
    steps = translate(job, cpu_context())
    for step in steps:
        if isinstance(step, DenoiseStep):
            break
    steps.close()
    assert not output.exists()


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (np.full((3, 20, 20), np.nan, np.float32), "NaN"),
        (np.full((3, 20, 20), 7.0, np.float32), "constant"),
        (np.repeat([[[1.0]], [[2.0]]], 20, axis=1).repeat(20, axis=2), "slices .* constant"),
        (np.random.default_rng(0).random((2, 20)), "2 px|windows"),
    ],
)
def test_images_that_cannot_be_translated(checkpoint: str, array: np.ndarray, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        translated({"input": array}, checkpoint=checkpoint)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        ("t1.jpg", "ending"),
        ("t1.png", "PNG cannot hold 5 slices"),
        ("set/patient0_t2.nii.gz", "is the image itself"),
    ],
)
def test_outputs_that_cannot_be_written(
    tmp_path: Path, checkpoint: str, scan: Path, output: str, problem: str
) -> None:
    with pytest.raises(InputError, match=problem):
        translated({"input": scan, "output": tmp_path / output}, checkpoint=checkpoint)
    with pytest.raises(DiskError, match="does not exist"):
        translated({"input": scan, "output": tmp_path / "no" / "a.nii"}, checkpoint=checkpoint)
    with pytest.raises(InputError, match="spread, but none for the image"):
        translated({"input": scan, "spread": tmp_path / "s.nii"}, checkpoint=checkpoint)


def test_levels_beyond_the_model(checkpoint: str, scan: Path) -> None:
    with pytest.raises(InputError, match=f"noise level of 1000 was asked of a model with {STEPS}"):
        translated({"input": scan}, checkpoint=checkpoint, start="source", level=1000)


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("none", "No checkpoint was chosen"),
        ("missing", "no checkpoint|There is no"),
        ("other method", "a diffusion of cdm, not a translator of midiffusion"),
        ("other role", "a segmenter of midiffusion, not a translator"),
        ("no network", "describes no midiffusion network: width"),
        ("two images", "takes 4 channels"),
        ("other size", "does not fit|mismatch|shape|missing|unexpected"),
        ("no framing", "how slices are cut"),
        ("no process", "describes no midiffusion network: timesteps"),
    ],
)
def test_checkpoints_that_cannot_be_used(
    tmp_path: Path, checkpoint: str, scan: Path, kind: str, problem: str
) -> None:
    whole = load_checkpoint(Path(checkpoint))
    told = whole.card.config
    changes: dict[str, dict[str, Any]] = {
        "other method": {"method": "cdm", "role": "diffusion"},
        "other role": {"role": "segmenter"},
        "no network": {"config": {**told, "width": -1}},
        "two images": {"config": {**told, "inputs": 4}},
        "other size": {"config": {**told, "width": 16}},
        "no framing": {"preprocessing": {}},
        "no process": {"process": {"timesteps": "many"}},
    }
    name = {"none": "", "missing": str(tmp_path / "none.safetensors")}.get(kind, "")
    if kind in changes:
        values = {
            "method": "midiffusion", "role": "translator", "title": "Tiny", "config": told,
            "process": whole.card.process, "preprocessing": whole.card.preprocessing,
        } | changes[kind]  # fmt: skip
        name = str(tmp_path / "bad.safetensors")
        save_checkpoint(Path(name), whole.tensors, Card(**values))
    with pytest.raises(CheckpointError, match=problem) as caught:
        translated({"input": scan}, checkpoint=name)
    assert caught.value.hint


def test_chosen_slices_are_those_of_the_whole_volume(checkpoint: str, scan: Path) -> None:
    whole, _ = translated({"input": scan}, checkpoint=checkpoint)
    some, _ = translated({"input": scan}, checkpoint=checkpoint, slices="3, 1-2")
    np.testing.assert_allclose(some.image[1:4], whole.image[1:4], atol=0.05)
    assert some.image[4].min() == some.image[4].max() == some.window[0]
    assert some.provenance["slices"]["translated"] == 3
    # Along an axis that the network sees from the other end.
    one, _ = translated({"input": scan}, checkpoint=checkpoint, slices="9", plane="sagittal")
    filled = one.information.any(axis=(0, 1))
    assert list(np.flatnonzero(filled)) == [9]
    for slices, message in (("0", "Slice 0 is constant"), ("3-7", "0 to 4")):
        with pytest.raises(InputError, match=message):
            translated({"input": scan}, checkpoint=checkpoint, slices=slices)
    with pytest.raises(InputError, match="slices: numbers from 0 on"):
        TranslateImageParams.parse({"slices": "5-3"})


def test_steps_are_a_chain_with_what_guides_it_and_where_it_lies(
    checkpoint: str, scan: Path
) -> None:
    _, steps = translated({"input": scan}, checkpoint=checkpoint, repetitions=2, samples=2)
    shown = [step for step in steps if isinstance(step, DenoiseStep)]
    assert [(step.run, step.runs) for step in shown] == [(n // 2, 4) for n in range(8)]
    assert [(step.index, step.total) for step in shown] == [(0, 2), (1, 2)] * 4
    first, *others = shown
    assert first.guide is not None
    assert first.affine is not None
    assert first.before is not None
    assert not any(step.guide is not None or step.before is not None for step in others)
    assert all(
        step.evidence is not None and step.evidence.shape == (1, 1, 16, 16) for step in shown
    )
    # The canvas of 16 px lies around the middle of the image's 12 x 14.
    source = nibabel.load(scan)
    middle = source.affine @ (5.5, 6.5, 3.0, 1.0)
    np.testing.assert_allclose(first.affine @ (7.5, 7.5, 0.0, 1.0), middle, atol=0.8)
    events: list[Event] = []
    StepReporter(1, events.append).report(first)
    (told,) = [event for event in events if isinstance(event, JobPreview)]
    assert told.guide is not None
    assert told.evidence is not None
    assert told.guide.shape == told.evidence.shape == told.x_t.shape
    np.testing.assert_array_equal(told.affine, first.affine)


def test_a_nifti_of_a_picture_is_marked_too(tmp_path: Path, checkpoint: str) -> None:
    image = tmp_path / "scan.png"
    write_png(image, (head(np.random.default_rng(0), (20, 18), deep=False)[0]).astype(np.uint8))
    output = tmp_path / "t1.nii.gz"
    translated({"input": image, "output": output}, checkpoint=checkpoint)
    assert "SYNTHETIC" in str(nibabel.load(output).header["descrip"])

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from engine.data.volumes.read import read_volume
from engine.data.weak.frames import Framing
from engine.errors import CheckpointError, InputError
from engine.jobs import Job
from engine.methods.cdm import inference, looking
from engine.methods.cdm.cutting import recut
from engine.methods.cdm.looking import _present
from engine.methods.cdm.segmenting import segment
from engine.methods.cdm.use_params import CutParams, SegmentParams
from engine.results import SaliencyResult
from engine.steps import DenoiseStep, NoteStep, ProgressStep, Step
from tests.helpers.adaptdiff_models import run
from tests.helpers.cdm_models import (
    SIDE,
    STEPS,
    TINY,
    TINY_CLASSIFIER,
    save_classifier,
    save_diffusion,
    slice_of,
    volumes,
)
from tests.helpers.torch_rules import cpu_context

QUICK = {"level": 20, "rounds": 3, "denoise_steps": 4}


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    labels = {"1": {"name": "spot", "color": "#FF0000"}}
    return str(save_diffusion(tmp_path / "d.safetensors", labels=labels))


@pytest.fixture
def classifier(tmp_path: Path) -> str:
    return str(save_classifier(tmp_path / "c.safetensors"))


def picture(seed: int = 0, side: int = 20) -> np.ndarray:
    return slice_of(np.random.default_rng(seed), (side, side + 4), spot=True)[0]


def segmented(
    inputs: dict[str, Any], max_batch: int = 0, **params: Any
) -> tuple[SaliencyResult, list[Step]]:
    made = SegmentParams.parse({**QUICK, **params})
    result, steps = run(segment(Job("cdm", "segment", made, inputs), cpu_context(max_batch)))
    return result, steps


def test_a_slice_in_memory(checkpoint: str) -> None:
    result, steps = segmented({"input": picture()}, checkpoint=checkpoint, label=1)
    assert result.labels.shape == (1, 20, 24)
    assert result.labels.dtype == np.uint8
    assert result.heat.shape == (1, 1, 20, 24)
    assert 0 <= result.heat.min() <= result.heat.max() <= 1
    assert result.names == {0: "normal", 1: "spot"}
    assert result.squares.maps.shape == (1, 3, SIDE, SIDE)
    assert result.squares.states.shape == (3, 2, SIDE, SIDE)
    assert result.squares.shown == 0
    denoised = [s for s in steps if isinstance(s, DenoiseStep)]
    assert [s.t for s in denoised] == [19, 18, 17]
    assert all(s.x_t.shape == (2, 1, SIDE, SIDE) for s in denoised), "both ways"
    assert [s for s in steps if isinstance(s, ProgressStep)]
    record = result.provenance
    assert record["synthetic"] is False
    assert record["checkpoint"]["name"] == "d"
    assert record["parameters"]["rounds"] == 3
    assert record["dtype"] == "float32"
    assert "digital_source_type" not in record


def test_a_negative_image_has_an_empty_mask(checkpoint: str, tmp_path: Path) -> None:
    given, _ = segmented({"input": picture()}, checkpoint=checkpoint, label=0)
    sure = str(save_classifier(tmp_path / "no.safetensors", sure=0))
    asked, _ = segmented({"input": picture()}, checkpoint=checkpoint, classifier=sure)
    for result in (given, asked):
        assert not result.labels.any()
        assert not result.heat.any()
        assert len(result.squares.maps) == 0
        assert any("no slice shows a finding" in note for note in result.notes)
    assert asked.squares.chances[0, 0] > 0.99
    assert asked.provenance["classifier"]["name"] == "no"
    yes = str(save_classifier(tmp_path / "yes.safetensors", sure=1))
    found, _ = segmented({"input": picture()}, checkpoint=checkpoint, classifier=yes)
    assert found.labels.any()


def test_slices_of_background_alone_are_negative(checkpoint: str) -> None:
    stack = np.stack([picture(0), np.full((20, 24), 10, np.uint8), picture(1)])
    result, _ = segmented({"input": stack}, checkpoint=checkpoint, label=1)
    assert result.squares.slices.tolist() == [0, 2]
    assert not result.labels[1].any()


def test_a_volume_keeps_its_order_and_place(checkpoint: str, tmp_path: Path) -> None:
    folder = volumes(tmp_path / "set", 1)
    source = folder / "imagesTr" / "patient0.nii.gz"
    files = {"output": tmp_path / "labels.nii.gz", "heat": tmp_path / "heat.nii.gz"}
    result, _ = segmented({"input": source, **files}, checkpoint=checkpoint, label=1)
    volume = read_volume(source)
    assert result.labels.shape == volume.geometry.shape
    assert result.squares.slices.tolist() == list(range(6))
    for index in range(6):
        alone, _ = segmented(
            {"input": np.asarray(volume.array[0]), "affine": volume.affine,
             "region": np.array([[index, 0, 0], [index + 1, 24, 24]])},
            checkpoint=checkpoint, label=1,
        )  # fmt: skip
        assert np.allclose(alone.heat[0, index], result.heat[0, index], atol=2e-3)
        assert not np.delete(alone.labels, index, axis=0).any()
    for name, file in files.items():
        saved = nibabel.load(file)
        assert np.allclose(saved.affine, nibabel.load(source).affine), name
        assert saved.shape == (24, 24, 6)
    told = json.loads((tmp_path / "labels.nii.gz.json").read_text())
    assert told["source"] == "patient0"


def test_the_same_seed_gives_the_same_and_small_memory_too(checkpoint: str) -> None:
    stack = {"input": np.stack([picture(i) for i in range(3)])}
    how = {"checkpoint": checkpoint, "label": 1, "draws": 2}
    one, _ = segmented(stack, **how)
    small, steps = segmented(stack, max_batch=1, **how)
    other, _ = segmented(stack, seed=1, **how)
    assert np.allclose(one.squares.maps, small.squares.maps, atol=2e-3)
    assert not np.allclose(one.squares.maps, other.squares.maps, atol=1e-2)
    counts = [s.done for s in steps if isinstance(s, ProgressStep)]
    assert counts == sorted(counts)


def test_more_draws_are_averaged(checkpoint: str) -> None:
    image = {"input": picture()}
    how = {"checkpoint": checkpoint, "label": 1}
    two, steps = segmented(image, draws=2, **how)
    one, _ = segmented(image, draws=1, **how)
    assert not np.allclose(one.squares.maps, two.squares.maps, atol=1e-3)
    assert np.allclose(one.squares.states, two.squares.states, atol=1e-5), "the first draw's"
    assert len([s for s in steps if isinstance(s, DenoiseStep)]) == 3


@pytest.mark.parametrize("evidence", ["cdm", "cg-cdm", "reconstruction", "grad-cam"])
def test_every_kind_of_evidence(checkpoint: str, classifier: str, evidence: str) -> None:
    result, _ = segmented(
        {"input": picture()}, checkpoint=checkpoint, classifier=classifier, evidence=evidence,
        label=1,
    )  # fmt: skip
    rounds = 3 if evidence in ("cdm", "cg-cdm") else 1
    assert result.squares.maps.shape == (1, rounds, SIDE, SIDE)
    assert result.heat.max() > 0.8
    assert result.labels.any()


def test_grad_cam_needs_no_diffusion_model(classifier: str) -> None:
    result, _ = segmented({"input": picture()}, classifier=classifier, evidence="grad-cam", label=1)
    assert result.provenance["checkpoint"]["name"] == "c"


def test_several_findings(tmp_path: Path) -> None:
    config = replace(TINY, classes=3)
    checkpoint = str(save_diffusion(tmp_path / "m.safetensors", config))
    sure = str(
        save_classifier(tmp_path / "k.safetensors", replace(TINY_CLASSIFIER, classes=3), sure=2)
    )
    heat, output = tmp_path / "heat.nii.gz", tmp_path / "labels.nii.gz"
    result, _ = segmented(
        {"input": picture(), "output": output, "heat": heat}, checkpoint=checkpoint,
        classifier=sure,
    )  # fmt: skip
    assert set(np.unique(result.labels)) == {0, 2}
    assert result.heat.shape[0] == 2
    assert not result.heat[0].any()
    assert list(result.layers) == ["Heat map, label 1", "Heat map, label 2"]
    assert {p.name for p in tmp_path.glob("heat*.nii.gz")} == {"heat_1.nii.gz", "heat_2.nii.gz"}
    one, _ = segmented({"input": picture()}, checkpoint=checkpoint, label=1)
    assert set(np.unique(one.labels)) == {0, 1}


@pytest.mark.parametrize(
    ("chances", "present"),
    [
        ([0.6, 0.4], set()), ([0.4, 0.6], {1}), ([0.1, 0.45, 0.45], {1, 2}),
        ([0.1, 0.8, 0.1], {1}), ([0.3, 0.3, 0.4], {1, 2}), ([np.nan, np.nan], set()),
    ],
)  # fmt: skip
def test_which_findings_a_slice_shows(chances: list[float], present: set[int]) -> None:
    assert _present(np.array(chances, np.float32)) == present


def test_other_steps_and_thresholds_without_sampling_again(checkpoint: str) -> None:
    image = {"input": picture()}
    how = {"checkpoint": checkpoint, "label": 1}
    sampled, _ = segmented(image, **how)
    two, _ = segmented(image, steps=2, threshold=0.4, keep="all", **how)
    again = recut(sampled, CutParams(steps=2, threshold=0.4, keep="all"))
    assert (again.labels == two.labels).all()
    assert np.allclose(again.heat, two.heat)


def test_colours_in_a_grey_model_are_told(checkpoint: str) -> None:
    colours = np.random.default_rng(0).integers(0, 255, (3, 1, 20, 20), dtype=np.uint8)
    result, steps = segmented({"input": colours}, checkpoint=checkpoint, label=1)
    assert any("grey" in note for note in result.notes)
    assert any("grey" in s.message for s in steps if isinstance(s, NoteStep))


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        (np.zeros(5), "1 axes"),
        (np.full((20, 24), 7.0), "all values are 7"),
        (np.full((20, 24), np.nan), "NaN"),
    ],
)
def test_images_that_cannot_be_used(checkpoint: str, image: np.ndarray, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        segmented({"input": image}, checkpoint=checkpoint, label=1)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"label": 2}, "does not know label 2"),
        ({}, "not known what the image shows"),
        ({"label": 1, "evidence": "cg-cdm"}, "cg-cdm needs a classifier"),
        ({"label": 1, "level": STEPS}, f"Noise level Q is {STEPS}"),
        ({"label": 1, "level": 2, "rounds": 3}, "3 steps R"),
        ({"label": 1, "level": STEPS, "evidence": "reconstruction"}, "Noise level Q"),
    ],
)
def test_parameters_that_do_not_fit(checkpoint: str, params: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        segmented({"input": picture()}, checkpoint=checkpoint, **params)
    assert caught.value.hint


def test_networks_that_do_not_belong_together(checkpoint: str, tmp_path: Path) -> None:
    odd = str(
        save_classifier(
            tmp_path / "o.safetensors", preprocessing=Framing(SIDE, "axial", 1, 30.0).card(),
            process={"timesteps": 2 * STEPS},
        )
    )  # fmt: skip
    with pytest.raises(CheckpointError, match="do not belong together") as caught:
        segmented({"input": picture()}, checkpoint=checkpoint, classifier=odd)
    for part in ("planes stored and axial", "fields of view", "steps 40 and 80"):
        assert part in caught.value.message
    with pytest.raises(CheckpointError, match="Grad-CAM needs a classifier"):
        segmented({"input": picture()}, evidence="grad-cam")


def test_too_little_memory_is_refused_at_once(
    checkpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Little:
        available = 1000

    monkeypatch.setattr("engine.methods.cdm.inference.psutil.virtual_memory", lambda: Little)
    with pytest.raises(InputError, match="memory"):
        segmented({"input": picture()}, checkpoint=checkpoint, label=1)


def test_it_can_be_stopped_between_any_two_network_calls(
    checkpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With calls of one slice, every call of every slice is a moment to stop at."""
    monkeypatch.setitem(looking.CALL_PIXELS, "cpu", 1)
    stack = np.stack([picture(i) for i in range(3)])
    params = SegmentParams.parse({**QUICK, "checkpoint": checkpoint, "label": 1})
    steps = segment(Job("cdm", "segment", params, {"input": stack}), cpu_context())
    moments = sum(isinstance(step, DenoiseStep | ProgressStep) for step in steps)
    assert moments >= 3 * 3
    steps = segment(Job("cdm", "segment", params, {"input": stack}), cpu_context())
    for _ in range(4):
        next(steps)
    steps.close()


def test_many_steps_are_kept_within_a_bound(
    checkpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = segmented({"input": picture()}, checkpoint=checkpoint, label=1, rounds=5)
    monkeypatch.setattr(inference, "KEPT_BYTES", 3 * 4 * SIDE**2)
    result, steps = segmented({"input": picture()}, checkpoint=checkpoint, label=1, rounds=5)
    assert result.squares.each == 2
    assert result.squares.maps.shape == (1, 3, SIDE, SIDE)
    assert any(isinstance(s, NoteStep) and "every 2 steps" in s.message for s in steps)
    np.testing.assert_allclose(
        result.squares.maps.sum(axis=1), whole.squares.maps.sum(axis=1), atol=1e-4
    )
    np.testing.assert_array_equal(
        recut(result, CutParams(steps=4)).labels, recut(whole, CutParams(steps=4)).labels
    )

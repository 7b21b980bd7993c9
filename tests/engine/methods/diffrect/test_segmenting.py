from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from engine.data.volumes.read import read_volume
from engine.errors import CheckpointError, InputError
from engine.jobs import Job
from engine.methods.diffrect import METHOD
from engine.methods.diffrect.networks import load_segmenter
from engine.methods.diffrect.params import SegmentParams
from engine.methods.diffrect.recipe import Recipe
from engine.methods.diffrect.segmenting import segment
from engine.results import SegmentationResult
from engine.steps import DenoiseStep, NoteStep
from tests.helpers.adaptdiff_models import run
from tests.helpers.diffrect_models import SIDE, TINY, heart, save_segmenter
from tests.helpers.torch_rules import cpu_context


def segmented(inputs: dict[str, Any], checkpoint: Path, **params: Any) -> SegmentationResult:
    made = SegmentParams.parse({"checkpoint": str(checkpoint), **params})
    job = Job("diffrect", "segment", made, inputs)
    result: SegmentationResult = run(segment(job, cpu_context()))[0]
    return result


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    labels = {"2": {"name": "disc", "color": "#FF0000"}}
    return save_segmenter(tmp_path / "g.safetensors", labels=labels)


def picture(seed: int = 0) -> np.ndarray:
    return heart(np.random.default_rng(seed), 40, 36)[0]


def test_a_slice_in_memory(checkpoint: Path) -> None:
    result = segmented({"input": picture()}, checkpoint)
    assert result.labels.shape == (1, 40, 36)
    assert result.probability.shape == (3, 1, 40, 36)
    assert result.names == {0: "background", 1: "label 1", 2: "disc"}
    record = result.provenance
    assert record["synthetic"] is False
    assert record["checkpoint"]["name"] == "g"
    assert "digital_source_type" not in record
    again = segmented({"input": picture()}, checkpoint)
    assert np.array_equal(result.probability, again.probability)


def test_a_volume_from_a_file_to_files(tmp_path: Path, checkpoint: Path) -> None:
    affine = np.array(
        [[-1.4, 0.1, 0.0, 30.0], [0.1, 1.4, 0.0, -20.0], [0, 0, 8.0, 5.0], [0, 0, 0, 1]]
    )
    stack = np.stack([picture(seed) for seed in range(3)]).transpose(2, 1, 0)
    nibabel.save(nibabel.Nifti1Image(stack, affine), tmp_path / "case.nii.gz")
    names = ("output", "probability", "entropy")
    files = {name: tmp_path / f"{name}.nii.gz" for name in names}
    result = segmented({"input": tmp_path / "case.nii.gz", **files}, checkpoint)
    assert result.labels.shape == (3, 40, 36)
    classes = [tmp_path / f"probability_{number}.nii.gz" for number in (1, 2)]
    for file in (*files.values(), *classes):
        saved = nibabel.load(file)
        assert np.allclose(saved.affine, affine, atol=1e-5), file.name
        assert saved.shape == stack.shape
    read = read_volume(files["output"], kind="labels")
    assert np.array_equal(read.array[0], result.labels)
    told = json.loads((tmp_path / "output.nii.gz.json").read_text())
    assert told["checkpoint"]["name"] == "g"
    assert told["source"] == "case"
    with pytest.raises(InputError, match="the image itself"):
        segmented(
            {"input": tmp_path / "case.nii.gz", "output": tmp_path / "case.nii.gz"}, checkpoint
        )


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        (np.zeros(5), "1 axes"),
        (np.full((24, 24), 7.0), "all values are 7"),
        (np.full((24, 24), np.nan), "NaN|number"),
    ],
)
def test_images_that_cannot_be_used(checkpoint: Path, image: np.ndarray, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        segmented({"input": image}, checkpoint)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"preprocessing": {}}, "does not say how slices are shown"),
        ({"preprocessing": Recipe(1, SIDE + 8).card()}, "cannot be what its network takes"),
        ({"preprocessing": Recipe(3, SIDE).card()}, "cannot be what its network takes"),
        ({"config": {"inputs": 1}}, "describes no diffrect network: classes"),
        ({"config": {"inputs": 1, "classes": 3, "widths": [2, 4], "dropouts": [0.1]}}, "describes"),
        ({"role": "rectifier"}, "a rectifier of diffrect, not a segmenter"),
        ({"method": "cdal"}, "a segmenter of cdal"),
    ],
)
def test_checkpoints_that_cannot_be_used(
    tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    path = save_segmenter(tmp_path / "odd.safetensors", **changes)
    with pytest.raises(CheckpointError, match=problem) as caught:
        segmented({"input": picture()}, path)
    assert caught.value.hint


def test_weights_of_another_network(tmp_path: Path) -> None:
    from engine.methods.diffrect.networks import card_config

    other = card_config(replace(TINY, classes=5))
    path = save_segmenter(tmp_path / "odd.safetensors", config=other)
    with pytest.raises(CheckpointError, match="odd"):
        segmented({"input": picture()}, path)


def test_it_tells_in_sentences_what_it_does_and_denoises_nothing(checkpoint: Path) -> None:
    volume = np.stack([picture(seed) for seed in range(3)])
    params = SegmentParams(checkpoint=str(checkpoint))
    job = Job("diffrect", "segment", params, {"input": volume})
    _, steps = run(segment(job, cpu_context()))
    notes = [step.message for step in steps if isinstance(step, NoteStep)]
    assert notes == ["The checkpoint takes single images: each slice is segmented by itself."]
    assert not METHOD.task("segment").denoises
    assert not any(isinstance(step, DenoiseStep) for step in steps)


def test_without_a_checkpoint_it_says_where_one_comes_from() -> None:
    with pytest.raises(CheckpointError, match="No checkpoint was chosen") as caught:
        load_segmenter("", cpu_context())
    assert "reverie train --method diffrect" in caught.value.hint


def test_a_network_is_kept_between_jobs(checkpoint: Path) -> None:
    context = cpu_context()
    one = load_segmenter(str(checkpoint), context)
    assert load_segmenter(str(checkpoint), context) is one
    assert not one.model.training

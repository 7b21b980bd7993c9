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
from engine.methods.cdal.data import recipe
from engine.methods.cdal.networks import load_generator
from engine.methods.cdal.params import SegmentParams
from engine.methods.cdal.segmenting import segment
from engine.results import SegmentationResult
from engine.steps import DenoiseStep, ProgressStep, Step
from tests.helpers.adaptdiff_models import run
from tests.helpers.cdal_models import SIDE, TINY, disc, save_generator
from tests.helpers.torch_rules import cpu_context


def segmented(
    inputs: dict[str, Any], checkpoint: Path, max_batch: int = 0, **params: Any
) -> tuple[SegmentationResult, list[Step]]:
    made = SegmentParams.parse({"checkpoint": str(checkpoint), "votes": 2, **params})
    result, steps = run(segment(Job("cdal", "segment", made, inputs), cpu_context(max_batch)))
    return result, steps


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    labels = {"1": {"name": "disc", "color": "#FF0000"}}
    return save_generator(tmp_path / "g.safetensors", labels=labels)


def picture(seed: int = 0, side: int = 24) -> np.ndarray:
    return disc(np.random.default_rng(seed), (side, side))[0]


def test_a_slice_in_memory(checkpoint: Path) -> None:
    result, steps = segmented({"input": picture()}, checkpoint)
    assert result.labels.shape == (1, 24, 24)
    assert result.probability.shape == (2, 1, 24, 24)
    assert np.allclose(result.probability.sum(axis=0), 1, atol=1e-5)
    assert 0 < result.variance.max() <= 0.25
    assert result.names == {0: "background", 1: "disc"}
    assert result.votes.shape[0] == 2
    shown = [s for s in steps if isinstance(s, DenoiseStep)]
    assert [s.t for s in shown] == [1, 0]
    noise = shown[0].before
    assert noise is not None
    assert noise.shape == shown[0].x_t.shape
    assert abs(float(noise.std()) - 1) < 0.2
    assert shown[1].before is None
    assert [s for s in steps if isinstance(s, ProgressStep)]
    record = result.provenance
    assert record["synthetic"] is False
    assert record["checkpoint"]["name"] == "g"
    assert record["parameters"]["votes"] == 2
    assert "digital_source_type" not in record


def test_the_same_seed_gives_the_same_and_small_memory_too(checkpoint: Path) -> None:
    image = {"input": picture()}
    one, _ = segmented(image, checkpoint, votes=3)
    again, _ = segmented(image, checkpoint, votes=3, max_batch=1)
    other, _ = segmented(image, checkpoint, votes=3, seed=1)
    assert np.allclose(one.probability, again.probability, atol=1e-5)
    assert not np.allclose(one.probability, other.probability, atol=1e-3)


def test_a_volume_from_a_file_to_files(tmp_path: Path) -> None:
    network = replace(TINY, labels=3)
    checkpoint = save_generator(tmp_path / "h.safetensors", network, "hippocampus")
    affine = np.diag([-2.0, 1.0, 1.5, 1.0])
    array = disc(np.random.default_rng(0), (18, 20, 17))[0]
    nibabel.save(nibabel.Nifti1Image(array, affine), tmp_path / "case.nii.gz")
    files = {name: tmp_path / f"{name}.nii.gz" for name in ("output", "probability", "uncertainty")}
    result, _ = segmented({"input": tmp_path / "case.nii.gz", **files}, checkpoint, votes=1)
    assert result.labels.shape == read_volume(tmp_path / "case.nii.gz").geometry.shape
    assert result.names == {0: "background", 1: "label 1", 2: "label 2"}
    for name, file in files.items():
        saved = nibabel.load(file)
        assert np.allclose(saved.affine, affine), name
        assert saved.shape == array.shape
    told = json.loads((tmp_path / "output.nii.gz.json").read_text())
    assert told["checkpoint"]["name"] == "h"
    assert told["source"] == "case"


def test_a_region_alone(checkpoint: Path) -> None:
    stack = np.stack([picture(i) for i in range(3)])
    region = np.array([[1, 2, 3], [2, 20, 24]])
    result, _ = segmented({"input": stack, "region": region}, checkpoint)
    assert result.region == ((1, 2, 3), (2, 20, 24))
    assert not result.probability[:, [0, 2]].any()
    with pytest.raises(InputError, match="5 numbers"):
        segmented({"input": stack, "region": np.arange(5)}, checkpoint)


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        (np.zeros(5), "1 axes"),
        (np.full((24, 24), 7.0), "the image cannot .* all values are 7"),
        (np.full((24, 24), np.nan), "NaN|number"),
    ],
)
def test_images_that_cannot_be_used(checkpoint: Path, image: np.ndarray, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        segmented({"input": image}, checkpoint)


def test_checkpoints_that_do_not_say_how_to_cut(tmp_path: Path) -> None:
    path = save_generator(tmp_path / "g.safetensors", preprocessing={})
    with pytest.raises(CheckpointError):
        segmented({"input": picture()}, path)
    odd = {**_card_of("grey"), "window": SIDE + 1}
    path = save_generator(tmp_path / "odd.safetensors", preprocessing=odd)
    with pytest.raises(InputError, match="cannot halve"):
        segmented({"input": picture()}, path)


def _card_of(kind: Any) -> dict[str, Any]:
    return recipe(kind, SIDE).card()


def test_without_a_checkpoint_it_says_where_one_comes_from() -> None:
    with pytest.raises(CheckpointError, match="No checkpoint was chosen") as caught:
        load_generator("", cpu_context())
    assert "reverie train --method cdal" in caught.value.hint

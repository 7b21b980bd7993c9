from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import exposure

from engine.data.pairset import PairSet, read_pair_set
from engine.data.phantoms import grow_from_mask
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.adaptdiff.masks import grow
from engine.methods.adaptdiff.pairs import synthesize_set
from engine.methods.adaptdiff.params import GrowParams, SynthesisParams, SynthesisSetParams
from engine.methods.adaptdiff.synthesis import synthesize
from engine.steps import DenoiseStep, ProgressStep
from engine.training.cards import rewrite_card
from engine.training.checkpoint import read_card
from tests.helpers.adaptdiff_models import PROCESS, phantom_folders, run, save_diffusion
from tests.helpers.torch_rules import cpu_context


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tiny.safetensors and masks/."""
    folder = phantom_folders(tmp_path_factory.mktemp("set"), count=2, side=96)
    save_diffusion(folder / "tiny.safetensors")
    return folder


def set_job(place: Path, output: Path, **values: Any) -> Job:
    params = SynthesisSetParams.parse(
        {
            "checkpoint": str(place / "tiny.safetensors"), "steps": 2, "count": 5, "crop": 64,
            "batch": 2, "seed": 30, **values,
        }
    )  # fmt: skip
    return Job("adaptdiff", "synthesize-set", params, {"masks": place / "masks", "output": output})


def made(place: Path, output: Path, **values: Any) -> PairSet:
    run(synthesize_set(set_job(place, output, **values), cpu_context()))
    return read_pair_set(output)


@pytest.mark.parametrize("name", ["folder", "set.npz", "set.h5"])
def test_a_set_in_each_form(place: Path, tmp_path: Path, name: str) -> None:
    result, steps = run(synthesize_set(set_job(place, tmp_path / name), cpu_context()))
    assert result.path == tmp_path / name
    pairs = read_pair_set(tmp_path / name)
    assert pairs.names == tuple(f"pair_{i:05d}" for i in range(5))
    assert [p.details["seed"] for p in pairs.manifest.pairs] == [30, 31, 32, 33, 34]
    for image, mask in zip(pairs.images, pairs.masks, strict=True):
        assert image.shape == mask.shape == (64, 64)
        assert mask.any()
    assert len({m.tobytes() for m in pairs.masks}) == 5
    assert [s.done for s in steps if isinstance(s, ProgressStep)] == [2, 4, 5]
    assert len([s for s in steps if isinstance(s, DenoiseStep)]) == 3 * 2
    record = pairs.manifest.provenance
    assert record["parameters"]["count"] == 5
    assert record["checkpoint"]["name"] == "tiny"
    assert record["synthetic"] is True


def test_a_pair_does_not_depend_on_its_batch(place: Path, tmp_path: Path) -> None:
    one, four = (
        made(place, tmp_path / f"{b}.npz", batch=b, phantom_share=0.5, zoom_max=2.0) for b in (1, 4)
    )
    for i in range(5):
        np.testing.assert_array_equal(one.masks[i], four.masks[i])
        np.testing.assert_allclose(one.images[i], four.images[i], atol=1e-5)


def test_a_pair_is_what_synthesize_makes_of_its_mask_and_seed(place: Path, tmp_path: Path) -> None:
    pairs = made(place, tmp_path / "set.npz")
    params = SynthesisParams.parse(
        {"checkpoint": str(place / "tiny.safetensors"), "steps": 2, "seed": 33}
    )
    job = Job("adaptdiff", "synthesize", params, {"mask": pairs.masks[3]})
    image = run(synthesize(job, cpu_context()))[0].images[0]
    np.testing.assert_allclose(pairs.images[3], image, atol=1e-5)


@pytest.mark.parametrize("name", ["folder", "set.npz", "set.h5"])
def test_an_interrupted_set_is_continued(place: Path, tmp_path: Path, name: str) -> None:
    whole = made(place, tmp_path / f"whole_{name}")
    generator = synthesize_set(set_job(place, tmp_path / name), cpu_context())
    for step in generator:
        if isinstance(step, ProgressStep) and step.done == 2:
            break
    generator.close()
    assert len(read_pair_set(tmp_path / name).names) == 2
    _, steps = run(synthesize_set(set_job(place, tmp_path / name), cpu_context()))
    assert [s.done for s in steps if isinstance(s, ProgressStep)] == [4, 5]
    rest = read_pair_set(tmp_path / name)
    assert rest.names == whole.names
    for i in range(5):
        np.testing.assert_array_equal(rest.masks[i], whole.masks[i])
        np.testing.assert_allclose(rest.images[i], whole.images[i], atol=1e-5)
    with pytest.raises(InputError, match="made in another way"):
        made(place, tmp_path / name, seed=31)


def test_a_set_goes_on_under_another_title(place: Path, tmp_path: Path) -> None:
    weights = shutil.copy(place / "tiny.safetensors", tmp_path / "tiny.safetensors")
    half = made(place, tmp_path / "set", checkpoint=str(weights), count=3)
    rewrite_card(weights, read_card(weights).model_copy(update={"title": "Better named"}))
    assert made(place, tmp_path / "set", checkpoint=str(weights), count=3).names == half.names
    save_diffusion(weights, process={**PROCESS, "data_mean": -0.4})
    with pytest.raises(InputError, match="made in another way"):
        made(place, tmp_path / "set", checkpoint=str(weights), count=3)


def test_grown_masks_need_no_folder(place: Path, tmp_path: Path) -> None:
    job = set_job(tmp_path / "nowhere", tmp_path / "set.npz", phantom_share=1.0, count=2)
    params = job.params.with_changes(checkpoint=str(place / "tiny.safetensors"))
    run(
        synthesize_set(
            Job("adaptdiff", "synthesize-set", params, {"output": tmp_path / "set.npz"}),
            cpu_context(),
        )
    )
    assert all(0.01 < m.mean() < 0.5 for m in read_pair_set(tmp_path / "set.npz").masks)


def test_masks_are_asked_for_where_they_are_needed(place: Path, tmp_path: Path) -> None:
    job = set_job(place, tmp_path / "set.npz")
    without = Job("adaptdiff", "synthesize-set", job.params, {"output": tmp_path / "set.npz"})
    with pytest.raises(InputError, match="masks"):
        run(synthesize_set(without, cpu_context()))
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "odd.png").write_bytes(b"no image")
    inputs = {"masks": tmp_path / "masks", "output": tmp_path / "set.npz"}
    with pytest.raises(InputError, match=r"odd\.png"):
        run(synthesize_set(Job("adaptdiff", "synthesize-set", job.params, inputs), cpu_context()))
    assert not (tmp_path / "set.npz").exists()


def test_grey_values_of_a_template(place: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no template"):
        made(place, tmp_path / "set.npz", match_histogram=True)
    job = set_job(place, tmp_path / "set.npz", match_histogram=True, count=2)
    template = np.linspace(0.4, 0.6, 64 * 64).reshape(64, 64) ** 2
    inputs = {**job.inputs, "template": template}
    run(synthesize_set(Job("adaptdiff", "synthesize-set", job.params, inputs), cpu_context()))
    plain = made(place, tmp_path / "plain.npz", count=2)
    matched = read_pair_set(tmp_path / "set.npz")
    for before, after in zip(plain.images, matched.images, strict=True):
        expected = exposure.match_histograms(before, unit(template))
        np.testing.assert_allclose(after, expected, atol=1e-5)


def unit(values: np.ndarray) -> np.ndarray:
    return ((values - values.min()) / np.ptp(values)).astype(np.float32)


def test_growing_keeps_what_is_painted() -> None:
    painted = np.zeros((64, 80))
    painted[30:33, 5:60] = 1
    job = Job("adaptdiff", "grow", GrowParams.parse({"seed": 4}), {"mask": painted})
    result, _ = run(grow(job, cpu_context()))
    assert result.mask.shape == (64, 80)
    assert result.mask.dtype == np.uint8
    assert result.mask[painted > 0].all()
    assert result.mask.sum() > painted.sum()
    np.testing.assert_array_equal(result.mask, grow_from_mask(painted, 4).mask())
    empty = Job("adaptdiff", "grow", GrowParams(), {"mask": np.zeros((64, 64))})
    assert run(grow(empty, cpu_context()))[0].mask.any()
    tiny = Job("adaptdiff", "grow", GrowParams(), {"mask": np.zeros((8, 8))})
    with pytest.raises(InputError, match="8 x 8"):
        run(grow(tiny, cpu_context()))

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil
import pytest
import torch
import torch.nn.functional as F
from scipy.stats import spearmanr

from engine.data.phantoms import grow_vessel_tree, render_octa
from engine.device import Context
from engine.diffusion.noise import NoiseSource
from engine.errors import CheckpointError, InputError
from engine.jobs import Job
from engine.methods.adaptdiff import synthesis
from engine.methods.adaptdiff.networks import load_diffusion
from engine.methods.adaptdiff.params import SynthesisParams
from engine.methods.adaptdiff.synthesis import conditional_start, sampler, synthesize
from engine.networks.spade_unet import SpadeUNet
from engine.parameters import MAX_SEED
from engine.provenance import SYNTHETIC_SOURCE, array_hash, png_text, unpacked
from engine.results import SynthesisResult
from engine.steps import DenoiseStep, NoteStep, Step
from engine.training.checkpoint import load_checkpoint, load_into, model_sha256
from engine.training.header import sha256_of
from tests.helpers.adaptdiff_models import (
    PROCESS,
    TIMESTEPS,
    WIDTHS,
    run,
    save_diffusion,
    save_segmenter,
)
from tests.helpers.torch_rules import cpu_context

MASK = grow_vessel_tree(32, 40, 0, field="macula").mask()
SAMPLERS = ("ddpm", "ddim", "dpm++")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_diffusion(tmp_path_factory.mktemp("models") / "tiny.safetensors")


def request(model: Path, mask: np.ndarray = MASK, template: Any = None, **values: Any) -> Job:
    params = SynthesisParams.parse({"checkpoint": str(model), "steps": 4, "seed": 11, **values})
    inputs = {"mask": mask} if template is None else {"mask": mask, "template": template}
    return Job("adaptdiff", "synthesize", params, inputs)


def make(
    model: Path, mask: np.ndarray = MASK, context: Context | None = None, **values: Any
) -> tuple[SynthesisResult, list[Step]]:
    return run(synthesize(request(model, mask, **values), context or cpu_context()))


def denoised(steps: list[Step]) -> list[DenoiseStep]:
    return [s for s in steps if isinstance(s, DenoiseStep)]


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_gives_its_steps_and_an_image(model: Path, name: str) -> None:
    result, all_steps = make(model, sampler=name)
    steps = denoised(all_steps)
    assert [(s.index, s.total) for s in steps] == [(i, 4) for i in range(4)]
    times = [s.t for s in steps]
    assert times[0] == TIMESTEPS - 1
    assert times == sorted(times, reverse=True)
    for step in steps:
        assert step.x_t.shape == step.x0_hat.shape == (1, 1, 32, 40)
        assert step.x_t.dtype is torch.float32
        assert step.eps is None or step.eps.shape == step.x_t.shape
    assert result.images.shape == (1, 32, 40)
    assert result.images.dtype == np.float32
    assert result.images.min() >= 0
    assert result.images.max() <= 1
    assert result.images.std() > 0.01
    last = ((steps[-1].x_t[0, 0] + 1) / 2).clamp(0, 1).numpy()
    np.testing.assert_array_equal(result.images[0], last)
    np.testing.assert_array_equal(result.mask, MASK)


def test_serial_reverse_iteration_is_clamped_after_every_step(model: Path) -> None:
    _, steps = make(model, sampler="ddpm", steps=TIMESTEPS)
    assert len(denoised(steps)) == TIMESTEPS
    assert all(s.x_t.abs().max() <= 1 for s in denoised(steps))


def test_one_shot_is_a_single_step(model: Path) -> None:
    result, steps = make(model, one_shot=True)
    (step,) = denoised(steps)
    assert step.t == TIMESTEPS - 1
    assert torch.equal(step.x_t, step.x0_hat)
    assert result.images.shape == (1, 32, 40)


@pytest.mark.parametrize("values", [{}, {"sampler": "ddpm"}, {"sampler": "ddim", "eta": 0.7}])
def test_same_seed_same_image_and_another_seed_another(model: Path, values: Any) -> None:
    context = cpu_context()
    first = make(model, context=context, **values)[0].images
    other = make(model, context=context, **{**values, "seed": 12})[0].images
    again = make(model, context=context, **values)[0].images
    fresh = make(model, **values)[0].images
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, fresh)
    assert np.abs(first - other).max() > 0.05


@pytest.mark.parametrize("values", [{}, {"sampler": "ddpm"}, {"one_shot": True}])
@pytest.mark.parametrize("max_batch", [0, 2])
def test_a_variant_is_the_single_image_of_its_seed(
    model: Path, values: Any, max_batch: int
) -> None:
    result, steps = make(model, context=cpu_context(max_batch), variants=3, **values)
    assert result.seeds == (11, 12, 13)
    groups = {(s.group, s.groups, s.offset, len(s.x_t)) for s in denoised(steps)}
    assert groups == ({(0, 2, 0, 2), (1, 2, 2, 1)} if max_batch else {(0, 1, 0, 3)})
    for seed, image in zip(result.seeds, result.images, strict=True):
        single = make(model, **{**values, "seed": seed})[0].images[0]
        np.testing.assert_allclose(image, single, atol=1e-5)


def test_seeds_count_on_from_zero_after_the_last(model: Path) -> None:
    result, _ = make(model, seed=MAX_SEED, variants=2)
    assert result.seeds == (MAX_SEED, 0)


@pytest.mark.parametrize("shape", [(33, 50), (16, 17), (35, 32)])
def test_sides_that_the_network_does_not_divide(model: Path, shape: tuple[int, int]) -> None:
    mask = (np.indices(shape).sum(axis=0) % 9 < 2).astype(np.uint8)
    result, steps = make(model, mask)
    assert result.images.shape == (1, *shape)
    assert result.mask.shape == shape
    padded = tuple(side + -side % 4 for side in shape)
    notes = [s.message for s in steps if isinstance(s, NoteStep)]
    assert tuple(notes) == result.notes
    (note,) = notes
    assert f"{shape[1]} x {shape[0]} was padded to {padded[1]} x {padded[0]}" in note
    for step in denoised(steps):
        for part in (step.x_t, step.x0_hat, step.eps):
            assert part is None or part.shape == (1, 1, *shape)
    whole = np.zeros(padded, np.uint8)
    whole[: shape[0], : shape[1]] = mask
    uncropped, more_steps = make(model, whole)
    assert not uncropped.notes
    assert len(denoised(more_steps)) == len(denoised(steps))
    np.testing.assert_allclose(
        result.images[0], uncropped.images[0, : shape[0], : shape[1]], atol=1e-5
    )


@pytest.mark.parametrize(
    ("mask", "word"), [(np.zeros((32, 32)), "empty"), (np.ones((32, 32)), "everywhere")]
)
def test_masks_that_say_nothing_are_remarked_on(model: Path, mask: np.ndarray, word: str) -> None:
    result, _ = make(model, mask)
    assert len(result.notes) == 1
    assert word in result.notes[0]
    assert np.isfinite(result.images).all()


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.uint16, np.float64])
def test_masks_of_any_type_mean_above_zero(model: Path, dtype: type) -> None:
    mask = MASK.astype(dtype) * dtype(1 if dtype is bool else 100)
    result, _ = make(model, mask)
    np.testing.assert_array_equal(result.mask, MASK)
    np.testing.assert_array_equal(result.images, make(model)[0].images)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.full((32, 32), np.nan), "NaN"),
        (np.where(MASK, np.inf, 0), "NaN or infinite"),
        (np.ones((1, 1)), "1 x 1"),
        (np.ones((15, 200)), "15 x 200"),
        (np.ones((3, 32, 32)), "3 x 32 x 32"),
        (np.ones(32), "shape 32"),
        (np.ones((0, 0)), "0 x 0"),
    ],
)
def test_masks_that_cannot_be_used(model: Path, mask: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        make(model, mask)
    assert caught.value.hint


def test_more_steps_than_noise_levels(model: Path) -> None:
    with pytest.raises(InputError, match=r"21 steps .* 20 noise levels"):
        make(model, steps=TIMESTEPS + 1)


class Memory(NamedTuple):
    available: int


def test_a_mask_that_is_too_large_for_the_memory(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        psutil, "virtual_memory", lambda: Memory(200 * 200 * synthesis.BYTES_A_PIXEL)
    )
    make(model, np.zeros((128, 128)))
    with pytest.raises(InputError, match="million pixels") as caught:
        make(model, np.zeros((208, 208)))
    assert "200 x 200" in caught.value.hint


def test_grey_values_of_a_template(tmp_path: Path) -> None:
    # Little noise about a mean grey, so that few pixels are cut off at black or white.
    process = {**PROCESS, "beta_start": 1e-6, "beta_end": 1e-5, "data_std": 0.1}
    model = save_diffusion(tmp_path / "calm.safetensors", process=process)
    template = render_octa(grow_vessel_tree(64, 48, 5, field="macula"), 5) * 200 + 30
    result, _ = make(model, match_histogram=True, template=template, variants=2)
    unit = (template - template.min()) / np.ptp(template)
    quantiles = np.linspace(0.05, 0.95, 7)
    for image in result.images:
        assert image.dtype == np.float32
        np.testing.assert_allclose(
            np.quantile(image, quantiles), np.quantile(unit, quantiles), atol=0.03
        )
    plain, _ = make(model, variants=2)
    for before, after in zip(plain.images, result.images, strict=True):
        assert spearmanr(before.ravel(), after.ravel()).statistic > 0.99
    colour = np.repeat(template[..., None], 3, axis=2)
    same, _ = make(model, match_histogram=True, template=colour, variants=2)
    np.testing.assert_allclose(same.images, result.images, atol=1e-3)


@pytest.mark.parametrize("template", [None, np.ones((8, 8)), np.full((8, 8), np.nan), np.arange(9)])
def test_templates_that_cannot_be_used_are_refused_before_any_step(
    model: Path, template: np.ndarray | None
) -> None:
    generator = synthesize(request(model, match_histogram=True, template=template), cpu_context())
    with pytest.raises(InputError, match="template"):
        next(generator)


@torch.no_grad()
@pytest.mark.parametrize("name", SAMPLERS)
def test_what_the_mask_contributes_is_the_same_at_every_step(model: Path, name: str) -> None:
    """The cached mask branch against a network that convolves the mask anew at each step."""
    context = cpu_context()
    job = request(model, sampler=name, variants=2)
    assert isinstance(job.params, SynthesisParams)
    result, _ = run(synthesize(job, context))
    network = SpadeUNet(WIDTHS)
    load_into(network, load_checkpoint(model).tensors, "tiny")
    network.eval()
    mask = torch.from_numpy(MASK.astype(np.float32))[None, None]
    loaded, noise = load_diffusion(str(model), context), NoiseSource(result.seeds)
    start = noise.normal((1, 32, 40), "cpu")
    steps = list(
        sampler(
            lambda x, t: network(x, t, network.modulation(mask, plain=True)),
            loaded, start, mask, noise, job.params,
        )
    )  # fmt: skip
    images = ((steps[-1].x_t[:, 0] + 1) / 2).clamp(0, 1).numpy()
    np.testing.assert_allclose(result.images, images, atol=1e-5)


def test_few_step_solvers_start_where_vessels_are_bright_already(model: Path) -> None:
    loaded = load_diffusion(str(model), cpu_context())
    loaded = replace(loaded, moments=(-0.5, 0.1), vessel_moments=(0.5, 0.1))
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., :16] = 1
    noise = torch.zeros(2, 1, 32, 32)
    t = loaded.schedule.num_timesteps - 1
    x = conditional_start(loaded, noise, mask, t)
    level = float(loaded.schedule.alpha_bar[t]) ** 0.5
    assert x.shape == noise.shape
    torch.testing.assert_close(x[..., :16], torch.full((2, 1, 32, 16), 0.5 * level))
    torch.testing.assert_close(x[..., 16:], torch.full((2, 1, 32, 16), -0.5 * level))


def test_bfloat16_is_close_to_float32(model: Path) -> None:
    half = replace(cpu_context(), dtype=torch.bfloat16)
    image, _ = make(model, context=half)
    assert image.provenance["dtype"] == "bfloat16"
    difference = image.images - make(model)[0].images
    assert 10 * np.log10(1 / np.mean(difference**2)) > 35


def test_cancelled_between_steps(model: Path) -> None:
    context = cpu_context()
    expected = make(model)[0].images
    generator = synthesize(request(model), context)
    next(generator)
    next(generator)
    generator.close()
    np.testing.assert_array_equal(make(model, context=context)[0].images, expected)


def test_networks_are_kept_until_their_file_changes(tmp_path: Path) -> None:
    context = cpu_context()
    path = save_diffusion(tmp_path / "a.safetensors")
    first = load_diffusion(str(path), context)
    assert load_diffusion(str(path), context) is first
    path.unlink()
    save_diffusion(path, process={**PROCESS, "timesteps": 9})
    assert load_diffusion(str(path), context).schedule.num_timesteps == 9


def test_provenance_says_how_to_make_the_image_again(model: Path) -> None:
    job = request(model, variants=2)
    result, _ = run(synthesize(job, cpu_context()))
    record = json.loads(json.dumps(result.provenance))
    assert record["synthetic"] is True
    assert record["digital_source_type"] == SYNTHETIC_SOURCE
    assert (record["method"], record["task"]) == ("adaptdiff", "synthesize")
    assert record["checkpoint"] == {
        "name": "tiny", "sha256": sha256_of(model), "model_sha256": model_sha256(model),
    }  # fmt: skip
    told = record["inputs"]["mask"]
    assert (told["sha256"], told["shape"]) == (array_hash(MASK), [32, 40])
    assert np.array_equal(unpacked(told["packed"], (32, 40)), MASK > 0)
    assert (record["device"], record["dtype"], record["threads"]) == ("cpu", "float32", 1)
    assert set(record["versions"]) >= {"reverie", "torch", "numpy", "python"}
    params = SynthesisParams.parse(record["parameters"])
    again, _ = run(
        synthesize(Job("adaptdiff", "synthesize", params, {"mask": MASK}), cpu_context())
    )
    np.testing.assert_array_equal(again.images, result.images)
    assert json.loads(png_text(result.provenance)["reverie"]) == record


def test_checkpoints_that_cannot_be_used(tmp_path: Path, model: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint named 'absent'"):
        make(Path("absent"))
    with pytest.raises(CheckpointError, match="There is no checkpoint file"):
        make(tmp_path / "absent.safetensors")
    with pytest.raises(CheckpointError, match="is a segmenter of adaptdiff, not a diffusion"):
        make(save_segmenter(tmp_path / "s.safetensors"))
    (tmp_path / "cut.safetensors").write_bytes(model.read_bytes()[:5000])
    with pytest.raises(CheckpointError, match=r"cut\.safetensors"):
        make(tmp_path / "cut.safetensors")
    wide = save_diffusion(tmp_path / "wide.safetensors", config={"widths": [8, 8, 32]})
    with pytest.raises(CheckpointError, match=r"wide\.safetensors does not fit.*another shape"):
        make(wide)


@pytest.mark.parametrize(
    "changes",
    [
        {"config": {}},
        {"config": {"widths": "wide"}},
        {"config": {"widths": [8]}},
        {"config": {"widths": [8, -8, 16]}},
        {"process": {}},
        {"process": {**PROCESS, "timesteps": "many"}},
        {"process": {**PROCESS, "schedule": "unknown"}},
        {"process": {**PROCESS, "data_std": "much"}},
    ],
)
def test_cards_that_do_not_describe_a_network(tmp_path: Path, changes: Any) -> None:
    path = save_diffusion(tmp_path / "odd.safetensors", **changes)
    with pytest.raises(CheckpointError, match="odd"):
        make(path)


def test_padding_is_background(model: Path) -> None:
    """The padded mask continues with background, so that no vessel is invented at the border."""
    mask = np.ones((30, 30), np.uint8)
    seen = F.pad(torch.from_numpy(mask), (0, 2, 0, 2)).numpy()
    small, whole = make(model, mask)[0], make(model, seen)[0]
    np.testing.assert_allclose(small.images[0], whole.images[0, :30, :30], atol=1e-5)

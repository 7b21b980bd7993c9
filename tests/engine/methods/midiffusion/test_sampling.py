"""Modes, levels and noise of a translation, on slices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.diffusion.local_information import SourceImage
from engine.diffusion.noise import NoiseSource
from engine.diffusion.process import eps_from_x0, v_from
from engine.diffusion.schedules import Schedule, log_variance_bounds
from engine.errors import InputError
from engine.methods.midiffusion.networks import LoadedTranslator, load_translator
from engine.methods.midiffusion.sampling import Translated, translate_slices, way_of
from engine.methods.midiffusion.use_params import SampleParams
from engine.steps import DenoiseStep
from tests.helpers.adaptdiff_models import run
from tests.helpers.midiffusion_models import PROCESS, SIDE, STEPS, TINY, head, save_translator
from tests.helpers.torch_rules import cpu_context


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedTranslator:
    return load_translator(str(save_translator(tmp_path / "t.safetensors")), cpu_context())


def sources(count: int = 2) -> Tensor:
    made = [head(np.random.default_rng(i), (SIDE, SIDE), deep=False)[1] for i in range(count)]
    return (torch.from_numpy(np.stack(made))[:, None] / 160).clamp(0, 1)


def translated(
    loaded: LoadedTranslator, images: Tensor, **values: Any
) -> tuple[Translated, list[DenoiseStep]]:
    params = SampleParams.parse({"steps": 3, **values})
    way = way_of(loaded, params)
    result, steps = run(translate_slices(loaded, images, way, params, torch.device("cpu")))
    return result, [s for s in steps if isinstance(s, DenoiseStep)]


def test_a_slice_does_not_depend_on_those_beside_it(loaded: LoadedTranslator) -> None:
    images = sources(3)
    together, _ = translated(loaded, images, sampler="ddpm", steps=5)
    for i in range(3):
        alone, _ = translated(loaded, images[i : i + 1], sampler="ddpm", steps=5)
        torch.testing.assert_close(alone.image[0], together.image[i], atol=1e-4, rtol=0)


class Knowing(nn.Module):
    """Knows the image, and tells the noise or the velocity."""

    def __init__(self, image: Tensor, schedule: Schedule, prediction: str) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 1, 1)  # asked for type and layout
        self.image, self.schedule, self.prediction = image, schedule, prediction

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        eps = eps_from_x0(self.schedule, x[:, :1], t, self.image)
        return eps if self.prediction == "eps" else v_from(self.schedule, self.image, t, eps)


@pytest.mark.parametrize("prediction", ["eps", "v"])
@pytest.mark.parametrize("how", [{"steps": 4}, {"steps": 0, "sampler": "ddpm"}])
def test_what_the_network_says_is_taken_as_the_card_tells(
    tmp_path: Path, prediction: str, how: dict[str, Any]
) -> None:
    path = tmp_path / "t.safetensors"
    save_translator(path, process={**PROCESS, "prediction": prediction})
    loaded = load_translator(str(path), cpu_context())
    image = sources(2)
    knowing = Knowing(image, loaded.schedule, prediction)
    knowing.config = loaded.model.config
    found, _ = translated(replace(loaded, model=knowing), 1 - image, **how)
    torch.testing.assert_close(found.image, image, atol=1e-3, rtol=0)


def test_a_card_from_before_there_was_a_choice_tells_noise(loaded: LoadedTranslator) -> None:
    assert "prediction" not in PROCESS
    assert loaded.process.prediction == "eps"


@pytest.mark.parametrize("sampler", ["ddpm", "ddim"])
def test_equal_slices_share_their_noise(loaded: LoadedTranslator, sampler: str) -> None:
    same = sources(1).expand(2, -1, -1, -1).contiguous()
    found, _ = translated(loaded, same, sampler=sampler, eta=0.5 if sampler == "ddim" else 0.0)
    torch.testing.assert_close(found.image[0], found.image[1], atol=1e-5, rtol=0)


def test_the_seed_decides(loaded: LoadedTranslator) -> None:
    images = sources(1)
    first, _ = translated(loaded, images, seed=1)
    again, _ = translated(loaded, images, seed=1)
    other, _ = translated(loaded, images, seed=2)
    assert torch.equal(first.image, again.image)
    assert not torch.equal(first.image, other.image)


def test_the_source_decides(loaded: LoadedTranslator) -> None:
    one, _ = translated(loaded, sources(1))
    other, _ = translated(loaded, 1 - sources(1).flip(2))
    assert (one.image - other.image).abs().max() > 1e-3


def test_steps_show_what_ties_them_to_the_source(loaded: LoadedTranslator) -> None:
    images = sources(2)
    found, steps = translated(loaded, images, repetitions=2, samples=2)
    assert [s.run for s in steps] == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    assert all(s.runs == 4 for s in steps)
    assert [s.of_job for s in steps] == [(n + 1, 12) for n in range(12)]
    guide = SourceImage(images, loaded.process.information)
    first = steps[0]
    assert first.before is not None
    assert first.evidence is not None
    assert torch.equal(first.evidence, guide.similarity(first.before))
    assert steps[1].evidence is not None
    assert torch.equal(steps[1].evidence, guide.similarity(first.x_t))
    assert found.image.min() >= 0
    assert found.image.max() <= 1
    assert torch.equal(found.information, guide.similarity(found.image))


def test_samples_are_averaged_and_their_spread_told(loaded: LoadedTranslator) -> None:
    images = sources(1)
    found, steps = translated(loaded, images, samples=3)
    each = torch.stack([s.x_t.clamp(0, 1) for s in steps if s.index == 2])
    torch.testing.assert_close(found.image, each.mean(dim=0))
    torch.testing.assert_close(found.spread, each.std(dim=0, unbiased=False))
    assert found.spread.max() > 0
    single, _ = translated(loaded, images)
    assert not single.spread.any()
    assert torch.equal(single.image, each[0])


def test_a_repetition_starts_from_the_noised_result(loaded: LoadedTranslator) -> None:
    images = sources(1)
    _, steps = translated(loaded, images, repetitions=2, start="source", level=10)
    first, second = steps[0].before, steps[3].before
    assert first is not None
    assert second is not None
    level = float(loaded.schedule.alpha_bar[9])
    for state, image in ((first, images), (second, steps[2].x_t.clamp(0, 1))):
        noise = (state - level**0.5 * image) / (1 - level) ** 0.5
        assert abs(float(noise.mean())) < 0.3
        assert float(noise.std()) == pytest.approx(1, abs=0.2)


def test_all_levels_are_the_published_process(loaded: LoadedTranslator) -> None:
    """x_{t-1} = mean + sqrt(large variance) z with the condition of every step, by hand."""
    images = sources(1)
    found, steps = translated(loaded, images, sampler="ddpm", steps=0, seed=4)
    assert [s.t for s in steps] == list(range(STEPS))[::-1]
    guide, noise = SourceImage(images, loaded.process.information), NoiseSource([4])
    own, schedule = guide.similarity(images), loaded.schedule
    _, large = log_variance_bounds(schedule)
    x = noise.normal(images.shape[1:], "cpu")
    with torch.no_grad():
        for t in reversed(range(STEPS)):
            maps = torch.cat([guide.similarity(x), own], dim=1)
            eps = loaded.predict(x, torch.tensor([t]), maps)
            beta, bar = float(schedule.betas[t]), float(schedule.alpha_bar[t])
            x = (x - beta / (1 - bar) ** 0.5 * eps) / (1 - beta) ** 0.5
            if t:
                x = x + float((0.5 * large[t]).exp()) * noise.normal(images.shape[1:], "cpu")
    torch.testing.assert_close(steps[-1].x_t, x, atol=2e-3, rtol=1e-3)
    torch.testing.assert_close(found.image, x.clamp(0, 1), atol=2e-3, rtol=1e-3)


def test_sdedit_sees_the_source_only_at_the_start(loaded: LoadedTranslator) -> None:
    images = sources(1)
    found, steps = translated(loaded, images, guidance="none", start="source", level=8)
    assert all(s.evidence is None for s in steps)
    assert steps[0].t < 8
    near, _ = translated(loaded, images, guidance="none", start="source", level=1, steps=1)
    assert (near.image - images).abs().mean() < (found.image - images).abs().mean()


def test_a_network_without_maps_does_sdedit(tmp_path: Path) -> None:
    path = save_translator(tmp_path / "s.safetensors", replace(TINY, inputs=1))
    plain = load_translator(str(path), cpu_context())
    assert not plain.guided
    assert plain.does_without
    found, _ = translated(plain, sources(1), guidance="none", start="source")
    assert found.image.shape == (1, 1, SIDE, SIDE)
    with pytest.raises(InputError, match="trained without mutual information"):
        translated(plain, sources(1))


def test_where_runs_start(loaded: LoadedTranslator) -> None:
    assert way_of(loaded, SampleParams(steps=0)).timesteps == tuple(range(STEPS))[::-1]
    half = way_of(loaded, SampleParams(start="source", steps=4))
    assert half.level == STEPS // 2
    assert half.timesteps[0] == STEPS // 2 - 1
    assert len(half.timesteps) == 4
    few = way_of(loaded, SampleParams(sampler="ddpm", start="source", level=10, steps=3))
    assert few.timesteps[0] == 9


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (
            {"level": STEPS + 1, "start": "source"},
            f"noise level of {STEPS + 1} was asked of a model",
        ),
        ({"level": 10}, f"from noise starts at level {STEPS}, not at 10"),
        ({"level": 5, "start": "source", "steps": 6}, "6 steps were asked for below noise level 5"),
        ({"steps": STEPS + 1}, f"below noise level {STEPS}"),
        ({"guidance": "none"}, "nothing of the source is seen"),
    ],
)
def test_ways_that_do_not_exist(
    loaded: LoadedTranslator, values: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        way_of(loaded, SampleParams.parse({"steps": 3, **values}))
    assert caught.value.hint


def test_a_model_that_never_did_without(tmp_path: Path) -> None:
    path = save_translator(tmp_path / "g.safetensors", process={**PROCESS, "unguided": False})
    loaded = load_translator(str(path), cpu_context())
    with pytest.raises(InputError, match="never seen a slice without"):
        way_of(loaded, SampleParams(guidance="none", start="source", steps=3))

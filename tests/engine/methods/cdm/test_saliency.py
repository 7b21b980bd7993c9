from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from monai.visualize.class_activation_maps import GradCAM
from torch import Tensor, nn
from torch.testing import assert_close

from engine.diffusion.noise import NoiseSource
from engine.errors import InputError
from engine.methods.cdm.networks import (
    LoadedClassifier,
    LoadedDiffusion,
    Process,
    load_classifier,
    load_diffusion,
)
from engine.methods.cdm.saliency import (
    Evidence,
    Sampling,
    cdm,
    class_chances,
    grad_cam,
    reconstruction,
    slice_seeds,
)
from engine.steps import DenoiseStep
from tests.helpers.cdm_models import SIDE, STEPS, save_classifier, save_diffusion
from tests.helpers.torch_rules import cpu_context

TAUS = (0.0, 0.9, 0.99, 0.997)


@pytest.fixture
def model(tmp_path: Path) -> LoadedDiffusion:
    return load_diffusion(str(save_diffusion(tmp_path / "d.safetensors")), cpu_context())


@pytest.fixture
def classifier(tmp_path: Path) -> LoadedClassifier:
    return load_classifier(str(save_classifier(tmp_path / "c.safetensors")), cpu_context())


def pictures(count: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(count, 1, SIDE, SIDE, generator=generator) * 2 - 1


def finish(steps: Sampling) -> tuple[Evidence, list[DenoiseStep]]:
    told = []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            return end.value, told


def evidence(
    model: LoadedDiffusion, slices: Tensor, seeds: list[int] | None = None, **how: object
) -> Evidence:
    noise = NoiseSource(seeds or list(range(len(slices))))
    labels = torch.ones(len(slices), dtype=torch.long)
    values = {"level": 20, "rounds": 4, **how}
    return finish(cdm(model, slices, labels, noise, **values))[0]


def test_both_ways_are_shown_step_by_step(model: LoadedDiffusion) -> None:
    noise, labels = NoiseSource([0, 1]), torch.tensor([1, 1])
    found, steps = finish(cdm(model, pictures(), labels, noise, level=20, rounds=4))
    assert [step.t for step in steps] == [19, 18, 17, 16]
    assert found.maps.shape == (4, 2, SIDE, SIDE)
    assert found.states.shape == (4, 2, 2, SIDE, SIDE)
    for index, step in enumerate(steps):
        assert step.x_t.shape == (4, 1, SIDE, SIDE)
        assert_close(found.states[index].flatten(0, 1), step.x_t[:, 0])
        assert step.evidence is not None
        assert_close(step.evidence[:, 0], found.maps[: index + 1].sum(dim=0))
    difference = steps[-1].x_t[:2] - steps[-1].x_t[2:]
    assert_close(found.maps[-1], difference[:, 0] / 0.05, atol=1e-5, rtol=1e-4)


def test_maps_come_near_the_derivative_along_the_label(model: LoadedDiffusion) -> None:
    """One DDIM step, differentiated along the label's vector in double precision."""
    slices, t = pictures(1), torch.tensor([19])
    noise = NoiseSource([0]).normal((1, SIDE, SIDE), "cpu").double()
    alpha_bar = model.schedule.alpha_bar
    x = alpha_bar[20].sqrt() * slices.double() + (1 - alpha_bar[20]).sqrt() * noise
    before, after = alpha_bar[19], alpha_bar[18]
    found = {tau: evidence(model, slices, [0], rounds=1, tau=tau).maps[0] for tau in TAUS}
    exact = replace(model, model=copy.deepcopy(model.model).double())
    one, nothing = (exact.model.label_vectors(torch.tensor([y])) for y in (1, 0))

    def step(along: float) -> Tensor:
        eps = exact.eps(x, t, one + along * (one - nothing))
        x0 = ((x - (1 - before).sqrt() * eps) / before.sqrt()).clamp(-1, 1)
        eps = (x - before.sqrt() * x0) / (1 - before).sqrt()
        return after.sqrt() * x0 + (1 - after).sqrt() * eps

    slope = ((step(1e-5) - step(-1e-5)) / 2e-5)[:, 0]
    assert slope.abs().max() > 1e-3
    errors = [float((found[tau] - slope).abs().max() / slope.abs().max()) for tau in TAUS]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.05


def test_a_slice_does_not_depend_on_its_batch(model: LoadedDiffusion) -> None:
    slices = pictures(3)
    together = evidence(model, slices, [7, 8, 9])
    alone = evidence(model, slices[1:2], [8])
    assert_close(together.maps[:, 1:2], alone.maps, atol=2e-4, rtol=1e-3)


def test_seeds_follow_the_slice() -> None:
    assert slice_seeds(3, [5, 9], 0)[1] == slice_seeds(3, [9], 0)[0]
    assert len({*slice_seeds(3, range(50), 0), *slice_seeds(3, range(50), 1)}) == 100
    assert slice_seeds(3, [5], 0) != slice_seeds(4, [5], 0)


def test_guidance_leads_one_way_to_the_label_and_one_to_nothing(
    model: LoadedDiffusion, classifier: LoadedClassifier
) -> None:
    slices, labels = pictures(1), torch.tensor([1])

    def ends(scale: float) -> Tensor:
        steps = cdm(
            model, slices, labels, NoiseSource([0]), level=20, rounds=6, classifier=classifier,
            scale=scale,
        )  # fmt: skip
        *_, last = steps
        return class_chances(classifier, last.x_t)[:, 1]

    plain, guided = ends(0.0), ends(300.0)
    assert guided[0] > plain[0]
    assert guided[1] < plain[1]
    unguided = evidence(model, slices, [0], rounds=6)
    weightless = evidence(model, slices, [0], rounds=6, classifier=classifier, scale=0.0)
    assert_close(unguided.maps, weightless.maps, atol=2e-4, rtol=1e-3)


def test_nothing_keeps_a_gradient(model: LoadedDiffusion, classifier: LoadedClassifier) -> None:
    found = evidence(model, pictures(1), classifier=classifier)
    assert found.maps.grad_fn is None
    assert all(p.grad is None for p in [*model.model.parameters(), *classifier.model.parameters()])
    assert torch.is_grad_enabled()


def test_between_two_steps_the_work_is_left(model: LoadedDiffusion) -> None:
    steps = cdm(model, pictures(1), torch.tensor([1]), NoiseSource([0]), level=20, rounds=4)
    next(steps)
    assert not torch.is_inference_mode_enabled()
    steps.close()
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("level", "rounds", "problem"),
    [(STEPS, 4, "Noise level Q is 40"), (0, 1, "Noise level Q is 0"), (5, 6, "6 steps R"),
     (5, 0, "0 steps R")],
)  # fmt: skip
def test_ways_that_are_not_there(
    model: LoadedDiffusion, level: int, rounds: int, problem: str
) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        evidence(model, pictures(1), level=level, rounds=rounds)
    assert caught.value.hint


def test_down_to_the_clean_slice(model: LoadedDiffusion) -> None:
    assert evidence(model, pictures(1), level=5, rounds=5).maps.shape[0] == 5


def test_reconstruction_ends_at_a_clean_slice(
    model: LoadedDiffusion, classifier: LoadedClassifier
) -> None:
    slices = pictures(2)
    found, steps = finish(reconstruction(model, slices, NoiseSource([0, 1]), level=20, count=6))
    assert [step.t for step in steps] == [19, 15, 11, 8, 4, 0]
    assert_close(found.maps[0], (slices - steps[-1].x_t).abs()[:, 0])
    assert steps[-1].x_t.abs().max() <= 1.0
    assert len(found.states) == 0
    guided, _ = finish(
        reconstruction(model, slices, NoiseSource([0, 1]), level=20, count=6, classifier=classifier)
    )
    assert not torch.equal(guided.maps, found.maps)


def test_grad_cam_is_monais(classifier: LoadedClassifier) -> None:
    """MONAI's leaves hooks behind, and gradients in the weights."""

    class Features(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return classifier.model.features(x, torch.zeros(len(x), dtype=torch.long))

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features = Features()
            self.network = classifier.model

        def forward(self, x: Tensor) -> Tensor:
            return self.network.logits(self.features(x.requires_grad_()))

    slices = pictures(2)
    found = grad_cam(classifier, slices, torch.tensor([1, 1]))
    assert found.shape == (2, SIDE, SIDE)
    assert found.max() > 0
    assert not any(p.requires_grad for p in classifier.model.parameters())
    classifier.model.requires_grad_(True)
    theirs = GradCAM(Whole(), "features").compute_map(slices.clone(), class_idx=1)
    expected = nn.functional.interpolate(theirs, (SIDE, SIDE), mode="bilinear")
    assert_close(found, expected[:, 0].detach(), atol=1e-6, rtol=1e-4)


def test_chances_are_those_of_clean_slices(classifier: LoadedClassifier) -> None:
    chances = class_chances(classifier, pictures(3))
    assert_close(chances.sum(dim=1), torch.ones(3))


@pytest.mark.parametrize("timesteps", [1000, 4000])
def test_as_much_noise_in_all_whatever_the_steps(timesteps: int) -> None:
    usual = Process(timesteps=1000).make()
    made = Process(timesteps=timesteps).make()
    assert float(made.betas[0]) == pytest.approx(1e-4 * 1000 / timesteps)
    assert float(made.betas[-1]) == pytest.approx(0.02 * 1000 / timesteps)
    assert float(made.alpha_bar[-1]) == pytest.approx(float(usual.alpha_bar[-1]), rel=0.3)
    assert Process(schedule="cosine", timesteps=timesteps).make().name == "cosine"

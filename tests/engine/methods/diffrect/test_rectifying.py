"""The three steps of an iteration, also against their straightforward form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from benchmarks.diffrect_plain import PlainStage, plain_layers
from engine.methods.diffrect.growing import GrowingData, Parts
from engine.methods.diffrect.params import TrainParams
from engine.methods.diffrect.rectifying import LatentProcess, RectifyingStage
from engine.methods.diffrect.stage import PseudoLabelStage, SegmenterStage, fit_settings
from engine.methods.diffrect.training import networks_of
from engine.methods.diffrect.views import two_views
from engine.networks.label_rectifier import LabelRectifier
from engine.networks.level_unet import SegmenterUNet
from engine.networks.ncsnpp import channels_last
from tests.helpers.diffrect_models import SIDE, TINY_TRAINING
from tests.helpers.torch_rules import cpu_context

CLASSES = 3


class Pictures(GrowingData):
    """In place of cases: random images with labels, whatever the iteration."""

    def __init__(self, known: tuple[bool, ...]) -> None:
        self._known_slices = known

    def begin(self, iteration: int) -> tuple[str, ...]:
        return ()

    def batch(self, rng: np.random.Generator) -> Parts:
        count = len(self._known_slices)
        images = torch.from_numpy(rng.random((count, 1, SIDE, SIDE), np.float32))
        labels = torch.from_numpy(rng.integers(0, CLASSES, (count, SIDE, SIDE)))
        weak, strong, labels = two_views(images, labels, rng)
        known = torch.tensor(self._known_slices)
        labels[~known] = 0
        return weak, strong, labels, known, torch.arange(count)


def params(**changes: Any) -> TrainParams:
    made: TrainParams = TrainParams.parse(
        {**TINY_TRAINING, "width": 4, "rectify_after": 0, "confidence": 0.3, **changes}
    )
    return made


def stage_of(
    kind: type[RectifyingStage] = RectifyingStage,
    known: tuple[bool, ...] = (True, False, False, True),
    **changes: Any,
) -> RectifyingStage:
    """Without dropout, so that every form of it finds the same."""
    of_segmenter, of_rectifier = networks_of(params(), CLASSES)
    nothing = (0.0,) * len(of_segmenter.widths)
    torch.manual_seed(0)
    model = SegmenterUNet(replace(of_segmenter, dropouts=nothing))
    rectifier = LabelRectifier(replace(of_rectifier, dropouts=nothing))
    if kind is RectifyingStage:
        channels_last(model)
        channels_last(rectifier)
    return kind(model, rectifier, Pictures(known), params(**changes), cpu_context())


def iterated(stage: RectifyingStage, iteration: int = 3) -> dict[str, float]:
    """The losses of all steps; gradients go back to what they were."""
    batch = stage.batch(np.random.default_rng(0), 0)
    torch.manual_seed(1)
    stage.begin(iteration)
    told: dict[str, float] = {}
    for turn in stage.turns_of(iteration):
        network = stage.model if turn.network == "model" else stage.critic
        losses = turn.loss(network, batch)
        losses[turn.minimised].backward()
        told.update((name, value.item()) for name, value in losses.items())
        network.zero_grad()
    return told


def test_the_same_losses_as_the_straightforward_form() -> None:
    found = iterated(stage_of())
    with plain_layers():
        wanted = iterated(stage_of(PlainStage))
    assert found.keys() == wanted.keys()
    assert {"loss", "rectifier", "latent", "latent unlabelled", "rectification"} <= found.keys()
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, rel=1e-3, abs=1e-5), name


def test_whose_turn_it_is() -> None:
    stage = stage_of(rectify_after=5)
    stage.begin(6)
    assert [turn.network for turn in stage.turns_of(6)] == ["model", "critic"]
    stage.begin(7)
    assert [turn.network for turn in stage.turns_of(7)] == ["model", "critic", "model"]


def test_each_step_teaches_its_own_network_alone() -> None:
    stage = stage_of()
    batch = stage.batch(np.random.default_rng(0), 0)
    stage.begin(2)
    for turn in stage.turns_of(2):
        own, other = stage.model, stage.critic
        if turn.network == "critic":
            own, other = other, own
        turn.loss(own, batch)[turn.minimised].backward()
        assert _taught(own)
        assert not _taught(other)
        own.zero_grad()


def _taught(network: nn.Module) -> bool:
    return any(p.grad is not None and bool(p.grad.any()) for p in network.parameters())


@pytest.mark.parametrize("known", [(True, True), (False, False)])
def test_parts_of_a_batch_with_one_kind_alone(known: tuple[bool, ...]) -> None:
    found = iterated(stage_of(known=known))
    assert all(np.isfinite(list(found.values())))
    assert ("supervised" in found) is known[0]
    assert ("unlabelled" in found) is not known[0]


def test_the_weights_of_the_losses() -> None:
    """loss = supervised + lambda * unlabelled, with the lambda of the iteration."""
    stage = stage_of(consistency=0.1, ramp=200, confidence=0.3)
    for iteration in (1, 101, 400):
        found = iterated(stage, iteration)
        r = min(1.0, (iteration - 1) / 200)
        weight = 0.1 * np.exp(-5 * (1 - r) ** 2)
        assert stage.weight == pytest.approx(weight)
        wanted = found["supervised"] + weight * found["unlabelled"]
        assert found["loss"] == pytest.approx(wanted, rel=1e-5)


def test_rectified_labels_are_always_the_same_and_no_lesson() -> None:
    stage = stage_of()
    iterated(stage)
    stage.rectifier.eval()
    images = torch.rand(2, 1, SIDE, SIDE)
    soft = torch.rand(2, CLASSES, SIDE, SIDE).softmax(dim=1)
    one, again = stage.rectify(images, soft), stage.rectify(images, soft)
    assert torch.equal(one, again)
    assert not one.requires_grad
    assert torch.allclose(one.sum(dim=1), torch.ones(2, SIDE, SIDE), atol=1e-5)


def test_the_distance_of_labels_goes_on_with_a_run() -> None:
    stage = stage_of()
    found = iterated(stage)
    assert 0 < found["label distance"] <= 1
    kept = {"distance": stage._distance.clone(), "epoch": torch.tensor([0, 0, 0])}
    other = stage_of()
    other.remember(kept)
    assert other._distance.item() == pytest.approx(found["label distance"])


def test_steps_of_the_latent_diffusion() -> None:
    process = LatentProcess(10, 2)
    assert process.visited() in ([9, 0], [0, 9])
    assert len(LatentProcess(10, 10).visited()) == 10
    assert len(process.schedule().betas) == 10


def test_stages_it_is_compared_with_see_what_is_theirs() -> None:
    full = stage_of()
    batch = full.batch(np.random.default_rng(0), 0)
    seen: list[Tensor] = []

    class Spy(nn.Module):
        def forward(self, image: Tensor) -> Tensor:
            seen.append(image)
            found: Tensor = full.segmenter(image)
            return found

    made = (full.segmenter, full.data, params(), cpu_context())
    alone = SegmenterStage(*made).loss(Spy(), batch)
    assert isinstance(alone, Mapping)
    assert len(seen) == 1, "the strong view is not looked at"
    PseudoLabelStage(*made).loss(Spy(), batch)
    assert len(seen) == 3


def test_settings_come_from_the_parameters() -> None:
    settings = fit_settings(TrainParams())
    assert (settings.optimizer, settings.momentum, settings.weight_decay) == ("sgd", 0.9, 1e-4)
    assert settings.rate(15_000) == pytest.approx(0.01 * 0.5**0.9)
    assert settings.critic_rate(15_000) == 0.01

"""Votes that see the image another way round."""

from __future__ import annotations

from collections.abc import Generator

import pytest
import torch
from torch import Tensor

from engine.methods.cdal.params import SegmentParams
from engine.methods.cdal.turning import ALL_TURNS, HALF_TURNS, Sampled, View, turned
from engine.steps import DenoiseStep
from tests.engine.methods.cdal.drawing import Brightness, Drawn
from tests.engine.methods.cdal.test_inference import PLANES, image, noise, result


def drawn(
    steps: Generator[DenoiseStep, None, Sampled],
) -> tuple[Tensor, list[DenoiseStep]]:
    told: list[DenoiseStep] = []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            return end.value.samples, told


class Corner(Brightness):
    """Finds the upper left pixel of whatever it is shown."""

    def __call__(
        self, images: Tensor, votes: int, seed: int
    ) -> Generator[DenoiseStep, None, Drawn]:
        self.calls.append((*images.shape, votes, seed))
        samples = torch.zeros(votes, len(images), 1, *images.shape[-2:])
        samples[..., 0, 0] = 1
        state = samples.flatten(0, 1)
        yield DenoiseStep(0, 1, 0, state, state, before=state)
        return Drawn(samples)


@pytest.mark.parametrize("view", ALL_TURNS)
@pytest.mark.parametrize("shape", [(4, 4), (3, 5)])
def test_a_view_is_turned_back(view: View, shape: tuple[int, int]) -> None:
    picture = torch.arange(2.0 * shape[0] * shape[1]).reshape(2, *shape)
    assert torch.equal(view.back(view.of(picture)), picture)


def test_all_views_differ_and_those_of_oblongs_keep_their_sides() -> None:
    picture = torch.arange(16.0).reshape(4, 4)
    assert len({tuple(view.of(picture).flatten().tolist()) for view in ALL_TURNS}) == 8
    assert all(view.of(torch.zeros(3, 5)).shape == (3, 5) for view in HALF_TURNS)


def test_votes_are_dealt_to_the_views_and_turned_back() -> None:
    draw = Corner()
    samples, told = drawn(turned(draw)(torch.zeros(1, 3, 4, 4), 11, 0))
    assert [call[4] for call in draw.calls] == [2, 2, 2, 1, 1, 1, 1, 1]
    assert samples.shape == (11, 1, 1, 4, 4)
    # Each view's upper left corner is one of the four, twice among eight views.
    corners = samples[:, 0, 0, (0, 0, -1, -1), (0, -1, 0, -1)].sum(dim=0)
    assert samples.sum() == corners.sum() == 11
    assert corners.min() >= 2
    assert [step.offset for step in told] == [0, 2, 4, 6, 7, 8, 9, 10]
    assert [(step.group, step.groups) for step in told] == [(n, 8) for n in range(8)]
    for step in told:
        there = samples[step.offset : step.offset + len(step.x_t), 0]
        assert torch.equal(step.x_t, there)
        assert torch.equal(step.x0_hat, there)
        assert step.before is not None
        assert torch.equal(step.before, there)


def test_few_votes_see_few_views_each_with_its_noise() -> None:
    draw = Corner()
    samples, _ = drawn(turned(draw)(torch.zeros(2, 1, 3, 5), 3, 7))
    assert samples.shape == (3, 2, 1, 3, 5)
    assert [call[2:4] for call in draw.calls] == [(3, 5)] * 3
    assert len({call[-1] for call in draw.calls}) == 3


def test_what_has_no_side_is_found_the_same_and_what_has_one_is_averaged() -> None:
    volume = image(noise(1, 40, 33))
    plain = result(volume, PLANES, Brightness())
    assert (result(volume, PLANES, Brightness(), votes=8, turn=True).labels == plain.labels).all()
    found = result(image(noise(1, 16, 16)), PLANES, Corner(), votes=8, turn=True)
    assert found.probability[1, 0, 0, 0] == pytest.approx(0.25)
    assert found.variance[0, 0, 0] == pytest.approx(0.25 * 0.75)
    assert found.probability[1].sum() == pytest.approx(1.0)


def test_it_is_asked_for() -> None:
    assert not SegmentParams().turn

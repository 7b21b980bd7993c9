from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from benchmarks.cdal_plain import plain_votes
from engine.errors import CheckpointError
from engine.methods.cdal import sampling
from engine.methods.cdal.networks import LoadedGenerator, load_generator
from engine.methods.cdal.sampling import Votes, sample_votes, tally
from engine.steps import DenoiseStep
from tests.helpers.adaptdiff_models import run
from tests.helpers.cdal_models import SIDE, save_generator
from tests.helpers.torch_rules import cpu_context


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedGenerator:
    return load_generator(str(save_generator(tmp_path / "g.safetensors")), cpu_context())


def votes_of(
    loaded: LoadedGenerator, images: torch.Tensor, count: int, max_batch: int = 0
) -> tuple[Votes, list[DenoiseStep]]:
    votes, steps = run(sample_votes(loaded, images, count, 7, cpu_context(max_batch)))
    return votes, [s for s in steps if isinstance(s, DenoiseStep)]


def test_batched_votes_are_those_one_at_a_time(loaded: LoadedGenerator) -> None:
    image = torch.randn(1, 1, SIDE, SIDE)
    expected = plain_votes(loaded, image, 3, 7)
    assert expected.variance.max() > 1e-4, "votes differ"
    for max_batch in (0, 1, 2):
        found, steps = votes_of(loaded, image, 3, max_batch)
        assert_close(found.samples, expected.samples, atol=1e-5, rtol=1e-4)
        assert_close(found.probability, expected.probability, atol=1e-5, rtol=1e-4)
        assert {s.groups for s in steps} == {{0: 1, 1: 3, 2: 2}[max_batch]}
        assert [s.t for s in steps[:2]] == [1, 0]


def test_the_encoder_runs_once(loaded: LoadedGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    encode = loaded.model.encode
    monkeypatch.setattr(loaded.model, "encode", lambda i: calls.append(i.shape) or encode(i))
    votes_of(loaded, torch.randn(2, 1, SIDE, SIDE), 4, max_batch=1)
    assert calls == [(2, 1, SIDE, SIDE)]


def test_images_keep_their_place_and_large_batches_are_parted(
    loaded: LoadedGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = torch.randn(2, 1, SIDE, SIDE)
    both, _ = votes_of(loaded, images, 3)
    alone, _ = votes_of(loaded, images[:1], 3)
    assert_close(both.samples[:, :1], alone.samples, atol=1e-5, rtol=1e-4)
    monkeypatch.setitem(sampling.GROUP_PIXELS, "cpu", 2 * SIDE**2)
    parted, steps = votes_of(loaded, images, 3)
    assert_close(parted.samples, both.samples, atol=1e-5, rtol=1e-4)
    assert [s.offset for s in steps] == [0, 0, 1, 1, 2, 2]
    assert steps[0].x_t.shape == (2, 1, SIDE, SIDE)


def test_more_votes_begin_with_the_same(loaded: LoadedGenerator) -> None:
    image = torch.randn(1, 1, SIDE, SIDE)
    few, many = (votes_of(loaded, image, n)[0].samples for n in (2, 4))
    assert_close(many[:2], few, atol=1e-5, rtol=1e-4)


def test_what_votes_say_together() -> None:
    samples = torch.tensor([[1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 1.0]]).reshape(2, 1, 1, 1, 4)
    votes = tally(samples)
    assert votes.probability[0, 1, 0].tolist() == [1, 0.5, 0, 0.5]
    assert votes.probability.sum(dim=1).unique().tolist() == [1]
    assert votes.variance[0, 0].tolist() == [0, 0.25, 0, 0.25]
    assert votes.entropy[0, 0].tolist() == pytest.approx([0, 1, 0, 1])
    assert votes.labels[0, 0].tolist() == [1, 0, 0, 0], "one half is no majority"


def test_votes_from_the_upper_half_or_the_whole_range_of_labels() -> None:
    labels = torch.tensor([-1.5, -1, -0.5, 0, 0.5, 1, 1.5])
    assert_close(sampling.votes_of(labels, "upper"), torch.tensor([0.0, 0, 0, 0, 0.5, 1, 1]))
    assert_close(sampling.votes_of(labels, "whole"), torch.tensor([0.0, 0, 0.25, 0.5, 0.75, 1, 1]))


def test_a_card_says_from_where_votes_are_read(tmp_path: Path) -> None:
    image = torch.rand(1, 1, SIDE, SIDE) * 2 - 1
    found = {}
    for taken in ("upper", "whole"):
        process = {"timesteps": 2, "vote_range": taken}
        path = save_generator(tmp_path / f"{taken}.safetensors", process=process)
        generator = load_generator(str(path), cpu_context())
        found[taken] = run(sample_votes(generator, image, 2, 0, cpu_context()))[0].samples
    middle = (found["whole"] > 0.5) & (found["whole"] < 1)
    assert middle.any()
    assert_close(found["upper"][middle], 2 * found["whole"][middle] - 1)
    assert (found["upper"][found["whole"] < 0.5] == 0).all()


def test_several_classes() -> None:
    samples = torch.zeros(2, 1, 3, 1, 3)
    samples[:, 0, 2, 0, 0] = 1
    samples[0, 0, 1, 0, 1] = samples[1, 0, 2, 0, 1] = 1
    votes = tally(samples)
    assert votes.probability[0, :, 0, 0].tolist() == [0, 0, 1]
    assert votes.probability[0, :, 0, 1].tolist() == [0, 0.5, 0.5]
    assert votes.probability[0, :, 0, 2].tolist() == [1, 0, 0], "no vote at all is background"
    assert votes.labels[0, 0].tolist() == [2, 1, 0]
    assert votes.entropy[0, 0, 1].item() == pytest.approx(math.log(2) / math.log(3))


@pytest.mark.parametrize(
    "changes",
    [
        {"config": {}}, {"process": {"timesteps": 0}},
        {"process": {"timesteps": 2, "beta_min": -1}}, {"preprocessing": {"channels": 3}},
    ],
)  # fmt: skip
def test_cards_that_describe_no_network(tmp_path: Path, changes: dict[str, object]) -> None:
    path = save_generator(tmp_path / "g.safetensors", **changes)
    with pytest.raises(CheckpointError, match="describes no cdal network"):
        load_generator(str(path), cpu_context())

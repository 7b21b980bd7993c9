"""Windows and votes together with the real sampler of a tiny network."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.device import Context
from engine.events import Event, JobNote
from engine.execution import execute
from engine.jobs import Job
from engine.methods.cdal.data import recipe
from engine.methods.cdal.inference import segment
from engine.methods.cdal.networks import LoadedGenerator, load_generator
from engine.methods.cdal.sampling import Votes, sample_votes
from engine.parameters import Parameters
from engine.results import SegmentationResult
from engine.steps import DenoiseStep, Step
from tests.engine.methods.cdal.test_inference import image, noise, run
from tests.helpers.cdal_models import SIDE, save_generator
from tests.helpers.torch_rules import cpu_context


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedGenerator:
    return load_generator(str(save_generator(tmp_path / "m.safetensors")), cpu_context())


def test_one_window_says_what_the_sampler_says(loaded: LoadedGenerator) -> None:
    how = recipe("grey", SIDE)
    array = noise(1, SIDE, SIDE)
    asked: list[Votes] = []

    def draw(images: Tensor, votes: int, seed: int) -> Generator[DenoiseStep, None, Votes]:
        asked.append((yield from sample_votes(loaded, images, votes, seed, cpu_context())))
        return asked[-1]

    found, _ = run(segment(image(array), how, 1, draw, cpu_context(), votes=6))
    (votes,) = asked
    assert found.probability == pytest.approx(votes.probability[0][:, None].numpy(), abs=1e-5)
    assert found.variance[0] == pytest.approx(votes.variance[0].numpy(), abs=1e-5)
    assert found.entropy[0] == pytest.approx(votes.entropy[0].numpy(), abs=1e-4)
    assert np.array_equal(found.labels[0], votes.labels[0].numpy())
    assert np.array_equal(found.votes, (votes.samples[:, 0, 0] > 0.5).numpy())


def test_too_little_memory_once_is_survived_with_smaller_batches(loaded: LoadedGenerator) -> None:
    how = recipe("grey", SIDE)
    volume = image(noise(1, SIDE, SIDE))
    largest: list[int] = []

    def task(job: Job, context: Context) -> Generator[Step, None, SegmentationResult]:
        def draw(images: Tensor, votes: int, seed: int) -> Generator[DenoiseStep, None, Votes]:
            steps = sample_votes(loaded, images, votes, seed, context)
            for step in steps:
                largest.append(len(step.x_t))
                if len(step.x_t) > 3:
                    raise torch.OutOfMemoryError("out of memory")
                yield step
            return (yield from sample_votes(loaded, images, votes, seed, context))

        return segment(volume, how, 1, draw, context, votes=6)

    told: list[Event] = []
    job = Job("cdal", "segment", Parameters())
    found = execute(task, job, 1, cpu_context(), told.append)
    assert found.labels.shape == (1, SIDE, SIDE)
    assert max(largest) == 6
    assert largest[-1] <= 3
    assert any("trying again" in e.message for e in told if isinstance(e, JobNote))

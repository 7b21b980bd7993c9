"""A dry run measures, leaves nothing, and finds what fits where a training does not."""

from __future__ import annotations

import multiprocessing
from collections.abc import Generator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.parameters import Parameters, parameter
from engine.results import Estimate, duration
from engine.steps import ProgressStep, Step, TrainStep
from engine.training import rehearsal
from engine.training.estimating import estimate
from engine.training.fit import Batch, FitSettings, fit
from engine.training.rehearsal import times
from engine.training.runs import RunFolder
from tests.helpers.adaptdiff_models import run
from tests.helpers.tiny_training import CARD, Toy
from tests.helpers.torch_rules import cpu_context

MIB = 2**20
EACH = 40 * MIB


class Params(Parameters):
    """Of the toy."""

    iterations: int = parameter(1000, "Iterations", "Steps.")
    batch: int = parameter(16, "Batch", "Samples.", ge=1)


class Hungry(Toy):
    """Takes 40 MiB for each sample that goes through at once."""

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        self.held = np.ones(EACH * len(batch[0]), np.uint8)
        found = super().loss(model, batch)
        del self.held
        return found


class Reading(Toy):
    """Remembers what it drew."""

    drawn: ClassVar[list[Batch]] = []

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        self.drawn.append(super().batch(rng, size))
        return self.drawn[-1]


class Starved(Toy):
    """More than four samples at once are too many."""

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        if len(batch[0]) > 4:
            raise torch.OutOfMemoryError("out of memory")
        return super().loss(model, batch)


def task(stage: type[Toy]) -> Any:
    def train(job: Job, context: Context) -> Generator[Step, None, str]:
        params = job.params
        assert isinstance(params, Params)
        made = RunFolder(job.path("output"), CARD)
        made.write_request({"method": "test", "task": "toy"})
        settings = FitSettings(
            params.iterations, params.batch, 1e-3, 0, validate_every=100, save_every=300
        )
        yield from fit(stage(figures=(0.5,)), settings, context, made)
        return "never told"

    return train


def tried(
    stage: type[Toy], tmp_path: Path, available: int = 0, **values: Any
) -> tuple[Estimate, list[Step]]:
    job = Job("test", "toy", Params(**values), {"output": tmp_path / "run"}, dry=True)
    return run(estimate(job, cpu_context(), task(stage), available))


def hungry(folder: Path, available: int) -> Estimate:
    return tried(Hungry, folder, available)[0]


def test_it_measures_a_few_iterations_and_leaves_no_run(tmp_path: Path) -> None:
    found, steps = tried(Toy, tmp_path)
    taken = found.measures
    assert taken.fits
    assert (taken.iterations, taken.batch, taken.tried) == (1000, 16, 16)
    assert 0 < taken.step_s < found.seconds()
    assert found.seconds() > 1000 * taken.step_s
    assert taken.extra_s > 0, "validations and saves count"
    assert taken.available > taken.memory
    assert not found.change
    assert "it fits" in found.summary
    assert not any(isinstance(step, TrainStep) for step in steps)
    assert isinstance(steps[-1], ProgressStep)
    assert not list(tmp_path.iterdir())


def test_what_is_read_once_is_not_timed_as_if_it_were_read_each_time(tmp_path: Path) -> None:
    Reading.drawn.clear()
    tried(Reading, tmp_path)
    *first, cold, warm, warmer = Reading.drawn
    assert torch.equal(cold[0], warm[0])
    assert torch.equal(cold[0], warmer[0])
    assert not any(torch.equal(cold[0], other[0]) for other in first)


def test_a_batch_that_does_not_fit_and_one_that_does(tmp_path: Path) -> None:
    # A process of its own: memory that others take in this one would count as well.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
        found = alone.submit(hungry, tmp_path, 250 * MIB).result()
    assert not found.measures.fits
    assert found.measures.tried < 16, "the whole batch is not taken on trust"
    assert 0.6 * 16 * EACH < found.measures.memory < 1.6 * 16 * EACH
    assert found.changed is not None
    assert found.changed.fits
    assert 1 <= found.change["batch"] < 16
    assert f"With batch {found.change['batch']} it does" in found.summary


def test_memory_that_runs_out_is_no_failure(tmp_path: Path) -> None:
    found, _ = tried(Starved, tmp_path)
    assert not found.measures.fits
    assert found.measures.tried == 4
    assert found.change["batch"] <= 4


def test_nothing_fits(tmp_path: Path) -> None:
    found, _ = tried(Hungry, tmp_path, MIB // 2, batch=2)
    assert not found.measures.fits
    assert found.changed is None
    assert "no smaller batch" in found.summary


def test_slow_iterations_are_measured_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "LONGEST_S", 0.0)
    found, steps = tried(Toy, tmp_path)
    assert found.measures.step_s > 0
    assert len(steps) < 8


def test_what_trains_nothing_is_refused(tmp_path: Path) -> None:
    class Other(Parameters):
        """No iterations."""

    with pytest.raises(InputError, match="no iterations"):
        run(estimate(Job("test", "toy", Other()), cpu_context(), task(Toy)))


@pytest.mark.parametrize(("every", "count"), [(0, 1), (100, 10), (300, 4), (5000, 1)])
def test_how_often_things_happen(every: int, count: int) -> None:
    assert times(every, 1000) == count


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(40, "40 s"), (600, "10 min"), (12600, "3.5 h"), (7200, "2 h"), (864000, "10 days")],
)
def test_time_for_people(seconds: float, told: str) -> None:
    assert duration(seconds) == told

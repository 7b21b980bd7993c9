"""A segmentation that is stopped, or that runs out of memory, as a job of the engine."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import torch

from engine import methods
from engine.errors import OutOfMemoryError
from engine.events import Event, JobNote
from engine.execution import Stopped
from engine.jobs import Job
from engine.methods.cdal.params import SegmentParams
from engine.methods.cdal.segmenting import segment
from engine.networks.ncsnpp import NCSNpp
from engine.worker import run_inline
from tests.helpers.cdal_models import TINY, disc, save_generator
from tests.helpers.torch_rules import cpu_context


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A volume of several windows, with labels and a map to write."""
    checkpoint = save_generator(tmp_path / "g.safetensors", replace(TINY, labels=3), "hippocampus")
    array = disc(np.random.default_rng(0), (20, 40, 36))[0]
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), tmp_path / "image.nii.gz")
    (tmp_path / "out").mkdir()
    inputs = {
        "input": tmp_path / "image.nii.gz",
        "output": tmp_path / "out" / "labels.nii.gz",
        "entropy": tmp_path / "out" / "entropy.nii.gz",
    }
    return Job("cdal", "segment", SegmentParams(checkpoint=str(checkpoint), votes=1), inputs)


def counted(monkeypatch: pytest.MonkeyPatch, most: int = 10**9) -> list[int]:
    """Batches of the calls of the network, which has memory for `most`."""
    calls: list[int] = []
    forward = NCSNpp.forward

    def call(self: NCSNpp, x_t: torch.Tensor, *more: Any) -> torch.Tensor:
        calls.append(len(x_t))
        if len(x_t) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return forward(self, x_t, *more)

    monkeypatch.setattr(NCSNpp, "forward", call)
    return calls


def test_between_two_steps_lies_one_call_of_the_network(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counted(monkeypatch)
    marks = [len(calls) for _ in segment(job, cpu_context())]
    assert len(calls) > 4
    assert max(b - a for a, b in pairwise([0, *marks, len(calls)])) == 1


@pytest.mark.parametrize("steps", [0, 1, 3, 7])
def test_a_stopped_job_computes_no_more_and_leaves_no_file(
    job: Job, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counted(monkeypatch)
    asked = count()
    with pytest.raises(Stopped):
        run_inline(methods.run, job, cpu_context(), proceed=lambda: next(asked) < steps)
    assert len(calls) <= steps
    assert list(job.path("output").parent.iterdir()) == []


def test_memory_that_runs_out_is_tried_again_with_half_and_gives_the_same(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_inline(methods.run, job, cpu_context())
    calls, told = counted(monkeypatch, most=20), list[Event]()
    again = run_inline(methods.run, job, cpu_context(), told.append)
    assert calls[0] > 20
    assert max(calls[1:]) <= 20
    notes = [event.message for event in told if isinstance(event, JobNote)]
    assert any("Not enough memory for batches of" in note for note in notes)
    assert np.allclose(whole.probability, again.probability, atol=1e-4)


def test_memory_that_never_suffices_is_told(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    counted(monkeypatch, most=0)
    with pytest.raises(OutOfMemoryError, match="needs more memory than cpu has free"):
        run_inline(methods.run, job, cpu_context())
    assert list(job.path("output").parent.iterdir()) == []

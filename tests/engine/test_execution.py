from __future__ import annotations

import weakref

import pytest
import torch

from engine.device import Context
from engine.errors import InputError, OutOfMemoryError
from engine.events import Event, JobLosses, JobNote, JobProgress
from engine.failures import Caught, is_out_of_memory
from engine.jobs import Job
from engine.steps import DenoiseStep, ProgressStep, TrainStep
from engine.worker import run_inline
from tests.helpers.engine_jobs import Body, Clock, job

CONTEXT = Context(torch.device("cpu"), torch.float32, 1)


def test_inline_gives_the_result_and_the_same_throttled_events() -> None:
    events: list[Event] = []
    clock = Clock()

    def train(job: Job, context: Context) -> Body:
        for i in range(100):
            clock.now += 0.01
            yield TrainStep(i + 1, 100, {"loss": 0.0})
        return job.title

    assert run_inline(train, job("x"), CONTEXT, events.append, job_id=4, clock=clock) == "x"
    losses = [e for e in events if isinstance(e, JobLosses)]
    assert sum(len(e.rows) for e in losses) == 100
    assert len(losses) <= 7
    assert [e for e in events if isinstance(e, JobProgress)][-1].done == 100
    assert run_inline(train, job("y"), CONTEXT, clock=clock) == "y"


def test_inline_raises_what_the_job_raises() -> None:
    def bad(job: Job, context: Context) -> Body:
        yield ProgressStep(1, 2)
        raise InputError("a.png is empty.", "Draw.")

    with pytest.raises(InputError, match=r"a\.png is empty\. Draw\."):
        run_inline(bad, job(), CONTEXT)


def test_a_step_is_let_go_before_the_next_one_is_made() -> None:
    refs: list[weakref.ref[torch.Tensor]] = []

    def one_at_a_time(job: Job, context: Context) -> Body:
        for i in range(3):
            assert all(ref() is None for ref in refs)
            x = torch.zeros(1, 1, 2, 2)
            refs.append(weakref.ref(x))
            step = DenoiseStep(i, 3, 2 - i, x, x)
            del x
            yield step
            del step

    run_inline(one_at_a_time, job(), CONTEXT)
    assert len(refs) == 3


def test_ctrl_c_cleans_up_sends_what_was_held_back_and_goes_on_upwards() -> None:
    cleaned = []
    rows: list[int] = []

    def train(job: Job, context: Context) -> Body:
        try:
            for i in range(10):
                yield TrainStep(i, 10, {"loss": 0.0})
        finally:
            cleaned.append(True)

    def listen(event: Event) -> None:
        if isinstance(event, JobLosses):
            rows.extend(i for i, _ in event.rows)
        if isinstance(event, JobProgress) and event.done:
            raise KeyboardInterrupt

    clock = Clock()

    def ticking() -> float:
        clock.now += 0.03
        return clock.now

    with pytest.raises(KeyboardInterrupt):
        run_inline(train, job(), CONTEXT, listen, clock=ticking)
    assert cleaned == [True]
    assert rows == list(range(rows[-1] + 1))
    assert rows[-1] >= 1


def test_inline_retries_without_memory_and_then_says_so() -> None:
    events: list[Event] = []
    asked = []

    def hungry(job: Job, context: Context) -> Body:
        asked.append(context.limit(5))
        yield ProgressStep(1, 2)
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 1 TB")

    with pytest.raises(OutOfMemoryError, match="also with batches of 2") as caught:
        run_inline(hungry, job("big"), CONTEXT, events.append)
    assert asked == [5, 2]
    assert len([e for e in events if isinstance(e, JobNote)]) == 1
    assert "1 TB" in str(caught.value.__cause__)


def test_the_retry_of_a_smaller_context_is_smaller_still() -> None:
    asked = []

    def hungry(job: Job, context: Context) -> Body:
        asked.append(context.limit(64))
        yield ProgressStep(1, 2)
        if len(asked) == 1:
            raise MemoryError
        return "ok"

    small = Context(torch.device("cpu"), torch.float32, 1, max_batch=10)
    assert run_inline(hungry, job(), small) == "ok"
    assert asked == [10, 5]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 5 GB)"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), True),
        (RuntimeError("shape mismatch"), False),
        (ValueError("out of memory"), False),
        (OutOfMemoryError("told already", ""), False),
    ],
)
def test_what_counts_as_out_of_memory(error: BaseException, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def test_caught_keeps_its_kind_only() -> None:
    with Caught(ValueError) as kept:
        raise ValueError("x")
    assert str(kept.error) == "x"
    with pytest.raises(KeyError), Caught(ValueError):
        raise KeyError
    with Caught(ValueError) as none:
        pass
    assert none.error is None

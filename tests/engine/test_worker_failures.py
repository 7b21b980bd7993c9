from __future__ import annotations

import gc
import weakref
from pathlib import Path
from threading import Event as Flag

import numpy as np
import pytest
import torch

from engine import queue
from engine.device import Context, DeviceSettings
from engine.errors import DiskError, EngineError, InputError
from engine.events import (
    EngineFailed,
    Event,
    JobFailed,
    JobFinished,
    JobNote,
    JobStarted,
)
from engine.jobs import Constant, Job
from engine.steps import ProgressStep
from engine.worker import Engine
from tests.helpers.engine_jobs import (
    CPU,
    PATIENCE_S,
    Body,
    Recorder,
    by_title,
    engine_of,
    job,
    quick,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.mark.parametrize(
    ("error", "user_error", "message"),
    [
        (InputError("mask.png is empty.", "Draw one."), True, "mask.png is empty."),
        (DiskError("out.png: disk full.", "Make room."), True, "out.png: disk full."),
        (EngineError("The loss is no number.", "Lower the rate."), True, "The loss is no number."),
        (ValueError("shape (3, 4)"), False, "boom ended by an unexpected error: ValueError: shape"),
        (SystemExit(3), False, "boom ended by an unexpected error: SystemExit"),
    ],
)
def test_a_failure_is_told_and_survived(
    recorder: Recorder, error: BaseException, user_error: bool, message: str
) -> None:
    def boom(job: Job, context: Context) -> Body:
        yield ProgressStep(1, 2)
        raise error

    with engine_of(recorder, boom=boom, quick=quick) as engine:
        failed = recorder.wait(JobFailed, engine.submit(job("boom")))
        recorder.wait(JobFinished, engine.submit(job("quick")))
    assert failed.message.startswith(message)
    assert failed.user_error is user_error
    assert failed.hint
    assert "in boom" in failed.detail
    assert f"torch {torch.__version__.split('+')[0]}" in failed.detail


def test_a_runner_that_fails_before_its_first_step_is_survived(recorder: Recorder) -> None:
    with engine_of(recorder, quick=quick) as engine:
        assert not recorder.wait(JobFailed, engine.submit(job("unknown"))).user_error
        recorder.wait(JobFinished, engine.submit(job("quick")))


def test_a_clean_up_that_fails_is_a_failure_and_not_silence(recorder: Recorder) -> None:
    begun = Flag()

    def untidy(job: Job, context: Context) -> Body:
        try:
            while True:
                yield ProgressStep(1, 0)
                begun.set()
        finally:
            raise DiskError("run/state: disk full.", "Make room.")

    with engine_of(recorder, untidy=untidy) as engine:
        job_id = engine.submit(job("untidy"))
        assert begun.wait(PATIENCE_S)
        engine.cancel(job_id)
        assert recorder.wait(JobFailed, job_id).message == "run/state: disk full."


def test_what_a_failed_job_held_is_let_go(recorder: Recorder) -> None:
    refs = []

    def boom(job: Job, context: Context) -> Body:
        big = torch.zeros(1000)
        refs.append(weakref.ref(big))
        yield ProgressStep(1, 2)
        raise ValueError(big.shape)

    with engine_of(recorder, boom=boom, quick=quick) as engine:
        gc.disable()
        try:
            recorder.wait(JobFailed, engine.submit(job("boom")))
            recorder.wait(JobFinished, engine.submit(job("quick")))
        finally:
            gc.enable()
        assert refs[0]() is None


def test_out_of_memory_is_retried_smaller_and_told(recorder: Recorder) -> None:
    refs, sizes = [], []

    def hungry(job: Job, context: Context) -> Body:
        size = context.limit(8)
        sizes.append(size)
        big = torch.zeros(size, 1000)
        refs.append(weakref.ref(big))
        yield ProgressStep(1, 2)
        if size > 4:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        assert refs[0]() is None, "the first batch is free before the second is made"
        return size

    with engine_of(recorder, hungry=hungry) as engine:
        job_id = engine.submit(job("hungry"))
        assert recorder.wait(JobFinished, job_id).result == 4
    (note,) = recorder.of(JobNote)
    assert "batches of 8" in note.message
    assert "batches of 4" in note.message
    assert sizes == [8, 4]


def test_real_out_of_memory_twice_is_a_clear_failure_and_frees_everything(
    recorder: Recorder,
) -> None:
    refs, kept, errors = [], [], []

    class Network:
        """Stands for what `Context.keep` holds."""

    def greedy(job: Job, context: Context) -> Body:
        network = context.keep("network", Network)
        kept.append(weakref.ref(network))
        batch = context.limit(6)
        while True:
            x = torch.zeros(batch, 1000)
            refs.append(weakref.ref(x))
            yield ProgressStep(len(refs), 0)
            try:
                torch.empty(batch << 48)  # the allocator itself says no
            except RuntimeError as error:
                errors.append(error)  # as a log or a debugger would
                raise

    with engine_of(recorder, greedy=greedy, quick=quick) as engine:
        failed = recorder.wait(JobFailed, engine.submit(job("greedy")))
        recorder.wait(JobFinished, engine.submit(job("quick")))
        assert [r() for r in refs] == [None, None]
        assert [r() for r in kept] == [None, None]
    assert "more memory than cpu has free, also with batches of 3" in failed.message
    assert failed.hint
    assert failed.user_error
    assert "allocate" in failed.detail


def test_memory_that_no_smaller_batch_can_save_fails_at_once(recorder: Recorder) -> None:
    runs = []

    def fixed(job: Job, context: Context) -> Body:
        runs.append(1)
        yield ProgressStep(1, 2)
        raise MemoryError

    def single(job: Job, context: Context) -> Body:
        runs.append(context.limit(1))
        yield from fixed(job, context)

    def asks(job: Job, context: Context) -> Body:
        context.limit(8)
        yield ProgressStep(1, 1)

    with engine_of(recorder, fixed=fixed, single=single, asks=asks) as engine:
        recorder.wait(JobFinished, engine.submit(job("asks")))
        assert recorder.wait(JobFailed, engine.submit(job("fixed"))).user_error
        assert recorder.wait(JobFailed, engine.submit(job("single"))).user_error
    assert runs == [1, 1, 1]
    assert not recorder.of(JobNote)


def test_a_missing_device_is_told_and_every_job_says_so(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with Engine(by_title(quick=quick), recorder, DeviceSettings("cuda")) as engine:
        broken = recorder.wait(EngineFailed)
        failed = recorder.wait(JobFailed, engine.submit(job("quick")))
    assert broken.user_error
    assert "cuda" in broken.message
    assert (failed.message, failed.hint) == (broken.message, broken.hint)


def test_retry_queues_the_same_job_again(recorder: Recorder) -> None:
    seen = []

    def once_wrong(job: Job, context: Context) -> Body:
        seen.append(job)
        yield ProgressStep(1, 1)
        if len(seen) == 1:
            raise InputError("no", "yes")

    with engine_of(recorder, once_wrong=once_wrong) as engine:
        first = engine.submit(job("once_wrong"))
        recorder.wait(JobFailed, first)
        again = engine.retry(first)
        assert again > first
        recorder.wait(JobFinished, again)
        with pytest.raises(InputError, match="no longer kept"):
            engine.retry(99)
    assert seen[0] is seen[1]


def test_only_so_many_ended_jobs_are_kept_and_live_ones_only_if_they_failed(
    recorder: Recorder,
) -> None:
    with engine_of(recorder, quick=quick) as engine:
        live = engine.submit(Job("t", "t", job().params, {}, "quick", live=True))
        failed = engine.submit(Job("t", "t", job().params, {}, "none", live=True))
        recorder.wait_end(failed)
        with pytest.raises(InputError):
            engine.retry(live)
        recorder.wait_end(engine.retry(failed))
        for _ in range(60):
            last = engine.submit(job("quick"))
        recorder.wait_end(last)
        with pytest.raises(InputError):
            engine.retry(failed)


def test_large_inputs_of_ended_jobs_are_let_go(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "KEPT_BYTES", 1000)
    shared = Constant(np.zeros(900, np.uint8))
    with engine_of(recorder, quick=quick) as engine:
        ids = [engine.submit(job("quick", image=shared)) for _ in range(3)]
        recorder.wait_end(ids[-1])
        # One array, however many jobs look at it.
        recorder.wait_end(engine.retry(ids[0]))
        recorder.wait_end(engine.submit(job("quick", image=np.zeros(800, np.uint8))))
        with pytest.raises(InputError):
            engine.retry(ids[0])
        last = engine.submit(job("quick", image=np.zeros(2000, np.uint8)))
        recorder.wait_end(last)
        recorder.wait_end(engine.retry(last))


def test_a_listener_that_raises_is_logged_and_stops_nothing(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    def listener(event: Event) -> None:
        recorder(event)
        if isinstance(event, JobStarted):
            raise ValueError("bad listener")

    with Engine(by_title(quick=quick), listener, CPU, warm_up=False) as engine:
        recorder.wait(JobFinished, engine.submit(job("quick")))
    assert "The listener failed on a JobStarted" in caplog.text

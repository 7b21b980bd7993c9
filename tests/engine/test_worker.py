from __future__ import annotations

import os
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import pytest

from engine.device import NICENESS, Context
from engine.events import (
    EngineReady,
    Event,
    JobCancelled,
    JobFinished,
    JobLosses,
    JobProgress,
    JobQueued,
    JobStarted,
    QueueChanged,
)
from engine.jobs import Job
from engine.steps import NoteStep, ProgressStep, TrainStep
from engine.worker import Engine
from tests.helpers.engine_jobs import (
    CPU,
    PATIENCE_S,
    Body,
    Held,
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


@pytest.fixture
def held() -> Iterator[Held]:
    held = Held()
    yield held
    held.let_go.set()


def test_a_job_is_queued_started_and_finished_in_that_order(recorder: Recorder) -> None:
    with engine_of(recorder, quick=quick) as engine:
        job_id = engine.submit(job("quick"))
        finished = recorder.wait(JobFinished, job_id)
    assert finished.result == "quick"
    told = [type(e) for e in recorder.events if not isinstance(e, EngineReady)]
    assert told == [
        JobQueued, QueueChanged, QueueChanged, JobStarted, JobProgress, JobFinished,
    ]  # fmt: skip


def test_it_says_where_it_runs_and_takes_jobs_submitted_before_it_started(
    recorder: Recorder,
) -> None:
    engine = Engine(by_title(quick=quick), recorder, CPU)
    early = engine.submit(job("quick"))
    with engine:
        assert recorder.wait(EngineReady) == EngineReady("cpu", 1, "float32")
        recorder.wait(JobFinished, early)


def test_jobs_run_in_the_engine_thread_one_at_a_time(recorder: Recorder) -> None:
    threads = []

    def where(job: Job, context: Context) -> Body:
        threads.append(threading.current_thread())
        yield ProgressStep(1, 1)

    with engine_of(recorder, where=where) as engine:
        for job_id in [engine.submit(job("where")) for _ in range(3)]:
            recorder.wait(JobFinished, job_id)
    assert len(set(threads)) == 1
    assert threads[0] is not threading.main_thread()


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own")
def test_the_engine_thread_gives_way_to_the_window(recorder: Recorder) -> None:
    def priority(job: Job, context: Context) -> Body:
        yield ProgressStep(1, 1)
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    window = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    with engine_of(recorder, priority=priority) as engine:
        finished = recorder.wait(JobFinished, engine.submit(job("priority")))
    assert finished.result == min(19, window + NICENESS)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == window


def test_waiting_jobs_can_be_reordered_and_put_in_front(recorder: Recorder, held: Held) -> None:
    with engine_of(recorder, held=held, quick=quick) as engine:
        engine.submit(job("held"))
        assert held.begun.wait(PATIENCE_S)
        a, b, c = (engine.submit(job("quick")) for _ in range(3))
        d = engine.submit(job("quick"), first=True)
        engine.move(c, 0)
        engine.move(a, 99)
        assert recorder.of(QueueChanged)[-1].order == (c, d, b, a)
        held.let_go.set()
        recorder.wait(JobFinished, a)
    started = [e.job_id for e in recorder.of(JobStarted)]
    assert started[1:] == [c, d, b, a]


def test_a_pause_holds_the_queue_and_the_running_job_between_two_steps(
    recorder: Recorder, held: Held
) -> None:
    reached, passed = Flag(), Flag()

    def two(job: Job, context: Context) -> Body:
        reached.set()
        assert held.let_go.wait(PATIENCE_S)
        yield ProgressStep(1, 2)
        passed.set()
        yield ProgressStep(2, 2)

    with engine_of(recorder, two=two, quick=quick) as engine:
        running = engine.submit(job("two"))
        waiting = engine.submit(job("quick"))
        assert reached.wait(PATIENCE_S)
        engine.pause()
        assert recorder.of(QueueChanged)[-1] == QueueChanged((waiting,), True)
        held.let_go.set()
        recorder.wait(JobProgress, running)
        assert not passed.wait(0.1)
        engine.resume()
        recorder.wait(JobFinished, waiting)
    assert passed.is_set()


def test_a_paused_queue_starts_nothing(recorder: Recorder) -> None:
    engine = engine_of(recorder, quick=quick)
    engine.pause()
    with engine:
        job_id = engine.submit(job("quick"))
        recorder.wait(EngineReady)
        assert not recorder.of(JobStarted)
        engine.resume()
        recorder.wait(JobFinished, job_id)


def test_cancelling_a_waiting_job_leaves_the_running_one_alone(
    recorder: Recorder, held: Held
) -> None:
    with engine_of(recorder, held=held, quick=quick) as engine:
        running = engine.submit(job("held"))
        assert held.begun.wait(PATIENCE_S)
        waiting = engine.submit(job("quick"))
        engine.cancel(waiting)
        assert recorder.ends(waiting) == [JobCancelled(waiting)], "told at once, in this thread"
        held.let_go.set()
        assert recorder.wait(JobFinished, running).result == "let go"
    assert not recorder.of(JobStarted, waiting)


def test_cancelling_the_running_job_stops_it_within_a_step_and_cleans_up(
    recorder: Recorder,
) -> None:
    in_step, go_on, cleaned = Flag(), Flag(), Flag()
    steps = []

    def steady(job: Job, context: Context) -> Body:
        try:
            for i in range(1_000_000):
                if i == 3:
                    in_step.set()
                    assert go_on.wait(PATIENCE_S)
                steps.append(i)
                yield ProgressStep(i, 1_000_000)
        finally:
            cleaned.set()

    with engine_of(recorder, steady=steady, quick=quick) as engine:
        job_id = engine.submit(job("steady"))
        assert in_step.wait(PATIENCE_S)
        engine.cancel(job_id)
        go_on.set()
        assert recorder.wait_end(job_id) == JobCancelled(job_id)
        assert steps == [0, 1, 2, 3]
        assert cleaned.is_set()
        recorder.wait(JobFinished, engine.submit(job("quick")))


def test_an_idle_engine_holds_nothing_of_a_live_job(recorder: Recorder) -> None:
    gone = Flag()
    with engine_of(recorder, quick=quick) as engine:
        request = Job("t", "t", job().params, {}, "quick", live=True)
        ref = weakref.ref(request, lambda _: gone.set())
        job_id = engine.submit(request)
        del request
        recorder.wait(JobFinished, job_id)
        assert gone.wait(PATIENCE_S)
    assert ref() is None


def test_a_paused_job_can_be_cancelled(recorder: Recorder, held: Held) -> None:
    with engine_of(recorder, held=held) as engine:
        job_id = engine.submit(job("held"))
        assert held.begun.wait(PATIENCE_S)
        engine.pause()
        engine.cancel(job_id)
        assert recorder.wait_end(job_id) == JobCancelled(job_id)
    assert held.cleaned.is_set()


def test_cancelling_an_ended_or_unknown_job_does_nothing(recorder: Recorder) -> None:
    with engine_of(recorder, quick=quick) as engine:
        job_id = engine.submit(job("quick"))
        recorder.wait_end(job_id)
        engine.cancel(job_id)
        engine.cancel(99)
        engine.move(job_id, 0)
        after = engine.submit(job("quick"))
        recorder.wait(JobFinished, after)
    assert len(recorder.ends(job_id)) == 1


def test_a_listener_may_call_the_engine(recorder: Recorder) -> None:
    engine: Engine

    def listener(event: Event) -> None:
        recorder(event)
        if isinstance(event, JobFinished) and event.job_id < 5:
            engine.submit(job("quick"))

    engine = Engine(by_title(quick=quick), listener, CPU, warm_up=False)
    with engine:
        engine.submit(job("quick"))
        recorder.wait(JobFinished, 5)


def test_a_slow_listener_holds_up_nobody_who_submits(recorder: Recorder, held: Held) -> None:
    telling = Flag()

    def listener(event: Event) -> None:
        recorder(event)
        if isinstance(event, JobStarted):
            telling.set()
            assert held.let_go.wait(PATIENCE_S)

    with Engine(by_title(quick=quick), listener, CPU, warm_up=False) as engine:
        engine.submit(job("quick"))
        assert telling.wait(PATIENCE_S)
        second = engine.submit(job("quick"))
        third = engine.submit(job("quick"))
        engine.cancel(second)
        held.let_go.set()
        recorder.wait(JobFinished, third)
    assert recorder.ends(second) == [JobCancelled(second)]


def test_a_thousand_jobs_from_many_threads_all_end_once_and_in_order(recorder: Recorder) -> None:
    ids: list[int] = []

    def many() -> None:
        for i in range(125):
            job_id = engine.submit(job("train" if i % 3 else "quick"), first=i % 7 == 0)
            ids.append(job_id)
            if i % 5 == 0:
                engine.cancel(job_id)
            if i % 11 == 0:
                engine.move(job_id, i)

    def train(job: Job, context: Context) -> Body:
        for i in range(3):
            yield TrainStep(i + 1, 3, {"loss": float(i)})
        yield NoteStep("done")

    with engine_of(recorder, quick=quick, train=train) as engine:
        threads = [Thread(target=many) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for job_id in ids:
            recorder.wait_end(job_id)
    assert sorted(ids) == list(range(1, 1001))
    events = recorder.events
    assert recorder.of(QueueChanged)[-1].order == ()
    first: dict[tuple[type[Event], int | None], int] = {}
    for place, event in enumerate(events):
        first.setdefault((type(event), getattr(event, "job_id", None)), place)
    finished = {e.job_id for e in recorder.of(JobFinished)}
    cancelled = {e.job_id for e in recorder.of(JobCancelled)}
    assert finished | cancelled == set(ids)
    assert len(recorder.of(JobFinished)) + len(recorder.of(JobCancelled)) == 1000
    for job_id in finished:
        places = [first[kind, job_id] for kind in (JobQueued, JobStarted, JobFinished)]
        assert places == sorted(places)
    rows = {e.job_id: 0 for e in recorder.of(JobLosses)}
    for event in recorder.of(JobLosses):
        rows[event.job_id] += len(event.rows)
    assert all(rows[i] == 3 for i in rows if i in finished)

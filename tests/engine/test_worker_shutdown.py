from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.device import Context
from engine.events import (
    JobCancelled,
)
from engine.jobs import Job
from engine.steps import ProgressStep
from tests.helpers.engine_jobs import (
    PATIENCE_S,
    Body,
    Held,
    Recorder,
    engine_of,
    job,
    quick,
)

ROOT = Path(__file__).parents[2]
ORPHAN = """import sys
from threading import Event
from engine.worker import Engine
from engine.device import DeviceSettings
from engine.steps import ProgressStep
from engine.events import EngineReady, JobStarted
from tests.helpers.engine_jobs import job
ready, running = Event(), Event()
def listen(event):
    if isinstance(event, EngineReady):
        ready.set()
    if isinstance(event, JobStarted):
        running.set()
def forever(job, context):
    try:
        while True:
            yield ProgressStep(1, 0)
    finally:
        print("cleaned up", flush=True)
engine = Engine(forever, listen, DeviceSettings("cpu"), warm_up=False)
assert "torch" not in sys.modules
engine.start()
ready.wait()
assert "torch" in sys.modules
engine.submit(job())
running.wait()
raise SystemExit(5)
"""


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def held() -> Iterator[Held]:
    held = Held()
    yield held
    held.let_go.set()


def test_shutdown_while_a_job_runs_cleans_up_and_cancels_what_waits(
    recorder: Recorder, held: Held
) -> None:
    engine = engine_of(recorder, held=held, quick=quick)
    engine.start()
    running, waiting = engine.submit(job("held")), engine.submit(job("quick"))
    assert held.begun.wait(PATIENCE_S)
    assert engine.shutdown(PATIENCE_S)
    assert held.cleaned.is_set()
    assert recorder.ends(running) == [JobCancelled(running)]
    assert recorder.ends(waiting) == [JobCancelled(waiting)]
    late = engine.submit(job("quick"))
    assert recorder.ends(late) == [JobCancelled(late)]
    assert engine.shutdown()


def test_shutdown_tells_when_a_step_outlasts_its_patience(recorder: Recorder, held: Held) -> None:
    def long_step(job: Job, context: Context) -> Body:
        held.begun.set()
        assert held.let_go.wait(PATIENCE_S)
        yield ProgressStep(1, 1)

    engine = engine_of(recorder, long_step=long_step)
    engine.start()
    engine.submit(job("long_step"))
    assert held.begun.wait(PATIENCE_S)
    assert not engine.shutdown(0.01)
    held.let_go.set()
    assert engine.shutdown(PATIENCE_S)


def test_shutdown_without_start_and_of_a_paused_engine(recorder: Recorder) -> None:
    idle = engine_of(recorder, quick=quick)
    job_id = idle.submit(job("quick"))
    assert idle.shutdown()
    assert recorder.ends(job_id) == [JobCancelled(job_id)]
    with engine_of(recorder, quick=quick) as paused:
        paused.pause()
        paused.submit(job("quick"))


def test_torch_comes_in_the_engine_thread_and_an_orphaned_engine_ends_by_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ORPHAN], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 5, done.stderr
    assert done.stdout == "cleaned up\n"

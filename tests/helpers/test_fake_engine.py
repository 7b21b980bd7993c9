from __future__ import annotations

from pathlib import Path

import pytest

from engine.events import (
    QueueChanged,
)
from engine.worker import EngineLike
from tests.helpers.engine_jobs import (
    Recorder,
    engine_of,
    job,
    quick,
)
from tests.helpers.fake_engine import FakeEngine

ROOT = Path(__file__).parents[2]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def test_the_fake_engine_can_be_asked_the_same(recorder: Recorder) -> None:
    engines: tuple[EngineLike, ...] = (FakeEngine(recorder), engine_of(recorder, quick=quick))
    for engine in engines:
        for name in ("submit", "cancel", "move", "pause", "resume", "retry", "shutdown"):
            assert callable(getattr(engine, name))


def test_the_fake_engine_tells_the_same_as_the_engine() -> None:
    told = []
    for make in (FakeEngine, lambda listener: engine_of(listener, quick=quick)):
        recorder = Recorder()
        engine = make(recorder)
        engine.pause()
        _, b, c = (engine.submit(job("quick")) for _ in range(3))
        engine.move(c, 0)
        engine.cancel(b)
        engine.submit(job("quick"), first=True)
        engine.shutdown()
        engine.submit(job("quick"))
        told.append(recorder.events)
    for events in told:
        assert [e for e in events if isinstance(e, QueueChanged) and e.order] != []
    assert [e for e in told[0] if not isinstance(e, QueueChanged)] == [
        e for e in told[1] if not isinstance(e, QueueChanged)
    ]
    assert told[0][:12] == told[1][:12]

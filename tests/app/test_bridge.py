from __future__ import annotations

import inspect
import time
from functools import partial
from threading import Event as Flag
from threading import Thread

import numpy as np
import pytest
from PyQt6 import sip
from PyQt6.QtCore import QCoreApplication, QEvent, QObject, QTimer
from pytestqt.qtbot import QtBot

from app.bridge import Bridge, Inbox
from engine import events
from engine.device import DeviceSettings
from engine.events import (
    EngineReady,
    Event,
    JobFinished,
    JobNote,
    JobPreview,
    JobProgress,
    JobStarted,
)
from engine.steps import ProgressStep
from engine.worker import Engine
from tests.helpers.engine_jobs import Body, job
from tests.helpers.fake_engine import FakeEngine

SIGNALS = (
    "ready", "broken", "queueChanged", "queued", "started", "progressed", "previewed", "images",
    "losses", "noted", "finished", "failed", "cancelled",
)  # fmt: skip


def preview(job_id: int, index: int, *, key: bool = False) -> JobPreview:
    x = np.zeros((1, 2, 2), np.float32)
    return JobPreview(job_id, index, 100, 99 - index, x, x, key)


def listen(bridge: Bridge) -> list[Event]:
    """What the bridge will tell, in order, through all of its signals."""
    told: list[Event] = []
    for name in SIGNALS:
        getattr(bridge, name).connect(told.append)
    return told


@pytest.fixture
def bridge(qtbot: QtBot) -> Bridge:
    return Bridge()


def test_there_is_a_signal_for_every_event(bridge: Bridge, qtbot: QtBot) -> None:
    told = listen(bridge)
    kinds = [
        kind
        for _, kind in inspect.getmembers(events, inspect.isclass)
        if issubclass(kind, Event) and kind not in (Event, events.JobEvent)
    ]
    assert len(kinds) == len(SIGNALS)
    sent = [kind(*range(len(inspect.signature(kind).parameters))) for kind in kinds]
    for event in sent:
        bridge.post(event)
    qtbot.waitUntil(lambda: len(told) == len(sent))
    assert all(a is b for a, b in zip(told, sent, strict=True))


def test_nothing_is_told_in_the_posting_call(bridge: Bridge, qtbot: QtBot) -> None:
    told = listen(bridge)
    bridge.post(JobNote(1, "a"))
    assert told == []
    qtbot.waitUntil(lambda: told == [JobNote(1, "a")])


def test_only_a_stale_preview_of_the_same_job_gives_way(bridge: Bridge, qtbot: QtBot) -> None:
    told = listen(bridge)
    posted: list[Event] = [
        JobStarted(1),
        preview(1, 0, key=True),
        preview(1, 1),  # stale
        JobProgress(1, 1, 100, 0.0, None),
        preview(2, 1),
        preview(1, 2),  # stale, by a key frame
        preview(1, 3, key=True),
        JobProgress(1, 2, 100, 0.0, None),
        preview(1, 4),
        JobNote(1, "end"),
    ]
    for event in posted:
        bridge.post(event)
    qtbot.waitUntil(lambda: posted[-1] in told)
    assert [posted.index(e) for e in told] == [0, 1, 3, 4, 6, 7, 8, 9]


def test_a_preview_that_was_told_is_no_longer_replaced(bridge: Bridge, qtbot: QtBot) -> None:
    told = listen(bridge)
    sent = [preview(1, i) for i in range(3)]
    for event in sent:
        bridge.post(event)
        qtbot.waitUntil(partial(told.__contains__, event))
    assert told == sent


def test_posts_from_many_threads_keep_each_threads_order(bridge: Bridge, qtbot: QtBot) -> None:
    told = listen(bridge)

    def many(job_id: int) -> None:
        for i in range(500):
            bridge.post(JobNote(job_id, str(i)))

    threads = [Thread(target=many, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    qtbot.waitUntil(lambda: len(told) == 3000)
    for thread in threads:
        thread.join()
    for n in range(6):
        assert [e.message for e in told if isinstance(e, JobNote) and e.job_id == n] == [
            str(i) for i in range(500)
        ]


def test_a_flood_leaves_the_window_its_turns(bridge: Bridge, qtbot: QtBot) -> None:
    """While far more is posted than can be told at once, timers and paints still come."""
    ticks: list[int] = []
    told: list[Event] = []

    def slow(event: Event) -> None:
        end = time.perf_counter() + 0.001
        while time.perf_counter() < end:
            pass
        told.append(event)

    bridge.noted.connect(slow)
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(len(told)))
    timer.start(1)
    for i in range(400):
        bridge.post(JobNote(1, str(i)))
    qtbot.waitUntil(lambda: len(told) == 400)
    timer.stop()
    # A slice of 6 ms has no room for more than 6 events of 1 ms and the one that ends it.
    assert np.diff([0, *ticks]).max() <= 7


def test_events_posted_while_others_are_told_come_after_them(bridge: Bridge, qtbot: QtBot) -> None:
    told = listen(bridge)
    bridge.started.connect(lambda e: bridge.post(JobNote(e.job_id, "answer")))
    bridge.post(JobStarted(1))
    bridge.post(JobNote(1, "before"))
    qtbot.waitUntil(lambda: len(told) == 3)
    assert told[1:] == [JobNote(1, "before"), JobNote(1, "answer")]


def test_after_close_nothing_is_told(bridge: Bridge, qtbot: QtBot) -> None:
    told = listen(bridge)
    bridge.post(JobNote(1, "lost"))
    bridge.close()
    bridge.post(JobNote(1, "late"))
    QCoreApplication.processEvents()
    assert told == []


def test_closing_from_a_slot_ends_the_telling(bridge: Bridge, qtbot: QtBot) -> None:
    told = listen(bridge)
    bridge.started.connect(lambda: bridge.close())
    bridge.post(JobStarted(1))
    bridge.post(JobNote(1, "never"))
    qtbot.waitUntil(lambda: told == [JobStarted(1)])
    QCoreApplication.processEvents()
    assert told == [JobStarted(1)]


@pytest.mark.parametrize("how", ["delete", "deleteLater", "parent"])
def test_posting_goes_on_while_the_bridge_is_destroyed(qtbot: QtBot, how: str) -> None:
    parent = QObject()
    bridge = Bridge(parent)
    stop, posting = Flag(), Flag()
    post = bridge.post

    def flood() -> None:
        i = 0
        while not stop.is_set():
            post(JobNote(1, str(i)))
            i += 1
            if i == 100:
                posting.set()

    thread = Thread(target=flood)
    thread.start()
    assert posting.wait(20)
    if how == "delete":
        sip.delete(bridge)
    elif how == "parent":
        sip.delete(parent)
    else:
        bridge.deleteLater()
        QCoreApplication.sendPostedEvents(bridge, QEvent.Type.DeferredDelete)
    assert sip.isdeleted(bridge)
    post(JobNote(2, "late"))
    stop.set()
    thread.join()


def test_a_post_after_the_end_is_forgotten(bridge: Bridge, qtbot: QtBot) -> None:
    told = listen(bridge)
    bridge.post(JobNote(1, "heard"))
    qtbot.waitUntil(lambda: len(told) == 1)
    sip.delete(bridge)
    bridge.post(JobNote(1, "late"))


def test_the_inbox_wakes_once_until_it_was_emptied() -> None:
    wakes = []
    inbox = Inbox(lambda: wakes.append(1))
    for i in range(5):
        inbox.put(JobNote(1, str(i)))
    assert len(wakes) == 1
    assert [inbox.take() for _ in range(5)] == [JobNote(1, str(i)) for i in range(5)]
    inbox.put(JobNote(1, "between"))
    assert len(wakes) == 1, "who takes has not yet seen it empty"
    inbox.take()
    assert inbox.take() is None
    inbox.put(JobNote(1, "again"))
    assert len(wakes) == 2


def test_a_real_engine_is_heard_in_the_windows_thread(bridge: Bridge, qtbot: QtBot) -> None:
    def count(job: object, context: object) -> Body:
        for i in range(50):
            yield ProgressStep(i + 1, 50)
        return 50

    told = listen(bridge)
    with Engine(count, bridge.post, DeviceSettings("cpu", threads=1), warm_up=False) as engine:
        with qtbot.waitSignal(bridge.finished, timeout=20000) as finished:
            job_id = engine.submit(job())
        assert finished.args == [told[-1]]
    assert isinstance(told[-1], JobFinished)
    assert told[-1].result == 50
    assert any(isinstance(e, EngineReady) for e in told)
    assert told.index(JobStarted(job_id)) < len(told) - 1


def test_a_fake_engine_speaks_through_the_bridge(bridge: Bridge, qtbot: QtBot) -> None:
    told = listen(bridge)
    engine = FakeEngine(bridge.post)
    engine.ready()
    a, b = engine.submit(job()), engine.submit(job())
    shown = engine.preview(a, 9)
    engine.finish(a, result="image")
    engine.fail(b)
    qtbot.waitUntil(lambda: len(told) == 12)
    assert shown in told
    assert [type(e).__name__ for e in told if getattr(e, "job_id", 0) == b] == [
        "JobQueued", "JobStarted", "JobFailed",
    ]  # fmt: skip

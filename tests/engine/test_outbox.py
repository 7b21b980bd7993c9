from __future__ import annotations

import sys
from collections.abc import Iterator
from threading import Barrier, Thread

import pytest

from engine.events import Event, JobNote
from engine.outbox import Outbox


@pytest.fixture(autouse=True)
def _hasty_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_whatever_two_threads_send_is_told_in_order_by_the_time_both_are_done() -> None:
    told: list[Event] = []
    outbox = Outbox(told.append)
    together = Barrier(2)

    def send(sender: int) -> None:
        together.wait()
        for i in range(3000):
            outbox.send(JobNote(sender, str(i)))

    threads = [Thread(target=send, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in range(2):
        mine = [e.message for e in told if isinstance(e, JobNote) and e.job_id == n]
        assert mine == [str(i) for i in range(3000)]


def test_a_listener_that_sends_is_told_after_what_it_hears() -> None:
    told: list[str] = []

    def listener(event: Event) -> None:
        assert isinstance(event, JobNote)
        told.append(event.message)
        if event.message == "question":
            outbox.send(JobNote(1, "answer"))
            told.append("heard")

    outbox = Outbox(listener)
    outbox.send(JobNote(1, "question"))
    assert told == ["question", "heard", "answer"]

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.background import Background
from engine.errors import InputError
from engine.failures import Failure


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    made = Background()
    yield made
    made.close()


def never(*_: object) -> None:
    raise AssertionError("this must not be called")


def test_results_come_in_the_thread_of_the_asker(background: Background, qtbot: QtBot) -> None:
    seen: list[tuple[int, threading.Thread]] = []
    background.run(
        "Adding", lambda: 3, lambda n: seen.append((n, threading.current_thread())), never
    )
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [(3, threading.main_thread())]
    assert background.underWay() == ()


def test_failures_are_told_and_survived(background: Background, qtbot: QtBot) -> None:
    told: list[Failure] = []

    def refuse() -> None:
        raise InputError("The file is empty.", "Choose another.")

    background.run("Reading", refuse, never, told.append)
    background.run("Breaking", lambda: 1 // 0, never, told.append)
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told[0].user_error
    assert told[0].hint == "Choose another."
    assert not told[1].user_error
    assert "Breaking" in told[1].message


def test_lack_of_memory_is_told_in_plain_words(background: Background, qtbot: QtBot) -> None:
    told: list[Failure] = []

    def hog() -> None:
        raise MemoryError

    background.run("Reading big.nii", hog, never, told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert told[0].user_error
    assert "memory" in told[0].message


def test_progress_is_seen_and_cancelling_ends_the_work(
    background: Background, qtbot: QtBot
) -> None:
    shares: list[float] = []
    released = threading.Event()

    def count(watch: Callable[[float], None]) -> None:
        try:
            for step in range(1_000_000):
                watch(step / 1_000_000)
                threading.Event().wait(0.001)
        finally:
            released.set()

    work = background.watched("Counting", count, never, never)
    work.progressed.connect(shares.append)
    qtbot.waitUntil(lambda: len(shares) >= 2)
    with qtbot.waitSignal(work.ended):
        work.cancel()
    assert released.is_set()
    assert shares == sorted(shares)


def test_waiting_work_can_be_cancelled_alone(background: Background, qtbot: QtBot) -> None:
    gate = threading.Event()
    seen: list[str] = []
    background.run("First", gate.wait, lambda _: seen.append("first"), never)
    second = background.run("Second", lambda: None, never, never)
    background.run("Third", lambda: None, lambda _: seen.append("third"), never)
    second.cancel()
    gate.set()
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen == ["first", "third"]


def test_what_is_asked_for_after_closing_is_not_done(background: Background) -> None:
    background.close()
    done: list[object] = []
    work = background.run("late", lambda: done.append(1), done.append, done.append)
    assert work.isCancelled()
    assert background.underWay() == ()
    assert done == []

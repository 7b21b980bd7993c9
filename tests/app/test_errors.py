"""Nothing goes wrong in silence."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.background import Background
from app.errors import Teller, install_crash_hook, log_path, start_log
from engine.errors import InputError
from engine.failures import Failure


@pytest.fixture
def told() -> Iterator[list[tuple[str, ...]]]:
    """What a teller with a crash hook was given."""
    teller, heard = Teller(), []
    teller.told.connect(lambda *parts: heard.append(parts))
    undo = install_crash_hook(teller)
    yield heard
    undo()


def test_an_uncaught_exception_is_shown_with_details_and_logged(
    told: list[tuple[str, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    try:
        raise ZeroDivisionError("by naught")
    except ZeroDivisionError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    ((kind, message, hint, detail),) = told
    assert kind == "error"
    assert "by naught" in message
    assert "report" in hint
    assert "Traceback" in detail
    assert "PyQt6" in detail
    assert "by naught" in caplog.text


def test_also_in_another_thread(told: list[tuple[str, ...]], qtbot: QtBot) -> None:
    def fail() -> None:
        raise RuntimeError("elsewhere")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(told))
    assert "elsewhere" in told[0][1]


def test_the_log_is_a_file_of_the_user(tmp_path: Path) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    assert start_log(log_path()) == ""
    logging.getLogger("app").error("kept for later")
    for handler in set(root.handlers) - set(before):
        handler.flush()
        root.removeHandler(handler)
        import faulthandler

        faulthandler.disable()
        handler.close()
    root.setLevel(level)
    assert "kept for later" in log_path().read_text()


def test_a_log_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "no log" in start_log(tmp_path / "file" / "reverie.log")


def test_background_work_ends_in_this_thread(qtbot: QtBot) -> None:
    parent = QObject()
    background = Background(parent)
    results: list[object] = []
    failures: list[Failure] = []
    threads: list[str] = []

    def work() -> int:
        threads.append(threading.current_thread().name)
        return 7

    def refuse() -> None:
        raise InputError("bad.png is empty.", "Choose another.")

    def break_down() -> None:
        raise KeyError("bug")

    def done(result: object) -> None:
        threads.append(threading.current_thread().name)
        results.append(result)

    for task in (work, refuse, break_down):
        background.run("The work", task, done, failures.append)
    qtbot.waitUntil(lambda: len(results) + len(failures) == 3)
    assert results == [7]
    assert threads[0] != threads[1] == threading.main_thread().name
    assert (failures[0].message, failures[0].user_error) == ("bad.png is empty.", True)
    assert "KeyError" in failures[1].message
    assert not failures[1].user_error
    background.close()

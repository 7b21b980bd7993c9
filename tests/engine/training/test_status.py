from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from engine.training.status import FILE, Status, read_status, write_status


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    status = Status(state="training", iteration=3, iterations=9, method="cdal", task="train")
    write_status(tmp_path, status)
    assert read_status(tmp_path) == status
    assert status.pid == os.getpid()
    assert status.is_alive
    assert status.is_ours


def test_only_the_very_process_is_believed() -> None:
    status = Status(state="training")
    assert not status.model_copy(update={"since": status.since - 60}).is_alive, (
        "a number given anew"
    )
    assert not status.model_copy(update={"host": "elsewhere"}).is_alive
    assert not status.model_copy(update={"state": "finished"}).is_alive
    assert not status.model_copy(update={"pid": 2**30}).is_alive


def test_a_process_that_has_ended_is_not_alive_even_unwaited_for() -> None:
    import psutil

    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    status = Status(state="training", pid=child.pid, since=psutil.Process(child.pid).create_time())
    assert status.is_alive
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not status.is_alive
    child.communicate()


def test_a_damaged_file_says_nothing(tmp_path: Path) -> None:
    assert read_status(tmp_path) is None
    for content in (b"", b"{", b'{"state": "on fire"}', b"\xff"):
        (tmp_path / FILE).write_bytes(content)
        assert read_status(tmp_path) is None

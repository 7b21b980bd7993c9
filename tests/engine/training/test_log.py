"""Lines that a process of its own says."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine.training.log import LOG, MOST_BYTES, LogFollower, log_lines


def test_new_lines_come_once_and_whole(tmp_path: Path) -> None:
    follower = LogFollower(tmp_path)
    assert follower.read() == ()
    file = tmp_path / LOG
    file.write_text("5 cases to train on.\n\nreverie: The disk is")
    assert [(line.level, line.text) for line in follower.read()] == [
        ("note", "5 cases to train on.")
    ]
    with file.open("a") as more:
        more.write(" full.\n")
    assert [(line.level, line.text) for line in follower.read()] == [
        ("error", "reverie: The disk is full.")
    ]
    file.write_text("anew\n")
    assert [line.text for line in follower.read()] == ["anew"]


def test_of_a_long_log_the_end_is_read(tmp_path: Path) -> None:
    (tmp_path / LOG).write_text("x" * 99 + "\n" + "y\n" * MOST_BYTES)
    lines = LogFollower(tmp_path).read()
    assert {line.text for line in lines} == {"y"}


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Continuing at iteration 5 of 9.", "note"),
        ("Pictures of iteration 10: none without an error bar", "note"),
        ("reverie: Another process trains there.", "error"),
        ("Traceback (most recent call last):", "error"),
        ("/lib/nn.py:31: UserWarning: no grad", "warning"),
        ("Warning: 3 cases are constant", "warning"),
    ],
)
def test_the_level_is_told_from_the_words(text: str, level: str) -> None:
    assert [line.level for line in log_lines([text])] == [level]


def test_a_time_before_a_line_is_read() -> None:
    (line,) = log_lines(["2026-11-21 21:09:55  reverie: The disk is full."])
    assert (line.level, line.text) == ("error", "reverie: The disk is full.")
    assert time.strftime("%H:%M:%S", time.localtime(line.when)) == "21:09:55"
    (line,) = log_lines(["2026-99-99 21:09:55  text"])
    assert (line.text, line.when) == ("2026-99-99 21:09:55  text", 0.0)

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError
from engine.training.following import MetricsFollower

HEADING = "iteration,name,value\r\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "metrics.csv"


def append(file: Path, text: str) -> None:
    with file.open("a", newline="") as stream:
        stream.write(text)


def test_only_what_is_new_and_whole_is_read(file: Path) -> None:
    follower = MetricsFollower(file.parent)
    assert follower.read().series == {}
    append(file, HEADING + "1,loss,0.5\r\n1,lr,0.001\r\n2,loss,0.")
    gained = follower.read()
    assert {n: (s.tolist(), v.tolist()) for n, (s, v) in gained.series.items()} == {
        "loss": ([1], [0.5]), "lr": ([1], [0.001]),
    }  # fmt: skip
    assert (gained.afresh, gained.more, gained.last) == (False, False, 1)
    append(file, '25\r\n2,"D, real",3\r\n3,loss,nan\r\nnonsense\r\n')
    gained = follower.read()
    assert gained.series["loss"][0].tolist() == [2, 3]
    assert gained.series["loss"][1][0] == 0.25
    assert np.isnan(gained.series["loss"][1][1])
    assert gained.series["D, real"][1].tolist() == [3]
    assert follower.read().series == {}


def test_an_open_quote_spoils_its_line_only(file: Path) -> None:
    append(file, HEADING + '1,"loss,0.5\n2,loss,0.4\n')
    assert MetricsFollower(file.parent).read().series["loss"][0].tolist() == [2]


def test_a_file_that_is_written_anew_is_read_anew(file: Path) -> None:
    """What a continued run does: the rows after its state go, and others come."""
    follower = MetricsFollower(file.parent)
    append(file, HEADING + "".join(f"{i},loss,1\n" for i in range(1, 9)))
    assert follower.read().last == 8
    beside = file.with_suffix(".new")
    beside.write_text(HEADING + "".join(f"{i},loss,2\n" for i in range(1, 20)))
    os.replace(beside, file)
    gained = follower.read()
    assert gained.afresh
    assert gained.series["loss"][0].tolist() == list(range(1, 20))
    assert not follower.read().afresh


def test_a_file_that_shrinks_or_goes_is_read_anew(file: Path) -> None:
    follower = MetricsFollower(file.parent)
    append(file, HEADING + "1,loss,1\n2,loss,1\n")
    follower.read()
    file.write_text(HEADING)
    assert follower.read().afresh
    file.unlink()
    assert follower.read().afresh
    assert not follower.read().afresh


def test_a_large_file_comes_in_parts(file: Path) -> None:
    count = 5000
    append(file, HEADING + "".join(f"{i},loss,{i / 7}\n" for i in range(1, count + 1)))
    follower, steps = MetricsFollower(file.parent), []
    while True:
        gained = follower.read(limit=4096)
        steps += gained.series["loss"][0].tolist()
        if not gained.more:
            break
    assert steps == list(range(1, count + 1))


def test_a_file_that_cannot_be_read_is_named(file: Path) -> None:
    file.mkdir()
    with pytest.raises(InputError, match=r"metrics\.csv"):
        MetricsFollower(file.parent).read()

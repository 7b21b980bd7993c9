"""What a table of runs tells of each."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.training.listing import Figure, find_runs, summarise
from engine.training.status import Status, write_status
from engine.training.writers import writers
from tests.helpers.training_runs import go_to, make_run, open_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs at two levels, and what is none."""
    folder = tmp_path_factory.mktemp("runs")
    make_run(folder / "b-stopped")
    make_run(folder / "deep" / "a-finished", done=40)
    make_run(folder / ".hidden" / "run", done=0)
    (folder / "nothing").mkdir()
    (folder / "link").symlink_to(folder / "deep")
    return folder


def test_runs_are_found_below_a_folder_once_each(runs: Path) -> None:
    assert find_runs(runs) == [runs / "b-stopped", runs / "deep" / "a-finished"]
    assert find_runs(runs, most=1) == [runs / "b-stopped"]
    assert find_runs(runs, depth=1) == [runs / "b-stopped"]
    assert find_runs(runs / "b-stopped") == [runs / "b-stopped"]
    assert find_runs(runs / "nothing") == []
    with pytest.raises(InputError, match="not a folder"):
        find_runs(runs / "missing")


def test_a_run_says_how_it_is(runs: Path) -> None:
    stopped = summarise(runs / "b-stopped")
    assert (stopped.method, stopped.task, stopped.standing) == ("cdal", "train", "stopped")
    assert (stopped.done, stopped.total) == (20, 40)
    assert stopped.best == Figure("validation Dice", pytest.approx(0.2), 20)
    assert stopped.data == f"{runs.name}/images"
    assert set(stopped.inputs) == {"images"}, "the output is the run itself"
    assert stopped.parameters["size"] == 16
    files = [file for file in stopped.path.rglob("*") if file.is_file()]
    assert stopped.size == sum(file.stat().st_size for file in files)
    finished = summarise(runs / "deep" / "a-finished")
    assert (finished.standing, finished.done) == ("finished", 40)


def test_a_run_that_is_held_trains(tmp_path: Path) -> None:
    run = open_run(tmp_path / "run")
    run.hold()
    # Ahead of the last state, as most of the time.
    go_to(run, 1, 10)
    run.log(11, {"loss": 0.5})
    run.close()
    run.hold()
    found = summarise(run.path)
    assert (found.standing, found.done) == ("training", 11)
    run.close()
    assert summarise(run.path).standing == "stopped"


def test_times_leave_out_what_lies_between_two_processes(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", done=0)
    for since, until, pid in ((2_000_000_500, 2_000_000_530, 8), (2_000_000_000, 2_000_000_060, 7)):
        file = run / f"events.out.tfevents.{since}.{socket.gethostname()}.{pid}.0"
        file.touch()
        os.utime(file, (until, until))
    found = summarise(run)
    assert (found.started, found.took) == (2_000_000_000, 90)
    assert [writer.pid for writer in writers(run)] == [7, 8]


def test_a_run_that_cannot_be_read_is_listed_with_the_reason(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", done=0)
    (run / "run.toml").write_text("method = [")
    found = summarise(run)
    assert found.standing == "unreadable"
    assert "run.toml" in found.problem


def test_a_number_that_is_cut_off_is_no_iteration(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", done=0)
    rows = "".join(f"{i},loss,0.5\n" for i in range(1, 3001))
    (run / "metrics.csv").write_text(f"iteration,name,value\n{rows}3001,loss,0.")
    assert summarise(run).done == 3000


def test_a_run_says_why_it_ended(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    write_status(run, Status(state="diverged", message="The loss is NaN.", hint="Lower the rate."))
    found = summarise(run)
    assert (found.standing, found.told) == ("diverged", "The loss is NaN. Lower the rate.")
    assert not found.is_live
    # Its process is this one.
    write_status(run, Status(state="paused"))
    found = summarise(run)
    assert (found.standing, found.told, found.is_live) == ("paused", "", True)


def test_a_run_that_prepares_itself_is_found(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    status = Status(state="preparing", method="cdal", task="train", iterations=100)
    write_status(tmp_path / "run", status)
    assert find_runs(tmp_path) == [tmp_path / "run"]
    found = summarise(tmp_path / "run")
    assert (found.method, found.standing, found.total) == ("cdal", "preparing", 100)

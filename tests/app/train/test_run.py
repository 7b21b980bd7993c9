"""What the window makes of a run's events and files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.controllers.train.run import GROWING_S, GUARDED_S, Progress, TrainingRun
from engine.training.facts import look_at
from engine.training.following import Gained, MetricsFollower
from tests.helpers.training_runs import go_to, make_run, open_run, pictures_of
from widgets.panels.job_row import JobRow

ROW = JobRow(1, "cDAL: run", "running", 3, 40, 2.0, 18.5)
LONG_AGO = 1_000_000.0


class Clock:
    """Stands still until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def run(qtbot: QtBot, tmp_path: Path, clock: Clock) -> TrainingRun:
    return TrainingRun(tmp_path / "run", "run", clock=clock)


def age(folder: Path) -> None:
    """As if the run had been left alone for long."""
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (LONG_AGO, LONG_AGO))


def rows(first: int, last: int, level: float = 1.0) -> list[tuple[int, dict[str, float]]]:
    return [(i, {"loss": level}) for i in range(first, last + 1)]


def gained(first: int, last: int, *, afresh: bool = False, more: bool = False) -> Gained:
    steps = np.arange(first, last + 1)
    return Gained({"loss": (steps, np.zeros(len(steps)))}, afresh, more)


def test_our_job_from_its_queue_to_its_end(run: TrainingRun) -> None:
    run.takeRow(JobRow(1, "cDAL: run"))
    assert (run.state(), run.isOurs(), run.isPreparing()) == ("queued", True, True)
    run.takeRow(replace(ROW, done=7, total=9, message="Checking case_7"))
    assert (run.state(), run.isPreparing()) == ("running", True)
    assert run.progress() == Progress(7, 9, 2.0, 18.5)
    run.takeNote("9 cases")
    run.takeRows(rows(1, 3))
    run.takeRow(ROW)
    assert not run.isPreparing()
    assert run.progress() == Progress(3, 40, 2.0, 18.5)
    run.takeRow(replace(ROW, state="paused"))
    assert run.state() == "paused"
    run.takeRow(replace(ROW, state="done"))
    assert (run.state(), run.isOurs()) == ("done", False)
    run.takeRow(JobRow(2, "cDAL: run"))
    assert run.notes == [], "those of the job before"
    assert run.isPreparing()


def test_a_run_that_was_stopped_a_finished_one_and_one_begun_again(
    run: TrainingRun, tmp_path: Path
) -> None:
    make_run(run.folder)
    age(run.folder)
    run.takeFacts(look_at(run.folder))
    assert run.state() == "stopped"
    run.takeGained(MetricsFollower(run.folder).read())
    assert run.state() == "stopped"
    assert run.progress() == Progress(20, 40)
    assert list(run.curves) == ["loss", "critic", "lr", "validation Dice"]
    make_run(tmp_path / "other", done=40)
    other = TrainingRun(tmp_path / "other", "other")
    other.takeFacts(look_at(tmp_path / "other"))
    assert other.state() == "done"
    run.takeRow(replace(ROW, state="failed"))
    assert run.state() == "failed"


def test_a_run_that_another_process_trains(run: TrainingRun, clock: Clock) -> None:
    process = open_run(run.folder)
    process.hold()
    go_to(process, 1, 10)
    run.takeFacts(look_at(run.folder))
    assert run.state() == "elsewhere"
    follower = MetricsFollower(run.folder)
    run.takeGained(follower.read())
    clock.now += 5
    go_to(process, 11, 20)
    run.takeGained(follower.read())
    assert run.progress() == Progress(20, 40, 2.0, 10.0)
    process.close()
    clock.now += GUARDED_S
    run.takeFacts(look_at(run.folder))
    assert run.state() == "stopped"


def test_a_run_that_grows_without_a_lock_is_trained_elsewhere(
    run: TrainingRun, clock: Clock
) -> None:
    make_run(run.folder, done=10)
    age(run.folder)
    assert not look_at(run.folder).guarded
    run.takeFacts(look_at(run.folder))
    follower = MetricsFollower(run.folder)
    run.takeGained(follower.read())
    assert run.state() == "stopped"
    with (run.folder / "metrics.csv").open("a") as file:
        file.write("11,loss,0.1\n")
    run.takeGained(follower.read())
    assert run.state() == "elsewhere"
    clock.now += GROWING_S - 1
    assert run.state() == "elsewhere"
    clock.now += 1
    assert run.state() == "stopped"


def test_a_run_that_was_written_just_now_may_be_in_training(run: TrainingRun) -> None:
    make_run(run.folder)
    run.takeFacts(look_at(run.folder))
    assert run.state() == "elsewhere"


def test_the_parts_of_a_large_file_are_no_growth(run: TrainingRun) -> None:
    make_run(run.folder)
    age(run.folder)
    run.takeFacts(look_at(run.folder))
    for first in (1, 11, 21):
        run.takeGained(gained(first, first + 9, more=first < 21))
    assert run.curves.last() == 30
    assert run.state() == "stopped"


def test_events_are_told_sooner_than_the_file(run: TrainingRun) -> None:
    run.takeRow(ROW)
    run.takeGained(Gained({}))
    run.takeRows(rows(1, 12))
    run.takeGained(gained(1, 8))
    assert run.curves["loss"].values.tolist() == [1.0] * 12


def test_a_continued_run_has_its_past_from_the_file(run: TrainingRun) -> None:
    """Read in parts while the job is already on its way."""
    run.takeRow(ROW)
    run.takeGained(gained(1, 10, more=True))
    run.takeRows(rows(21, 22))
    run.takeGained(gained(11, 20, more=True))
    run.takeRows(rows(23, 24))
    run.takeGained(Gained({}))
    assert run.curves["loss"].steps.tolist() == list(range(1, 25))
    assert run.curves["loss"].values[19:21].tolist() == [0.0, 1.0]
    run.takeRows(rows(25, 25))
    assert run.curves.last() == 25


def test_a_run_that_goes_on_forgets_what_was_after_its_state(run: TrainingRun) -> None:
    run.takeGained(gained(1, 30))
    run.takeGained(Gained({"validation Dice": (np.array([10, 30]), np.zeros(2))}))
    run.takeRow(ROW)
    run.takeRows(rows(21, 22))
    assert run.curves.last() == 22
    assert run.curves["validation Dice"].steps.tolist() == [10]


def test_a_file_that_is_written_anew_empties_the_curves(run: TrainingRun) -> None:
    run.takeGained(gained(1, 30))
    run.takeGained(gained(1, 5, afresh=True))
    assert run.curves["loss"].steps.tolist() == [1, 2, 3, 4, 5]


def test_pictures_of_events_and_of_the_folder(run: TrainingRun) -> None:
    run.takeIterations((10, 20))
    run.takeRow(ROW)
    run.takeRows(rows(1, 15))
    run.takePictures(pictures_of(15))
    assert run.iterations == (10, 15), "a continued run comes to the others again"
    run.takeIterations((10,))
    assert run.iterations == (10, 15), "a look that came before the files"
    run.takeIterations((10, 15))
    assert run.newest is not None
    assert run.newest[0] == 15

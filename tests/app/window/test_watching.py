"""What is seen of a run that trains: load, log, and a word on the desktop at its end."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.train.space import TrainSpace
from engine.training.log import LOG
from engine.training.status import Status, write_status
from tests.app.window.driving import fake, settle
from tests.app.window.training import start, train, view_of
from tests.helpers.cdal_models import disc_folders
from tests.helpers.training_runs import go_to, make_run, open_run


class Told:
    """Remembers what would come to the desktop."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def notify(self, title: str, text: str) -> None:
        self.lines.append((title, text))


@pytest.fixture
def space(window: MainWindow) -> TrainSpace:
    window.spaces.show("train")
    return window.spaces.train()


@pytest.fixture
def told(space: TrainSpace, window: MainWindow) -> Told:
    """The desktop, while the window is not in front."""
    space.ends.notifier = told = Told()
    window.hide()
    return told


def test_the_load_of_a_training_here(
    space: TrainSpace, window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    start(space, disc_folders(tmp_path / "discs"), qtbot)
    settle(window, qtbot)
    job = fake(window).current
    assert job is not None
    train(window, job, 1, 5, qtbot)
    load = view_of(space).load
    qtbot.waitUntil(lambda: any(text.startswith("Speed 4.0 it/s") for text in load.texts()))
    assert [text.split()[0] for text in load.texts()][:2] == ["CPU", "Memory"]
    with qtbot.waitSignal(space.training.ended):
        fake(window).cancel(job)
    settle(window, qtbot)
    qtbot.waitUntil(load.isHidden)


def test_the_load_of_a_process_of_its_own(space: TrainSpace, tmp_path: Path, qtbot: QtBot) -> None:
    process = open_run(tmp_path / "run", batch=3)
    process.hold()
    write_status(process.path, Status(state="training", pid=os.getpid()))
    (process.path / LOG).write_text("5 cases to train on.\nreverie: Something went wrong.\n")
    go_to(process, 1, 10)
    space.openRun(process.path)
    qtbot.waitUntil(lambda: space.run() is not None)
    view = view_of(space)
    qtbot.waitUntil(lambda: len(view.load.texts()) >= 2, timeout=10_000)
    qtbot.waitUntil(lambda: len(view.log.shown()) == 2, timeout=10_000)
    view.log.level.setCurrentIndex(2)
    assert view.log.shown() == ["reverie: Something went wrong."]
    go_to(process, 11, 20)
    qtbot.waitUntil(lambda: any("images" in text for text in view.load.texts()), timeout=10_000)
    process.close()


def test_a_training_that_ends_is_told_unless_that_is_off(
    space: TrainSpace, window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    space.ends.notifier = told = Told()
    start(space, disc_folders(tmp_path / "discs"), qtbot)
    settle(window, qtbot)
    job = fake(window).current
    assert job is not None
    window.hide()
    fake(window).fail(job, "The disk is full.", "Free some space.")
    settle(window, qtbot)
    ((title, text),) = told.lines
    assert title.endswith("has failed")
    assert text == "The disk is full."
    assert window.actions_["train.tell"].isChecked()
    window.actions_["train.tell"].trigger()
    assert not space.ends.isOn()
    assert window.settings.train["tell_end"] is False


def test_the_end_of_another_process_is_told_once(
    space: TrainSpace, told: Told, tmp_path: Path, qtbot: QtBot
) -> None:
    run = make_run(tmp_path / "run")
    space.recent.add(run)
    # A process that is there, and not this one.
    parent = Status(state="training", pid=os.getppid(), since=_began(os.getppid()))
    write_status(run, parent)
    space.ends.look()
    qtbot.waitUntil(lambda: not space.background.underWay())
    write_status(run, parent.model_copy(update={"state": "diverged", "message": "NaN at 9."}))
    for _ in range(2):
        space.ends.look()
        qtbot.waitUntil(lambda: not space.background.underWay())
    assert told.lines == [("run was stopped: it diverged", "NaN at 9.")]


def _began(pid: int) -> float:
    return float(psutil.Process(pid).create_time())

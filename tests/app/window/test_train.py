"""Training in the window: a job's events, and what can be done with a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.train.space import TrainSpace
from engine import library
from engine.events import JobImages, JobNote, JobProgress
from engine.results import FileResult
from engine.training.checkpoint import Card, save_checkpoint
from tests.app.window.driving import fake, settle
from tests.app.window.training import start, train, view_of
from tests.helpers.cdal_models import save_generator
from tests.helpers.training_runs import make_run, pictures_of

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def job(window: MainWindow, space: TrainSpace, data: Path, qtbot: QtBot) -> int:
    """A training that has begun."""
    start(space, data, qtbot)
    settle(window, qtbot)
    job_id = fake(window).current
    assert job_id is not None
    return job_id


def test_the_check_of_the_data_is_listed_not_flashed(
    window: MainWindow, space: TrainSpace, job: int, qtbot: QtBot
) -> None:
    engine, view = fake(window), view_of(space)
    engine.emit(JobProgress(job, 3, 5, 40.0, None, "Checking case_3"))
    settle(window, qtbot)
    assert view.header.status() == "Preparing  ·  3 of 5  ·  Checking case_3"
    engine.emit(JobNote(job, "140 cases to train on, 20 to validate, 40 kept apart."))
    settle(window, qtbot)
    (line,) = view.log.shown()
    assert line.endswith("140 cases to train on, 20 to validate, 40 kept apart.")
    assert view.tabs.tabText(view.tabs.currentIndex()) == "Log (1)"
    assert not window.message.isVisible()


def test_curves_figures_and_remaining_time(
    window: MainWindow, space: TrainSpace, job: int, qtbot: QtBot
) -> None:
    train(window, job, 1, 400, qtbot)
    view = view_of(space)
    assert view.header.status() == (
        "Training  ·  iteration 400 of 20,000  ·  4.0 it/s  ·  1 h 22 min left"
    )
    assert set(view.curves.plots()) == {"Loss", "Discriminator", "Learning rate"}
    assert view.curves.readout() == "Iteration 400"
    fake(window).losses(job, {400: {"validation Dice": 0.75}})
    settle(window, qtbot)
    entry = view.curves.plots()["Validation"].legend.entry("validation Dice")
    assert entry.value() == "0.75"


def test_pictures_come_into_sight_with_their_iteration(
    window: MainWindow, space: TrainSpace, job: int, qtbot: QtBot
) -> None:
    fake(window).emit(JobNote(job, "5 cases"))
    view = view_of(space)
    for iteration in (100, 200):
        train(window, job, iteration - 99, iteration, qtbot)
        fake(window).emit(JobImages(job, pictures_of(iteration), f"Iteration {iteration}"))
        settle(window, qtbot)
    assert view.pictures.isVisible(), "nothing else was looked at"
    assert view.pictures.caption() == "Iteration 200  ·  2 of 2"
    image, labels = view.pictures.row.pictures()
    assert image.values[0, 0] == pytest.approx(200 / 255)
    assert (image.low, image.high) == (0, 1)
    assert labels.of_labels


def test_pause_and_stop(window: MainWindow, space: TrainSpace, job: int, qtbot: QtBot) -> None:
    train(window, job, 1, 10, qtbot)
    header = view_of(space).header
    QTest.mouseClick(header.pause, LEFT)
    settle(window, qtbot)
    assert fake(window).paused
    assert header.status().startswith("Paused")
    assert header.pause.text() == "Go on"
    QTest.mouseClick(header.pause, LEFT)
    settle(window, qtbot)
    assert not fake(window).paused
    QTest.mouseClick(header.stop, LEFT)
    settle(window, qtbot)
    assert header.status().startswith("Stopped")
    assert not header.stop.isVisible()


def test_escape_stops_no_training(
    window: MainWindow, space: TrainSpace, job: int, qtbot: QtBot
) -> None:
    QTest.keyClick(space.view, Qt.Key.Key_Escape)
    settle(window, qtbot)
    assert fake(window).current == job


def test_a_failure_is_told_where_the_run_is(
    window: MainWindow, space: TrainSpace, job: int, qtbot: QtBot
) -> None:
    fake(window).fail(job, "The set has 1 usable case.", "Add cases.")
    settle(window, qtbot)
    header = view_of(space).header
    assert header.status().startswith("Failed")
    assert header.error() == "The set has 1 usable case. Add cases."
    assert not header.canGoOn()
    window.jobs.retry(job)
    settle(window, qtbot)
    assert header.error() == ""
    assert space.run() is not None
    assert space.run().isOurs()


def test_a_job_that_waits_says_so(
    window: MainWindow, space: TrainSpace, job: int, data: Path, qtbot: QtBot
) -> None:
    space.view.setup.setInput("output", data / "second")
    start(space, data, qtbot)
    settle(window, qtbot)
    assert view_of(space).header.status() == "Waiting"
    assert space.run() is not None
    assert space.run().title == "second"
    assert view_of(space).jobs.rows()[-1].title == "cDAL: second"


def test_closed_and_opened_again_nothing_is_lost(
    window: MainWindow, space: TrainSpace, job: int, qtbot: QtBot
) -> None:
    train(window, job, 1, 30, qtbot)
    run = space.run()
    assert run is not None
    QTest.mouseClick(view_of(space).header.back, LEFT)
    assert space.run() is None
    assert space.view.isStart()
    train(window, job, 31, 60, qtbot)
    make_run(run.folder, done=0)  # as the job has made it by then
    space.openRun(run.folder)
    qtbot.waitUntil(lambda: space.run() is run)
    assert run.curves.last() == 60
    assert view_of(space).curves.readout() == "Iteration 60"


def test_a_stage_that_makes_no_run_shows_its_own_count(
    window: MainWindow, space: TrainSpace, data: Path, qtbot: QtBot
) -> None:
    save_generator(library.user_folder() / "any.safetensors")
    keys = [trainer.key for trainer in space.setting_up.trainers()]
    setup = space.view.setup
    setup.trainer.activated.emit(keys.index("adaptdiff/pseudo-label"))
    assert setup.form.values()["checkpoint"] == "", "that one is no segmenter"
    QTest.mouseClick(setup.start, LEFT)
    assert window.message.isVisible()
    assert fake(window).current is None


# --- afterwards


def test_segment_with_what_was_trained(
    window: MainWindow, space: TrainSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = make_run(tmp_path / "run", done=40)
    save_generator(folder / "checkpoints" / "final.safetensors")
    space.openRun(folder)
    qtbot.waitUntil(lambda: space.run() is not None)
    use = view_of(space).header.use
    qtbot.waitUntil(use.isVisible)
    QTest.mouseClick(use, LEFT)
    assert window.spaces.current() == "segment"
    panel = window.spaces.segment().view.method
    qtbot.waitUntil(lambda: panel.checkpointName().endswith("final.safetensors"))


def test_synthesize_with_what_was_trained(
    window: MainWindow, space: TrainSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = make_run(tmp_path / "vessels", done=40)
    card = Card(method="adaptdiff", role="diffusion", title="Tiny")
    save_checkpoint(folder / "checkpoints" / "final.safetensors", {"w": torch.zeros(2)}, card)
    space.openRun(folder)
    qtbot.waitUntil(lambda: space.run() is not None)
    use = view_of(space).header.use
    qtbot.waitUntil(use.isVisible)
    assert use.text() == "Synthesize with this"
    assert window.actions_["train.use"].text() == "Synthesize with this"
    for _ in range(2):
        window.spaces.show("train")
        QTest.mouseClick(use, LEFT)
        qtbot.waitUntil(lambda: window.spaces.current() == "synthesize")
        assert window.view.inspector.form.values()["checkpoint"] == "vessels"
    made = [entry.name for entry in library.entries("adaptdiff") if not entry.bundled]
    assert made == ["octa", "vessels"], "one copy of it"


def test_models_get_a_copy(
    window: MainWindow, space: TrainSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = make_run(tmp_path / "my run", done=40)
    space.openRun(folder)
    qtbot.waitUntil(lambda: space.run() is not None)
    for name in ("my-run", "my-run-2"):
        with qtbot.waitSignal(space.modelsChanged):
            QTest.mouseClick(view_of(space).header.keep, LEFT)
        kept = library.user_folder() / f"{name}.safetensors"
        assert kept.read_bytes() == (folder / "checkpoints" / "final.safetensors").read_bytes()
    assert "my-run-2" in [entry.name for entry in library.entries("cdal")]


def test_the_result_is_told(window: MainWindow, space: TrainSpace, job: int, qtbot: QtBot) -> None:
    train(window, job, 1, 5, qtbot)
    fake(window).finish(job, FileResult(Path("final"), "5 iterations done."))
    settle(window, qtbot)
    assert view_of(space).header.status().startswith("Finished")
    assert space.run() is not None
    assert space.run().result == "5 iterations done."


# --- keys


def test_keys_go_to_the_workspaces_and_start(window: MainWindow, data: Path, qtbot: QtBot) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    for key, name in (
        (Qt.Key.Key_3, "translate"), (Qt.Key.Key_6, "models"),
        (Qt.Key.Key_5, "evaluate"), (Qt.Key.Key_1, "synthesize"),
        (Qt.Key.Key_2, "segment"), (Qt.Key.Key_4, "train"),
    ):  # fmt: skip
        QTest.keyClick(window, key, control)
        assert window.spaces.current() == name
        assert window.rail.current() == name
    space = window.spaces.train()
    space.view.setup.setInput("images", data / "images")
    with qtbot.waitSignal(space.training.begun, timeout=10_000):
        QTest.keyClick(space.view, Qt.Key.Key_Return, control)
    assert window.actions_["train.stop"].isEnabled()
    assert not window.actions_["train.use"].isEnabled()
    QTest.keyClick(space.view, Qt.Key.Key_W, control)
    assert space.view.isStart()
    assert not window.actions_["train.stop"].isEnabled()


def test_both_themes_and_small_windows_can_be_painted(
    window: MainWindow, space: TrainSpace, job: int, qtbot: QtBot
) -> None:
    train(window, job, 1, 50, qtbot)
    fake(window).emit(JobImages(job, pictures_of(50), ""))
    settle(window, qtbot)
    window.resize(1100, 720)
    pictures = []
    for _ in range(2):
        grabbed = window.grab().toImage()
        pictures.append(grabbed.pixelColor(500, 300).lightness())
        window.toggleTheme()
    assert abs(pictures[0] - pictures[1]) > 100
    assert np.isfinite(view_of(space).curves.plots()["Loss"].inView()).all()

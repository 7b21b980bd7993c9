"""Runs in folders: looked at, followed while others write them, continued."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.settings import settings_path
from app.window import MainWindow
from app.workspaces.train.space import TrainSpace
from engine.training.previews import write_previews
from tests.app.window.driving import fake, settle
from tests.app.window.training import view_of
from tests.helpers.training_runs import go_to, make_run, open_run, pictures_of

LEFT = Qt.MouseButton.LeftButton
LONG_AGO = 1_000_000.0


@pytest.fixture
def space(window: MainWindow) -> TrainSpace:
    window.spaces.show("train")
    return window.spaces.train()


@pytest.fixture
def old_run(tmp_path: Path) -> Path:
    """A run that was stopped long ago, at 20 of 40 iterations."""
    folder = make_run(tmp_path / "old")
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (LONG_AGO, LONG_AGO))
    return folder


def opened(space: TrainSpace, folder: Path, qtbot: QtBot, last: int) -> None:
    """Open a run and wait for its curves."""
    space.openRun(folder)
    qtbot.waitUntil(
        lambda: (run := space.run()) is not None and run.curves.last() == last, timeout=10_000
    )


def test_a_run_that_was_stopped(space: TrainSpace, old_run: Path, qtbot: QtBot) -> None:
    opened(space, old_run, qtbot, 20)
    view = view_of(space)
    qtbot.waitUntil(lambda: bool(view.pictures.row.pictures()))
    status = "Stopped  ·  iteration 20 of 40  ·  saved at 20"
    assert view.header.status() == status
    assert set(view.curves.plots()) == {"Loss", "Discriminator", "Validation", "Learning rate"}
    assert view.pictures.caption() == "Iteration 20  ·  2 of 2"
    about = view.about()
    assert "iteration 20, validation Dice 0.2" in about
    assert "<b>16 px</b>" in about, "other than the default"
    assert view.header.canGoOn()
    assert view.header.use.isVisible()


def test_the_slider_goes_through_the_past(space: TrainSpace, old_run: Path, qtbot: QtBot) -> None:
    opened(space, old_run, qtbot, 20)
    panel = view_of(space).pictures
    qtbot.waitUntil(lambda: bool(panel.row.pictures()))
    panel.slider.setFocus()
    QTest.keyClick(panel.slider, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: abs(panel.row.pictures()[0].values[0, 0] - 10 / 255) < 1e-3)
    assert panel.caption() == "Iteration 10  ·  1 of 2"


def test_a_run_that_grows_is_followed(space: TrainSpace, tmp_path: Path, qtbot: QtBot) -> None:
    process = open_run(tmp_path / "run")
    process.hold()
    go_to(process, 1, 10)
    opened(space, process.path, qtbot, 10)
    view = view_of(space)
    qtbot.waitUntil(lambda: view.header.status().startswith("Training in another process"))
    assert not view.header.canGoOn()
    assert "Another process" in view.header.go_on.toolTip()
    go_to(process, 11, 30)
    run = space.run()
    assert run is not None
    qtbot.waitUntil(lambda: run.curves.last() == 30, timeout=10_000)
    qtbot.waitUntil(lambda: view.pictures.caption() == "Iteration 30  ·  3 of 3", timeout=10_000)
    assert "iteration 30 of 40" in view.header.status()
    assert "it/s" in view.header.status()
    process.save_weights("final", {}, 40, {})
    go_to(process, 31, 40)
    process.close()
    qtbot.waitUntil(lambda: view.header.status().startswith("Finished"), timeout=10_000)
    assert not view.header.canGoOn(), "there is nothing left to do"
    view.header.until.setValue(50)
    view.header.until.valueEdited.emit()
    assert view.header.canGoOn()


def test_a_run_that_another_process_continues_begins_again_where_that_began(
    space: TrainSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = make_run(tmp_path / "run", done=20)
    with (folder / "metrics.csv").open("a") as file:
        file.writelines(f"{i},loss,9.0\n" for i in range(21, 31))  # ahead of the state
    opened(space, folder, qtbot, 30)
    process = open_run(folder)
    process.load_state()
    go_to(process, 21, 25)
    process.close()
    run = space.run()
    assert run is not None
    qtbot.waitUntil(lambda: run.curves.last() == 25, timeout=10_000)
    assert run.curves["loss"].values[-1] == pytest.approx(1 / 25)


def test_nobody_looks_while_nobody_sees_it(
    window: MainWindow, space: TrainSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    process = open_run(tmp_path / "run")
    go_to(process, 1, 10)
    opened(space, process.path, qtbot, 10)
    window.spaces.show("models")
    qtbot.waitUntil(lambda: not space.background.underWay())
    go_to(process, 11, 20)
    process.close()
    run = space.run()
    assert run is not None
    with qtbot.assertNotEmitted(space.follower.looked, wait=1500):
        pass
    assert run.curves.last() == 10
    window.spaces.show("train")
    qtbot.waitUntil(lambda: run.curves.last() == 20)


def test_continue_is_a_job_with_what_the_run_says(
    window: MainWindow, space: TrainSpace, old_run: Path, qtbot: QtBot
) -> None:
    opened(space, old_run, qtbot, 20)
    header = view_of(space).header
    assert header.until.value() == 40
    header.until.setValue(60)
    with qtbot.waitSignal(space.training.begun):
        QTest.mouseClick(header.go_on, LEFT)
    settle(window, qtbot)
    job = fake(window).last
    assert job.path("output") == old_run
    assert job.params.model_dump()["iterations"] == 60
    assert header.status().startswith("Preparing")
    assert not header.go_on.isVisible()
    job_id = fake(window).current
    assert job_id is not None
    # From the state on: what was ahead of it comes again.
    fake(window).losses(job_id, {i: {"loss": 0.5} for i in range(19, 23)})
    settle(window, qtbot)
    run = space.run()
    assert run is not None
    assert run.curves["loss"].steps.tolist() == list(range(1, 23))
    assert run.curves["loss"].values[17:19].tolist() == [pytest.approx(1 / 18), 0.5]


def test_a_run_that_cannot_go_on_says_why(
    window: MainWindow, space: TrainSpace, old_run: Path, qtbot: QtBot
) -> None:
    opened(space, old_run, qtbot, 20)
    text = (old_run / "run.toml").read_text()
    (old_run / "run.toml").write_text(text.replace("size = 16", 'size = "wide"'))
    QTest.mouseClick(view_of(space).header.go_on, LEFT)
    qtbot.waitUntil(window.message.isVisible)
    assert "size" in window.message.message()
    assert fake(window).current is None


def test_a_folder_without_a_run_is_told(
    window: MainWindow, space: TrainSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    space.openRun(tmp_path)
    qtbot.waitUntil(window.message.isVisible)
    assert "no training run" in window.message.message()
    assert space.run() is None


def test_a_folder_that_goes_is_told_once_and_may_come_back(
    window: MainWindow, space: TrainSpace, old_run: Path, qtbot: QtBot
) -> None:
    opened(space, old_run, qtbot, 20)
    away = old_run.rename(old_run.with_name("away"))
    qtbot.waitUntil(window.message.isVisible, timeout=10_000)
    window.message.dismiss()
    with qtbot.waitSignal(space.follower.failed, timeout=10_000):
        pass
    assert not window.message.isVisible()
    away.rename(old_run)
    with qtbot.waitSignal(space.follower.looked, timeout=10_000):
        pass


def test_damaged_pictures_are_told_and_the_rest_is_shown(
    window: MainWindow, space: TrainSpace, old_run: Path, qtbot: QtBot
) -> None:
    (old_run / "previews" / "000020_image.png").write_bytes(b"\x89PNG")
    opened(space, old_run, qtbot, 20)
    qtbot.waitUntil(window.message.isVisible)
    assert "000020_image.png" in window.message.message()
    view_of(space).pictures.slider.setValue(0)
    qtbot.waitUntil(lambda: bool(view_of(space).pictures.row.pictures()))


def test_a_dropped_run_is_opened_and_from_any_workspace(
    window: MainWindow, space: TrainSpace, old_run: Path, qtbot: QtBot
) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(old_run))])
    page = space.view.start
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(page.rect().center(), copy, data, LEFT, none)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPointF(page.rect().center()), copy, data, LEFT, none)
    QApplication.sendEvent(page, drop)
    qtbot.waitUntil(lambda: space.run() is not None)
    space.closeRun()
    window.spaces.show("synthesize")
    window.open([old_run])
    assert window.spaces.current() == "train"
    qtbot.waitUntil(lambda: space.run() is not None)


def test_recent_runs_are_listed_with_how_far_they_are(
    window: MainWindow, space: TrainSpace, old_run: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    opened(space, old_run, qtbot, 20)
    opened(space, make_run(tmp_path / "new", done=40), qtbot, 40)
    space.closeRun()
    page = space.view.start
    qtbot.waitUntil(lambda: len(page.cards()) == 2)
    first, second = (card.item for card in page.cards())
    assert (first.name, first.age.split(" · ")[0]) == ("new", "finished")
    assert (second.name, second.age.split(" · ")[0]) == ("old", "20 of 40")
    assert first.thumbnail is not None
    page.grab()
    QTest.mouseClick(page.cards()[1], LEFT)
    qtbot.waitUntil(lambda: (run := space.run()) is not None and run.folder == old_run)
    space.closeRun()
    page.cards()[0].setFocus()
    QTest.keyClick(page.cards()[0], Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: len(page.cards()) == 1)
    window.close()
    assert len(json.loads(settings_path().read_text())["train"]["runs"]) == 1


def test_a_run_that_is_gone_stays_on_the_list_as_missing(
    space: TrainSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    space.recent.add(tmp_path / "gone")
    space.recent.refresh()
    page = space.view.start
    qtbot.waitUntil(lambda: bool(page.cards()))
    assert page.cards()[0].item.missing


def test_a_training_like_another(
    space: TrainSpace, old_run: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    opened(space, old_run, qtbot, 20)
    view = view_of(space)
    view.tabs.setCurrentIndex(2)
    QTest.mouseClick(view.like_this, LEFT)
    setup = space.view.setup
    assert setup.parameters()["size"] == 16
    assert setup.parameters()["multipliers"] == "1, 2"
    assert setup.inputs()["images"] == tmp_path / "images"
    assert setup.inputs()["output"] != old_run


def test_a_run_of_a_method_that_is_not_known_can_be_looked_at(
    space: TrainSpace, old_run: Path, qtbot: QtBot
) -> None:
    text = (old_run / "run.toml").read_text().replace('method = "cdal"', 'method = "other"')
    (old_run / "run.toml").write_text(text)
    opened(space, old_run, qtbot, 20)
    view = view_of(space)
    assert not view.header.use.isVisible()
    assert not view.like_this.isVisibleTo(view)
    assert "lr_generator" in view.about()


def test_many_rows_and_pictures_do_not_pile_up(
    space: TrainSpace, old_run: Path, qtbot: QtBot
) -> None:
    count = 60_000
    with (old_run / "metrics.csv").open("a") as file:
        file.writelines(f"{i},{n},{1 / i}\n" for i in range(21, count) for n in ("loss", "critic"))
    for iteration in range(30, 400, 10):
        write_previews(old_run, iteration, pictures_of(iteration))
    opened(space, old_run, qtbot, count - 1)
    view = view_of(space)
    for plot in view.curves.plots().values():
        for name in plot.names():
            assert len(plot.line(name)[0]) <= 2000
    assert view.pictures.caption() == "Iteration 390  ·  39 of 39"
    # A slider that is dragged asks for more than is read: only the last has to come.
    for place in range(38, 1, -1):
        view.pictures.slider.setValue(place)
    level = pictures_of(30)["Image"][0, 0]

    def shown() -> bool:
        pictures = view.pictures.row.pictures()
        return bool(pictures) and abs(float(pictures[0].values[0, 0]) - level) < 1e-3

    qtbot.waitUntil(shown)

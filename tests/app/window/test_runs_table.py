"""The table of runs: found, opened, noted, compared, thrown away."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app.controllers.train.run_items import LOOKS
from app.window import MainWindow
from app.workspaces.train.runs_page import RunsPage
from app.workspaces.train.space import TrainSpace
from engine.training.listing import Standing
from engine.training.notes import read_notes
from tests.app.window.driving import settle
from tests.helpers.training_runs import go_to, make_run, open_run

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def space(window: MainWindow) -> TrainSpace:
    window.spaces.show("train")
    return window.spaces.train()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two runs of which one was opened before; a third lies elsewhere."""
    make_run(tmp_path / "runs" / "first")
    make_run(tmp_path / "runs" / "second", done=40)
    make_run(tmp_path / "elsewhere" / "third", done=10)
    return tmp_path / "runs"


@pytest.fixture
def page(space: TrainSpace, folder: Path, qtbot: QtBot) -> RunsPage:
    """The table with the three runs."""
    space.recent.add(folder / "first")
    space.recent.add(folder.parent / "elsewhere" / "third")
    QTest.mouseClick(space.view.start.all_runs, LEFT)
    space.tables.table().setFolder(folder)
    page = space.view.runs_page()
    qtbot.waitUntil(lambda: len(page.table.items()) == 3)
    return page


def select(page: RunsPage, *names: str) -> None:
    page.table.select([item.key for item in page.table.items() if item.name in names])


def test_runs_of_the_folder_and_those_opened_before(page: RunsPage, space: TrainSpace) -> None:
    states = {item.name: (item.state, item.done) for item in page.table.items()}
    assert states == {
        "first": ("Stopped", 20), "second": ("Finished", 40), "third": ("Stopped", 10),
    }  # fmt: skip
    assert not space.view.setup.isVisible(), "the table takes all the room"
    item = page.table.items()[0]
    assert (item.method, item.best_name) == ("cDAL", "validation Dice")
    assert space.escape()
    assert space.view.isStart()
    assert space.view.setup.isVisible()


def test_every_state_has_a_look() -> None:
    assert set(get_args(Standing)) <= set(LOOKS)


def test_a_run_is_opened_from_the_table_and_left_to_it(
    page: RunsPage, space: TrainSpace, qtbot: QtBot
) -> None:
    row = [item.name for item in page.table.shown()].index("second")
    place = QPoint(30, page.table.view.rowViewportPosition(row) + 5)
    QTest.mouseClick(page.table.view.viewport(), LEFT, pos=place)
    QTest.mouseDClick(page.table.view.viewport(), LEFT, pos=place)
    qtbot.waitUntil(lambda: space.run() is not None)
    space.closeRun()
    assert page.isVisible()
    QTest.mouseClick(page.back, LEFT)
    assert space.view.isStart()


def test_notes_are_kept_in_the_run(page: RunsPage, folder: Path, qtbot: QtBot) -> None:
    select(page, "first")
    QTest.keyClicks(page.notes, "too short")
    select(page, "second")
    assert page.notes.toPlainText() == ""
    qtbot.waitUntil(lambda: read_notes(folder / "first") == "too short\n")
    qtbot.waitUntil(lambda: any(item.notes for item in page.table.items()))
    QTest.keyClicks(page.table.words, "too short")
    assert [item.name for item in page.table.shown()] == ["first"]


def test_notes_that_wait_are_kept_when_the_window_closes(
    page: RunsPage, folder: Path, window: MainWindow
) -> None:
    select(page, "first")
    QTest.keyClicks(page.notes, "late")
    window.close()
    assert read_notes(folder / "first") == "late\n"


def test_what_trains_is_live_and_cannot_go_to_the_trash(
    page: RunsPage, folder: Path, qtbot: QtBot
) -> None:
    process = open_run(folder / "live")
    process.hold()
    go_to(process, 1, 10)
    QTest.mouseClick(page.refresh, LEFT)
    qtbot.waitUntil(lambda: len(page.table.items()) == 4)
    live = next(item for item in page.table.items() if item.name == "live")
    assert (live.state, live.live, live.done) == ("Training", True, 10)
    select(page, "live")
    assert not page.delete.isEnabled()
    assert "stop it first" in page.delete.toolTip()
    go_to(process, 11, 40)
    process.save_weights("final", {}, 40, {})
    process.close()

    def finished() -> bool:
        return any(i.name == "live" and i.state == "Finished" for i in page.table.items())

    qtbot.waitUntil(finished, timeout=10_000)
    assert page.delete.isEnabled()


def test_a_run_goes_to_the_trash_after_a_question(
    page: RunsPage, space: TrainSpace, folder: Path, tmp_path: Path, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("HOME", str(tmp_path))  # its trash is that of the runs' disk
    select(page, "first", "third")
    for answer, left in (("Cancel", 3), ("Move to the trash", 1)):
        QTest.mouseClick(page.delete, LEFT)
        box = page.findChild(QMessageBox)
        assert box is not None
        assert "third" in box.informativeText()
        button = next(b for b in box.findChildren(QPushButton) if answer in b.text())
        QTest.mouseClick(button, LEFT)
        qtbot.waitUntil(lambda: not page.findChildren(QMessageBox))
        qtbot.waitUntil(lambda left=left: len(page.table.items()) == left)
    assert not (folder / "first").exists()
    assert (folder / "second").exists()
    assert space.recent.folders() == []


def test_a_run_that_began_to_train_meanwhile_stays(
    page: RunsPage, folder: Path, window: MainWindow, qtbot: QtBot
) -> None:
    select(page, "first")
    QTest.mouseClick(page.delete, LEFT)
    process = open_run(folder / "first")
    process.hold()
    box = page.findChild(QMessageBox)
    assert box is not None
    button = next(b for b in box.findChildren(QPushButton) if "Move" in b.text())
    QTest.mouseClick(button, LEFT)
    qtbot.waitUntil(window.message.isVisible)
    assert "first is being trained" in window.message.message()
    process.close()
    assert (folder / "first" / "run.toml").exists()


def test_what_has_gone_to_the_trash_is_forgotten_where_the_next_one_stays(
    page: RunsPage, space: TrainSpace, folder: Path, window: MainWindow, tmp_path: Path,
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("HOME", str(tmp_path))  # its trash is that of the runs' disk
    select(page, "first", "second")
    QTest.mouseClick(page.delete, LEFT)
    process = open_run(folder / "second")
    process.hold()
    box = page.findChild(QMessageBox)
    assert box is not None
    button = next(b for b in box.findChildren(QPushButton) if "Move" in b.text())
    with qtbot.waitSignal(space.tables.removed) as removed:
        QTest.mouseClick(button, LEFT)
    assert removed.args == [folder / "first"]
    qtbot.waitUntil(window.message.isVisible)
    assert "second is being trained" in window.message.message()
    assert folder / "first" not in space.recent.folders()
    qtbot.waitUntil(lambda: {i.name for i in page.table.items()} == {"second", "third"})
    process.close()


def test_the_command_line_of_a_run(page: RunsPage, window: MainWindow) -> None:
    select(page, "second")
    QTest.mouseClick(page.command, LEFT)
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    words = clipboard.text().split()
    assert words[:6] == ["reverie", "train", "--method", "cdal", "--stage", "train"]
    assert words[words.index("--size") + 1] == "16"
    assert words[words.index("--output") + 1].endswith("second-again")


def test_runs_over_each_other(
    page: RunsPage, space: TrainSpace, window: MainWindow, qtbot: QtBot
) -> None:
    select(page, "first", "second")
    QTest.mouseClick(page.compare, LEFT)
    compare = space.view.compare_page()
    qtbot.waitUntil(lambda: "loss" in compare.curves.plots())
    plots = compare.curves.plots()
    assert set(plots) == {"loss", "validation Dice", "critic", "lr"}
    shown = {plots["loss"].legend.entry(name).text() for name in plots["loss"].names()}
    assert shown == {"first", "second"}
    assert compare.settings.rows("What came of it")[0][0] == "Iterations"
    menu = compare.add.menu()
    assert menu is not None
    assert [action.text() for action in menu.actions()] == ["third"]
    menu.actions()[0].trigger()

    def three() -> bool:
        plots = compare.curves.plots()
        return "loss" in plots and len(plots["loss"].names()) == 3

    qtbot.waitUntil(three)
    menu = compare.metrics.menu()
    assert menu is not None
    next(action for action in menu.actions() if action.text() == "lr").trigger()
    assert set(compare.curves.plots()) == {"loss", "validation Dice", "critic"}
    compare.grab()
    assert space.escape()
    assert page.isVisible()
    settle(window, qtbot)


def test_a_run_that_is_open_is_compared_while_it_grows(
    space: TrainSpace, folder: Path, window: MainWindow, qtbot: QtBot
) -> None:
    space.recent.add(folder / "second")
    process = open_run(folder / "live")
    process.hold()
    go_to(process, 1, 10)
    space.openRun(folder / "live")
    qtbot.waitUntil(lambda: space.run() is not None)
    window.actions_["train.compare"].trigger()
    compare = space.view.compare_page()
    qtbot.waitUntil(lambda: compare.isVisible() and "loss" in compare.curves.plots())
    plot = compare.curves.plots()["loss"]
    go_to(process, 11, 20)
    qtbot.waitUntil(lambda: len(plot.line(plot.names()[0])[0]) == 20, timeout=10_000)
    process.close()
    assert space.escape()
    assert space.run() is not None
    assert not compare.isVisible()

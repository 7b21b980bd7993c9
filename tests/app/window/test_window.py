"""Keys, palette, states of the window, and its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.help import Shortcuts
from app.window import MainWindow
from engine.events import EngineFailed, JobNote
from tests.app.window.driving import fake, settle, stroke
from widgets.paint.tools.base import Tool

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_letters_choose_tools_on_the_canvas_only(window: MainWindow) -> None:
    canvas = window.view.canvas
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_E)
    assert canvas.tool() is Tool.ERASER
    canvas.setTool(Tool.BRUSH)
    window.palette_.popup()
    line = window.palette_.findChild(QLineEdit)
    assert line is not None
    for key in "evf?":
        QTest.keyClick(line, key)
    assert line.text() == "evf?"
    assert canvas.tool() is Tool.BRUSH
    assert window.findChild(Shortcuts) is None
    QTest.keyClick(line, Qt.Key.Key_Escape)
    assert not window.palette_.isVisible()


def test_the_palette_finds_and_triggers(window: MainWindow) -> None:
    stroke(window)
    assert not window.view.canvas.model.isEmpty()
    QTest.keyClick(window.view.canvas, Qt.Key.Key_P, CTRL | SHIFT)
    line = window.palette_.findChild(QLineEdit)
    assert line is not None
    assert window.palette_.isVisible()
    QTest.keyClicks(line, "clear mask")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert window.view.canvas.model.isEmpty()


def test_undo_and_redo_by_key_and_their_names(window: MainWindow) -> None:
    canvas = window.view.canvas
    stroke(window)
    drawn = canvas.vesselMask()
    assert window.actions_["undo"].isEnabled()
    assert window.actions_["undo"].text().startswith("Undo")
    QTest.keyClick(canvas, Qt.Key.Key_Z, CTRL)
    assert canvas.model.isEmpty()
    assert not window.actions_["undo"].isEnabled()
    QTest.keyClick(canvas, Qt.Key.Key_Y, CTRL)
    assert (canvas.vesselMask() == drawn).all()


def test_question_mark_shows_every_key(window: MainWindow, qtbot: QtBot) -> None:
    QTest.keyClick(window.view.canvas, Qt.Key.Key_Question, SHIFT)
    sheet = window.findChild(Shortcuts)
    assert sheet is not None
    assert sheet.isVisible()
    sheet.close()
    keys = dict(window.actions_.shortcuts())
    assert keys["Ctrl+Return"] == "Synthesize"
    assert keys["Ctrl+Z"] == "Undo"


def test_no_two_commands_share_a_key(window: MainWindow) -> None:
    actions = window.actions_
    listed = actions.available()
    for space in {command.space for command in listed}:
        names = [command.name for command in listed if command.space in ("", space)]
        keys = [key.toString() for name in names for key in actions[name].shortcuts()]
        assert sorted({key for key in keys if keys.count(key) > 1}) == [], space


def test_without_a_model_the_window_says_so_and_draws(
    open_fake: Callable[[], MainWindow], qtbot: QtBot
) -> None:
    window = open_fake()
    assert not window.view.inspector.run.isEnabled()
    assert not window.actions_["run"].isEnabled()
    assert window.view.inspector.form.values()["checkpoint"] == ""
    stroke(window)
    qtbot.wait(450)
    assert not window.view.canvas.model.isEmpty()
    assert not any(job.live for job in fake(window).jobs.values())
    assert "No models" in window.models.text()


def test_the_first_start_shows_a_sample_and_what_to_do(
    model: object, open_fake: Callable[[], MainWindow], qtbot: QtBot
) -> None:
    import numpy as np

    from engine.results import MaskResult

    window = open_fake()
    engine = fake(window)
    grow = engine.current
    assert grow is not None
    engine.finish(grow, MaskResult(np.eye(384, dtype=np.uint8)))
    settle(window, qtbot)
    assert window.view.canvas.model.count() == 384
    assert not window.view.canvas.model.canUndo()
    assert "sample" in window.message.message()


def test_a_stroke_drawn_before_the_sample_came_is_kept(
    model: object, open_fake: Callable[[], MainWindow], qtbot: QtBot
) -> None:
    import numpy as np

    from engine.results import MaskResult

    window = open_fake()
    engine = fake(window)
    grow = engine.current
    assert grow is not None
    stroke(window)
    drawn = window.view.canvas.vesselMask()
    engine.finish(grow, MaskResult(np.ones((384, 384), np.uint8)))
    settle(window, qtbot)
    assert (window.view.canvas.vesselMask() == drawn).all()


def test_the_status_bar_tells_the_engine_and_the_pixel(window: MainWindow, qtbot: QtBot) -> None:
    assert "CPU" in window.status.engineText()
    canvas = window.view.canvas
    QTest.mouseMove(canvas, canvas.rect().center())
    assert "background" in window.status.probeText()
    assert "from 0" in window.status.probeText()


def test_an_engine_that_cannot_start_is_told(window: MainWindow, qtbot: QtBot) -> None:
    fake(window).emit(EngineFailed("There is no cuda.", "Choose 'auto'.", "trace", True))
    settle(window, qtbot)
    assert window.message.message() == "There is no cuda."
    assert window.status.engineText() == "No engine"


def test_the_queue_pauses_and_reorders(window: MainWindow, qtbot: QtBot) -> None:
    engine = fake(window)
    window.view.inspector.live.setChecked(False)
    for _ in range(3):
        window.actions_["run"].trigger()
    settle(window, qtbot)
    running, second, third = sorted(engine.jobs)[-3:]
    window.view.jobs.moveRequested.emit(third, 0)
    assert engine.waiting == [third, second]
    window.actions_["pause"].trigger()
    settle(window, qtbot)
    assert engine.paused
    assert window.session.jobs[running].state == "paused"
    window.actions_["pause"].trigger()
    settle(window, qtbot)
    assert window.session.jobs[running].state == "running"
    assert "Waits behind" in window.view.inspector.status() or "Running" in (
        window.view.inspector.status()
    )
    engine.emit(JobNote(running, "Not enough memory for batches of 4; trying again with 2."))
    settle(window, qtbot)
    assert "batches of 4" in window.message.message()


def test_maximise_and_link(window: MainWindow) -> None:
    view = window.view
    view.canvas.zoomBy(2.0)
    assert view.image.view() == view.canvas.view()
    view.header.linkToggled.emit(False)
    view.canvas.fit()
    assert view.image.view() != view.canvas.view()
    window.actions_["max_image"].trigger()
    assert not view.canvas.isVisible()
    window.actions_["max_image"].trigger()
    assert view.canvas.isVisible()


def test_the_window_closes_while_a_job_runs(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_["run"].trigger()
    settle(window, qtbot)
    assert fake(window).current is not None
    window.close()
    assert fake(window).closed
    assert fake(window).current is None
    fake(window).ready("cuda")  # what comes late is forgotten
    qtbot.wait(20)
    assert "CPU" in window.status.engineText()


@pytest.mark.parametrize("key", ["synthesize", "models"])
def test_workspaces_of_the_rail_exist(window: MainWindow, key: str, qtbot: QtBot) -> None:
    window.rail.button(key).click()
    assert window.stack.currentWidget() is (window.models if key == "models" else window.view)
    qtbot.waitUntil(lambda: "Tiny OCT-A" in window.models.text())

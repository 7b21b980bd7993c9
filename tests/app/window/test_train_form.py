"""The form of a training: what it asks, checks and remembers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.controllers.train.requests import trainers
from app.window import MainWindow
from app.workspaces.train.space import TrainSpace
from tests.app.window.driving import fake
from tests.app.window.training import start

LEFT = Qt.MouseButton.LeftButton
IMAGES, MASKS = "input.images", "input.masks"


def test_the_form_begins_with_what_segments(space: TrainSpace, window: MainWindow) -> None:
    assert space.view.setup.current().key == "cdal/train"
    assert space.view.isStart()
    assert window.windowTitle().startswith("Train")


def test_missing_data_are_told_at_their_field(
    space: TrainSpace, window: MainWindow, qtbot: QtBot
) -> None:
    form = space.view.setup.form
    QTest.mouseClick(space.view.setup.start, LEFT)
    qtbot.waitUntil(lambda: IMAGES in form.errors())
    assert form.errors()[IMAGES] == "Choose a folder."
    assert MASKS not in form.errors()
    assert form.control(IMAGES).editor().hasFocus()
    assert space.view.setup.start.isEnabled()
    assert fake(window).current is None


def test_values_that_cannot_be_used_start_nothing(
    space: TrainSpace, data: Path, window: MainWindow
) -> None:
    setup = space.view.setup
    setup.setInput("images", data / "images")
    editor = setup.form.control("iterations").editor()
    editor.setFocus()
    QTest.keyClick(editor, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(editor, "0")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    QTest.mouseClick(setup.start, LEFT)
    assert window.message.isVisible()
    assert fake(window).current is None


def test_what_the_form_says_is_what_runs(
    space: TrainSpace, data: Path, window: MainWindow, qtbot: QtBot
) -> None:
    setup = space.view.setup
    setup.setValues({"size": 64, "iterations": 500})
    start(space, data, qtbot)
    job = fake(window).last
    assert (job.method, job.task) == ("cdal", "train")
    assert job.params.model_dump()["size"] == 64
    assert job.params.model_dump()["seed"] == 0, "the same data and values give the same run"
    assert job.path("images") == data / "images"
    assert job.path("masks") == data / "masks"
    assert job.path("output").name == "cdal-images"
    assert space.run() is not None
    assert window.windowTitle().startswith("cdal-images")


def test_the_folder_follows_the_data_until_it_is_named(space: TrainSpace, tmp_path: Path) -> None:
    setup = space.view.setup
    setup.setInput("images", tmp_path / "brains")
    setup.edited.emit(IMAGES)
    suggested = setup.inputs()["output"]
    assert suggested is not None
    assert suggested.name == "cdal-brains"
    setup.setInput("output", tmp_path / "mine")
    setup.setInput("images", tmp_path / "hearts")
    setup.edited.emit(IMAGES)
    assert setup.inputs()["output"] == tmp_path / "mine"


def test_presets_and_other_stages(space: TrainSpace) -> None:
    setup = space.view.setup
    setup.preset.setCurrentIndex(setup.preset.findText("Paper-hippocampus"))
    setup.preset.activated.emit(setup.preset.currentIndex())
    assert setup.parameters()["batch"] == 512
    keys = [trainer.key for trainer in space.setting_up.trainers()]
    setup.trainer.activated.emit(keys.index("adaptdiff/fine-tune"))
    assert setup.current().key == "adaptdiff/fine-tune"
    assert set(setup.inputs()) == {"pairs", "output"}
    setup.trainer.activated.emit(keys.index("cdal/train"))
    assert setup.parameters()["batch"] == 512, "each keeps its values"


@pytest.mark.parametrize("key", [trainer.key for trainer in trainers()])
def test_whatever_trains_has_a_form_that_can_be_used(space: TrainSpace, key: str) -> None:
    setup = space.view.setup
    place = [trainer.key for trainer in space.setting_up.trainers()].index(key)
    setup.trainer.activated.emit(place)
    task = setup.current().task
    values = setup.parameters()
    given = {"checkpoint": "any"} if "checkpoint" in values else {}
    assert task.params.parse({**values, **given}) == task.params.parse(given)
    assert set(setup.inputs()) == set(task.inputs)
    assert setup.inputs()["output"] is not None
    assert not setup.form.errors()


def test_forms_are_there_again_after_a_restart(
    open_fake: Callable[[], MainWindow], model: Path, data: Path
) -> None:
    window = open_fake()
    window.spaces.show("train")
    setup = window.spaces.train().view.setup
    setup.setValues({"size": 96})
    setup.setInput("images", data / "images")
    window.close()
    again = open_fake()
    again.spaces.show("train")
    setup = again.spaces.train().view.setup
    assert setup.parameters()["size"] == 96
    assert setup.inputs()["images"] == data / "images"

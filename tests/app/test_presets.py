"""The list of presets, by its keys."""

from __future__ import annotations

from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.workspaces.presets import CUSTOM, PresetBox
from engine import methods


class Form:
    """Values that follow the presets, as those of a form do."""

    def __init__(self, qtbot: QtBot) -> None:
        task = methods.method("diffrect").task("train")
        self.values: dict[str, Any] = task.params().model_dump()
        self.box = PresetBox(task)
        qtbot.addWidget(self.box)
        self.box.taken.connect(self.change)
        self.box.show()
        self.box.showFor(self.values)

    def change(self, values: dict[str, Any]) -> None:
        self.values |= values
        self.box.showFor(self.values)

    def take(self, name: str) -> None:
        """With the arrow keys."""
        QTest.keyClick(self.box, Qt.Key.Key_Home)
        for _ in range(self.box.findText(name)):
            QTest.keyClick(self.box, Qt.Key.Key_Down)


@pytest.fixture
def form(qtbot: QtBot) -> Form:
    return Form(qtbot)


def test_the_keys_come_to_every_preset(form: Form) -> None:
    names = [form.box.itemText(place) for place in range(form.box.count() - 1)]
    assert "Paper-mscmr" in names, "it has the values of another"
    for name in names:
        form.take(name)
        assert form.box.currentText() == name


def test_a_preset_takes_back_what_the_one_before_had_set(form: Form) -> None:
    form.change({"batch": 2})
    before = dict(form.values)
    form.take("Fast")
    assert form.values["size"] == 128
    form.change({"iterations": 7})
    assert form.box.currentText() == CUSTOM
    form.take("Paper-acdc")
    kept = {"iterations": 7, "batch": 2, "labelled_patients": 7}
    assert form.values == {**before, **kept}, "what the user typed stays"


def test_of_presets_that_fit_the_one_that_says_most_is_shown(form: Form) -> None:
    task = methods.method("diffrect").task("train")
    form.change({**task.preset("fast"), "labelled_patients": 7})
    form.box.setTask(task)
    form.box.showFor(form.values)
    assert form.box.currentText() == "Fast"

"""The list of steps: where one is, and going elsewhere by click and key."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QModelIndex, Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.paint.labels.model import LabelModel
from widgets.panels.volume.history_panel import HistoryPanel

SHAPE = (1, 2, 3)


def painted(*names: str) -> LabelModel:
    model = LabelModel(SHAPE)
    for place, name in enumerate(names):
        model.replace(np.full(SHAPE, place % 200 + 1, np.uint8), name)
    return model


@pytest.fixture
def model() -> LabelModel:
    return painted("Brush", "Fill", "Eraser")


@pytest.fixture
def panel(qtbot: QtBot, model: LabelModel) -> HistoryPanel:
    panel = HistoryPanel(model)
    qtbot.addWidget(panel)
    panel.resize(260, 240)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def index(panel: HistoryPanel, row: int) -> QModelIndex:
    steps = panel.view.model()
    assert steps is not None
    return steps.index(row, 0)


def test_a_click_goes_to_a_step_back_and_forth(panel: HistoryPanel, model: LabelModel) -> None:
    for row in (1, 3, 0):
        place = panel.view.visualRect(index(panel, row)).center()
        QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert model.position() == row
        assert model.array.max() == row
        assert panel.state() == f"Step {row} of 3"
        assert panel.view.currentIndex().row() == row


def test_arrows_choose_and_enter_goes(panel: HistoryPanel, model: LabelModel) -> None:
    QTest.keyClick(panel.view, Qt.Key.Key_Up)
    assert model.position() == 3
    QTest.keyClick(panel.view, Qt.Key.Key_Return)
    assert model.position() == 2


def test_new_steps_take_the_place_of_undone_ones(panel: HistoryPanel, model: LabelModel) -> None:
    model.goTo(1)
    assert panel.texts() == ["Start", "1   Brush", "2   Fill", "3   Eraser"]
    undone = index(panel, 2).data(Qt.ItemDataRole.ForegroundRole)
    assert undone is not None
    assert index(panel, 1).data(Qt.ItemDataRole.ForegroundRole) is None
    model.replace(np.zeros(SHAPE, np.uint8), "Clear")
    assert panel.texts() == ["Start", "1   Brush", "2   Clear"]
    assert panel.state() == "Step 2 of 2"


def test_a_thousand_steps_follow_the_present_one(qtbot: QtBot) -> None:
    model = painted(*(f"Stroke {place}" for place in range(1000)))
    panel = HistoryPanel(model)
    qtbot.addWidget(panel)
    panel.resize(260, 240)
    panel.show()
    qtbot.waitExposed(panel)
    told: list[int] = []
    steps = panel.view.model()
    assert steps is not None
    steps.rowsInserted.connect(lambda _parent, first, last: told.append(last - first + 1))
    steps.modelReset.connect(lambda: told.append(-1))
    model.replace(np.zeros(SHAPE, np.uint8), "Last")
    assert told == [1], "only the new row is told of"
    assert panel.texts()[-1].endswith("Last")
    assert panel.view.visualRect(index(panel, model.position())).intersects(panel.view.rect())
    model.goTo(5)
    assert told == [1]
    assert panel.view.visualRect(index(panel, 5)).intersects(panel.view.rect())


def test_without_a_model_there_is_only_the_start(panel: HistoryPanel, model: LabelModel) -> None:
    panel.setModel(None)
    assert panel.texts() == ["Start"]
    assert panel.state() == "Nothing painted yet"
    model.undo()
    assert panel.texts() == ["Start"], "it no longer listens"

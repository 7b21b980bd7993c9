"""Patients in columns: dragged with the mouse, moved with keys, refused where they cannot go."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from widgets.panels.patients.board import PatientBoard
from widgets.panels.patients.card import PatientCard, Structure, picture_of
from widgets.panels.patients.column import Column, PatientColumn

LEFT = Qt.MouseButton.LeftButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
STRUCTURES = (Structure(1, "ring", (255, 0, 0)), Structure(2, "disc", (0, 255, 0)))
COLUMNS = (
    Column("labelled", "Labelled", "learnt from.", "L"),
    Column("unlabelled", "Unlabelled", "learnt from without labels.", "U", False),
    Column("validation", "Validation", "judged by.", "V"),
)


@pytest.fixture
def board(qtbot: QtBot) -> PatientBoard:
    """p1 labelled, p2 to p5 unlabelled (p5 without a label), p6 validates."""
    board = PatientBoard(COLUMNS, lambda cards: f"{len(cards)} patients")
    qtbot.addWidget(board)
    grey = np.linspace(0, 255, 64).astype(np.uint8).reshape(8, 8)
    labels = (np.arange(64).reshape(8, 8) % 3).astype(np.uint8)
    cards = [
        PatientCard(
            f"p{n}", "8 slices", (1, 2) if n != 3 else (1,), n != 5, picture_of(grey),
            picture_of(grey, labels, STRUCTURES),
        )
        for n in range(1, 7)
    ]  # fmt: skip
    places = {"p1": "labelled", "p6": "validation"}
    board.setPatients(cards, {c.name: places.get(c.name, "unlabelled") for c in cards}, STRUCTURES)
    board.resize(700, 500)
    board.show()
    qtbot.waitExposed(board)
    board.activateWindow()
    return board


def at(column: PatientColumn, row: int) -> QPoint:
    return column.visualItemRect(column.item(row)).center()


def drag(source: PatientColumn, row: int, target: PatientColumn) -> None:
    """From a row to the lower end of another column, as a hand moves."""
    port, aim = source.viewport(), target.viewport()
    assert port is not None
    assert aim is not None
    start = at(source, row)
    end = port.mapFromGlobal(aim.mapToGlobal(QPoint(aim.width() // 2, aim.height() - 20)))
    QTest.mousePress(port, LEFT, pos=start)
    for part in (0.2, 0.6, 1.0):
        QTest.mouseMove(port, start + (end - start) * part)
    QTest.mouseRelease(port, LEFT, pos=end)


def click(column: PatientColumn, row: int, modifiers: Qt.KeyboardModifier) -> None:
    QTest.mouseClick(column.viewport(), LEFT, modifiers, at(column, row))


def test_one_is_dragged(board: PatientBoard, qtbot: QtBot) -> None:
    labelled, others = board.column("labelled"), board.column("unlabelled")
    with qtbot.waitSignal(board.changed):
        drag(others, 1, labelled)
    assert labelled.names() == ["p1", "p3"]
    assert others.names() == ["p2", "p4", "p5"]
    assert board.places()["p3"] == "labelled"
    with qtbot.waitSignal(board.changed):
        drag(labelled, 1, board.column("validation"))
    assert board.column("validation").names() == ["p3", "p6"], "in the order of the set"


def test_several_are_dragged_together(board: PatientBoard) -> None:
    others = board.column("unlabelled")
    click(others, 0, Qt.KeyboardModifier.NoModifier)
    click(others, 2, SHIFT)
    drag(others, 1, board.column("labelled"))
    assert board.column("labelled").names() == ["p1", "p2", "p3", "p4"]
    assert board.column("labelled").selected() == ["p2", "p3", "p4"]


def test_a_click_on_one_of_several_selects_it_alone(board: PatientBoard) -> None:
    others = board.column("unlabelled")
    click(others, 0, Qt.KeyboardModifier.NoModifier)
    click(others, 2, CONTROL)
    assert others.selected() == ["p2", "p4"]
    click(others, 2, Qt.KeyboardModifier.NoModifier)
    assert others.selected() == ["p4"]


def test_a_drag_within_a_column_beside_them_or_called_off_moves_nobody(
    board: PatientBoard, qtbot: QtBot
) -> None:
    others, labelled = board.column("unlabelled"), board.column("labelled")
    with qtbot.assertNotEmitted(board.changed):
        drag(others, 0, others)
        port = others.viewport()
        assert port is not None
        QTest.mousePress(port, LEFT, pos=at(others, 0))
        aim = port.mapFromGlobal(labelled.mapToGlobal(QPoint(20, 90)))
        QTest.mouseMove(port, aim)
        assert others.isDragging()
        QTest.keyClick(others, Qt.Key.Key_Escape)
        assert not others.isDragging()
        QTest.mouseRelease(port, LEFT, pos=aim)
        QTest.mousePress(port, LEFT, pos=at(others, 0))
        QTest.mouseMove(port, QPoint(0, -200))
        QTest.mouseRelease(port, LEFT, pos=QPoint(0, -200))
    assert labelled.names() == ["p1"]


def test_who_has_no_label_is_refused(board: PatientBoard, qtbot: QtBot) -> None:
    others = board.column("unlabelled")
    with qtbot.waitSignal(board.refused) as told:
        drag(others, 3, board.column("labelled"))
    assert told.args == ["p5 has no label: it can be unlabelled only."]
    assert board.places()["p5"] == "unlabelled"
    click(others, 2, Qt.KeyboardModifier.NoModifier)
    click(others, 3, SHIFT)
    with qtbot.waitSignal(board.refused):
        QTest.keyClick(others, Qt.Key.Key_V)
    assert board.column("validation").names() == ["p4", "p6"]


def test_keys_do_all_of_it(board: PatientBoard) -> None:
    labelled, others = board.column("labelled"), board.column("unlabelled")
    others.setFocus()
    others.setCurrentRow(0)
    QTest.keyClick(others, Qt.Key.Key_Down)
    QTest.keyClick(others, Qt.Key.Key_Left, CONTROL)
    assert labelled.names() == ["p1", "p3"]
    QTest.keyClick(others, Qt.Key.Key_L)
    assert labelled.names() == ["p1", "p3", "p4"], "the next one is current"
    QTest.keyClick(others, Qt.Key.Key_Left)
    assert labelled.hasFocus()
    QTest.keyClick(labelled, Qt.Key.Key_A, CONTROL)
    QTest.keyClick(labelled, Qt.Key.Key_U)
    assert labelled.names() == []
    QTest.keyClick(labelled, Qt.Key.Key_Left)
    assert labelled.hasFocus(), "nothing lies further left"
    QTest.keyClick(labelled, Qt.Key.Key_V)
    assert board.column("validation").names() == ["p6"]


@pytest.mark.qt_log_ignore("plugin does not support")
def test_the_menu_does_it_too(board: PatientBoard, qtbot: QtBot) -> None:
    others = board.column("unlabelled")
    click(others, 3, Qt.KeyboardModifier.NoModifier)
    others.asked.emit(others.mapToGlobal(QPoint(5, 5)))
    menu = board.findChild(QMenu)
    assert menu is not None
    names = [(a.text(), a.isEnabled()) for a in menu.actions()]
    assert names == [("To labelled\tL", False), ("To validation\tV", False)]
    menu.close()
    qtbot.waitUntil(lambda: board.findChild(QMenu) is None)
    click(others, 0, Qt.KeyboardModifier.NoModifier)
    others.asked.emit(others.mapToGlobal(QPoint(5, 5)))
    again = board.findChild(QMenu)
    assert again is not None
    again.actions()[1].trigger()
    assert board.places()["p2"] == "validation"
    again.close()


def test_pictures_show_labels_where_they_may_be_looked_at() -> None:
    grey = np.full((4, 6), 100, np.uint8)
    labels = np.zeros((4, 6), np.uint8)
    labels[1, 2] = 1
    shown = picture_of(grey, labels, STRUCTURES)
    assert (shown.width(), shown.height()) == (6, 4)
    assert shown.pixelColor(0, 0).getRgb()[:3] == (100, 100, 100)
    red, green, _, _ = shown.pixelColor(2, 1).getRgb()
    assert red is not None
    assert green is not None
    assert red > 150 > 60 > green

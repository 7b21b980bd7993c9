"""The label panel, clicked, dragged and typed into."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QColorDialog, QLineEdit
from pytestqt.qtbot import QtBot

from widgets.paint.labels.table import Label, LabelTable
from widgets.panels.volume.label_panel import LabelPanel
from widgets.panels.volume.label_rows import COLOUR, EYE, LOCK, ML, NAME, VOXELS

LEFT = Qt.MouseButton.LeftButton
LABELS = (
    Label(1, "Head", (255, 0, 0)),
    Label(2, "Body", (0, 255, 0)),
    Label(7, "Tail", (0, 0, 255)),
)


@pytest.fixture
def table() -> LabelTable:
    return LabelTable(LABELS)


@pytest.fixture
def panel(qtbot: QtBot, table: LabelTable) -> LabelPanel:
    panel = LabelPanel(table)
    qtbot.addWidget(panel)
    panel.resize(400, 300)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def cell(panel: LabelPanel, row: int, column: int) -> QPoint:
    model = panel.view.model()
    assert model is not None
    return panel.view.visualRect(model.index(row, column)).center()


def click(panel: LabelPanel, row: int, column: int) -> None:
    QTest.mouseClick(panel.view.viewport(), LEFT, pos=cell(panel, row, column))


def texts(panel: LabelPanel, column: int) -> list[str]:
    model = panel.view.model()
    assert model is not None
    return [model.index(row, column).data() for row in range(model.rowCount())]


def editor(panel: LabelPanel) -> QLineEdit:
    viewport = panel.view.viewport()
    assert viewport is not None
    field = viewport.findChild(QLineEdit)
    assert field is not None
    return field


def test_the_chosen_row_is_the_active_label_both_ways(panel: LabelPanel, table: LabelTable) -> None:
    assert panel.view.currentIndex().row() == 0
    click(panel, 2, NAME)
    assert table.active() == 7
    table.setActive(2)
    assert panel.view.currentIndex().row() == 1
    table.setActive(0)
    assert not panel.view.selectedIndexes()
    assert not panel.delete_button.isEnabled()
    click(panel, 1, NAME)
    assert table.active() == 2


def test_eye_and_lock_change_their_label(panel: LabelPanel, table: LabelTable) -> None:
    click(panel, 1, EYE)
    click(panel, 2, LOCK)
    assert [label.visible for label in table.labels()] == [True, False, True]
    assert table.locked() == {7}
    click(panel, 1, EYE)
    assert all(label.visible for label in table.labels())
    QTest.keyClick(panel.view, Qt.Key.Key_Space)
    assert not table.labels()[1].visible


def test_names_are_edited_in_place(panel: LabelPanel, table: LabelTable, qtbot: QtBot) -> None:
    click(panel, 1, NAME)
    QTest.mouseDClick(panel.view.viewport(), LEFT, pos=cell(panel, 1, NAME))
    field = editor(panel)
    field.selectAll()
    QTest.keyClicks(field, "Corpus")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: table.name(2) == "Corpus")
    assert texts(panel, NAME) == ["Head", "Corpus", "Tail"]


def test_a_click_on_the_colour_asks_for_one_without_blocking(
    panel: LabelPanel, table: LabelTable, qtbot: QtBot
) -> None:
    click(panel, 2, COLOUR)
    dialog = panel.findChild(QColorDialog)
    assert dialog is not None
    assert dialog.currentColor() == QColor(0, 0, 255)
    dialog.setCurrentColor(QColor(10, 20, 30))
    dialog.accept()
    assert table.colour(7) == (10, 20, 30)
    qtbot.waitUntil(lambda: panel.findChild(QColorDialog) is None)


def test_a_new_label_is_active_and_its_name_can_be_typed(
    panel: LabelPanel, table: LabelTable, qtbot: QtBot
) -> None:
    QTest.mouseClick(panel.add_button, LEFT)
    assert table.active() == 3
    field = editor(panel)
    QTest.keyClicks(field, "Fimbria")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: table.name(3) == "Fimbria")


def test_deleting_is_only_asked_for(panel: LabelPanel, table: LabelTable, qtbot: QtBot) -> None:
    table.setActive(7)
    with qtbot.waitSignal(panel.deleteRequested) as asked:
        QTest.keyClick(panel.view, Qt.Key.Key_Delete)
    assert asked.args == [7]
    assert len(table.labels()) == 3
    table.remove(7)
    assert texts(panel, NAME) == ["Head", "Body"]


@pytest.mark.parametrize(("row", "to", "order"), [(0, 2, [2, 7, 1]), (2, 0, [7, 1, 2])])
def test_dragging_reorders(
    panel: LabelPanel, table: LabelTable, row: int, to: int, order: list[int]
) -> None:
    port = panel.view.viewport()
    start, end = cell(panel, row, NAME), cell(panel, to, NAME)
    end += QPoint(0, 8 if to > row else -8)
    QTest.mousePress(port, LEFT, pos=start)
    QTest.mouseMove(port, (start + end) / 2)
    QTest.mouseMove(port, end)
    QTest.mouseRelease(port, LEFT, pos=end)
    assert [label.value for label in table.labels()] == order
    assert table.active() == LABELS[row].value


def test_volumes_come_a_moment_later(panel: LabelPanel, qtbot: QtBot) -> None:
    panel.setVolumes({1: (5, 0.005)})
    panel.setVolumes({1: (1_234_567, 1234.567), 7: (30, 0.03)})
    qtbot.waitUntil(lambda: texts(panel, ML) == ["1235", "–", "0.03"])
    assert texts(panel, VOXELS) == ["1\u202f234\u202f567", "–", "30"]


def test_names_have_the_room_that_numbers_leave(panel: LabelPanel, qtbot: QtBot) -> None:
    before = panel.view.columnWidth(NAME)
    panel.setVolumes({1: (123_456_789, 123_456.7)})
    qtbot.waitUntil(lambda: texts(panel, VOXELS)[0] != "–")
    metrics = panel.fontMetrics()
    for column in (ML, VOXELS):
        assert panel.view.columnWidth(column) > metrics.horizontalAdvance(texts(panel, column)[0])
    narrow = panel.view.columnWidth(NAME)
    assert narrow < before
    panel.setVolumes({1: (5, 0.01)})
    qtbot.waitUntil(lambda: panel.view.columnWidth(NAME) > narrow)


def test_many_labels_can_be_searched(panel: LabelPanel, table: LabelTable) -> None:
    assert not panel.search.isVisible()
    for _ in range(12):
        table.add()
    assert panel.search.isVisible()
    table.setActive(1)
    QTest.keyClicks(panel.search, "tai")
    assert texts(panel, NAME) == ["Tail"]
    assert table.active() == 1, "searching chooses nothing"
    click(panel, 0, NAME)
    assert table.active() == 7
    panel.search.setText("nothing like it")
    assert not panel.view.isVisible()
    panel.search.clear()
    assert len(texts(panel, NAME)) == 15
    assert panel.view.currentIndex().row() == 2


def test_buttons_and_presets_are_told(panel: LabelPanel, qtbot: QtBot) -> None:
    for button, signal in (
        (panel.import_button, panel.importRequested),
        (panel.export_button, panel.exportRequested),
    ):
        with qtbot.waitSignal(signal):
            QTest.mouseClick(button, LEFT)
    assert not panel.presets_button.isVisible()
    panel.setPresets(["Brain tumour"])
    menu = panel.presets_button.menu()
    assert menu is not None
    with qtbot.waitSignal(panel.presetChosen) as told:
        menu.actions()[0].trigger()
    assert told.args == ["Brain tumour"]


def test_an_empty_table_says_so(panel: LabelPanel, table: LabelTable) -> None:
    table.reset([])
    assert not panel.view.isVisible()
    assert not panel.delete_button.isEnabled()

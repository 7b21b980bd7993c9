"""The list of doubtful places, by mouse and keys."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLineEdit, QStyle, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from widgets.panels.volume.doubt_panel import DoubtLine, DoubtPanel

LEFT = Qt.MouseButton.LeftButton
K = Qt.Key
LINES = [
    DoubtLine((3, 2, 1), "Head", (255, 0, 0), 12.5, 4.25, 0.2),
    DoubtLine((6, 5, 4), "", None, 3.0, 1.0, 0.12),
    DoubtLine((9, 8, 7), "Tail", (0, 255, 0), 1.0, 0.5, 0.1),
]


@pytest.fixture
def panel(qtbot: QtBot) -> DoubtPanel:
    panel = DoubtPanel(0.0625)
    qtbot.addWidget(panel)
    panel.resize(700, 220)
    panel.show()
    qtbot.waitExposed(panel)
    panel.setLines(LINES, [False, True, False])
    return panel


def point(panel: DoubtPanel, row: int, column: int) -> QPoint:
    item = panel.view.topLevelItem(row)
    assert item is not None
    return panel.view.visualRect(panel.view.indexFromItem(item, column)).center()


def box_of(panel: DoubtPanel, row: int) -> QPoint:
    """The middle of a row's tick."""
    item = panel.view.topLevelItem(row)
    assert item is not None
    index = panel.view.indexFromItem(item, 0)
    option = QStyleOptionViewItem()
    panel.view.initViewItemOption(option)
    option.rect = panel.view.visualRect(index)
    option.features |= QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
    style = panel.view.style()
    assert style is not None
    what = QStyle.SubElement.SE_ItemViewItemCheckIndicator
    return style.subElementRect(what, option, panel.view).center()


def texts(panel: DoubtPanel, row: int) -> list[str]:
    item = panel.view.topLevelItem(row)
    assert item is not None
    return [item.text(column) for column in range(1, 5)]


def test_rows_say_place_structure_and_size(panel: DoubtPanel) -> None:
    assert texts(panel, 0) == ["1  2  3", "Head", "12.5 mm³", "4.25"]
    assert texts(panel, 1)[1] == "–"
    assert panel.count.text() == "1 of 3 seen"


def test_a_click_and_enter_go_there(panel: DoubtPanel, qtbot: QtBot) -> None:
    viewport = panel.view.viewport()
    with qtbot.waitSignal(panel.jumpRequested, check_params_cb=lambda row: row == 1):
        QTest.mouseClick(viewport, LEFT, pos=point(panel, 1, 2))
    panel.setCurrent(0)
    with qtbot.waitSignal(panel.jumpRequested, check_params_cb=lambda row: row == 0):
        QTest.keyClick(panel.view, K.Key_Return)
    with qtbot.waitSignal(panel.jumpRequested, check_params_cb=lambda row: row == 1):
        QTest.keyClick(panel.view, K.Key_Down)


def test_ticking_off_by_click_and_by_space(panel: DoubtPanel, qtbot: QtBot) -> None:
    told: list[tuple[int, bool]] = []
    panel.seenChanged.connect(lambda row, seen: told.append((row, seen)))
    with qtbot.assertNotEmitted(panel.jumpRequested):
        QTest.mouseClick(panel.view.viewport(), LEFT, pos=box_of(panel, 0))
    assert panel.isSeen(0)
    panel.setCurrent(2)
    QTest.keyClick(panel.view, K.Key_Space)
    QTest.keyClick(panel.view, K.Key_Space)
    assert told == [(0, True), (2, True), (2, False)]
    assert panel.count.text() == "2 of 3 seen"


def test_the_limit_is_told_when_it_is_settled(panel: DoubtPanel, qtbot: QtBot) -> None:
    field = panel.least.findChild(QLineEdit)
    assert field is not None
    field.setFocus()
    field.selectAll()
    with qtbot.waitSignals([panel.leastChanged]):
        QTest.keyClicks(field, "0.1")
        QTest.keyClick(field, K.Key_Return)
    assert panel.least.value() == 0.1
    QTest.keyClick(field, K.Key_Up)
    with qtbot.waitSignal(panel.leastChanged, check_params_cb=lambda least: least == 0.11):
        pass


def test_nothing_yet_and_nothing_above_the_limit(panel: DoubtPanel) -> None:
    panel.clear()
    assert not panel.view.isVisible()
    assert not panel.least.isEnabled()
    assert not panel.next_button.isEnabled()
    panel.setLines((), ())
    assert panel.least.isEnabled()
    assert panel.outline_button.isEnabled()
    assert not panel.view.isVisible()
    assert panel.count.text() == ""
    panel.setLines(LINES, [True] * 3)
    assert panel.view.isVisible()
    assert panel.count.text() == "3 of 3 seen"

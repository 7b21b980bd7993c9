"""The start page, with real mouse, key and drop events."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from widgets.panels.recent_card import RecentItem
from widgets.panels.start_page import StartPage

# The offscreen platform says this of every window with a least size.
pytestmark = pytest.mark.qt_log_ignore("plugin does not support propagateSizeHints")
LEFT = Qt.MouseButton.LeftButton


def items(count: int) -> list[RecentItem]:
    picture = QImage(40, 30, QImage.Format.Format_Grayscale8)
    picture.fill(200)
    return [
        RecentItem(
            f"key {n}", f"case {n}.nii.gz", "/data/trial", "today", "volume", n == 1, picture
        )
        for n in range(count)
    ]


@pytest.fixture
def page(qtbot: QtBot) -> StartPage:
    made = StartPage()
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.setRecent(items(5))
    made.show()
    made.activateWindow()
    qtbot.waitActive(made)
    return made


def test_buttons_and_cards_ask(page: StartPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.fileRequested):
        QTest.mouseClick(page.open_file, LEFT)
    with qtbot.waitSignal(page.folderRequested):
        QTest.mouseClick(page.open_folder, LEFT)
    with qtbot.waitSignal(page.phantomRequested):
        QTest.mouseClick(page.try_phantom, LEFT)
    with qtbot.waitSignal(page.recentRequested) as asked:
        QTest.mouseClick(page.cards()[3], LEFT)
    assert asked.args == ["key 3"]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_cards_work_by_keyboard(page: StartPage, qtbot: QtBot, key: Qt.Key) -> None:
    card = page.cards()[2]
    card.setFocus()
    with qtbot.waitSignal(page.recentRequested) as asked:
        QTest.keyClick(card, key)
    assert asked.args == ["key 2"]
    with qtbot.waitSignal(page.removeRequested) as asked:
        QTest.keyClick(card, Qt.Key.Key_Delete)
    assert asked.args == ["key 2"]


def test_a_missing_file_shows_its_cross_at_once(page: StartPage, qtbot: QtBot) -> None:
    gone, there = page.cards()[1], page.cards()[4]
    assert gone.cross.isVisible()
    assert not there.cross.isVisible()
    there.setFocus()
    assert there.cross.isVisible()
    with (
        qtbot.waitSignal(page.removeRequested) as asked,
        qtbot.assertNotEmitted(page.recentRequested),
    ):
        QTest.mouseClick(gone.cross, LEFT)
    assert asked.args == ["key 1"]


def test_cards_stay_within_the_page_at_any_width(page: StartPage) -> None:
    for width in (1400, 700, 380):
        page.resize(width, 700)
        QApplication.processEvents()
        holder = page.cards()[0].parentWidget()
        assert holder is not None
        assert holder.width() <= width
        for card in page.cards():
            assert holder.rect().contains(card.geometry())
    assert not page.grab().isNull()


def test_without_recent_files_there_is_no_empty_list(page: StartPage) -> None:
    page.setRecent(())
    assert page.cards() == []
    assert page.open_file.isVisible()


def test_dropped_files_are_told(page: StartPage, qtbot: QtBot) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/data/a.nii"), QUrl.fromLocalFile("/data/b.nii")])
    actions = Qt.DropAction.CopyAction
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(page.rect().center(), actions, data, LEFT, none)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    with qtbot.waitSignal(page.dropped) as told:
        drop = QDropEvent(QPointF(page.rect().center()), actions, data, LEFT, none)
        QApplication.sendEvent(page, drop)
    assert told.args == [["/data/a.nii", "/data/b.nii"]]

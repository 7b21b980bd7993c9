"""The contact sheet with real clicks and keys."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.panels.contact_sheet import ContactSheet
from widgets.panels.sheet_layout import best_layout


@pytest.fixture
def sheet(qtbot: QtBot) -> ContactSheet:
    sheet = ContactSheet()
    qtbot.addWidget(sheet)
    sheet.resize(400, 400)
    sheet.show()
    qtbot.waitExposed(sheet)
    return sheet


@pytest.fixture
def four(sheet: ContactSheet) -> ContactSheet:
    images = [np.full((16, 16), value, np.uint8) for value in (0, 60, 120, 180)]
    sheet.setImages(images, [f"seed {seed}" for seed in range(4)])
    return sheet


def _click(sheet: ContactSheet, place: int, double: bool = False) -> None:
    send = QTest.mouseDClick if double else QTest.mouseClick
    send(sheet.viewport(), Qt.MouseButton.LeftButton, pos=sheet.cellRect(place).center())


def _grey(sheet: ContactSheet, place: int) -> int:
    image = sheet.viewport().grab().toImage()
    at = sheet.cellRect(place).center() * image.devicePixelRatio()
    return image.pixelColor(at).red()


def test_layout_fills_the_room() -> None:
    grid = best_layout(4, (400, 400), 1.0, 0, 0, 50)
    assert (grid.columns, grid.rows, grid.width) == (2, 2, 200)
    grid = best_layout(4, (800, 200), 1.0, 0, 0, 50)
    assert (grid.columns, grid.rows, grid.width) == (4, 1, 200)
    grid = best_layout(3, (200, 800), 2.0, 0, 0, 50)
    assert (grid.columns, grid.width, grid.height) == (1, 200, 100)


def test_layout_scrolls_rather_than_shrink_below_the_smallest() -> None:
    grid = best_layout(100, (300, 100), 1.0, 0, 0, 60)
    assert grid.columns == 5
    assert grid.rows == 20
    assert grid.width >= 60


@pytest.mark.parametrize("place", range(4))
def test_a_click_selects_once(four: ContactSheet, qtbot: QtBot, place: int) -> None:
    with qtbot.waitSignal(four.selected, check_params_cb=lambda p: p == place):
        _click(four, place)
    with qtbot.assertNotEmitted(four.selected):
        _click(four, place)
    assert four.current() == place


def test_double_click_and_enter_use(four: ContactSheet, qtbot: QtBot) -> None:
    with qtbot.waitSignal(four.activated, check_params_cb=lambda p: p == 2):
        _click(four, 2, double=True)
    with qtbot.waitSignal(four.activated, check_params_cb=lambda p: p == 2):
        QTest.keyClick(four, Qt.Key.Key_Return)


def test_arrow_keys_move_in_the_grid(four: ContactSheet) -> None:
    seen = []
    for key in ("Right", "Right", "Down", "Down", "Left", "Up", "End", "Home"):
        QTest.keyClick(four, getattr(Qt.Key, f"Key_{key}"))
        seen.append(four.current())
    assert seen == [0, 1, 3, 3, 2, 0, 3, 0]


@pytest.mark.parametrize(
    ("key", "kind"),
    [(Qt.Key.Key_A, "parameters"), (Qt.Key.Key_S, "seed"), (Qt.Key.Key_R, "all_but_seed")],
)
def test_recall_keys_need_a_selection(
    four: ContactSheet, qtbot: QtBot, key: Qt.Key, kind: str
) -> None:
    with qtbot.assertNotEmitted(four.recallRequested):
        QTest.keyClick(four, key)
    _click(four, 1)
    with qtbot.waitSignal(four.recallRequested, check_params_cb=lambda k: k == kind):
        QTest.keyClick(four, key)
    with qtbot.assertNotEmitted(four.recallRequested):
        QTest.keyClick(four, key, Qt.KeyboardModifier.ControlModifier)


def test_menu_offers_the_same(four: ContactSheet) -> None:
    _click(four, 1)
    kinds: list[str] = []
    used: list[int] = []
    four.recallRequested.connect(kinds.append)
    four.activated.connect(used.append)
    menu = four.makeMenu()
    for action in menu.actions():
        action.trigger()
    assert kinds == ["parameters", "seed", "all_but_seed"]
    assert used == [1]


def test_images_update_in_place(four: ContactSheet) -> None:
    _click(four, 3)
    assert _grey(four, 2) == 120
    four.setImage(2, np.full((16, 16), 1.0, np.float32))
    assert _grey(four, 2) == 255
    assert _grey(four, 1) == 60
    assert four.current() == 3


def test_fewer_images_keep_a_valid_selection(four: ContactSheet) -> None:
    four.setCurrent(3)
    four.setImages([np.zeros((8, 8), np.uint8)] * 2, ["1", "2"])
    assert four.current() == 1
    four.clear()
    assert four.current() == -1
    QTest.keyClick(four, Qt.Key.Key_Right)
    assert four.current() == -1


def test_many_images_scroll_to_the_selected(sheet: ContactSheet) -> None:
    sheet.setImages([np.zeros((8, 8), np.uint8)] * 100, ["s"] * 100)
    QTest.keyClick(sheet, Qt.Key.Key_Home)
    QTest.keyClick(sheet, Qt.Key.Key_End)
    assert sheet.current() == 99
    assert sheet.viewport().rect().contains(sheet.cellRect(99).center())


def test_wrong_input_is_refused(four: ContactSheet) -> None:
    with pytest.raises(ValueError, match="captions"):
        four.setImages([np.zeros((8, 8), np.uint8)], [])
    with pytest.raises(ValueError, match=r"\(H, W, 3\)"):
        four.setImage(0, np.zeros((8, 8, 2), np.uint8))
    with pytest.raises(ValueError, match=r"\(H, W\)"):
        four.setImage(0, np.zeros(8, np.uint8))
    with pytest.raises(IndexError):
        four.setImage(4, np.zeros((8, 8), np.uint8))


def test_pictures_in_colour_keep_their_colours_and_the_shape_of_their_pixels(
    sheet: ContactSheet,
) -> None:
    red = np.zeros((20, 10, 3), np.uint8)
    red[..., 0] = 200
    sheet.setImages([red], ["red"])
    image = sheet.viewport().grab().toImage()
    at = sheet.cellRect(0).center()
    colour = image.pixelColor(at * image.devicePixelRatio())
    assert (colour.red(), colour.green(), colour.blue()) == (200, 0, 0)
    narrow = sheet.cellRect(0).width()
    sheet.setPixelAspect(2.0)
    assert sheet.cellRect(0).width() == pytest.approx(2 * narrow, abs=narrow / 2)


def test_what_was_not_made_from_parameters_recalls_none(qtbot: QtBot) -> None:
    sheet = ContactSheet(name="Votes", use="Go there", recalls=False)
    qtbot.addWidget(sheet)
    sheet.resize(300, 200)
    sheet.show()
    sheet.setImages([np.zeros((8, 8), np.uint8)] * 2, ["a", "b"])
    _click(sheet, 1)
    with qtbot.assertNotEmitted(sheet.recallRequested):
        for key in (Qt.Key.Key_A, Qt.Key.Key_S, Qt.Key.Key_R):
            QTest.keyClick(sheet, key)
    menu = sheet.makeMenu()
    assert [action.text() for action in menu.actions()] == ["Go there\tEnter"]
    assert sheet.accessibleName() == "Votes"


def test_whole_captions_widen_the_cells_and_not_the_images(qtbot: QtBot) -> None:
    sheet = ContactSheet(whole_captions=True)
    qtbot.addWidget(sheet)
    sheet.resize(900, 130)
    sheet.show()
    captions = [f"vote {number} · 100 % agree" for number in range(4)]
    grey = np.full((40, 10), 128, np.uint8)
    sheet.setImages([grey] * 4, captions)
    wide = sheet.fontMetrics().horizontalAdvance(captions[0])
    picture = sheet.viewport().grab().toImage()
    for place in range(4):
        rect = sheet.cellRect(place)
        assert rect.width() >= wide
        assert _grey(sheet, place) == 128
        assert picture.pixelColor(rect.left() + 2, rect.top() + 5).red() != 128
    assert not sheet.cellRect(0).intersects(sheet.cellRect(1))


def test_tall_images_may_be_narrow() -> None:
    grid = best_layout(6, (800, 130), 0.25, 4, 20, 72)
    assert (grid.columns, grid.rows) == (6, 1)
    assert grid.height > 90
    few = best_layout(60, (300, 130), 0.25, 4, 20, 72, cell=90)
    assert few.columns == 3
    assert few.height == 72

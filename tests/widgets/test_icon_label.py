from __future__ import annotations

from collections.abc import Iterator

import pytest
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from widgets.icon_label import IconLabel
from widgets.theme import DARK, LIGHT, apply_theme


@pytest.fixture(autouse=True)
def _restore(qapp: QApplication) -> Iterator[None]:
    yield
    apply_theme(qapp, "dark")


def test_an_icon_follows_the_theme(qapp: QApplication, qtbot: QtBot) -> None:
    apply_theme(qapp, "dark")
    label = IconLabel()
    qtbot.addWidget(label)
    label.setIcon("mdi6.square", "danger", 32)
    label.show()
    for theme in (DARK, LIGHT):
        apply_theme(qapp, theme.name)
        picture = label.pixmap().toImage()
        middle = picture.pixelColor(picture.width() // 2, picture.height() // 2)
        assert middle == QColor(theme.danger)

"""Widgets of one size in full rows."""

from __future__ import annotations

from PyQt6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from widgets.viewer.tiles import Tiles


def test_tiles_are_as_large_as_they_can_be(qtbot: QtBot) -> None:
    tiles = Tiles()
    qtbot.addWidget(tiles)
    four: list[QWidget] = [QLabel(str(n)) for n in range(4)]
    tiles.resize(800, 760)
    tiles.show()
    tiles.setShown(four)
    assert tiles.columns() == 2
    assert {widget.size() for widget in map(QLabel.rect, four)} == {four[0].rect().size()}
    assert four[3].geometry().bottomRight() == tiles.rect().bottomRight()
    tiles.resize(1600, 380)
    assert tiles.columns() == 4
    tiles.resize(300, 1500)
    assert tiles.columns() == 1
    # Three leave no hole.
    tiles.resize(900, 800)
    tiles.setShown(four[:3])
    assert tiles.columns() in (1, 3)
    assert [widget.isVisible() for widget in four] == [True, True, True, False]
    tiles.setShown(four[3:])
    assert tiles.shown() == (four[3],)
    assert four[3].rect() == tiles.rect()
    tiles.setShown(())
    assert tiles.columns() == 1

"""Box plots: five numbers, and dots that can be clicked."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.plots.box_plots import BoxGroup, BoxPlots, five_numbers

VALUES = (0.1, 0.5, 0.5, 0.6, 0.7)


def test_whiskers_end_at_values_within_reach() -> None:
    assert five_numbers(VALUES) == pytest.approx((0.5, 0.5, 0.5, 0.6, 0.7))
    assert five_numbers((3.0,)) == (3.0,) * 5


def test_a_dot_tells_its_key(qtbot: QtBot) -> None:
    plots = BoxPlots()
    qtbot.addWidget(plots)
    plots.resize(500, 400)
    assert plots.isEmpty()
    groups = [
        BoxGroup("lung", VALUES, "abcde", range(5)),
        BoxGroup("heart", (0.2, 0.3), "ab", (7, 8), 1),
        BoxGroup("nothing", (), "", ()),
    ]
    plots.setBoxes("Dice", groups, ("first", "other"))
    plots.show()
    qtbot.waitExposed(plots)
    assert not plots.isEmpty()
    assert [group.name for group in plots.groups()] == ["lung", "heart"]
    assert "other" in plots.header()

    plots.grab()  # ranges are fitted when it is painted
    box = plots.plot.getViewBox()
    chosen: list[int] = []
    plots.pointChosen.connect(chosen.append)
    at = box.mapViewToScene(QPointF(0 - 0.25, VALUES[0]))  # the first dot stands at the left
    place = plots.plot.mapFromScene(at)
    QTest.mouseClick(plots.plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: chosen == [0])
    assert np.isfinite(box.viewRange()).all()

"""Coordinates as text, typed back, and the values beside them."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from widgets.panels.volume.place import ProbeLine, parse_world, voxel_text, world_text
from widgets.panels.volume.probe_panel import ProbeLabel, ProbePanel

LINES = (
    ProbeLine("CT", -1000.0, "HU"),
    ProbeLine("Mask", 3, label="Tail", colour=(255, 0, 0)),
    ProbeLine("Photo", (1.0, 2.0, 3.0)),
    ProbeLine("Late", None),
)


@pytest.fixture
def panel(qtbot: QtBot) -> ProbePanel:
    panel = ProbePanel()
    qtbot.addWidget(panel)
    panel.resize(320, 240)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


@pytest.mark.parametrize(
    ("world", "text"),
    [
        ((12.3, 4.5, 30.0), "R  12.3  A   4.5  S  30.0 mm"),
        ((-12.3, -4.5, -130.0), "L  12.3  P   4.5  I 130.0 mm"),
        ((-0.01, 0.0, 0.0), "R   0.0  A   0.0  S   0.0 mm"),
    ],
)
def test_world_coordinates_have_letters_and_keep_their_width(
    world: tuple[float, float, float], text: str
) -> None:
    assert world_text(world) == text
    assert len(world_text(world)) == len(world_text((999.9, -999.9, 999.9)))


def test_a_picture_without_a_patient_has_no_letters() -> None:
    assert world_text((1.0, -2.5, 0.0), oriented=False) == "x     1.0  y    -2.5  z     0.0 mm"


def test_voxels_are_i_j_k_and_say_that_they_count_from_0() -> None:
    assert voxel_text((30, 20, 10)) == "i   10  j   20  k   30  (0-based)"


@pytest.mark.parametrize(
    ("text", "world"),
    [
        ("R 12.3 A 4.5 S 30", (12.3, 4.5, 30)),
        ("L 12.3  P 4.5  I 30.0 mm", (-12.3, -4.5, -30)),
        ("i30 l12,5 p4", (-12.5, -4, -30)),
        ("30S, 4.5P, 12R", (12, -4.5, 30)),
        ("-3, 4.5, 60", (-3, 4.5, 60)),
        ("(-3 4.5 60)", (-3, 4.5, 60)),
        ("1,5 2,5 3,5", (1.5, 2.5, 3.5)),
    ],
)
def test_coordinates_are_understood(text: str, world: tuple[float, float, float]) -> None:
    assert parse_world(text) == world


@pytest.mark.parametrize("text", ["", "1 2", "1 2 3 4", "R 1 L 2 S 3", "R 1 2 3", "here", "1 2 x"])
def test_what_is_not_understood_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"R|mm"):
        parse_world(text)


def test_what_is_shown_reads_back() -> None:
    assert parse_world(world_text((-12.3, 4.5, -30.0))) == (-12.3, 4.5, -30.0)


def test_every_layer_has_a_line(panel: ProbePanel) -> None:
    panel.setPlace((12.3, 4.5, 30.0), (3, 2, 1), LINES)
    assert panel.texts() == [
        "R  12.3  A   4.5  S  30.0 mm", "i    1  j    2  k    3  (0-based)",
        "CT: -1000 HU", "Mask: 3  Tail", "Photo: 1, 2, 3", "Late: outside",
    ]  # fmt: skip
    panel.setPlace((0.0, 0.0, 0.0), (0, 0, 0), LINES[:1])
    assert len(panel.texts()) == 3
    panel.setPlace(None, None)
    assert panel.texts() == ["–", "–"]


def test_a_click_lets_one_type_where_to_go(panel: ProbePanel, qtbot: QtBot) -> None:
    panel.setPlace((12.3, 4.5, 30.0), (3, 2, 1))
    QTest.mouseClick(panel.coordinates, Qt.MouseButton.LeftButton)
    field = panel.findChild(QLineEdit)
    assert field is not None
    assert field.isVisible()
    QTest.keyClicks(field, "L 5 A 6")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert "Three numbers" in panel.error()
    assert field.isVisible()
    with qtbot.waitSignal(panel.goTo) as asked:
        QTest.keyClicks(field, " S 7")
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert asked.args == [(-5.0, 6.0, 7.0)]
    assert panel.error() == ""
    assert not field.isVisible()


def test_enter_starts_and_escape_leaves(panel: ProbePanel) -> None:
    panel.coordinates.setFocus()
    QTest.keyClick(panel.coordinates, Qt.Key.Key_Return)
    field = panel.findChild(QLineEdit)
    assert field is not None
    assert field.isVisible()
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not field.isVisible()


def test_the_status_bar_has_it_in_a_line(qtbot: QtBot) -> None:
    label = ProbeLabel()
    qtbot.addWidget(label)
    label.setPlace((12.3, 4.5, 30.0), (3, 2, 1), LINES)
    assert label.text().startswith("R  12.3")
    assert label.text().endswith("(0-based)   -1000 HU   3  Tail")
    label.setPlace(None, None)
    assert label.text() == ""

"""Pictures side by side."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.helpers.pointer import drag, move, wheel
from widgets.viewer.picture_row import Picture, PictureRow

GREY = Picture("Image", np.linspace(-1, 1, 64, dtype=np.float32).reshape(8, 8), -1.0, 1.0)
LABELS = Picture("Labels", (np.arange(64).reshape(8, 8) % 3).astype(np.uint8))


@pytest.fixture
def row(qtbot: QtBot) -> PictureRow:
    row = PictureRow()
    qtbot.addWidget(row)
    row.resize(600, 300)
    row.show()
    qtbot.waitExposed(row)
    row.setPictures([GREY, LABELS])
    return row


def test_grey_values_and_label_colours(row: PictureRow) -> None:
    shown = row.view("Labels").image()
    assert shown is not None
    assert shown[0, :3].tolist() == [[0, 0, 0], [255, 0, 0], [0, 255, 0]]
    assert row.view("Image").windowLevel() == (2.0, 0.0)


def test_they_zoom_and_move_together_and_keep_it(row: PictureRow) -> None:
    wheel(row.view("Image"), (4, 4), 3, Qt.KeyboardModifier.ControlModifier)
    zoomed = row.view("Image").view()
    assert zoomed.zoom > 1
    assert row.view("Labels").view() == zoomed
    drag(row.view("Labels"), (4, 4), (5, 5))
    moved = row.view("Image").view()
    assert moved != zoomed
    row.setPictures([GREY, LABELS])
    assert row.view("Labels").view() == moved


def test_the_titles_tell_the_values_at_the_pointer(row: PictureRow, qtbot: QtBot) -> None:
    move(row.view("Image"), (1.5, 0.5))
    assert row.title("Image") == f"Image  {GREY.values[0, 1]:.3g}"
    assert row.title("Labels") == "Labels  1"
    row.view("Image").left.emit()
    assert (row.title("Image"), row.title("Labels")) == ("Image", "Labels")


def test_other_titles_are_other_tiles(row: PictureRow) -> None:
    row.setPictures([LABELS])
    assert [p.title for p in row.pictures()] == ["Labels"]
    with pytest.raises(KeyError):
        row.view("Image")
    row.setPictures([])
    assert row.pictures() == ()


def test_labels_lie_over_what_is_below_them(row: PictureRow) -> None:
    below = np.full((8, 8), 0.5, np.float32)
    over = Picture("Labels", LABELS.values, below=below)
    differs = Picture("Difference", (LABELS.values == 2).astype(np.uint8), below=below, marks=True)
    row.setPictures([over, differs])
    shown = row.view("Labels").image()
    assert shown is not None
    assert shown[0, 0].tolist() == [127, 127, 127]
    assert shown[0, 1, 0] > shown[0, 1, 1], "red over grey"
    marked = row.view("Difference").image()
    assert marked is not None
    assert marked[0, :3].tolist() == [[127, 127, 127], [127, 127, 127], [255, 140, 0]]


def test_a_table_has_its_numbers_and_names(row: PictureRow, qtbot: QtBot) -> None:
    values = np.array([[0.9, -0.25], [0.125, 1.0]], np.float32)
    names = ("background", "ring")
    table = Picture("Correlation", values, names=names, axes=("before", "after"), note="of 2")
    row.setPictures([GREY, table])
    matrix = row.matrix("Correlation")
    assert row.title("Correlation") == "Correlation  of 2"
    assert "background with ring -0.25" in matrix.accessibleDescription()
    qtbot.waitUntil(lambda: matrix.isVisible() and row.rect().contains(matrix.geometry()))
    centre = matrix.cell(0, 1).center()
    QTest.mouseMove(matrix, centre.toPoint())
    qtbot.waitUntil(lambda: row.title("Correlation") == "background · ring  -0.250")
    move(row.view("Image"), (1.5, 0.5))
    picture = matrix.grab().toImage()
    ratio = matrix.devicePixelRatioF()

    def ground(row: int, column: int) -> tuple[int, int, int]:
        at = (matrix.cell(row, column).topLeft() + QPointF(6, 6)) * ratio
        colour = picture.pixelColor(at.toPoint())
        return colour.red(), colour.green(), colour.blue()

    assert ground(1, 1)[2] > ground(1, 1)[0], "1 is strong in one colour"
    assert ground(0, 1)[0] > ground(0, 1)[2], "and negative ones have another"
    with pytest.raises(KeyError):
        row.matrix("Image")

"""Pictures side by side."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
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

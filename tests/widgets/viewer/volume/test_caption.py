"""What a view is called, and its mark."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QRect
from pytestqt.qtbot import QtBot

from tests.widgets.viewer.volume.stage import image, slice_view
from widgets.viewer.volume.caption import Caption
from widgets.viewer.volume.decorations import NOTHING
from widgets.viewer.volume.planes import PlaneName


def test_a_caption_says_what_is_seen_and_marks_what_nobody_measured(qtbot: QtBot) -> None:
    block = np.arange(9 * 10 * 12, dtype=np.int16).reshape(9, 10, 12)
    view = slice_view(qtbot, image(block, low=5000, high=6000), name=PlaneName.AXIAL)
    view.setDecorations(NOTHING)
    view.resize(400, 200)
    caption = Caption()
    view.addOverlay(caption)
    plain = view.grab().toImage()
    caption.title = "x_t"
    titled = view.grab().toImage()
    assert titled != plain
    caption.mark = "SYNTHETIC"
    right = view.grab().toImage()
    corner = QRect(200, 0, 200, 100)
    assert right.copy(corner) != titled.copy(corner)
    view.resize(200, 200)  # no room beside the title
    low = QRect(0, 100, 200, 100)
    marked = view.grab().toImage().copy(low)
    caption.mark = ""
    assert view.grab().toImage().copy(low) != marked

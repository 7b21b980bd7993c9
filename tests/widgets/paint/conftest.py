from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from widgets.paint.canvas import MaskCanvas


@pytest.fixture
def canvas(qtbot: QtBot) -> MaskCanvas:
    canvas = MaskCanvas(200, 160)
    qtbot.addWidget(canvas)
    canvas.resize(640, 520)
    canvas.show()
    canvas.setFocus()
    return canvas

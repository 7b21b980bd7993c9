"""Fill: the connected area under the pointer."""

from __future__ import annotations

import math

from PyQt6.QtCore import QPoint, QPointF, Qt

from widgets.paint.geometry import flood
from widgets.paint.tools.base import ToolHandler


class Fill(ToolHandler):
    """Left click fills an area of background, right click empties an area of vessel."""

    def press(self, point: QPointF, button: Qt.MouseButton) -> None:
        model = self.host.model
        x, y = math.floor(point.x()), math.floor(point.y())
        if not model.rect().contains(QPoint(x, y)):
            return
        value = 0 if button == Qt.MouseButton.RightButton else 1
        mask = model.mask()
        if mask[y, x] == value:
            return
        model.begin("Fill" if value else "Erase area")
        model.paint(*flood(mask, x, y), value)
        model.commit()

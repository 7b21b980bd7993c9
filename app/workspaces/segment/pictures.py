"""What views show, as arrays for files."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtGui import QImage

from widgets.viewer.volume.grab import scroll
from widgets.viewer.volume.slice_view import SliceView

MOST_FRAMES = 400


def rgb_of(image: QImage) -> NDArray[np.uint8]:
    """A picture as (H, W, 3)."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    memory = plain.constBits()
    assert memory is not None, "an image has pixels"
    rows = np.frombuffer(memory.asstring(plain.sizeInBytes()), np.uint8)
    rows = rows.reshape(plain.height(), plain.bytesPerLine())
    return rows[:, : 3 * plain.width()].reshape(plain.height(), plain.width(), 3).copy()


def frames_of(view: SliceView) -> list[NDArray[np.uint8]]:
    """Every slice of a view, as it is seen; of a long volume every second, third, …"""
    plane = view.plane()
    if plane is None:
        return []
    return [rgb_of(image) for image in scroll(view, step=-(-plane.count // MOST_FRAMES))]

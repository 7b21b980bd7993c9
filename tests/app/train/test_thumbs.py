"""Which picture stands for an iteration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PyQt6.QtGui import QColor

from app.controllers.train.thumbs import thumb_of_run
from engine.training.previews import write_previews


def test_the_last_labels_lie_over_their_image(tmp_path: Path) -> None:
    labels = np.zeros((8, 6), np.uint8)
    labels[:4] = 1
    grey = np.full((8, 6), 0.5, np.float32)
    write_previews(tmp_path, 10, {"Image": grey, "Segmentation": labels, "Foreground": grey})
    thumb = thumb_of_run(tmp_path, 10)
    assert thumb is not None
    assert (thumb.width(), thumb.height()) == (6, 8)
    above, below = QColor(thumb.pixel(3, 1)), QColor(thumb.pixel(3, 6))
    assert above.red() > above.green() + 50
    assert below.red() == below.green() == below.blue() == 127


def test_without_labels_it_is_the_last_picture(tmp_path: Path) -> None:
    pictures = {n: np.full((4, 4), v, np.float32) for n, v in (("Slice", 0.0), ("Made", 1.0))}
    write_previews(tmp_path, 10, pictures)
    thumb = thumb_of_run(tmp_path, 10)
    assert thumb is not None
    assert QColor(thumb.pixel(1, 1)).red() == 255
    assert thumb_of_run(tmp_path, 20) is None

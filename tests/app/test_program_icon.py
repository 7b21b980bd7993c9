"""The icon that title and task bars show."""

from __future__ import annotations

from PyQt6.QtWidgets import QApplication

from app.bootstrap import program_icon


def test_it_is_drawn_at_every_size(qapp: QApplication) -> None:
    for side in (16, 48, 256):
        image = program_icon().pixmap(side, side).toImage()
        assert (image.width(), image.height()) == (side, side)
        assert image.pixelColor(0, 0).alpha() == 0, "its corners are round"
        colours = {image.pixel(x, side // 2) for x in range(side)}
        assert len(colours) > 4, "not a plain square"

"""Asking before an image is shown to a method in other colours than it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QMessageBox, QWidget

from app.segmenters import findable

if TYPE_CHECKING:
    from engine.data.volumes.volume import Volume
    from engine.training.checkpoint import Card

NAMES = {1: "grey", 3: "colour"}
HOW = {
    1: "Its colours would be turned into grey (luminance).",
    3: "Its grey values would be used as red, green and blue.",
}
SAME_UP_TO = 2**24  # values of a colour image that are compared at once


class Converting(QObject):
    """Remembers what was agreed to until the program ends."""

    def __init__(self, view: QWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._view = view
        self._agreed: set[int] = set()

    def whenAgreed(self, card: Card, volume: Volume, then: Callable[[], None]) -> None:
        """Go on at once where nothing is converted, or where that was agreed to; else ask."""
        wanted = findable(card).channels
        has = 3 if volume.channels == "rgb" else 1
        if not wanted or has == wanted or wanted in self._agreed or _is_grey(volume):
            then()
            return
        box = QMessageBox(self._view)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Convert the image?")
        box.setText(
            f"{card.title} takes {NAMES[wanted]} images; "
            f"{volume.source.name} is a {NAMES[has]} image."
        )
        box.setInformativeText(
            f"{HOW[wanted]} The result may be poor. The open image stays as it is."
        )
        convert = box.addButton("Convert", QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)

        def answered(button: object) -> None:
            if button is convert:
                self._agreed.add(wanted)
                then()

        box.buttonClicked.connect(answered)
        box.finished.connect(box.deleteLater)
        box.open()


def _is_grey(volume: Volume) -> bool:
    """Whether a small colour image shows nothing but grey."""
    if volume.channels != "rgb" or volume.array.size > SAME_UP_TO:
        return False
    red, green, blue = volume.array[:3]
    return np.array_equal(red, green) and np.array_equal(red, blue)

"""Makes the thumbnails of a run's past, one iteration at a time, so that others get their turn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PyQt6.QtCore import QObject
from PyQt6.QtGui import QImage

from app.background import Background, Work
from app.controllers.train.pictures import dressed, pictures_of
from app.workspaces.train.run_view import RunView
from engine.failures import Failure
from engine.training.previews import read_previews
from widgets.grey import grey_image
from widgets.viewer.picture_row import Picture


class ThumbLoader(QObject):
    """Answers the strip of a view.

    Args:
        background: Reads there.
    """

    def __init__(self, view: RunView, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._background = view, background
        self._wanted: list[int] = []
        self._work: Work | None = None
        view.pictures.strip.wanted.connect(self._want)

    def _want(self, iterations: tuple[int, ...]) -> None:
        # The newest first: it is next to what is looked at.
        self._wanted = sorted(iterations)
        self._next()

    def _next(self) -> None:
        run = self._view.run()
        if self._work is not None or not self._wanted or run is None:
            return
        folder, iteration = run.folder, self._wanted.pop()

        def done(image: QImage | None) -> None:
            self._work = None
            now = self._view.run()
            if image is not None and now is not None and now.folder == folder:
                self._view.pictures.strip.setThumb(iteration, image)
            self._next()

        def failed(failure: Failure) -> None:
            self._work = None
            self._next()  # what is wrong is told when its pictures are asked for

        self._work = self._background.run(
            "Making thumbnails", lambda: thumb_of_run(folder, iteration), done, failed
        )


def thumb_of_run(folder: Path, iteration: int) -> QImage | None:
    """What stands for an iteration: the last labels over their image, else the last picture.

    Raises:
        InputError: a picture cannot be read.
    """
    pictures = dressed(pictures_of(read_previews(folder, iteration)), ())
    plain = [picture for picture in pictures if not picture.is_table and not picture.marks]
    if not plain:
        return None
    return image_of(next((p for p in reversed(plain) if p.of_labels), plain[-1]))


def image_of(picture: Picture) -> QImage:
    """A picture as it is shown, pixel by pixel."""
    if not picture.of_labels:
        return grey_image(picture.values, picture.low, picture.high)
    colours = np.ascontiguousarray(picture.colours())
    height, width = colours.shape[:2]
    made = QImage(colours.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    return made.copy()  # it must outlive the bytes

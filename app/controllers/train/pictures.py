"""Reads the pictures of a run's past, the latest wish first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal

from app.background import Background
from engine.failures import Failure
from engine.training.previews import grey_range, read_previews
from widgets.viewer.picture_row import Picture

IMAGE, DIFFERENCE, CORRELATION = "Image", "Difference", "Class correlation"
"""Titles that methods give to what others are laid over, to marks, and to tables of classes."""
MOST_CLASSES = 32
BEFORE_AFTER = ("before", "after")
KEPT = 32
"""Iterations whose pictures stay in memory."""

_Wish = tuple[Path, int]


class PictureLoader(QObject):
    """Hands out pictures by `loaded`; wishes that were overtaken are not read at all."""

    loaded = pyqtSignal(Path, int, list)  # folder, iteration, list of Picture
    failed = pyqtSignal(Failure)

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._kept: OrderedDict[_Wish, list[Picture]] = OrderedDict()
        self._wish: _Wish | None = None
        self._reading = False

    def put(self, folder: Path, iteration: int, pictures: Mapping[str, NDArray[Any]]) -> None:
        """Keep pictures that came with an event."""
        self._keep((folder, iteration), pictures_of(pictures))

    def forget(self, folder: Path) -> None:
        """A run was begun again: the pictures of its iterations are others now."""
        for wish in [wish for wish in self._kept if wish[0] == folder]:
            del self._kept[wish]

    def load(self, folder: Path, iteration: int) -> None:
        """Ask for the pictures of an iteration."""
        found = self._kept.get((folder, iteration))
        if found is not None:
            self._wish = None
            self.loaded.emit(folder, iteration, found)
            return
        self._wish = folder, iteration
        self._read()

    def _read(self) -> None:
        if self._wish is None or self._reading:
            return
        (folder, iteration), self._wish = self._wish, None
        self._reading = True

        def read() -> list[Picture]:
            return pictures_of(read_previews(folder, iteration))

        def done(found: list[Picture]) -> None:
            self._reading = False
            self._keep((folder, iteration), found)
            self.loaded.emit(folder, iteration, found)
            self._read()

        def failed(failure: Failure) -> None:
            self._reading = False
            self.failed.emit(failure)
            self._read()

        self._background.run("Reading pictures", read, done, failed)

    def _keep(self, wish: _Wish, pictures: list[Picture]) -> None:
        self._kept[wish] = pictures
        self._kept.move_to_end(wish)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def pictures_of(values: Mapping[str, NDArray[Any]]) -> list[Picture]:
    """Pictures as they were written, by title."""
    return [Picture(title, array, *grey_range(array)) for title, array in values.items()]


def dressed(pictures: Sequence[Picture], classes: Sequence[str]) -> list[Picture]:
    """Pictures as they are shown: labels over the image of their size, differences as marks with
    their share of the pixels, correlations of classes as tables.

    Args:
        classes: Names of the labels from 0 on, as far as they are known.
    """
    image = next((p for p in pictures if p.title == IMAGE and not p.of_labels), None)
    found = []
    for picture in pictures:
        if picture.title == CORRELATION and max(picture.values.shape) <= MOST_CLASSES:
            count = max(picture.values.shape)
            names = [*classes[:count], *map(str, range(len(classes), count))]
            picture = replace(picture, names=tuple(names), axes=BEFORE_AFTER)
        elif picture.of_labels and image is not None and image.values.shape == picture.values.shape:
            picture = replace(picture, below=image.values, low=image.low, high=image.high)
            if picture.title == DIFFERENCE:
                share = 100 * float((picture.values > 0).mean())
                picture = replace(picture, marks=True, note=f"{share:.1f} %")
        found.append(picture)
    return found

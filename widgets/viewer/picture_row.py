"""Small pictures side by side that zoom together, each under its title."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from widgets.elided_label import ElidedLabel
from widgets.viewer.image_view import ImageView
from widgets.viewer.volume.colours import default_palette

SMALLEST_EM = 5


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture.

    Attributes:
        title: Over it.
        values: (H, W), uint8 for labels, floating point for grey values.
        low, high: Grey values shown as black and white.
    """

    title: str
    values: NDArray[Any]
    low: float = 0.0
    high: float = 1.0

    @property
    def of_labels(self) -> bool:
        return self.values.dtype == np.uint8


class PictureRow(QWidget):
    """Ctrl+wheel zooms, a drag moves, R shows all; the titles tell the values at the pointer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures: tuple[Picture, ...] = ()
        self._tiles: dict[str, _Tile] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(self.fontMetrics().height() // 3)

    def setPictures(self, pictures: Sequence[Picture]) -> None:
        """Show these; zoom and place stay where the titles are the same."""
        if [picture.title for picture in pictures] != list(self._tiles):
            self._make_tiles(pictures)
        self._pictures = tuple(pictures)
        for picture in pictures:
            self._tiles[picture.title].show_picture(picture)

    def pictures(self) -> tuple[Picture, ...]:
        return self._pictures

    def view(self, title: str) -> ImageView:
        """The view of a picture."""
        return self._tiles[title].view

    def title(self, title: str) -> str:
        """The title as shown, with the value at the pointer."""
        return self._tiles[title].label.text()

    def _make_tiles(self, pictures: Sequence[Picture]) -> None:
        for tile in self._tiles.values():
            self._row.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        self._tiles = {picture.title: _Tile(self) for picture in pictures}
        views = [tile.view for tile in self._tiles.values()]
        for tile in self._tiles.values():
            self._row.addWidget(tile, 1)
            tile.view.hovered.connect(self._hover)
            tile.view.left.connect(lambda: self._hover(-1, -1))
        for view in views[1:]:
            views[0].linkView(view)

    def _hover(self, x: int, y: int) -> None:
        for tile in self._tiles.values():
            tile.tell(x, y)


class _Tile(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self._picture: Picture | None = None
        self.label = ElidedLabel("", self)
        self.view = ImageView(self)
        self.view.setMinimumSize(SMALLEST_EM * em, SMALLEST_EM * em)
        self.view.setWindowLevelMode(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.label)
        column.addWidget(self.view, 1)

    def show_picture(self, picture: Picture) -> None:
        self._picture = picture
        self.label.setText(picture.title)
        self.view.setAccessibleName(picture.title)
        if picture.of_labels:
            self.view.setImage(default_palette()[picture.values][..., :3])
        else:
            self.view.setImage(picture.values, (picture.low, picture.high))

    def tell(self, x: int, y: int) -> None:
        """Add the value of a pixel to the title, or take it away where there is none."""
        picture = self._picture
        if picture is None:
            return
        height, width = picture.values.shape
        text = picture.title
        if 0 <= x < width and 0 <= y < height:
            value = picture.values[y, x]
            text += f"  {value}" if picture.of_labels else f"  {value:.3g}"
        self.label.setText(text)

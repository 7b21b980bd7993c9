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
from widgets.viewer.matrix_view import MatrixView
from widgets.viewer.volume.colours import default_palette

SMALLEST_EM = 5
LABEL_SHARE = 0.55  # of a label's colour over what lies below it
HIGHLIGHT = (255, 140, 0)
"""Of what is marked: none of the first colours of labels."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture.

    Attributes:
        title: Over it.
        values: (H, W), uint8 for labels, floating point for grey values.
        low, high: Grey values shown as black and white.
        below: (H, W), what labels are laid over; None for black.
        marks: Whether labels say no more than where something is: all in one strong colour.
        note: Behind the title.
        names: Of rows and columns, where the values are no picture but a table of -1 to 1.
        axes: What rows and columns of a table are.
    """

    title: str
    values: NDArray[Any]
    low: float = 0.0
    high: float = 1.0
    below: NDArray[Any] | None = None
    marks: bool = False
    note: str = ""
    names: tuple[str, ...] = ()
    axes: tuple[str, str] = ("", "")

    @property
    def heading(self) -> str:
        """Title and note."""
        return f"{self.title}  {self.note}" if self.note else self.title

    @property
    def is_table(self) -> bool:
        return bool(self.names)

    def colours(self) -> NDArray[np.uint8]:
        """Labels as (H, W, 3)."""
        palette = default_palette()[..., :3].astype(np.float32)
        if self.marks:
            palette[1:] = HIGHLIGHT
        if self.below is None:
            return palette[self.values].astype(np.uint8)
        span = max(self.high - self.low, 1e-6)
        grey = np.clip((self.below - self.low) / span, 0, 1) * 255
        rgb = np.repeat(grey[..., None], 3, axis=2).astype(np.float32)
        share = (self.values > 0)[..., None] * (1.0 if self.marks else LABEL_SHARE)
        mixed: NDArray[np.uint8] = (rgb + share * (palette[self.values] - rgb)).astype(np.uint8)
        return mixed

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
        kinds = [(title, tile.matrix is not None) for title, tile in self._tiles.items()]
        if [(picture.title, picture.is_table) for picture in pictures] != kinds:
            self._make_tiles(pictures)
        self._pictures = tuple(pictures)
        for picture in pictures:
            self._tiles[picture.title].show_picture(picture)

    def pictures(self) -> tuple[Picture, ...]:
        return self._pictures

    def view(self, title: str) -> ImageView:
        """The view of a picture."""
        return self._tiles[title].view

    def matrix(self, title: str) -> MatrixView:
        """The view of a table.

        Raises:
            KeyError: There is no such table.
        """
        found = self._tiles[title].matrix
        if found is None:
            raise KeyError(title)
        return found

    def title(self, title: str) -> str:
        """The title as shown, with the value at the pointer."""
        return self._tiles[title].label.text()

    def _make_tiles(self, pictures: Sequence[Picture]) -> None:
        for tile in self._tiles.values():
            self._row.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        self._tiles = {p.title: _Tile(self, table=p.is_table) for p in pictures}
        views = [tile.view for tile in self._tiles.values() if tile.matrix is None]
        for tile in self._tiles.values():
            self._row.addWidget(tile, 3 if tile.matrix is None else 4)
            tile.view.hovered.connect(self._hover)
            tile.view.left.connect(lambda: self._hover(-1, -1))
        for view in views[1:]:
            views[0].linkView(view)

    def _hover(self, x: int, y: int) -> None:
        for tile in self._tiles.values():
            tile.tell(x, y)


class _Tile(QWidget):
    """A picture, or a table in its place.

    Attributes:
        label: The title, with the value at the pointer.
        view, matrix: Where values are shown; the former stays empty where there is the latter.
    """

    def __init__(self, parent: QWidget, *, table: bool) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self._picture: Picture | None = None
        self.label = ElidedLabel("", self)
        self.view = ImageView(self)
        self.view.setMinimumSize(SMALLEST_EM * em, SMALLEST_EM * em)
        self.view.setWindowLevelMode(False)
        self.matrix = MatrixView(self) if table else None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.label)
        column.addWidget(self.view if self.matrix is None else self.matrix, 1)
        if self.matrix is not None:
            self.view.hide()
            self.matrix.hovered.connect(lambda *_: self._tell_cell())

    def show_picture(self, picture: Picture) -> None:
        self._picture = picture
        self.label.setText(picture.heading)
        self.view.setAccessibleName(picture.title)
        if self.matrix is not None:
            self.matrix.setAccessibleName(picture.title)
            self.matrix.setMatrix(picture.values, picture.names, picture.axes)
        elif picture.of_labels:
            self.view.setImage(picture.colours())
        else:
            self.view.setImage(picture.values, (picture.low, picture.high))

    def tell(self, x: int, y: int) -> None:
        """Add the value of a pixel to the title, or take it away where there is none."""
        picture = self._picture
        if picture is None or picture.is_table:
            return
        height, width = picture.values.shape
        text = picture.heading
        if 0 <= x < width and 0 <= y < height:
            value = picture.values[y, x]
            text += f"  {value}" if picture.of_labels else f"  {value:.3g}"
        self.label.setText(text)

    def _tell_cell(self) -> None:
        """The cell of a table under the pointer in place of the title."""
        if self.matrix is not None and self._picture is not None:
            self.label.setText(self.matrix.told() or self._picture.heading)

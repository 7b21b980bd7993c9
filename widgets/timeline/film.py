"""What a filmstrip is made of, and where it goes."""

from __future__ import annotations

from dataclasses import dataclass, field

from PyQt6.QtCore import QSize
from PyQt6.QtGui import QImage

from widgets.grey import fitted


@dataclass(slots=True)
class Column:
    """A caption and one image (or None) a row, with the copies at the size last painted."""

    caption: str
    images: tuple[QImage | None, ...]
    _size: QSize = field(default_factory=QSize)
    _painted: tuple[QImage | None, ...] = ()

    def at(self, size: QSize, ratio: float) -> tuple[QImage | None, ...]:
        """The images at `size` logical pixels, resampled once for each size."""
        if self._size != size * ratio:
            self._size = size * ratio
            self._painted = tuple(
                None if image is None else fitted(image, size, ratio) for image in self.images
            )
        return self._painted


@dataclass(frozen=True, slots=True)
class FilmLayout:
    """Lengths in logical pixels, measured from the left and the top of the unscrolled strip.

    Captions stand in a line above `rows` rows of thumbnails; the titles of the rows take the
    `gutter` at the left. `em` is the height of a line of text.
    """

    rows: int
    em: int
    gutter: int
    caption_width: int = 0
    thumb: QSize = field(default_factory=QSize)

    @property
    def gap(self) -> int:
        return max(4, self.em // 3)

    @property
    def caption_height(self) -> int:
        return self.em + self.gap

    @property
    def pitch(self) -> int:
        """From one column to the next; a caption may be wider than the thumbnail under it."""
        return max(self.thumb.width(), self.caption_width) + self.gap

    def height(self, thumb: int) -> int:
        """Height of the strip with thumbnails of this height."""
        return self.caption_height + self.rows * (thumb + self.gap) + self.gap

    def left(self, position: int) -> int:
        return self.gutter + position * self.pitch

    def top(self, row: int) -> int:
        return self.caption_height + row * (self.thumb.height() + self.gap)

"""Thumbnails of the past in a line; a press or a drag goes there."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from widgets.grey import fitted
from widgets.theme import theme_of

HEIGHT_EM = 2.8
GAP = 3


class PreviewStrip(QWidget):
    """Shows as many iterations as have room, evenly chosen; a drag reaches all of them.

    `wanted` names the iterations that need a thumbnail, `picked` brings the place of the one
    under the pointer.
    """

    wanted = pyqtSignal(tuple)
    picked = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._iterations: tuple[int, ...] = ()
        self._current: int | None = None
        self._thumbs: dict[int, QImage] = {}
        self._fitted: dict[int, QImage] = {}
        self._asked: tuple[int, ...] = ()
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Pictures over the iterations")

    def clear(self) -> None:
        """Forget everything."""
        self._iterations, self._current, self._asked = (), None, ()
        self._thumbs, self._fitted = {}, {}
        self.update()

    def setIterations(self, iterations: Sequence[int]) -> None:
        """There are pictures of these, in order."""
        self._iterations = tuple(iterations)
        there = set(self._iterations)
        for known in (self._thumbs, self._fitted):
            for gone in [i for i in known if i not in there]:
                del known[gone]
        self._ask()
        self.update()

    def setCurrent(self, iteration: int | None) -> None:
        """Frame the one that is looked at."""
        self._current = iteration
        self.update()

    def setThumb(self, iteration: int, image: QImage) -> None:
        """The picture of an iteration, of any size."""
        if iteration in self._iterations:
            self._thumbs[iteration] = image
            self._fitted.pop(iteration, None)
            self.update()

    def shown(self) -> tuple[int, ...]:
        """The iterations that have a thumbnail's room, from the left."""
        count, room = len(self._iterations), self._room()
        if count <= room:
            return self._iterations
        last = count - 1
        places = dict.fromkeys(round(i * last / max(1, room - 1)) for i in range(room))
        return tuple(self._iterations[place] for place in places)

    def thumbs(self) -> int:
        """How many of them are seen by now."""
        return sum(iteration in self._thumbs for iteration in self.shown())

    def placeAt(self, x: int) -> int:
        """The place of the iteration at a pixel from the left; -1 without any."""
        shown = self.shown()
        if not shown:
            return -1
        step = self._side() + GAP
        if len(shown) == len(self._iterations):
            return min(max(0, x // step), len(shown) - 1)
        share = (x - self._side() / 2) / max(1, step * (len(shown) - 1))
        return round(min(max(0.0, share), 1.0) * (len(self._iterations) - 1))

    def sizeHint(self) -> QSize:
        return QSize(10 * self._side(), self._side())

    def minimumSizeHint(self) -> QSize:
        return QSize(self._side(), self._side())

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self._asked = ()
        self._ask()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._ask()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        theme, side = theme_of(self), self._side()
        painter = QPainter(self)
        shown = self.shown()
        framed = self._nearest(shown)
        for place, iteration in enumerate(shown):
            box = QRect(place * (side + GAP), 0, side, side)
            painter.fillRect(box, QColor(theme.canvas))
            image = self._image(iteration, QSize(side, side))
            if image is not None:
                ratio = self.devicePixelRatioF()
                width, height = round(image.width() / ratio), round(image.height() / ratio)
                left = box.left() + (side - width) // 2
                painter.drawImage(QRect(left, (side - height) // 2, width, height), image)
            if iteration == framed:
                painter.setPen(QPen(QColor(theme.accent), 2))
                painter.drawRect(box.adjusted(1, 1, -1, -1))
        painter.end()

    def _image(self, iteration: int, size: QSize) -> QImage | None:
        thumb = self._thumbs.get(iteration)
        if thumb is None:
            return None
        if iteration not in self._fitted:
            inside = thumb.size().scaled(size, Qt.AspectRatioMode.KeepAspectRatio)
            self._fitted[iteration] = fitted(thumb, inside, self.devicePixelRatioF())
        return self._fitted[iteration]

    def _nearest(self, shown: Sequence[int]) -> int | None:
        current = self._current
        if current is None or not shown:
            return None
        return min(shown, key=lambda iteration: abs(iteration - current))

    def _go(self, event: QMouseEvent | None) -> None:
        if event is not None and self._iterations:
            self.picked.emit(self.placeAt(event.pos().x()))

    def _ask(self) -> None:
        missing = tuple(i for i in self.shown() if i not in self._thumbs)
        if missing and missing != self._asked and self.isVisible():
            self._asked = missing
            self.wanted.emit(missing)

    def _side(self) -> int:
        return round(HEIGHT_EM * self.fontMetrics().height())

    def _room(self) -> int:
        return max(1, (self.width() + GAP) // (self._side() + GAP))

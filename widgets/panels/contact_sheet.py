"""Pictures side by side, each with a line about it: variants with their seeds, or votes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PyQt6.QtCore import QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PyQt6.QtWidgets import QAbstractScrollArea, QFrame, QMenu, QWidget

from widgets.grey import colour_image, fitted, grey_image
from widgets.panels.sheet_layout import SheetLayout, best_layout
from widgets.theme import Theme, theme_of

_SMALLEST_IMAGE = 72  # logical pixels
_NOTHING = SheetLayout(columns=1, rows=0, width=1, height=1)
# Keys as in InvokeAI's gallery: all parameters of a result, its seed, all but the seed.
_RECALLS: tuple[tuple[Qt.Key, str, str], ...] = (
    (Qt.Key.Key_A, "parameters", "Recall its parameters"),
    (Qt.Key.Key_S, "seed", "Recall its seed"),
    (Qt.Key.Key_R, "all_but_seed", "Recall all but its seed"),
)


class ContactSheet(QAbstractScrollArea):
    """Grid of images.

    A click or the arrow keys select (`selected`), a double click or Enter uses (`activated`).
    With a selection, and unless `recalls` says no, A, S and R ask for what made the image:
    `recallRequested` carries 'parameters', 'seed' or 'all_but_seed'.

    Args:
        name: Of the images, for the empty sheet and for screen readers.
        use: What using an image is called.
        recalls: Whether images were made from parameters.
        whole_captions: Whether cells are as wide as their captions; else these are elided.
    """

    selected = pyqtSignal(int)
    activated = pyqtSignal(int)
    recallRequested = pyqtSignal(str)

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        name: str = "Variants",
        use: str = "Use this image",
        recalls: bool = True,
        whole_captions: bool = False,
    ) -> None:
        super().__init__(parent)
        self._name, self._use = name, use
        self._recalls = _RECALLS if recalls else ()
        self._whole_captions = whole_captions
        self._pixel_aspect = 1.0
        self._images: list[QImage] = []
        self._captions: list[str] = []
        self._range = (-1.0, 1.0)
        self._current = -1
        self._grid = _NOTHING
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(name)

    def setValueRange(self, low: float, high: float) -> None:
        """Values of floating-point images, given from now on, shown as black and as white."""
        self._range = (low, high)

    def setPixelAspect(self, aspect: float) -> None:
        """Width of a pixel over its height."""
        self._pixel_aspect = aspect
        self._relayout()

    def setImages(self, images: Sequence[np.ndarray], captions: Sequence[str]) -> None:
        """Show these images; the selection stays where it was if there still is one.

        Args:
            images: each (H, W), uint8 or floating point in the value range, or (H, W, 3) uint8.
            captions: one for each image, such as its seed.

        Raises:
            ValueError: their numbers differ, or an image has another shape.
        """
        if len(images) != len(captions):
            raise ValueError(f"{len(images)} images have {len(captions)} captions")
        self._images = [self._picture(image) for image in images]
        self._captions = list(captions)
        self._current = min(self._current, len(self._images) - 1)
        self._relayout()

    def setImage(self, place: int, image: np.ndarray) -> None:
        """Replace one image, while it denoises for instance.

        Raises:
            IndexError: there is no such place.
            ValueError: the image has another shape than those of `setImages`.
        """
        if not 0 <= place < len(self._images):
            raise IndexError(f"there is no image {place} among {len(self._images)}")
        self._images[place] = self._picture(image)
        self._repaint(self.cellRect(place))

    def clear(self) -> None:
        self.setImages((), ())

    def count(self) -> int:
        return len(self._images)

    def current(self) -> int:
        """The selected image; -1 when there is none."""
        return self._current

    def setCurrent(self, place: int) -> None:
        """Select an image silently; -1 selects none.

        Raises:
            IndexError: there is no such place.
        """
        if not -1 <= place < len(self._images):
            raise IndexError(f"there is no image {place} among {len(self._images)}")
        self._current = place
        self._reveal()
        self._repaint()

    def cellRect(self, place: int) -> QRect:
        """Where an image with its caption is in the viewport."""
        caption = self._caption_height()
        left, top = self._grid.corner(place, self._room(), self._gap(), caption)
        return QRect(left, top - self._offset(), self._grid.pitch, self._grid.height + caption)

    def placeAt(self, x: int, y: int) -> int:
        """The image at a point of the viewport; -1 between and beside the images."""
        for place in range(len(self._images)):
            if self.cellRect(place).contains(x, y):
                return place
        return -1

    def sizeHint(self) -> QSize:
        return QSize(320, 240)

    # Geometry

    def _gap(self) -> int:
        return max(4, self.fontMetrics().height() // 2)

    def _caption_height(self) -> int:
        return round(1.3 * self.fontMetrics().height())

    def _caption_width(self) -> int:
        """That all captions fit into, or 0 where they may be elided."""
        if not self._whole_captions:
            return 0
        metrics = self.fontMetrics()
        return max((metrics.horizontalAdvance(text) + 2 for text in self._captions), default=0)

    def _offset(self) -> int:
        bar = self.verticalScrollBar()
        return 0 if bar is None else bar.value()

    def _room(self) -> tuple[int, int]:
        # Of the widget, not of the viewport: a scroll bar that comes must not change the grid.
        bar = self.verticalScrollBar()
        wide = self.width() - (0 if bar is None else bar.sizeHint().width())
        return max(1, wide), max(1, self.height())

    def _layout(self) -> SheetLayout:
        first = self._images[0]
        return best_layout(
            len(self._images),
            self._room(),
            first.width() / first.height() * self._pixel_aspect,
            self._gap(),
            self._caption_height(),
            _SMALLEST_IMAGE,
            self._caption_width(),
        )

    def _relayout(self) -> None:
        self._grid = self._layout() if self._images else _NOTHING
        bar = self.verticalScrollBar()
        if bar is not None:
            grid = self._grid
            pitch = grid.height + self._caption_height() + self._gap()
            bar.setRange(0, max(0, grid.rows * pitch + self._gap() - self.height()))
            bar.setPageStep(max(1, self.height()))
            bar.setSingleStep(max(1, pitch // 3))
        self._repaint()

    def _reveal(self) -> None:
        bar = self.verticalScrollBar()
        if bar is None or self._current < 0:
            return
        rect = self.cellRect(self._current)
        if rect.top() < 0:
            bar.setValue(bar.value() + rect.top() - self._gap())
        elif rect.bottom() > self.height():
            bar.setValue(bar.value() + rect.bottom() - self.height() + self._gap())

    def _repaint(self, rect: QRect | None = None) -> None:
        view = self.viewport()
        if view is not None:
            view.update(view.rect() if rect is None else rect)

    # Events

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._relayout()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._repaint()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._select(self._place_of(event))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Ends here what the press began: the widgets below would take it for their own."""

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        place = -1 if event is None else self._place_of(event)
        if place >= 0:
            self._select(place)
            self.activated.emit(place)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        if event is not None and self._current >= 0:
            menu = self.makeMenu()
            menu.exec(event.globalPos())
            menu.deleteLater()

    def makeMenu(self) -> QMenu:
        """What can be done with the selected image, each with its key."""
        menu, place = QMenu(self), self._current
        use = QAction(f"{self._use}\tEnter", menu)
        use.triggered.connect(lambda: self.activated.emit(place))
        menu.addAction(use)
        if self._recalls:
            menu.addSeparator()
        for key, kind, text in self._recalls:
            action = QAction(f"{text}\t{key.name.removeprefix('Key_')}", menu)
            action.triggered.connect(lambda _, k=kind: self.recallRequested.emit(k))
            menu.addAction(action)
        return menu

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None or not self._images:
            return super().keyPressEvent(event)
        last, columns = len(self._images) - 1, self._grid.columns
        key = Qt.Key(event.key())
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        moves = {
            Qt.Key.Key_Left: self._current - 1,
            Qt.Key.Key_Right: self._current + 1,
            Qt.Key.Key_Up: self._current - columns,
            Qt.Key.Key_Down: self._current + columns,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        recalls = {recall_key: kind for recall_key, kind, _ in self._recalls}
        if key in moves and self._current < 0:
            return self._select(0)
        if key in moves:
            return self._select(moves[key]) if 0 <= moves[key] <= last else None
        if self._current >= 0 and not plain:
            if key in recalls:
                return self.recallRequested.emit(recalls[key])
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                return self.activated.emit(self._current)
        return super().keyPressEvent(event)

    def _picture(self, image: np.ndarray) -> QImage:
        return colour_image(image) if image.ndim == 3 else grey_image(image, *self._range)

    def _place_of(self, event: QMouseEvent) -> int:
        point = event.position().toPoint()
        return self.placeAt(point.x(), point.y())

    def _select(self, place: int) -> None:
        if place >= 0 and place != self._current:
            self.setCurrent(place)
            self.selected.emit(place)

    # Painting

    def paintEvent(self, event: QPaintEvent | None) -> None:
        view = self.viewport()
        if view is None:
            return
        theme = theme_of(self)
        painter = QPainter(view)
        painter.fillRect(view.rect(), QColor(theme.surface))
        if not self._images:
            painter.setPen(QColor(theme.muted))
            text = f"The {self._name.lower()} appear here"
            painter.drawText(view.rect(), Qt.AlignmentFlag.AlignCenter, text)
        for place in range(len(self._images)):
            rect = self.cellRect(place)
            if event is None or event.rect().intersects(rect):
                self._paint_cell(painter, place, rect, theme)
        painter.end()

    def _paint_cell(self, painter: QPainter, place: int, rect: QRect, theme: Theme) -> None:
        is_current = place == self._current
        box = rect.adjusted(0, 0, 0, -self._caption_height())
        box.setWidth(self._grid.width)
        box.moveLeft(rect.left() + (rect.width() - self._grid.width) // 2)
        painter.drawImage(
            box.topLeft(), fitted(self._images[place], box.size(), self.devicePixelRatioF())
        )
        if is_current:
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.drawRect(box.adjusted(-1, -1, 1, 1))
        caption = QRect(rect.left(), box.bottom() + 1, rect.width(), self._caption_height())
        text = self.fontMetrics().elidedText(
            self._captions[place], Qt.TextElideMode.ElideMiddle, caption.width()
        )
        painter.setPen(QColor(theme.text if is_current else theme.muted))
        painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, text)

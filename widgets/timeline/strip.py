"""The painted filmstrip: columns of thumbnails that scroll sideways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PyQt6.QtCore import QPoint, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from widgets.theme import Theme, theme_of
from widgets.timeline.film import Column, FilmLayout

SMALLEST_THUMB = 56  # logical pixels


class Strip(QAbstractScrollArea):
    """Filmstrip. Tells what the user picks; the owner answers with `setCurrent`."""

    picked = pyqtSignal(int)
    playToggled = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns: list[Column] = []
        self._rows: tuple[str, ...] = ()
        self._smallest = SMALLEST_THUMB
        self._current = -1
        self._caption_width = 0
        self._empty_text = ""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(False)

    def setRows(self, titles: Sequence[str]) -> None:
        """Titles of the rows, from the top; every column has one image for each."""
        self._rows = tuple(titles)
        self.setMinimumHeight(self._film().height(self._smallest) + self._bar_height())
        self._relayout()

    def setSmallest(self, thumb: int) -> None:
        """How high thumbnails are at least, in logical pixels."""
        self._smallest = thumb
        self.setRows(self._rows)

    def setEmptyText(self, text: str) -> None:
        self._empty_text = text
        self._repaint()

    def setColumns(self, columns: Sequence[Column]) -> None:
        """Show these columns and no others."""
        self._columns = list(columns)
        self._caption_width = 0
        self._measure(columns)
        self._current = min(self._current, len(self._columns) - 1)
        self._relayout()

    def put(self, position: int, column: Column, replace: bool) -> None:
        """Insert `column` before `position`, or replace the one there."""
        self._measure((column,))
        if replace:
            self._columns[position] = column
            self._repaint()
        else:
            self._columns.insert(position, column)
            self._relayout()

    def setCurrent(self, position: int) -> None:
        """Mark the column (-1: none) and scroll it into view."""
        self._current = position
        self._reveal()
        self._repaint()

    def columnRect(self, position: int) -> QRect:
        """Where a column lies in the viewport, captions included."""
        film = self._film()
        left = film.left(position) - self._offset()
        return QRect(left, 0, film.thumb.width(), film.height(film.thumb.height()))

    def positionAt(self, x: int) -> int:
        """The column nearest to a viewport coordinate; -1 when the strip is empty."""
        film = self._film()
        position = (x - film.gutter + self._offset()) // film.pitch
        return max(0, min(len(self._columns) - 1, position)) if self._columns else -1

    def sizeHint(self) -> QSize:
        return QSize(640, self._film().height(96) + self._bar_height())

    # Geometry

    def _film(self) -> FilmLayout:
        """The layout with thumbnails as large as the height allows.

        The width does not count: the size stays while the strip grows sideways.
        """
        metrics = self.fontMetrics()
        em, rows = metrics.height(), max(1, len(self._rows))
        titles = max((metrics.horizontalAdvance(title) for title in self._rows), default=0)
        bare = FilmLayout(rows, em, gutter=titles + em)
        tall = max((self.height() - self._bar_height() - bare.height(0)) // rows, self._smallest)
        thumb = QSize(max(1, round(tall * self._aspect())), tall)
        return replace(bare, caption_width=self._caption_width, thumb=thumb)

    def _bar_height(self) -> int:
        bar = self.horizontalScrollBar()
        return 0 if bar is None else bar.sizeHint().height()

    def _offset(self) -> int:
        bar = self.horizontalScrollBar()
        return 0 if bar is None else bar.value()

    def _bold(self) -> QFont:
        font = QFont(self.font())
        font.setBold(True)
        return font

    def _measure(self, columns: Sequence[Column]) -> None:
        """Widen the pitch to the captions, which may be wider than the thumbnails."""
        metrics = QFontMetrics(self._bold())
        widths = (metrics.horizontalAdvance(column.caption) for column in columns)
        self._caption_width = max(self._caption_width, *widths, 0)

    def _aspect(self) -> float:
        for image in self._columns[0].images if self._columns else ():
            if image is not None:
                return image.width() / image.height()
        return 1.0

    def _view_width(self) -> int:
        view = self.viewport()
        return 0 if view is None else view.width()

    def _relayout(self) -> None:
        bar = self.horizontalScrollBar()
        if bar is not None:
            film = self._film()
            bar.setRange(0, max(0, film.left(len(self._columns)) - self._view_width()))
            bar.setPageStep(max(1, self._view_width()))
            bar.setSingleStep(film.pitch)
        self._repaint()

    def _reveal(self) -> None:
        bar = self.horizontalScrollBar()
        if bar is None or self._current < 0:
            return
        # A neighbour on either side stays visible, so that scrubbing shows where it goes.
        film = self._film()
        margin = film.pitch
        rect = self.columnRect(self._current)
        if rect.left() < film.gutter + margin:
            bar.setValue(bar.value() + rect.left() - film.gutter - margin)
        elif rect.right() > self._view_width() - margin:
            bar.setValue(bar.value() + rect.right() - self._view_width() + margin)

    def _repaint(self) -> None:
        view = self.viewport()
        if view is not None:
            view.update()

    # Events

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._relayout()
        self._reveal()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._repaint()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        bar = self.horizontalScrollBar()
        if event is None or bar is None:
            return
        delta = event.angleDelta()
        bar.setValue(bar.value() - (delta.y() or delta.x()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        self._scrub(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        self._scrub(event)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Ends here what the press began: the widgets below would take it for their own."""

    def _scrub(self, event: QMouseEvent | None) -> None:
        if event is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        position = self.positionAt(round(event.position().x()))
        if position >= 0 and position != self._current:
            self.picked.emit(position)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        last = len(self._columns) - 1
        match event.key():
            case Qt.Key.Key_Left:
                target = self._current - 1
            case Qt.Key.Key_Right:
                target = self._current + 1
            case Qt.Key.Key_Home:
                target = 0
            case Qt.Key.Key_End:
                target = last
            case Qt.Key.Key_Space | Qt.Key.Key_P:
                self.playToggled.emit()
                return
            case _:
                super().keyPressEvent(event)
                return
        if last >= 0:
            self.picked.emit(max(0, min(last, target)))

    # Painting

    def paintEvent(self, event: QPaintEvent | None) -> None:
        view = self.viewport()
        if view is None:
            return
        theme, film = theme_of(self), self._film()
        painter = QPainter(view)
        painter.fillRect(view.rect(), QColor(theme.surface))
        if self._columns:
            painter.setClipRect(view.rect().adjusted(film.gutter - 2, 0, 0, 0))
            for position in range(self.positionAt(0), self.positionAt(view.width()) + 1):
                self._paint_column(painter, position, film, theme)
            painter.setClipping(False)
            painter.setPen(QColor(theme.muted))
            for row, title in enumerate(self._rows):
                box = QRect(0, film.top(row), film.gutter, film.thumb.height())
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, title)
        else:
            painter.setPen(QColor(theme.muted))
            painter.drawText(view.rect(), Qt.AlignmentFlag.AlignCenter, self._empty_text)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.drawRect(view.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_column(
        self, painter: QPainter, position: int, film: FilmLayout, theme: Theme
    ) -> None:
        column, is_current = self._columns[position], position == self._current
        left = film.left(position) - self._offset()
        painter.setFont(self._bold() if is_current else self.font())
        painter.setPen(QColor(theme.text if is_current else theme.muted))
        caption = QRect(left, 0, film.pitch - film.gap, film.caption_height)
        align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(caption, align, column.caption)
        painter.setFont(self.font())
        for row, image in enumerate(column.at(film.thumb, self.devicePixelRatioF())):
            box = QRect(QPoint(left, film.top(row)), film.thumb)
            if image is None:
                painter.fillRect(box, QColor(theme.raised))
            else:
                painter.drawImage(box.topLeft(), image)
            if is_current:
                painter.setPen(QPen(QColor(theme.accent), 2))
                painter.drawRect(box.adjusted(-1, -1, 1, 1))

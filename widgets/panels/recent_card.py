"""One recent file on the start page: what it looks like, what it is called, where it lies."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QFont,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PyQt6.QtWidgets import QAbstractButton, QToolButton, QWidget

from widgets.icons import icon
from widgets.theme import DARK, theme_of

_KIND_ICONS = {
    "volume": "mdi6.cube-outline",
    "mask": "mdi6.layers-outline",
    "session": "mdi6.folder-star-outline",
    "run": "mdi6.school-outline",
    "translation": "mdi6.swap-horizontal",
    "evaluation": "mdi6.chart-box-outline",
}


@dataclass(frozen=True)
class RecentItem:
    """What a card shows.

    Attributes:
        key: Comes back in signals.
        name, folder, age: Texts, such as "brain.nii.gz", "/data/trial", "yesterday".
        kind: "volume", "mask", "session", "run", "translation" or "evaluation".
        missing: Whether the file is gone.
        thumbnail: A small picture, or None for an icon.
    """

    key: str
    name: str
    folder: str
    age: str = ""
    kind: str = "volume"
    missing: bool = False
    thumbnail: QImage | None = None


class RecentCard(QAbstractButton):
    """Opens with a click, Space or Enter; Delete or the cross takes it off the list."""

    removed = pyqtSignal()

    def __init__(self, item: RecentItem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.item = item
        where = f"{item.folder}\nThe file is gone." if item.missing else item.folder
        self.setToolTip(f"{item.name}\n{where}")
        self.setAccessibleName(item.name)
        self.setAccessibleDescription(f"{where} {item.age}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.cross = QToolButton(self)
        self.cross.setIcon(icon("mdi6.close"))
        self.cross.setToolTip("Take off the list (Delete)")
        self.cross.setAccessibleName(f"Take {item.name} off the list")
        self.cross.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.cross.clicked.connect(self.removed)
        self._show_cross()

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(19 * em, round(5.2 * em))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() == Qt.Key.Key_Delete:
            self.removed.emit()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent | None) -> None:
        super().enterEvent(event)
        self._show_cross()

    def leaveEvent(self, event: object) -> None:
        self._show_cross()
        self.update()

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        self._show_cross()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        self._show_cross()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        side = self.cross.sizeHint()
        self.cross.setGeometry(self.width() - side.width() - 3, 3, side.width(), side.height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        theme, em = theme_of(self), self.fontMetrics().height()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(QPen(QColor(theme.accent if self.hasFocus() else theme.border), 1))
        painter.setBrush(QColor(theme.hover if self.underMouse() else theme.surface))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 0.4 * em, 0.4 * em)
        pad = round(0.6 * em)
        side = self.height() - 2 * pad
        self._paint_picture(painter, QRect(pad, pad, side, side))
        self._paint_texts(painter, pad + side + pad, pad)
        painter.end()

    def _paint_picture(self, painter: QPainter, place: QRect) -> None:
        theme, picture = theme_of(self), self.item.thumbnail
        painter.fillRect(place, QColor(theme.canvas))
        if picture is None or picture.isNull():
            name = _KIND_ICONS.get(self.item.kind, "mdi6.file-outline")
            inner = place.adjusted(*(round(s * place.width() / 4) for s in (1, 1, -1, -1)))
            # The canvas is dark in both themes.
            icon(name, theme=DARK, tone="muted").paint(painter, inner)
            return
        painter.setOpacity(0.35 if self.item.missing else 1.0)
        size = picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(place.topLeft(), size)
        target.moveCenter(place.center())
        painter.drawImage(target, picture)
        painter.setOpacity(1.0)

    def _paint_texts(self, painter: QPainter, left: int, top: int) -> None:
        theme, item = theme_of(self), self.item
        em = self.fontMetrics().height()
        bold = QFont(self.font())
        bold.setBold(True)
        last = "Not found" if item.missing else " · ".join(t for t in (item.kind, item.age) if t)
        rows = (
            (item.name, bold, theme.muted if item.missing else theme.text),
            (item.folder, self.font(), theme.muted),
            (last, self.font(), theme.warning if item.missing else theme.muted),
        )
        for place, (text, font, colour) in enumerate(rows):
            painter.setFont(font)
            painter.setPen(QColor(colour))
            free = self.cross.width() if place == 0 else 0
            room = QRect(left, top + round(place * 1.35 * em), 0, round(1.3 * em))
            room.setRight(self.width() - round(0.6 * em) - free)
            cut = Qt.TextElideMode.ElideMiddle
            shown = painter.fontMetrics().elidedText(text, cut, room.width())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), shown)

    def _show_cross(self) -> None:
        self.cross.setVisible(self.item.missing or self.underMouse() or self.hasFocus())

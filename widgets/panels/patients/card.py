"""One patient as a row of a list: a small picture, the name, and which labels there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QModelIndex, QRect, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QImage, QPainter, QPen
from PyQt6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from widgets.theme import theme_of

CARD = Qt.ItemDataRole.UserRole
HIGH_EM, PAD_EM = 3.9, 0.35
LABEL_SHARE = 0.55  # of a label's colour over the grey below it
NO_LABEL = "no label"


@dataclass(frozen=True)
class Structure:
    """What labels may be of, with its colour (r, g, b)."""

    value: int
    name: str
    colour: tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class PatientCard:
    """What a row shows.

    Attributes:
        name: Comes back in signals.
        told: A few words on what there is of the patient, such as "32 slices".
        structures: Values of those that its labels have.
        has_labels: Whether there are any labels, empty ones among them.
        plain, marked: A slice, and the same with its labels; None where there is none.
        tip: More on it.
    """

    name: str
    told: str = ""
    structures: tuple[int, ...] = ()
    has_labels: bool = True
    plain: QImage | None = None
    marked: QImage | None = field(default=None)
    tip: str = ""


def picture_of(
    grey: NDArray[np.uint8],
    labels: NDArray[np.uint8] | None = None,
    structures: Sequence[Structure] = (),
) -> QImage:
    """A slice (H, W), with labels (H, W) in their colours where there are any; for any thread."""
    rgb = np.repeat(grey[..., None], 3, axis=2).astype(np.float32)
    if labels is not None:
        for structure in structures:
            at = labels == structure.value
            rgb[at] += LABEL_SHARE * (np.array(structure.colour, np.float32) - rgb[at])
    pixels = np.ascontiguousarray(rgb.round().astype(np.uint8))
    height, width = grey.shape
    image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.copy()  # it must outlive the bytes


class CardPainter(QStyledItemDelegate):
    """Paints rows of `PatientCard`s.

    Args:
        marked: Whether pictures show labels.
    """

    def __init__(self, parent: QWidget, *, marked: bool) -> None:
        super().__init__(parent)
        self._view = parent
        self._marked = marked
        self._structures: dict[int, Structure] = {}

    def setStructures(self, structures: Mapping[int, Structure]) -> None:
        """All that labels may be of."""
        self._structures = dict(structures)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        em = self._view.fontMetrics().height()
        return QSize(8 * em, round(HIGH_EM * em))

    def paint(
        self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        card = index.data(CARD)
        if painter is None or not isinstance(card, PatientCard):
            return
        theme, em = theme_of(self._view), self._view.fontMetrics().height()
        pad = round(PAD_EM * em)
        row = option.rect.adjusted(2, 2, -2, -2)
        state = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        over = bool(state & QStyle.StateFlag.State_MouseOver)
        # The list with the keys shows which of its rows they go to.
        current = bool(state & QStyle.StateFlag.State_HasFocus)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(QPen(QColor(theme.accent if current else theme.border), 1))
        ground = theme.accent_soft if selected else theme.hover if over else theme.raised
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(row, 0.3 * em, 0.3 * em)
        side = row.height() - 2 * pad
        self._paint_picture(painter, card, QRect(row.left() + pad, row.top() + pad, side, side))
        left = row.left() + side + 2 * pad + pad // 2
        room = QRect(left, row.top() + pad, row.right() - pad - left, side)
        self._paint_texts(painter, card, room, theme.text, theme.text if selected else theme.muted)
        painter.restore()

    def _paint_picture(self, painter: QPainter, card: PatientCard, place: QRect) -> None:
        painter.fillRect(place, QColor(theme_of(self._view).canvas))
        picture = card.marked if self._marked and card.marked is not None else card.plain
        if picture is not None:
            size = picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(place.topLeft(), size)
            target.moveCenter(place.center())
            painter.drawImage(target, picture)

    def _paint_texts(
        self, painter: QPainter, card: PatientCard, room: QRect, text: str, muted: str
    ) -> None:
        line = room.height() // 3
        bold = QFont(self._view.font())
        bold.setBold(True)
        rows = ((card.name, bold, text), (card.told, self._view.font(), muted))
        for place, (words, font, colour) in enumerate(rows):
            painter.setFont(font)
            painter.setPen(QColor(colour))
            box = QRect(room.left(), room.top() + place * line, room.width(), line)
            cut = painter.fontMetrics().elidedText(
                words, Qt.TextElideMode.ElideMiddle, room.width()
            )
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), cut)
        box = QRect(room.left(), room.top() + 2 * line, room.width(), line)
        if card.has_labels:
            self._paint_labels(painter, card, box, muted)
        else:
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), NO_LABEL)

    def _paint_labels(self, painter: QPainter, card: PatientCard, box: QRect, outline: str) -> None:
        """A patch for each structure, filled where the patient's labels have it."""
        side = max(6, round(0.62 * box.height()))
        gap = side // 2
        for place, structure in enumerate(self._structures.values()):
            left = box.left() + place * (side + gap)
            if left + side > box.right():
                return
            patch = QRect(left, box.center().y() - side // 2, side, side)
            there = structure.value in card.structures
            painter.setPen(QPen(QColor(outline), 1))
            painter.setBrush(QColor(*structure.colour) if there else Qt.GlobalColor.transparent)
            painter.drawRoundedRect(patch, 2, 2)

"""One judged case: its errors in colours on the image, two images and their difference, a copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.scoring.errors import KINDS
from widgets.elided_label import ElidedLabel
from widgets.paint.flow import FlowRow
from widgets.panels.volume.parts import muted
from widgets.viewer.picture_row import Picture, PictureRow
from widgets.viewer.volume.arrangement import ViewLayout
from widgets.viewer.volume.layers import Layer, LayerKind, LayerStack
from widgets.viewer.volume.plane_pane import World
from widgets.viewer.volume.volume_view import VolumeView

EMPTY = "Choose a line of the table: the case is shown here, with its errors in colours."
EVERY = "all labels"


class CasePanel(QWidget):
    """A line that says what is shown, a legend, and the views.

    `labelChosen` tells whose errors the user wants; whoever reads cases answers.

    Attributes:
        label: Whose errors are shown.
        views: Of volumes; `pictures`: of copies.
    """

    labelChosen = pyqtSignal(object)  # label, or None for all

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self._title = ElidedLabel(EMPTY, self)
        self._title.setProperty("role", "muted")
        self._note = muted("", self)
        self.label = QComboBox(self)
        self.label.setAccessibleName("Errors of")
        self.label.activated.connect(lambda _: self.labelChosen.emit(self.label.currentData()))
        self.stack = LayerStack(self)
        self.views = VolumeView(self.stack, self)
        self.pictures = PictureRow(self)
        self._pages = QStackedWidget(self)
        self._empty = muted(EMPTY, self, centred=True)
        for page in (self._empty, self.views, self.pictures):
            self._pages.addWidget(page)
        self._keys: dict[int, QLabel] = {}
        self._legend = FlowRow(em // 2, self)
        for number, kind in KINDS.items():
            key = QLabel(self)
            key.setTextFormat(Qt.TextFormat.RichText)
            key.setToolTip(kind.short.capitalize())
            self._keys[number] = key
            self._legend.add(key)
        head = QHBoxLayout()
        head.setSpacing(em // 2)
        head.addWidget(self._title, 1)
        head.addWidget(self._note)
        head.addWidget(self.label)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, em // 3, 0, 0)
        column.setSpacing(em // 3)
        column.addLayout(head)
        column.addWidget(self._legend)
        column.addWidget(self._pages, 1)
        self.clear()

    def clear(self, text: str = EMPTY) -> None:
        """Show no case, and say why."""
        self.stack.clear()
        self._empty.setText(text)
        self._pages.setCurrentWidget(self._empty)
        self._head("", "")
        self._legend.hide()
        self.label.hide()

    def setLabels(self, names: Mapping[int, str], label: int | None) -> None:
        """Offer errors of these labels, and show which are chosen."""
        with QSignalBlocker(self.label):
            self.label.clear()
            self.label.addItem(f"Errors of {EVERY}", None)
            for value, name in names.items():
                self.label.addItem(f"Errors of {name}", value)
            self.label.setCurrentIndex(self.label.findData(label) if label is not None else 0)

    def showErrors(
        self, title: str, note: str, layers: Sequence[Layer], place: World,
        counts: Mapping[int, int], *, flat: bool,
    ) -> None:  # fmt: skip
        """Show errors on the image.

        Args:
            layers: From the lowest.
            place: RAS+ mm to look at.
            counts: Voxels of each of `KINDS`.
            flat: Whether it is a picture of one slice.
        """
        self._head(title, note)
        for number, kind in KINDS.items():
            red, green, blue = kind.colour
            key = self._keys[number]
            key.setText(
                f"<span style='color: rgb({red}, {green}, {blue})'>■</span> {kind.name} "
                f"({kind.short}): {counts.get(number, 0):,}"
            )
            key.setVisible(number in counts)
        self._legend.show()
        self.label.show()
        self._show(layers, place, ViewLayout.ONE if flat else ViewLayout.MAIN)

    def showImages(
        self, title: str, note: str, layers: Sequence[Layer], place: World | None
    ) -> None:
        """Show images side by side.

        Args:
            place: RAS+ mm to look at; None to stay where the views are, as they are.
        """
        self._head(title, note)
        self._legend.hide()
        self.label.hide()
        self._show(layers, place, ViewLayout.COMPARE)

    def showCopy(
        self, title: str, ours: NDArray[np.float32], theirs: NDArray[np.float32], *, mirrored: bool
    ) -> None:
        """Show a synthetic slice and the training slice that is most like it."""
        self._head(title, "")
        for widget in (self._legend, self.label):
            widget.hide()
        note = "(mirrored)" if mirrored else ""
        self.pictures.setPictures([
            Picture("Synthetic", ours), Picture("Nearest training slice", theirs, note=note),
        ])  # fmt: skip
        self._pages.setCurrentWidget(self.pictures)

    def title(self) -> str:
        """What is shown, in words."""
        return self._title.text()

    def reason(self) -> str:
        """Why it is empty, where it is."""
        return self._empty.text()

    def isEmpty(self) -> bool:
        return self._pages.currentWidget() is self._empty

    def legend(self) -> str:
        """The keys in sight, rich text."""
        return " ".join(key.text() for key in self._keys.values() if not key.isHidden())

    def _show(self, layers: Sequence[Layer], place: World | None, layout: ViewLayout) -> None:
        seen = self.views.crosshair()
        self.stack.clear()
        for layer in layers:
            self.stack.add(layer, activate=layer.kind is LayerKind.IMAGE)
        self.views.setViewLayout(layout)
        if place is not None:
            self.views.resetViews()
        self.views.setCrosshair(seen if place is None else place)
        self._pages.setCurrentWidget(self.views)

    def _head(self, title: str, note: str) -> None:
        self._title.setText(title)
        self._note.setText(note)
        self._note.setVisible(bool(note))

"""What a training could do by when: pictures of the same samples, and a slider over the past."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSlider,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets.icons import icon
from widgets.panels.preview_strip import PreviewStrip
from widgets.viewer.picture_row import Picture, PictureRow

EMPTY = "No pictures yet"
LEAST_EM = 13
"""So high the panel is at least where there is room for the thumbnails, too."""


class PreviewPanel(QWidget):
    """Asks for the pictures of an iteration with `wanted`, and shows them once it is given them.

    While the slider is at its end it stays there: new pictures come into sight by themselves.

    Attributes:
        strip: Thumbnails of the past; it asks for them by itself.
    """

    wanted = pyqtSignal(int)  # iteration

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._iterations: tuple[int, ...] = ()
        self.row = PictureRow(self)
        self._empty = QLabel(EMPTY, self)
        self._empty.setProperty("role", "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName("Iteration of the pictures")
        self.slider.valueChanged.connect(self._moved)
        self.strip = PreviewStrip(self)
        self.strip.picked.connect(self.slider.setValue)
        self._caption = QLabel(self)
        self._back = self._button("mdi6.chevron-left", "Pictures before these", -1)
        self._on = self._button("mdi6.chevron-right", "Pictures after these", 1)
        self.newest = QToolButton(self)
        self.newest.setIcon(icon("mdi6.page-last"))
        self.newest.setToolTip("The newest pictures, and those to come")
        self.newest.setAccessibleName("The newest pictures")
        self.newest.clicked.connect(lambda: self.slider.setValue(self.slider.maximum()))
        self._arrange()
        self.clear()

    def clear(self, empty: str = EMPTY) -> None:
        """Forget everything; `empty` is what the panel says then."""
        self._empty.setText(empty)
        self._iterations = ()
        self.strip.clear()
        self.row.setPictures(())
        self._set_range(0)
        self._show()

    def setIterations(self, iterations: Sequence[int]) -> None:
        """There are pictures of these iterations, in order; asks for those to be shown."""
        if tuple(iterations) == self._iterations:
            return
        following, shown = self.isFollowing(), self.iteration()
        self._iterations = tuple(iterations)
        last = len(iterations) - 1
        # What was removed is replaced by what comes next.
        place = last if following else min(bisect_left(self._iterations, shown or 0), last)
        self._set_range(place)
        self._show()
        self.strip.setIterations(self._iterations)
        now = self.iteration()
        if now is not None and now != shown:
            self.wanted.emit(now)

    def iteration(self) -> int | None:
        """That of the slider; None without any."""
        return self._iterations[self.slider.value()] if self._iterations else None

    def isFollowing(self) -> bool:
        """Whether the slider stays at the newest pictures."""
        return self.slider.value() == self.slider.maximum()

    def setPictures(self, iteration: int, pictures: Sequence[Picture]) -> None:
        """Show pictures, if the slider is still where they belong."""
        if iteration == self.iteration():
            self.row.setPictures(pictures)
            self._show()

    def caption(self) -> str:
        return self._caption.text()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._show()

    def _set_range(self, place: int) -> None:
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(self._iterations) - 1))
        self.slider.setValue(place)
        self.slider.blockSignals(False)

    def askAgain(self) -> None:
        """Ask for the pictures in sight once more: what they are shown with has changed."""
        iteration = self.iteration()
        if iteration is not None:
            self.wanted.emit(iteration)

    def _moved(self) -> None:
        self._show()
        self.askAgain()

    def _show(self) -> None:
        iteration = self.iteration()
        place, count = self.slider.value() + 1, len(self._iterations)
        text = "" if iteration is None else f"Iteration {iteration:,}  ·  {place} of {count}"
        self._caption.setText(text)
        self._stack.setCurrentIndex(1 if self.row.pictures() else 0)
        self._bar.setVisible(bool(self._iterations))
        self.strip.setCurrent(iteration)
        high = self.height() >= LEAST_EM * self.fontMetrics().height()
        self.strip.setVisible(count > 1 and high)
        self._back.setEnabled(place > 1)
        self.slider.setEnabled(count > 1)
        for button in (self._on, self.newest):
            button.setEnabled(place < count)

    def _button(self, name: str, text: str, step: int) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon(name))
        button.setToolTip(text)
        button.setAccessibleName(text)
        button.setAutoRepeat(True)
        button.clicked.connect(lambda: self.slider.setValue(self.slider.value() + step))
        return button

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        self._bar = QWidget(self)
        bar = QHBoxLayout(self._bar)
        bar.setContentsMargins(0, 0, 0, 0)
        bar.setSpacing(em // 3)
        for button in (self._back, self._on):
            bar.addWidget(button)
        bar.addWidget(self.slider, 1)
        bar.addWidget(self.newest)
        bar.addWidget(self._caption)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(em // 3)
        column.addLayout(self._stack, 1)
        column.addWidget(self.strip)
        column.addWidget(self._bar)

"""Where a probability becomes a structure: the histogram, a number, and the majority's way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QTimer, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from widgets.forms.number_box import NumberBox, NumberRange
from widgets.panels.volume.parts import muted
from widgets.panels.volume.threshold_plot import PLACES, ThresholdPlot
from widgets.panels.volume.values import plain

SETTLE_MS = 500  # after the last change of the number


@dataclass(frozen=True)
class Words:
    """What a threshold is about.

    Attributes:
        button, tip: Of the way back to what is chosen without a threshold.
        hint: What becomes of voxels beyond it.
        what, found: See `ThresholdPlot`.
    """

    button: str
    tip: str
    hint: str
    what: str
    found: str


MAJORITY = Words(
    "Majority", "Go back to the class of most votes",
    "Voxels with more than this probability of any structure become the most probable one.",
    "probability", "foreground",
)  # fmt: skip


class ThresholdPanel(QWidget):
    """A threshold of the foreground's probability, or of other values from 0 to 1.

    `previewed` tells where the line is while it is dragged, None when the drag is called off;
    `chosen` where it shall be, None for the class of most votes, or what the button says.
    """

    previewed = pyqtSignal(object)  # float or None
    chosen = pyqtSignal(object)  # float or None

    def __init__(
        self, parent: QWidget | None = None, words: Words = MAJORITY, *, counts: bool = True
    ) -> None:
        """counts: Whether it says how many voxels the histogram has beyond the line."""
        super().__init__(parent)
        self._above: NDArray[np.int64] | None = None
        self._counts = counts
        self._voxel_ml, self._majority = 0.0, 0
        self.plot = ThresholdPlot(self, what=words.what, found=words.found)
        self.box = NumberBox(NumberRange(False, 0.0, 1.0, 0.01, PLACES), 0.5, self)
        self.box.setAccessibleName("Threshold")
        self.majority = QPushButton(words.button, self)
        self.majority.setToolTip(words.tip)
        self.count = QLabel(self)
        self.state = muted("", self)
        self.state.setWordWrap(True)
        self.hint = muted(words.hint, self)
        self.hint.setWordWrap(True)
        self._build()
        self.plot.moved.connect(self._dragged)
        self.plot.settled.connect(lambda value: self._choose(value))
        self.plot.abandoned.connect(self._called_off)
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(SETTLE_MS)
        self._clock.timeout.connect(self._settle)
        self.box.valueEdited.connect(self._typed)
        self.box.editingFinished.connect(self._settle_now)
        self.majority.clicked.connect(lambda: self._choose(None))
        self.setCounts(None, 0.0)

    def setCounts(
        self, counts: NDArray[np.int64] | None, voxel_ml: float, majority: int = 0
    ) -> None:
        """Voxels as `counting.shares` has them; None: nothing was found yet.

        Args:
            voxel_ml: Volume of a voxel.
            majority: Voxels of any structure by the class of most votes.
        """
        # Of each part, how many lie beyond it.
        self._above = None if counts is None else counts.sum() - np.cumsum(counts)
        self._voxel_ml, self._majority = voxel_ml, majority
        self._clock.stop()
        self.plot.setCounts(counts)
        for widget in (self.box, self.majority):
            widget.setEnabled(counts is not None)
        self._tell(self.plot.value())

    def setValue(self, value: float | None) -> None:
        """Show a threshold, silently; None for the class of most votes."""
        self.plot.setValue(value)
        self.box.setValue(self.plot.value())
        self.majority.setEnabled(value is not None and self._above is not None)
        self._tell(value)

    def setState(self, text: str) -> None:
        """What came of the last one."""
        self.state.setText(text)

    def _choose(self, value: float | None) -> None:
        self.setValue(value)
        self.chosen.emit(value)

    def _typed(self) -> None:
        """While a number is typed, its text is left alone."""
        value = self.box.value()
        self.plot.setValue(value)
        self._tell(value)
        self.previewed.emit(value)
        self._clock.start()

    def _settle_now(self) -> None:
        if self._clock.isActive():
            self._settle()

    def _settle(self) -> None:
        self._clock.stop()
        self.majority.setEnabled(True)
        self.chosen.emit(self.box.value())

    def _dragged(self, value: float) -> None:
        self.box.setValue(value)
        self._tell(value)
        self.previewed.emit(value)

    def _called_off(self) -> None:
        self.box.setValue(self.plot.value())
        self._tell(self.plot.value())
        self.previewed.emit(None)

    def setCount(self, text: str) -> None:
        """Say what was found, where this is not told from the histogram."""
        self.count.setText(text)

    def _tell(self, value: float | None) -> None:
        if not self._counts:
            return
        if self._above is None:
            self.count.setText("")
            return
        parts = len(self._above) - 1
        voxels = self._majority if value is None else int(self._above[round(value * parts)])
        ml = plain(voxels * self._voxel_ml, 3)
        self.count.setText(f"{voxels:,} voxels  ·  {ml} ml")

    def _build(self) -> None:
        em = self.fontMetrics().height()
        name = QLabel("Threshold", self)
        name.setBuddy(self.box)
        numbers = QHBoxLayout()
        numbers.addWidget(name)
        numbers.addWidget(self.box)
        numbers.addWidget(self.majority)
        side = QVBoxLayout()
        side.setSpacing(em // 3)
        side.addLayout(numbers)
        side.addWidget(self.count)
        side.addWidget(self.state)
        side.addStretch(1)
        side.addWidget(self.hint)
        self.box.setFixedWidth(6 * em)
        row = QHBoxLayout(self)
        row.setSpacing(em)
        row.addWidget(self.plot, 1)
        row.addLayout(side)
        for label in (self.state, self.hint, self.count):
            label.setMaximumWidth(18 * em)

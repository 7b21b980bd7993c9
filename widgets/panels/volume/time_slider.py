"""The point in time of a series."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, Qt, QTimer
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from widgets.icons import icon
from widgets.panels.volume.parts import muted, tool_button
from widgets.viewer.volume.layers import LayerStack

_STEP_MS = 120


class TimeSlider(QWidget):
    """Slides and plays through a stack's points in time; hidden while there is only one."""

    def __init__(self, stack: LayerStack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stack = stack
        self.play = tool_button("mdi6.play", "Play", self, checkable=True)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName("Point in time")
        self._text = QLabel(self)
        self._text.setMinimumWidth(self.fontMetrics().horizontalAdvance("0000 of 0000"))
        self._timer = QTimer(self)
        self._timer.setInterval(_STEP_MS)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(muted("Time", self))
        line.addWidget(self.play)
        line.addWidget(self.slider, 1)
        line.addWidget(self._text)
        self.slider.valueChanged.connect(stack.setTime)
        self.play.toggled.connect(self._toggle)
        self._timer.timeout.connect(self._advance)
        stack.changed.connect(self._show)
        stack.timeChanged.connect(self._show)
        self._show()

    def text(self) -> str:
        """ "3 of 20": counted from 1."""
        return self._text.text()

    def _show(self) -> None:
        times, time = self._stack.times(), self._stack.time()
        self.setVisible(times > 1)
        if times == 1:
            self.play.setChecked(False)
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, times - 1)
            self.slider.setValue(time)
        self._text.setText(f"{time + 1} of {times}")

    def _toggle(self, on: bool) -> None:
        self.play.setIcon(icon("mdi6.pause" if on else "mdi6.play"))
        self.play.setToolTip("Pause" if on else "Play")
        if on:
            self._timer.start()
        else:
            self._timer.stop()

    def _advance(self) -> None:
        self._stack.setTime((self._stack.time() + 1) % self._stack.times())

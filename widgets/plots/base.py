"""A plot in the colours of the theme, with a text for when there is nothing to show."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pyqtgraph as pg
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QColor, QPen
from PyQt6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from widgets.theme import Theme, theme_of


def pen(colour: str, width: float = 1.6, alpha: float = 1.0) -> QPen:
    """A cosmetic pen: `width` in pixels whatever the zoom, `alpha` its opacity in [0, 1]."""
    tone = QColor(colour)
    tone.setAlphaF(alpha)
    return pg.mkPen(tone, width=width)


class ThemedPlot(QWidget):
    """Holds a pyqtgraph plot and restyles it when the theme changes.

    A subclass gives its curves their pens in `restyle`, and calls it once they exist.
    """

    def __init__(self, empty_text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._empty = QLabel(empty_text, self)
        self._empty.setProperty("role", "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.plot = pg.PlotWidget(self)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.showGrid(x=True, y=True, alpha=0.15)
        self._header = QLabel(self)
        self._header.setTextFormat(Qt.TextFormat.RichText)
        self._full = QWidget(self)
        column = QVBoxLayout(self._full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._header)
        column.addWidget(self.plot, 1)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._full)

    def setHeader(self, title: str, curves: Sequence[tuple[str, str]]) -> None:
        """Title and legend, above the plot where they cover no data.

        Args:
            title: plain text, may be empty.
            curves: (name, colour) of every curve.
        """
        parts = [f"<b>{escape(title)}</b>"] if title else []
        parts += [f'<span style="color:{c}">●</span>&nbsp;{escape(name)}' for name, c in curves]
        self._header.setText("&nbsp;&nbsp; ".join(parts))

    def header(self) -> str:
        """Title and legend as rich text."""
        return self._header.text()

    def restyle(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self.plot.setBackground(theme.surface)
        for name in ("left", "bottom"):
            axis = self.plot.getAxis(name)
            axis.setPen(pen(theme.muted, 1))
            axis.setTextPen(theme.muted)

    def isEmpty(self) -> bool:
        """Whether the text for an empty plot stands in place of the plot."""
        return self._stack.currentWidget() is self._empty

    def setEmpty(self, empty: bool) -> None:
        self._stack.setCurrentWidget(self._empty if empty else self._full)

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self.restyle(theme_of(self))

"""An icon of its own, beside words or above them."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtWidgets import QLabel, QWidget

from widgets.icons import icon


class IconLabel(QLabel):
    """Shows an icon in the colours of the theme, also of one that is chosen later."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[str, str, int] | None = None
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def setIcon(self, name: str, tone: str, side: int) -> None:
        """Show this one.

        Args:
            name, tone: See `widgets.icons.icon`.
            side: In logical pixels.
        """
        self._shown = name, tone, side
        self._draw()

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def _draw(self) -> None:
        if self._shown is not None:
            name, tone, side = self._shown
            picture = icon(name, tone=tone).pixmap(QSize(side, side), self.devicePixelRatioF())
            self.setPixmap(picture)

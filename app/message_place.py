"""Where and how long the window shows its messages."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, QRect, QTimer
from PyQt6.QtWidgets import QWidget

from widgets.panels.message import MessageBar, MessageKind

KINDS: dict[str, MessageKind] = {"info": "info", "warning": "warning", "error": "error"}
INFO_MS = 12_000
WIDEST_EM = 48


class MessagePlace(QObject):
    """Holds the banner over what it may cover: a message must not move a canvas under a stroke.

    Args:
        window: What the banner lies in.
        area: Says at any time what it may cover, in the window's coordinates.

    Attributes:
        bar: The banner.
    """

    def __init__(self, window: QWidget, area: Callable[[], QRect]) -> None:
        super().__init__(window)
        self._area = area
        self.bar = MessageBar(window)
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.timeout.connect(self.bar.dismiss)

    def tell(self, kind: str, message: str, hint: str, detail: str) -> None:
        """Show a message; an info goes by itself."""
        self.bar.showMessage(KINDS[kind], message, hint, detail)
        self.place()
        if kind == "info":
            self._clock.start(INFO_MS)
        else:
            self._clock.stop()

    def withdraw(self, message: str) -> None:
        """Take this message away; another one stays."""
        if self.bar.message() == message:
            self.bar.dismiss()

    def place(self) -> None:
        """Put the banner at the lower edge of what it may cover."""
        area, em = self._area(), self.bar.fontMetrics().height()
        width = min(WIDEST_EM * em, area.width() - em)
        height = self.bar.heightForWidth(width)
        left = area.left() + (area.width() - width) // 2
        self.bar.setGeometry(left, area.bottom() - height - em // 2, width, height)
        self.bar.raise_()

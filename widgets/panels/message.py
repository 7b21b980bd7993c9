"""A banner inside the window, in place of a box that stops the work."""

from __future__ import annotations

from typing import Literal

from PyQt6.QtCore import QEvent, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication, QKeyEvent
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets.icons import icon

MessageKind = Literal["info", "warning", "error"]

_LOOKS: dict[MessageKind, tuple[str, str]] = {
    "info": ("mdi6.information-outline", "accent"),
    "warning": ("mdi6.alert-outline", "warning"),
    "error": ("mdi6.alert-circle-outline", "danger"),
}


class MessageBar(QFrame):
    """One message with what to do about it. Hidden until `showMessage`; the newest one wins."""

    dismissed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind: MessageKind = "info"
        self._detail = ""
        self._icon = QLabel(self)
        self._message = QLabel(self)
        self._message.setProperty("role", "heading")
        self._hint = QLabel(self)
        self._hint.setProperty("role", "muted")
        for label in (self._message, self._hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._copy = QPushButton(icon("mdi6.content-copy"), "Copy details", self)
        self._copy.clicked.connect(self._copy_details)
        self._close = QToolButton(self)
        self._close.setIcon(icon("mdi6.close"))
        self._close.setToolTip("Dismiss (Esc)")
        self._close.setAccessibleName("Dismiss")
        self._close.clicked.connect(self.dismiss)
        self._arrange()
        self.hide()

    def showMessage(
        self, kind: MessageKind, message: str, hint: str = "", detail: str = ""
    ) -> None:
        """Show a message.

        Args:
            kind: 'info', 'warning' or 'error'.
            message: what is wrong, and where.
            hint: what to do about it.
            detail: for the clipboard only, such as a traceback; the button shows when there is one.
        """
        self._kind = kind
        self._detail = detail
        self._message.setText(message)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self._copy.setVisible(bool(detail))
        self.setProperty("role", f"banner-{kind}")
        style = self.style()
        if style is not None:
            style.unpolish(self)
            style.polish(self)
        self._show_icon()
        self.setAccessibleName(f"{kind}: {message}")
        self.show()

    def dismiss(self) -> None:
        """Hide the banner and tell so."""
        if not self.isHidden():
            self.hide()
            self.dismissed.emit()

    def kind(self) -> MessageKind:
        return self._kind

    def message(self) -> str:
        return self._message.text()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.dismiss()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._show_icon()

    def _arrange(self) -> None:
        text = QVBoxLayout()
        text.setSpacing(2)
        text.addWidget(self._message)
        text.addWidget(self._hint)
        pad = self.fontMetrics().height() // 2
        row = QHBoxLayout(self)
        row.setContentsMargins(pad, pad, pad, pad)
        row.setSpacing(pad)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(text, 1)
        row.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignVCenter)

    def _show_icon(self) -> None:
        name, tone = _LOOKS[self._kind]
        side = round(1.2 * self.fontMetrics().height())
        pixmap = icon(name, tone=tone).pixmap(QSize(side, side), self.devicePixelRatioF())
        self._icon.setPixmap(pixmap)

    def _copy_details(self) -> None:
        parts = (self._message.text(), self._hint.text(), self._detail)
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText("\n\n".join(part for part in parts if part))

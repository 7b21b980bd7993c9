"""One row of a form: label, control, and the message below them."""

from __future__ import annotations

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QLabel

from widgets.forms.controls.base import Control
from widgets.forms.spec import FieldSpec


class Row(QObject):
    """Keeps the three widgets of a field together.

    The message is the control's own error (a text that cannot be used) or, failing that, the one
    set from outside, which the next change of the value takes away.
    """

    changed = pyqtSignal(str)
    errorShown = pyqtSignal()

    def __init__(self, spec: FieldSpec, control: Control) -> None:
        super().__init__(control)
        self.spec = spec
        self.control = control
        self.start = control.value()
        self._outer_error = ""
        self._label = QLabel("" if spec.kind == "bool" else spec.label)
        self._message = QLabel()
        self._message.setProperty("role", "error")
        self._message.setWordWrap(True)
        self._message.hide()
        self._label.setBuddy(control)
        editor = control.editor()
        editor.setAccessibleName(spec.label)
        editor.setAccessibleDescription(spec.help)
        for widget in (self._label, control, editor):
            widget.setToolTip(spec.help)
        control.changed.connect(self._on_changed)
        control.errorChanged.connect(self._refresh)

    def placeIn(self, grid: QGridLayout) -> None:
        """Put the widgets below the last row of `grid`."""
        line = grid.rowCount()
        grid.addWidget(self._label, line, 0, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(self.control, line, 1)
        grid.addWidget(self._message, line + 1, 1)

    def labelWidth(self) -> int:
        """Width that the label needs, so that all grids of a form can line up."""
        return self._label.sizeHint().width()

    def setVisible(self, visible: bool) -> None:
        self._label.setVisible(visible)
        self.control.setVisible(visible)
        self._message.setVisible(visible and bool(self.error()))

    def error(self) -> str:
        """The message that the row shows, or an empty text."""
        return self.control.error() or self._outer_error

    def setOuterError(self, text: str) -> None:
        """Show a message that the control cannot know, such as that of a whole job."""
        self._outer_error = text
        self._refresh()

    def _on_changed(self) -> None:
        self.setOuterError("")
        self.changed.emit(self.spec.name)

    def _refresh(self) -> None:
        text = self.error()
        self._message.setText(text)
        self._message.setVisible(bool(text) and not self.control.isHidden())
        self.control.markWrong(bool(text))
        if text:
            self.errorShown.emit()

"""One layer in the list: eye, kind, name and opacity."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QMouseEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QSlider, QStackedWidget, QWidget

from widgets.elided_label import ElidedLabel
from widgets.icons import icon
from widgets.panels.volume.parts import tool_button
from widgets.viewer.volume.layers import Layer, LayerKind

KINDS = {
    LayerKind.IMAGE: ("mdi6.image-outline", "Image"),
    LayerKind.LABELS: ("mdi6.shape-outline", "Labels"),
    LayerKind.MAP: ("mdi6.blur", "Map"),
}


class EditableName(QStackedWidget):
    """A name that a double click, or `startEditing`, turns into a field.

    Enter and leaving the field take the new name, Escape and an empty one keep the old.
    """

    renamed = pyqtSignal(str)
    left = pyqtSignal()  # editing ended

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = ElidedLabel(text, self)
        self._editing = False
        self._field = _Field(self)
        self._field.setAccessibleName("Name")
        self._field.editingFinished.connect(self._take)
        self._field.escaped.connect(self._leave)
        self.addWidget(self._label)
        self.addWidget(self._field)

    def text(self) -> str:
        return self._label.text()

    def setText(self, text: str) -> None:
        self._label.setText(text)

    def startEditing(self) -> None:
        """Show the field, with all of the name selected."""
        self._editing = True
        self._field.setText(self.text())
        self.setCurrentWidget(self._field)
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)
        self._field.selectAll()

    def minimumSizeHint(self) -> QSize:
        return QSize(4 * self.fontMetrics().height(), self._field.sizeHint().height())

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        self.startEditing()

    def _take(self) -> None:
        if not self._editing:
            return  # hiding the field takes its focus, which tells a second time
        text = self._field.text().strip()
        self._leave()
        if text and text != self.text():
            self.renamed.emit(text)

    def _leave(self) -> None:
        self._editing = False
        self.setCurrentWidget(self._label)
        self.left.emit()


class _Field(QLineEdit):
    """Keeps Enter and Escape from the list and the dialog around it."""

    escaped = pyqtSignal()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
            return
        super().keyPressEvent(event)
        if event is not None:
            event.accept()


class LayerRow(QWidget):
    """Shows a layer and changes its visibility, name and opacity."""

    edited = pyqtSignal()  # editing of the name ended

    def __init__(self, layer: Layer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layer = layer
        self.eye = tool_button("mdi6.eye-outline", "", self)
        self.eye.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.eye.clicked.connect(lambda: layer.change(visible=not layer.look.visible))
        self._kind = QLabel(self)
        self._kind.setToolTip(KINDS[layer.kind][1])
        self.name = EditableName(layer.name, self)
        self.name.renamed.connect(layer.setName)
        self.name.left.connect(self.edited)
        self.opacity = QSlider(Qt.Orientation.Horizontal, self)
        self.opacity.setRange(0, 100)
        self.opacity.setFixedWidth(5 * self.fontMetrics().height())
        self.opacity.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.opacity.valueChanged.connect(self._set_opacity)
        line = QHBoxLayout(self)
        pad = self.fontMetrics().height() // 4
        line.setContentsMargins(pad, pad // 2, 2 * pad, pad // 2)
        line.setSpacing(2 * pad)
        for widget in (self.eye, self._kind, self.name, self.opacity):
            line.addWidget(widget, 1 if widget is self.name else 0)
        layer.lookChanged.connect(self._show)
        layer.nameChanged.connect(self._show)
        self._show()

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        # The kind is a picture in the colours of its time, unlike a button's icon.
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._show_kind()

    def _show(self) -> None:
        look = self.layer.look
        self.name.setText(self.layer.name)
        self.name.setEnabled(look.visible)
        self.eye.setIcon(icon("mdi6.eye-outline" if look.visible else "mdi6.eye-off-outline"))
        doing = "Hide" if look.visible else "Show"
        self.eye.setToolTip(f"{doing} (Space)")
        self.eye.setAccessibleName(f"{doing} {self.layer.name}")
        percent = round(100 * look.opacity)
        self.opacity.blockSignals(True)
        self.opacity.setValue(percent)
        self.opacity.blockSignals(False)
        self.opacity.setToolTip(f"Opacity {percent} % (left and right arrow keys)")
        self.opacity.setAccessibleName(f"Opacity of {self.layer.name}")
        self._show_kind()

    def _show_kind(self) -> None:
        side = self.fontMetrics().height()
        picture = icon(KINDS[self.layer.kind][0], tone="muted")
        self._kind.setPixmap(picture.pixmap(QSize(side, side), self.devicePixelRatioF()))

    def _set_opacity(self, percent: int) -> None:
        self.layer.change(opacity=percent / 100)

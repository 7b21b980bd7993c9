"""The list of layers, the topmost first, and how the active one is drawn."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from widgets.panels.volume.layer_look import LayerLook, Luts
from widgets.panels.volume.layer_row import LayerRow
from widgets.panels.volume.parts import RowDrag, muted, tool_button
from widgets.viewer.volume.layers import Layer, LayerStack

_STEP = 0.05  # of opacity, for an arrow key
_HELP = (
    "Space shows or hides, left and right arrows change the opacity, F2 renames, "
    "Ctrl+Up and Ctrl+Down or dragging move, Del removes"
)


class LayersPanel(QWidget):
    """Shows a stack of layers and changes it.

    Taking a layer away is only asked for, as its work may be unsaved: who hears `removeRequested`
    calls `LayerStack.remove`. `addRequested` comes from the button of the head and of the empty
    list.
    """

    removeRequested = pyqtSignal(object)  # Layer
    addRequested = pyqtSignal()

    def __init__(self, stack: LayerStack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stack = stack
        self._list = _List(self)
        self._list.setAccessibleName("Layers")
        self._list.setToolTip(_HELP)
        self._look = LayerLook(self)
        self._add = tool_button("mdi6.plus", "Add a layer", self)
        self._up = tool_button("mdi6.arrow-up", "Move up (Ctrl+Up)", self)
        self._down = tool_button("mdi6.arrow-down", "Move down (Ctrl+Down)", self)
        self._remove = tool_button("mdi6.delete-outline", "Remove the layer (Del)", self)
        self._build()
        self._drag = RowDrag(self._list)
        self._drag.moved.connect(self._moved)
        self._add.clicked.connect(self.addRequested)
        self._up.clicked.connect(lambda: self._shift(-1))
        self._down.clicked.connect(lambda: self._shift(1))
        self._remove.clicked.connect(self._ask_remove)
        self._list.currentRowChanged.connect(self._chosen)
        self._list.pressed_key.connect(self._key)
        stack.changed.connect(self._fill)
        stack.activeChanged.connect(self._follow)
        self._fill()

    def setLuts(self, luts: Luts) -> None:
        """The colour tables to choose from: name to colours (n, 3 or more) uint8."""
        self._look.setLuts(luts)

    def rows(self) -> list[LayerRow]:
        """The rows from the top."""
        found = (self._list.itemWidget(self._list.item(i)) for i in range(self._list.count()))
        return [row for row in found if isinstance(row, LayerRow)]

    def listWidget(self) -> QListWidget:
        """The list itself, for focus and keys."""
        return self._list

    def look(self) -> LayerLook:
        """The fields of the active layer."""
        return self._look

    def _build(self) -> None:
        title = muted("Top layer first", self)
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(title, 1)
        for button in (self._add, self._up, self._down, self._remove):
            head.addWidget(button)
        empty = muted("No layers yet. Open an image, or drop files here.", self, centred=True)
        self._pages = QStackedLayout()
        self._pages.addWidget(empty)
        self._pages.addWidget(self._list)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addLayout(self._pages, 1)
        column.addWidget(self._look)

    def _layers(self) -> list[Layer]:
        return list(reversed(list(self._stack)))

    def _fill(self) -> None:
        layers = self._layers()
        if [row.layer for row in self.rows()] != layers:
            with QSignalBlocker(self._list):
                self._list.clear()
                for layer in layers:
                    self._add_row(layer)
        self._pages.setCurrentIndex(1 if layers else 0)
        self._follow()

    def _add_row(self, layer: Layer) -> None:
        item = QListWidgetItem(self._list)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, layer.name)
        row = LayerRow(layer, self._list)
        row.edited.connect(self._list.setFocus)
        item.setSizeHint(QSize(0, row.sizeHint().height()))
        self._list.setItemWidget(item, row)

    def _follow(self) -> None:
        layers, active = self._layers(), self._stack.active()
        place = layers.index(active) if active in layers else -1
        with QSignalBlocker(self._list):
            self._list.setCurrentRow(place)
        self._look.setLayer(active)
        self._remove.setEnabled(place >= 0)
        self._up.setEnabled(place > 0)
        self._down.setEnabled(0 <= place < len(layers) - 1)

    def _chosen(self, row: int) -> None:
        if row >= 0:
            self._stack.setActive(self._layers()[row])

    def _moved(self, row: int, place: int) -> None:
        layers = self._layers()
        # Layers may have gone while one was dragged.
        if row < len(layers) and place < len(layers):
            self._stack.move(layers[row], len(layers) - 1 - place)

    def _shift(self, by: int) -> None:
        row, place = self._list.currentRow(), self._list.currentRow() + by
        if row >= 0 and 0 <= place < self._list.count():
            self._moved(row, place)

    def _ask_remove(self) -> None:
        active = self._stack.active()
        if active is not None:
            self.removeRequested.emit(active)

    def _key(self, key: int, control: bool) -> None:
        layer = self._stack.active()
        if layer is None:
            return
        look = layer.look
        if control:
            self._shift(-1 if key == Qt.Key.Key_Up else 1)
        elif key == Qt.Key.Key_Space:
            layer.change(visible=not look.visible)
        elif key == Qt.Key.Key_F2:
            self.rows()[self._list.currentRow()].name.startEditing()
        elif key == Qt.Key.Key_Delete:
            self._ask_remove()
        else:
            step = _STEP if key == Qt.Key.Key_Right else -_STEP
            layer.change(opacity=round(min(max(look.opacity + step, 0.0), 1.0), 4))


class _List(QListWidget):
    """A list that tells of the keys that act on the current row."""

    pressed_key = pyqtSignal(int, bool)  # key, and whether Ctrl is held

    _PLAIN = (
        Qt.Key.Key_Space, Qt.Key.Key_F2, Qt.Key.Key_Delete, Qt.Key.Key_Left, Qt.Key.Key_Right,
    )  # fmt: skip
    _CONTROL = (Qt.Key.Key_Up, Qt.Key.Key_Down)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if Qt.Key(event.key()) in (self._CONTROL if control else self._PLAIN):
            self.pressed_key.emit(event.key(), control)
            return
        super().keyPressEvent(event)

"""The labels as a layer of the viewer, and the layers above the image as a whole."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from widgets.paint.labels.model import LabelModel
from widgets.paint.labels.table import LabelTable
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.layers import Grid, Layer, LayerKind, LayerStack, Look

OPACITY, OPACITY_STEP = 0.5, 0.1


class LabelDisplay(QObject):
    """Keeps a layer of a stack the same as a model and its table, and shows or hides overlays."""

    statusChanged = pyqtSignal(str)

    def __init__(
        self,
        model: LabelModel,
        table: LabelTable,
        stack: LayerStack,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._model, self._table, self._stack = model, table, stack
        self._layer: Layer | None = None
        self._hidden: list[Layer] = []
        model.changed.connect(self._touch)
        model.rebased.connect(self._rebase)
        table.changed.connect(self._colour)

    def layer(self) -> Layer | None:
        """The labels' layer, once it is on show."""
        return self._layer

    def show(self, name: str, grid: Grid) -> Layer:
        """Lay the model's labels on top of the stack.

        Raises:
            ValueError: the grid is not the model's.
        """
        self.remove()
        labels = self._model.array[None]
        look = Look(opacity=OPACITY, smooth=False)
        self._layer = Layer(name, labels, grid, LayerKind.LABELS, look=look)
        self._colour()
        self._stack.add(self._layer)
        return self._layer

    def remove(self) -> None:
        """Take the labels' layer off the stack."""
        if self._layer is not None and self._layer in list(self._stack):
            self._stack.remove(self._layer)
        self._layer = None

    def toggleLabels(self) -> None:
        """Hide the labels, or show them."""
        if self._layer is not None:
            shown = not self._layer.look.visible
            self._layer.change(visible=shown)
            self.statusChanged.emit("Labels shown" if shown else "Labels hidden")

    def stepOpacity(self, steps: int) -> None:
        """Change the labels' opacity by tenths."""
        if self._layer is not None:
            opacity = round(self._layer.look.opacity + steps * OPACITY_STEP, 3)
            self._layer.change(opacity=min(max(opacity, 0.0), 1.0))
            self.statusChanged.emit(f"Label opacity {self._layer.look.opacity:.0%}")

    def toggleOverlays(self) -> None:
        """Hide all that lies on the lowest image, or show again what was hidden so."""
        reference = self._stack.reference()
        shown = [layer for layer in self._stack if layer is not reference and layer.look.visible]
        if shown:
            self._hidden = shown
        for layer in shown or [layer for layer in self._hidden if layer in list(self._stack)]:
            layer.change(visible=not shown)
        self.statusChanged.emit("Overlays hidden" if shown else "Overlays shown")

    def _touch(self, box: Box) -> None:
        if self._layer is not None:
            self._layer.touch(box)

    def _colour(self) -> None:
        if self._layer is not None:
            self._layer.setPalette(self._table.lookup(256**self._model.array.itemsize))

    def _rebase(self) -> None:
        if self._layer is None:
            return
        if self._model.shape == self._layer.grid.shape:
            self._layer.setArray(self._model.array[None])
            self._colour()
        else:
            self.remove()

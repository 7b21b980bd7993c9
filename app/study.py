"""What the volume workspaces show and edit: an image, its layers, its labels and their table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal

from widgets.paint.labels.change import Prepared
from widgets.paint.labels.display import LabelDisplay
from widgets.paint.labels.editor import LabelEditor
from widgets.paint.labels.model import LabelModel
from widgets.paint.labels.table import Label, LabelTable
from widgets.viewer.volume.layers import Grid, Layer, LayerKind, LayerStack, Look

if TYPE_CHECKING:
    from engine.data.volumes.fingerprint import Fingerprint
    from engine.data.volumes.volume import Geometry, Volume

LABELS_OPACITY = 0.5
ADDED_OPACITY = 0.6
MAP_COLOURS = "magma"


@dataclass(frozen=True)
class LabelFile:
    """Where the labels were read from or last written.

    Attributes:
        path: The file.
        fingerprint: Of the file as it was then.
    """

    path: Path
    fingerprint: Fingerprint | None = None


class Study(QObject):
    """One image under examination.

    Attributes:
        stack: The layers, the label layer among them.
        model, table, editor, display: The labels, what they are called, the tools that paint them,
            and how they are shown.
        volume: The image whose grid is shown and painted; None while nothing is open.
        label_file: See `LabelFile`; None for labels that were never saved.
    """

    opened = pyqtSignal()  # another image, or none
    reset = pyqtSignal()  # labels of elsewhere took the place of all, without a step
    savedChanged = pyqtSignal(bool)  # whether the labels are as they are in their file

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stack = LayerStack(self)
        self.model = LabelModel((1, 1, 1), parent=self)
        self.table = LabelTable(parent=self)
        self.editor = LabelEditor(self.model, self.table, self)
        self.display = LabelDisplay(self.model, self.table, self.stack, self)
        self.volume: Volume | None = None
        self.label_file: LabelFile | None = None
        self._swaps: list[tuple[object, LabelFile | None, LabelFile | None]] = []
        self._volumes: dict[Layer, Volume] = {}
        self._removed: dict[int, Label] = {}
        self._saved: object = self.model.moment()
        self.model.travelled.connect(self._travelled)
        self.model.historyChanged.connect(self._tell_saved)
        self.model.travelled.connect(self.name_used)
        self.stack.activeChanged.connect(self._guide)
        self.stack.timeChanged.connect(self._guide)

    # --- reading

    def labels(self) -> Layer | None:
        """The layer that is painted, or None while nothing is open."""
        return self.display.layer()

    def image(self) -> Layer | None:
        """The lowest image."""
        return self.stack.reference()

    def volumeOf(self, layer: Layer) -> Volume | None:
        """The volume that a layer shows; None for the painted labels."""
        return self._volumes.get(layer)

    def volumes(self) -> Mapping[Layer, Volume]:
        """Layers that show a volume."""
        return self._volumes

    def name(self) -> str:
        """Of the image."""
        return "" if self.volume is None else self.volume.source.name

    def isSaved(self) -> bool:
        """Whether nothing would be lost if the labels were let go."""
        return self.volume is None or self._saved is self.model.moment()

    # --- changing

    def open(self, volume: Volume, look: Look | None = None) -> None:
        """Show an image alone, with empty labels of its grid; what was open before is let go."""
        self.close()
        self.volume = volume
        layer = self.layerOf(volume, look)
        self._volumes[layer] = volume
        self.stack.add(layer)
        self.model.clear(volume.geometry.shape)
        self.editor.setGrid(layer.grid)
        self.display.show("Labels", layer.grid)
        self.stack.setActive(layer)
        self.label_file = None
        self.markSaved()
        self.opened.emit()

    def add(
        self, volume: Volume, look: Look | None = None, *, as_map: bool = False, name: str = "",
        activate: bool = True,
    ) -> Layer:  # fmt: skip
        """Lay another image over the others, below the labels.

        Args:
            look: How it is shown first, by default as `overlay_look` has it.
            as_map: It is a probability, an uncertainty or the like.
            name: What it is called, by default as its file.
            activate: Whether it becomes the layer that is worked with.

        Raises:
            RuntimeError: nothing is open.
        """
        if self.volume is None:
            raise RuntimeError("there is no image to lay another one over")
        if look is None:
            look = overlay_look(opening_look(volume), as_map=as_map)
        layer = self.layerOf(volume, look, as_map=as_map)
        if name:
            layer.setName(name)
        self._volumes[layer] = volume
        self.stack.add(layer, len(self.stack) - 1, activate=activate)
        return layer

    def remove(self, layer: Layer) -> bool:
        """Take a layer away; False for the lowest image and for the labels, which stay."""
        if layer is self.labels() or layer is self.image():
            return False
        self._volumes.pop(layer, None)
        self.stack.remove(layer)
        return True

    def close(self) -> None:
        """Let go of everything."""
        if self.volume is None:
            return
        self.editor.cancel()
        self.editor.setImage(None)
        self.display.remove()
        self.stack.clear()
        self._volumes.clear()
        self.volume = self.label_file = None
        self._swaps.clear()
        self.model.clear((1, 1, 1))
        self.markSaved()
        self.opened.emit()

    def load(self, labels: NDArray[Any] | Prepared, file: LabelFile | None) -> None:
        """Begin with labels (D, H, W) that a file holds, with an empty history.

        Large ones are to be `prepared` in a thread.
        """
        self._begin_with(labels, file)
        self.markSaved()
        self.reset.emit()

    def restore(self, labels: NDArray[Any] | Prepared, file: LabelFile | None) -> None:
        """As `load`, for labels that are in no file yet."""
        self._begin_with(labels, file)
        self._saved = None
        self._tell_saved()
        self.reset.emit()

    def _begin_with(self, labels: NDArray[Any] | Prepared, file: LabelFile | None) -> None:
        self.editor.cancel()
        self.model.reset(labels)
        self.name_used()
        self.label_file = file
        self._swaps.clear()

    def markSaved(self, file: LabelFile | None = None, moment: object = None) -> None:
        """The labels of a moment (`LabelModel.moment`, default: now) are in a file."""
        if file is not None:
            self.label_file = file
        self._saved = self.model.moment() if moment is None else moment
        self._tell_saved()

    def swapFile(self, file: LabelFile | None) -> None:
        """The last step put the labels of a file in place of all; None: they lie in no file.

        Undoing that step goes back to the file before, which saving would overwrite otherwise.
        """
        self._swaps.append((self.model.moment(), self.label_file, file))
        self.label_file = file
        if file is not None:
            self.markSaved()

    def _travelled(self, step: object, forward: bool) -> None:
        for swap, before, after in self._swaps:
            if swap is step:
                self.label_file = after if forward else before

    def name_used(self) -> None:
        """Give labels that occur and are not in the table a row of their own, or theirs back."""
        for value in self.model.used():
            if self.table.label(value) is None:
                row = self._removed.get(value)
                if row is None:
                    self.table.add(value=value)
                else:
                    self.table.add(row.name, row.colour, value)

    def removeLabel(self, value: int) -> None:
        """Take a label out of the table; its row comes back when its voxels do.

        Raises:
            KeyError: the table has no such label.
        """
        row = self.table.label(value)
        self.table.remove(value)
        if row is not None:
            self._removed[value] = row

    def layerOf(self, volume: Volume, look: Look | None = None, *, as_map: bool = False) -> Layer:
        """A layer that shows a volume, in nobody's stack yet."""
        image = LayerKind.MAP if as_map else LayerKind.IMAGE
        kind = LayerKind.LABELS if volume.kind == "labels" else image
        layer = Layer(
            volume.source.name, volume.array, grid_of(volume.geometry), kind,
            slope=volume.slope, intercept=volume.intercept, channels=volume.channels,
            look=look or opening_look(volume),
        )  # fmt: skip
        layer.unit = volume.unit
        return layer

    # --- following the labels

    def _guide(self) -> None:
        """Intensities that limit painting are those of the active image, else of the lowest."""
        active = self.stack.active()
        usable = active is not None and active.kind is LayerKind.IMAGE
        self.editor.setImage(active if usable else self.image(), self.stack.time())

    def _tell_saved(self) -> None:
        self.savedChanged.emit(self.isSaved())


def grid_of(geometry: Geometry) -> Grid:
    """A geometry as viewers know it."""
    return Grid(geometry.shape, geometry.affine, geometry.oriented)


def overlay_look(look: Look, *, as_map: bool) -> Look:
    """How a volume is shown over another: a map in colours, clear below the middle of its range."""
    look = replace(look, opacity=ADDED_OPACITY)
    if as_map:
        look = replace(look, lut=MAP_COLOURS, threshold=(look.low + look.high) / 2)
    return look


def opening_look(volume: Volume) -> Look:
    """How a volume is shown first: as its file asks, else with 0.1 % cut off at both ends."""
    if volume.kind == "labels":
        return Look(opacity=LABELS_OPACITY, smooth=False)
    from widgets.viewer.volume.window import auto_window

    if volume.window is not None:
        low, high = volume.window
    else:
        low, high = auto_window(volume.array, volume.slope, volume.intercept)
    return Look(low=low, high=high)

"""The part of an image that something is to be done in: a box of voxels."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from widgets.viewer.volume.box import Box, Triple


class RegionModel(QObject):
    """A box within an image; all of it until something else is chosen."""

    changed = pyqtSignal()  # another box
    shownChanged = pyqtSignal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._whole = Box((0, 0, 0), (0, 0, 0))
        self._box = self._whole
        self._shown = False

    def whole(self) -> Box:
        """All voxels of the image; empty without one."""
        return self._whole

    def setShape(self, shape: Triple | None) -> None:
        """Another image (D, H, W), or none: the box is all of it again."""
        self._whole = Box.whole(shape or (0, 0, 0))
        self._box = self._whole
        self.changed.emit()

    def box(self) -> Box:
        """The voxels chosen."""
        return self._box

    def isWhole(self) -> bool:
        return self._box == self._whole

    def setBox(self, box: Box) -> bool:
        """Choose a box, as far as it lies in the image; False for one that lies outside of it."""
        inside = box & self._whole
        if inside.empty:
            return False
        if inside != self._box:
            self._box = inside
            self.changed.emit()
        return True

    def isShown(self) -> bool:
        return self._shown

    def setShown(self, shown: bool) -> None:
        """Whether views draw it."""
        if shown != self._shown:
            self._shown = shown
            self.shownChanged.emit(shown)

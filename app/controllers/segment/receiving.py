"""Which image is segmented: the open one, or another of the same voxels, such as a translation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from app.controllers.segment.asking import Asking
from app.study import Study, opening_look
from app.workspaces.segment.view import SegmentView
from widgets.viewer.volume.layers import Layer, LayerKind

if TYPE_CHECKING:
    from engine.data.volumes.volume import Volume


class Receiving(QObject):
    """Takes images from other workspaces, and offers all that lie on the grid that is painted."""

    received = pyqtSignal()

    def __init__(self, study: Study, view: SegmentView, asking: Asking, parent: QObject) -> None:
        super().__init__(parent)
        self._study, self._view, self._asking = study, view, asking
        self._offered: list[Layer] = []
        study.stack.changed.connect(self._offer)
        study.opened.connect(self._offer)

    def volume(self) -> Volume | None:
        """The image that a method is to see; its labels belong to the one that is painted."""
        place = self._view.method.image.place()
        layer = self._offered[place] if place < len(self._offered) else None
        chosen = None if layer is None else self._study.volumeOf(layer)
        return self._study.volume if chosen is None else chosen

    def receive(self, image: Volume, other: Volume, name: str) -> None:
        """Paint on an image, and segment another one of the same voxels."""
        if self._study.volume is image:
            self._lay(image, other, name)
        else:
            self._asking.whenSafe(lambda: self._open(image, other, name))

    def _open(self, image: Volume, other: Volume, name: str) -> None:
        self._study.open(image, opening_look(image))
        self._lay(image, other, name)

    def _lay(self, image: Volume, other: Volume, name: str) -> None:
        study = self._study
        if study.volume is not image:
            return
        same = [each for each in self._offered if each.name == name]
        for layer in same:
            study.remove(layer)
        layer = study.add(other, opening_look(other), name=name, activate=False)
        # The image that is painted is what is looked at; the eye shows the other one.
        layer.change(visible=False)
        self._view.method.image.setPlace(self._offered.index(layer))
        self._view.showPanel(self._view.method)
        self.received.emit()

    def _offer(self) -> None:
        study, image = self._study, self._study.volume
        chooser = self._view.method.image
        before = self._offered[chooser.place()] if chooser.place() < len(self._offered) else None
        found = [
            layer for layer, volume in study.volumes().items()
            if layer.kind is LayerKind.IMAGE and layer in list(study.stack)
            and image is not None and volume.geometry.matches(image.geometry)
        ]  # fmt: skip
        self._offered = found
        chooser.setNames([layer.name for layer in found])
        if before in found:
            chooser.setPlace(found.index(before))

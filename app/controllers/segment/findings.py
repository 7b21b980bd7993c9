"""What methods found in the open image: the run under way, and the last result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal

from app.study import Study

if TYPE_CHECKING:
    from engine.data.volumes.volume import Volume
    from engine.events import JobPreview
    from engine.jobs import Job
    from engine.results import Segmentation
    from widgets.viewer.volume.layers import Layer


@dataclass(frozen=True, eq=False)
class Finding:
    """A result and what shows it.

    Attributes:
        job: What was run.
        result: What it found, on the voxels of `volume`.
        volume: The image it was found in.
        probability, uncertainty: The layers of its maps; a layer may have been removed since.
        maps: All of them, in the order of the result's.
        values: Class -> label that it became, without the background.
        layer: Its labels, where they lie over the image and not among the painted ones.
    """

    job: Job
    result: Segmentation
    volume: Volume
    probability: Layer | None = None
    uncertainty: Layer | None = None
    values: Mapping[int, int] = field(default_factory=dict)
    layer: Layer | None = None
    maps: tuple[Layer, ...] = ()

    def numbers(self) -> NDArray[np.uint16]:
        """Class -> label (256,), 0 for the background."""
        found = np.zeros(256, np.uint16)
        for value, label in self.values.items():
            found[value] = label
        return found


class Findings(QObject):
    """The current finding of a study, and the run that may replace it.

    A finding belongs to its image: it is let go when another one is opened.
    """

    began = pyqtSignal(object)  # Job: its steps follow
    previewed = pyqtSignal(object)  # JobPreview of that job
    abandoned = pyqtSignal()  # that job ended without a result
    changed = pyqtSignal()  # another finding is current, or none

    def __init__(self, study: Study, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._current: Finding | None = None
        study.opened.connect(self.clear)

    def current(self) -> Finding | None:
        """The last result, or None."""
        return self._current

    def begin(self, job: Job) -> None:
        """A run has started whose steps are shown."""
        self.began.emit(job)

    def preview(self, event: JobPreview) -> None:
        """A step of that run."""
        self.previewed.emit(event)

    def abandon(self) -> None:
        """The run ended without a result."""
        self.abandoned.emit()

    def put(self, finding: Finding) -> None:
        """A run has ended well."""
        self._current = finding
        self.changed.emit()

    def clear(self) -> None:
        """Forget the result."""
        if self._current is not None:
            self._current = None
            self.changed.emit()

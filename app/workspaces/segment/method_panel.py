"""The inspector of Segment: method, checkpoint and what it finds, where it runs, how it goes."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtWidgets import QWidget

from app.segmenters import Segmenter
from app.workspaces.segment.run_image import RunImage
from app.workspaces.segment.run_on import RunOn
from app.workspaces.task_panel import TaskPanel


class MethodPanel(TaskPanel):
    """What a segmentation is made with.

    Attributes:
        image: See `RunImage`.
        where: See `RunOn`.
    """

    def __init__(self, segmenters: Sequence[Segmenter], parent: QWidget | None = None) -> None:
        self.image, self.where = RunImage(), RunOn()
        between = self.image, self.where
        super().__init__(segmenters, "Segment", "mdi6.shape-plus-outline", parent, between=between)

"""The inspector of Translate: checkpoint, parameters, a preview of one slice, all of the image."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtWidgets import QPushButton, QWidget

from app.segmenters import Segmenter
from app.workspaces.task_panel import TaskPanel
from widgets.icons import icon
from widgets.tips import give_tip

SAMPLER, ETA = "sampler", "eta"
OF_VOLUMES = ("plane", "slices")


class TranslatePanel(TaskPanel):
    """What a translation is made with.

    Attributes:
        preview: Translates the slice in view alone.
    """

    def __init__(self, translators: Sequence[Segmenter], parent: QWidget | None = None) -> None:
        self.preview = QPushButton(icon("mdi6.image-outline"), "Preview")
        self.preview.setAccessibleName("Preview slice")
        give_tip(self.preview, "Translate the slice in view", "As it will be in the whole volume")
        super().__init__(
            translators, "Translate", "mdi6.swap-horizontal", parent, beside=self.preview
        )
        give_tip(self.run, "Translate all slices")
        self.form.changed.connect(lambda _: self._follow())
        self.preset.taken.connect(lambda _: self._follow())
        self._follow()

    def levels(self, total: int) -> tuple[int, int]:
        return 0, total

    def setFlat(self, flat: bool) -> None:
        """A picture has one slice."""
        self.preview.setVisible(not flat)
        for name in OF_VOLUMES:
            self.form.setFieldVisible(name, not flat)

    def _follow(self) -> None:
        """Fields that have a meaning with the others."""
        values = self.form.values()
        self.form.setFieldVisible(ETA, values[SAMPLER] == "ddim")

"""What is chosen to segment with, and where; kept from one start to the next."""

from __future__ import annotations

from PyQt6.QtCore import QObject

from app.background import Background
from app.controllers import choosing
from app.errors import Teller
from app.settings import Settings
from app.workspaces.segment.method_panel import MethodPanel
from app.workspaces.segment.run_on import PLACES


class Choosing(choosing.Choosing):
    """As its base, with the place where a method runs."""

    def __init__(
        self, panel: MethodPanel, settings: Settings, background: Background, teller: Teller,
        parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(panel, settings.segment, background, teller, parent)
        self._where, self._settings = panel.where, settings
        if settings.segment.get("place") in PLACES:
            panel.where.setPlace(settings.segment["place"])

    def remember(self) -> None:
        """Take what is chosen over into the settings."""
        place = {"place": self._where.place()}
        self._settings.segment = {**self._settings.segment, **self.kept(), **place}

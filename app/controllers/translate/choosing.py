"""Which checkpoint translates, with which values; kept from one start to the next."""

from __future__ import annotations

from app import translators
from app.controllers import choosing
from app.segmenters import Findable
from engine.library import Entry


class Choosing(choosing.Choosing):
    """As its base, with checkpoints called after their modality."""

    def named(self, entry: Entry) -> Entry:
        return translators.named(entry)

    def findable(self) -> Findable | None:
        entry = self.entry()
        return None if entry is None else translators.about(entry.card)

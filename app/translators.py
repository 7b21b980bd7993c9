"""Which checkpoints translate, what their modality is called, and what they say of themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.segmenters import Findable, findable
from engine.library import Entry
from engine.training.checkpoint import Card

WORKSPACE = "translate"
UNNAMED = "Translator"
"""How a card's title begins where nobody has named the modality."""
RUN_FILE = "run.toml"


def named(entry: Entry) -> Entry:
    """The same under a title that tells the modality, as far as anybody has named it: the card's
    own, else that of the run or of the file."""
    title = entry.card.title.strip()
    if title and not title.startswith(UNNAMED):
        return entry
    run = entry.path.parent.parent
    title = run.name if (run / RUN_FILE).is_file() else entry.path.stem
    return replace(entry, card=entry.card.model_copy(update={"title": title}))


def about(card: Card) -> Findable:
    """What a card says, with what its slices are like first."""
    seen = card.preprocessing
    return replace(findable(card), facts=(_slices(seen), *findable(card).facts))


def _slices(seen: dict[str, Any]) -> str:
    plane, size, pixel = seen.get("plane", ""), seen.get("size", 0), seen.get("pixel_mm", 0.0)
    known = isinstance(size, int) and size > 0
    scale = f" of {pixel:.3g} mm" if isinstance(pixel, float) and pixel > 0 else ""
    plain = "" if plane == "stored" else f"{plane} "
    return f"sees {plain}slices of {size} × {size} px{scale}" if known else ""

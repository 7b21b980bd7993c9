"""Changing what a checkpoint says about itself, without touching its weights. Loads no torch."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from engine.data.atomic import atomic_path
from engine.training.checkpoint import CARD_KEY, Card, read_card
from engine.training.header import LENGTH_BYTES, METADATA, read_header, skip_header

ALIGNMENT = 8
"""The header is filled up with spaces, so that the weights lie as the format wants them."""


def rewrite_card(path: Path, card: Card) -> None:
    """Give a checkpoint another card. Written beside, then renamed; the weights are copied byte by
    byte.

    Raises:
        CheckpointError: the file cannot be read, has no card, or is cut off.
        DiskError: it cannot be written; it is as it was.
    """
    read_card(path)
    header = read_header(path)
    header[METADATA] = {**header[METADATA], CARD_KEY: card.model_dump_json()}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    with atomic_path(path) as beside, path.open("rb") as old, beside.open("wb") as new:
        skip_header(old)
        new.write(len(text).to_bytes(LENGTH_BYTES, "little"))
        new.write(text)
        shutil.copyfileobj(old, new, 1 << 20)

"""Changing what a checkpoint says about itself, without touching its weights. Loads no torch."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import BinaryIO

from engine.data.atomic import atomic_path
from engine.errors import CheckpointError
from engine.training.checkpoint import (
    CARD_KEY,
    LENGTH_BYTES,
    METADATA,
    Card,
    read_card,
    read_header,
)

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
        _skip_header(old)
        new.write(len(text).to_bytes(LENGTH_BYTES, "little"))
        new.write(text)
        shutil.copyfileobj(old, new, 1 << 20)


def weights_sha256(path: Path) -> str:
    """Hex digest of the tensors alone: their names, types, shapes and values.

    It stays when the card is changed, unlike that of the file.

    Raises:
        CheckpointError: the file cannot be read.
    """
    table = {name: about for name, about in read_header(path).items() if name != METADATA}
    digest = hashlib.sha256(json.dumps(table, sort_keys=True).encode())
    try:
        with path.open("rb") as file:
            _skip_header(file)
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read: {error.strerror}.", "Check the file's permissions."
        ) from error
    return digest.hexdigest()


def _skip_header(file: BinaryIO) -> None:
    length = int.from_bytes(file.read(LENGTH_BYTES), "little")
    file.seek(LENGTH_BYTES + length)

"""The header of a .safetensors file, and hashes of such files. Loads no torch."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import CheckpointError

METADATA = "__metadata__"
LENGTH_BYTES = 8
"""Of the number before the header: its length."""
LONGEST = 100_000_000


def read_header(path: Path) -> dict[str, Any]:
    """The JSON header of a .safetensors file, its length checked against the file's.

    Raises:
        CheckpointError: missing, truncated, or another kind of file.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(LENGTH_BYTES), "little")
            if size < LENGTH_BYTES or length > min(size - LENGTH_BYTES, LONGEST):
                raise CheckpointError(
                    f"{path.name} is truncated or no .safetensors file.",
                    "Copy or download the file again; published .pt files go through import.",
                )
            header = json.loads(file.read(length))
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{path.name} is no .safetensors file: its header is not readable.",
            "Published .pt files go through import.",
        ) from error
    if not isinstance(header, dict):
        raise CheckpointError(f"{path.name} is no .safetensors file.", "Choose another file.")
    return header


def unreadable(path: Path, error: OSError) -> CheckpointError:
    """What to tell of a checkpoint that the system does not give."""
    if isinstance(error, FileNotFoundError):
        return CheckpointError(
            f"There is no checkpoint {path}.", "Check the name; `reverie info` lists them."
        )
    return CheckpointError(
        f"{path} cannot be read: {error.strerror}.", "Check the file's permissions."
    )


def skip_header(file: BinaryIO) -> None:
    """Go from the start of a file to where its weights begin."""
    length = int.from_bytes(file.read(LENGTH_BYTES), "little")
    file.seek(LENGTH_BYTES + length)


def sha256_of(path: Path) -> str:
    """Hex digest of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
            skip_header(file)
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise unreadable(path, error) from error
    return digest.hexdigest()

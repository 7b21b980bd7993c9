"""Keys as a file to take along or pass on."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from app.keymap import Keymap
from engine.data.atomic import write_atomic
from engine.errors import InputError

VERSION = 1
_MAX_BYTES = 2**20
_HINT = "Choose a file that Reverie exported."


class _File(BaseModel):
    version: int = Field(alias="reverie_keys", ge=1)
    preset: str
    keys: dict[str, dict[str, list[str]]]


def export_keys(path: Path, keymap: Keymap) -> None:
    """Write the preset's name and all changes.

    Raises:
        DiskError: the file cannot be written.
    """
    content = {"reverie_keys": VERSION, "preset": keymap.preset(), "keys": keymap.changes()}
    write_atomic(path, json.dumps(content, indent=2, ensure_ascii=False).encode())


def import_keys(path: Path, keymap: Keymap) -> list[str]:
    """Take over preset and changes; returns the names of commands whose keys cannot be read.

    Raises:
        InputError: it cannot be read or holds no keys; the keys are as before.
    """
    try:
        with open(path, "rb") as stream:
            content = stream.read(_MAX_BYTES)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", _HINT) from error
    try:
        found = _File.model_validate_json(content)
    except ValidationError as error:
        raise InputError(f"{path} holds no keys of Reverie.", _HINT) from error
    if found.version > VERSION:
        raise InputError(f"The keys in {path} are of a newer version.", "Update Reverie.")
    if found.preset not in keymap.presets():
        raise InputError(f"{path} needs a preset called '{found.preset}'.", _HINT)
    return keymap.load(found.preset, found.keys)

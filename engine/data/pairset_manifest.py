"""The manifest of a set of synthetic image/mask pairs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.data.png import DIGITAL_SOURCE_TYPE
from engine.errors import InputError
from engine.wording import first_fault

SCHEMA_VERSION = 1
REWRITE_HINT = "Write the set again, or copy it again from where it is whole."


class PairEntry(BaseModel):
    """One pair: its files (in a folder) and the SHA-256 of both.

    In a folder the hashes are those of the files, in .npz and .h5 those of the arrays' bytes
    (float32 and uint8, little-endian, C order).
    """

    model_config = ConfigDict(frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]*$", max_length=120)
    image_sha256: str
    mask_sha256: str
    height: int
    width: int
    details: dict[str, Any] = {}

    @property
    def image(self) -> str:
        """Path of the image inside the folder."""
        return f"images/{self.name}.png"

    @property
    def mask(self) -> str:
        """Path of the mask inside the folder."""
        return f"masks/{self.name}.png"


class Manifest(BaseModel):
    """What a set is and where it comes from."""

    model_config = ConfigDict(frozen=True)

    schema_version: int = SCHEMA_VERSION
    synthetic: bool = True
    digital_source_type: str = DIGITAL_SOURCE_TYPE
    provenance: dict[str, Any]
    pairs: tuple[PairEntry, ...] = ()

    def to_json(self) -> str:
        """JSON with each pair's paths written out, for people and other programs."""
        content = self.model_dump(mode="json")
        for entry, pair in zip(content["pairs"], self.pairs, strict=True):
            entry |= {"image": pair.image, "mask": pair.mask}
        return json.dumps(content, indent=1, ensure_ascii=False)


@dataclass(frozen=True, eq=False)
class PairSet:
    """A set in memory.

    Attributes:
        names: N names.
        images: N arrays (H, W) float32 in [0, 1].
        masks: N arrays (H, W) uint8 in {0, 1}.
        manifest: Provenance, hashes and details.
    """

    names: tuple[str, ...]
    images: tuple[NDArray[np.float32], ...]
    masks: tuple[NDArray[np.uint8], ...]
    manifest: Manifest = field(repr=False)


def parse_manifest(source: Path, text: str | bytes) -> Manifest:
    """Reads a manifest.

    Raises:
        InputError: Not a manifest, or of a version yet to come.
    """
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        fault = first_fault(error, "its text")
        raise InputError(f"{source} holds no valid manifest: {fault}.", REWRITE_HINT) from error
    if manifest.schema_version > SCHEMA_VERSION:
        raise InputError(
            f"{source} has the manifest version {manifest.schema_version}.",
            "Open it with a newer version of the program.",
        )
    return manifest


def array_sha256(array: NDArray[Any]) -> str:
    """Hash of an array's bytes, little-endian in C order."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return hashlib.sha256(little.data).hexdigest()


def verify(source: Path, what: str, found: str, expected: str) -> None:
    """Compares hashes.

    Raises:
        InputError: They differ.
    """
    if found != expected:
        raise InputError(f"{source}: {what} was changed after it was written.", REWRITE_HINT)

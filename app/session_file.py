"""A session in one file: a zip of `session.json` and of the masks that are saved nowhere else.

Nothing in it is run or unpacked to disk, and nothing is read that is larger than it says.
"""

from __future__ import annotations

import json
import logging
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from platformdirs import user_state_path
from pydantic import ValidationError

from app.session_models import VERSION, MaskState, SessionState
from engine.data.atomic import atomic_path
from engine.errors import InputError
from engine.wording import first_fault

ENDING = ".reverie"
EARLIER = 9  # sessions of earlier exits that are kept
_log = logging.getLogger(__name__)
_FACTS = "session.json"
_MAX_FACTS = 16 * 2**20
_MAX_MEMBERS = 256
_MAX_MASKS = 4 * 2**30  # bytes of all embedded masks
_DEFLATE_LEVEL = 1
# What zipfile raises for files that are no zip, or damaged in one way or another.
_ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError,
    ValueError, OverflowError,
)  # fmt: skip
_DAMAGED = "It is damaged or was cut off; open the images themselves, or an older copy of it."


def last_session_path() -> Path:
    """Where the session of the last exit lies."""
    return user_state_path("reverie") / f"last{ENDING}"


def keep_earlier(path: Path) -> list[Path]:
    """Move the session at a path out of the way of the next one; `EARLIER` of them are kept.

    Returns:
        The sessions kept, the newest first. What cannot be moved stays where it is.
    """
    places = [path, *(path.with_stem(f"{path.stem}-{number}") for number in range(1, EARLIER + 1))]
    try:
        for older, newer in zip(places[:0:-1], places[-2::-1], strict=True):
            if newer.exists():
                newer.replace(older)
    except OSError as error:
        _log.warning("The session %s is not kept: %s", path, error)
    return [place for place in places[1:] if place.exists()]


def save_session(path: Path, state: SessionState) -> None:
    """Write whole or not at all; masks with `labels` are embedded.

    Raises:
        DiskError: the file cannot be written.
        ValueError: labels are no (D, H, W) uint8 or uint16 of the mask's shape.
    """
    masks = []
    for place, mask in enumerate(state.masks):
        _check_labels(mask)
        member = "" if mask.labels is None else f"masks/{place}.npy"
        masks.append(mask.model_copy(update={"member": member}))
    whole = state.model_copy(update={"masks": tuple(masks), "version": VERSION})
    with (
        atomic_path(path) as beside,
        zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=_DEFLATE_LEVEL) as archive,
    ):
        archive.writestr(_FACTS, whole.model_dump_json(indent=1))
        for mask in masks:
            if mask.labels is not None:
                with archive.open(mask.member, "w", force_zip64=True) as stream:
                    npy.write_array(stream, np.ascontiguousarray(mask.labels), allow_pickle=False)


def load_session(path: Path) -> SessionState:
    """Read a session with its embedded masks; images are not touched, see `session_paths.locate`.

    Raises:
        InputError: it cannot be read, is damaged, or comes from a newer program.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(path, archive)
            state = _facts(path, archive)
            masks = tuple(_with_labels(path, archive, mask) for mask in state.masks)
    except _ZIP_ERRORS as error:
        raise InputError(f"{path} is no session of Reverie ({error}).", _DAMAGED) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{path} cannot be read: {reason}.", "Check the file's place.") from error
    return state.model_copy(update={"masks": masks})


def _check_labels(mask: MaskState) -> None:
    labels = mask.labels
    if labels is None:
        return
    if labels.shape != mask.shape or labels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"labels {labels.dtype} {labels.shape} for a mask {mask.shape}")


def _check_members(path: Path, archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    plain = all(
        m.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) and not m.flag_bits & 1
        for m in members
    )
    total = sum(m.file_size for m in members if m.filename != _FACTS)
    if not plain or len(members) > _MAX_MEMBERS or total > _MAX_MASKS + _MAX_MEMBERS * 4096:
        raise InputError(
            f"{path} is no session of Reverie, or it claims to hold {total / 2**30:.1f} GiB.",
            "Open the images themselves.",
        )


def _facts(path: Path, archive: zipfile.ZipFile) -> SessionState:
    try:
        info = archive.getinfo(_FACTS)
    except KeyError as error:
        raise InputError(f"{path} is a zip file, but no session of Reverie.") from error
    if info.file_size > _MAX_FACTS:
        raise InputError(f"{path} claims a description of {info.file_size} bytes.", _DAMAGED)
    with archive.open(info) as stream:
        content = stream.read(_MAX_FACTS)
    try:
        raw = json.loads(content)
        version = raw.get("version") if isinstance(raw, dict) else None
        if isinstance(version, int) and version > VERSION:
            raise InputError(
                f"{path} was saved by a newer version of the program: its format is {version}, "
                f"and this one reads up to {VERSION}.",
                "Update Reverie to open it.",
            )
        state = SessionState.model_validate_json(content)
    except ValidationError as error:
        fault = first_fault(error, "the content")
        raise InputError(f"In {path}, {fault}.", _DAMAGED) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"The description in {path} cannot be read.", _DAMAGED) from error
    counts = {"image": len(state.images), "mask": len(state.masks)}
    if any(layer.place >= counts[layer.kind] for layer in state.layers):
        raise InputError(f"{path} names a layer that it does not hold.", _DAMAGED)
    return state


def _with_labels(path: Path, archive: zipfile.ZipFile, mask: MaskState) -> MaskState:
    if not mask.member:
        return mask
    try:
        with archive.open(mask.member) as stream:
            labels = _read_labels(stream, mask)
    except (KeyError, ValueError) as error:
        raise InputError(
            f"The mask '{mask.name}' in {path} is damaged: {error}.", _DAMAGED
        ) from error
    return mask.model_copy(update={"labels": labels})


def _read_labels(stream: IO[bytes], mask: MaskState) -> NDArray[Any]:
    """An array of the mask's own shape and nothing else; ValueError otherwise."""
    version = npy.read_magic(stream)
    if version != (1, 0):
        raise ValueError("its format is unknown")
    shape, fortran, dtype = npy.read_array_header_1_0(stream)
    if shape != mask.shape or fortran or dtype.newbyteorder("=") not in (np.uint8, np.uint16):
        raise ValueError(f"it has {dtype} {shape}")
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if not 0 < size <= _MAX_MASKS:
        raise ValueError(f"it claims {size} bytes")
    raw = bytearray(stream.read(size))
    if len(raw) != size or stream.read(1):
        raise ValueError("it has another length than it says")
    labels = np.frombuffer(raw, dtype).reshape(shape)
    return labels.astype(dtype.newbyteorder("="), copy=False)

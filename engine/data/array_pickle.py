"""The dictionary-of-arrays pickle in which AdaptDiff's data were published, read without trust.

A pickle is a program. This reader lets it call nothing but what rebuilds plain arrays, looks at
every opcode before the first one runs, and bounds the memory that it can ask for.
"""

from __future__ import annotations

import os
import pickle
import pickletools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.data.array_unpickler import ALLOWED, HINT, ArrayUnpickler, PickledArray, forbidden
from engine.data.atomic import atomic_path
from engine.errors import InputError

MAX_FILE_BYTES = 4 * 2**30

ArrayDict = dict[str, list[NDArray[Any]]]

# Memo slots are dense: an index far beyond the file's length exists to make the reader allocate.
_MEMO_OPCODES = ("PUT", "BINPUT", "LONG_BINPUT")
_REFUSED_OPCODES = ("PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4", "INST", "OBJ", "NEXT_BUFFER")


def read_array_dict(path: str | os.PathLike[str]) -> ArrayDict:
    """Reads `{name}_im`, `{name}_gt`, ... -> arrays, written by numpy 1 or 2, protocols 0 to 5.

    Returns:
        Every key's arrays; a single array (N, H, W) comes as its N items, one of (H, W) as a list
        of one. Arrays are of numbers or bool, never of objects.

    Raises:
        InputError: Missing, damaged, too large, another structure, or something in it that is
            not an array: then it names that and says that nothing was run.
    """
    source = Path(path)
    content = _read(source)
    _inspect(source, content)
    try:
        loaded = ArrayUnpickler(source, content).load()
    except InputError:
        raise
    except _DAMAGE as error:
        reason = str(error)[:120] or type(error).__name__
        raise InputError(
            f"{source} is damaged or no pickle of arrays: {reason}.",
            "Copy or download it again.",
        ) from error
    return _arrays(source, loaded)


def write_array_dict(
    path: str | os.PathLike[str], arrays: Mapping[str, Sequence[ArrayLike]]
) -> None:
    """Writes the same format, protocol 4, atomically.

    Raises:
        DiskError: The file cannot be written.
        ValueError: An array of objects.
    """
    plain = {key: [np.asarray(item) for item in items] for key, items in arrays.items()}
    for key, items in plain.items():
        if any(item.dtype.hasobject for item in items):
            raise ValueError(f"{key} holds objects, not numbers")
    with atomic_path(path) as beside, open(beside, "wb") as stream:
        pickle.dump(plain, stream, protocol=4)


_DAMAGE = (
    pickle.UnpicklingError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


def _read(source: Path) -> bytes:
    try:
        size = source.stat().st_size
        if size > MAX_FILE_BYTES:
            raise InputError(
                f"{source} has {size / 2**30:.1f} GiB; at most 4 GiB are read.", "Split it."
            )
        return source.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{source} does not exist.", "Check the name or choose again.") from error
    except IsADirectoryError as error:
        raise InputError(f"{source} is a folder.", "Choose the file inside it.") from error
    except OSError as error:
        raise InputError(
            f"{source} cannot be read: {error.strerror}.", "Change its rights, or copy it."
        ) from error


def _inspect(source: Path, content: bytes) -> None:
    """Walks all opcodes without running one."""
    try:
        for opcode, argument, _ in pickletools.genops(content):
            if opcode.name in _REFUSED_OPCODES:
                raise forbidden(source, f"the instruction {opcode.name}")
            if opcode.name == "GLOBAL":
                module, _, name = str(argument).partition(" ")
                if (module, name) not in ALLOWED:
                    raise forbidden(source, f"{module}.{name}")
            if opcode.name in _MEMO_OPCODES and int(argument or 0) > len(content):
                raise InputError(f"{source} is damaged: memo index {argument}.", HINT)
    except (ValueError, IndexError, OverflowError, MemoryError) as error:
        raise InputError(
            f"{source} is damaged or no pickle: {str(error)[:120]}.", "Copy or download it again."
        ) from error


def _arrays(source: Path, loaded: object) -> ArrayDict:
    if not isinstance(loaded, dict) or not loaded:
        raise InputError(
            f"{source} holds {type(loaded).__name__.lstrip('_')}, not a dictionary of arrays.",
            "Expected are keys like name_im and name_gt.",
        )
    result: ArrayDict = {}
    for key, value in loaded.items():
        if not isinstance(key, str):
            raise InputError(f"{source} has the key {key!r:.60}, which is not text.", HINT)
        result[key] = _items(source, key, value)
    return result


def _items(source: Path, key: str, value: object) -> list[NDArray[Any]]:
    if isinstance(value, PickledArray) and value.array is not None:
        return list(value.array) if value.array.ndim > 2 else [value.array]
    if isinstance(value, list | tuple):
        found = [item.array for item in value if isinstance(item, PickledArray)]
        arrays = [array for array in found if array is not None]
        if len(arrays) == len(value):
            return arrays
    raise InputError(f"{source}: {key} holds something other than arrays.", HINT)

"""What is asked of a file before its values are read, and how a decoder's failure is told."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import psutil
from isal.isal_zlib import IsalError
from PIL import Image

from engine.data.image_formats import DECODE_ERRORS, first_bytes, short
from engine.errors import InputError

__all__ = [
    "Watch",
    "check_claim",
    "check_memory",
    "check_unchanged",
    "damaged",
    "decoding",
    "first_bytes",
    "opening",
    "readable_bytes",
    "short",
    "stamp",
]

# The stubs of isal take the class for an instance.
_ERRORS = (*DECODE_ERRORS, cast(type[Exception], IsalError))

Watch = Callable[[float], None]
"""Told the share that is done, from 0 to 1; it may raise to cancel."""

MAX_RATIO = 1040
"""Deflate cannot pack better than 1032 to 1 (zlib's technical notes)."""
SLACK_BYTES = 2**22
MEMORY_SHARE = 0.8
# Quiet while a file is read: their complaints become refusals or notes here.
_LOGGERS = ("tifffile", "nibabel.global", "PIL")

Stamp = tuple[int, int]


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Says in the user's words why a file or folder cannot be opened.

    Raises:
        InputError: In place of any OSError, and of a name no file can have.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(
            f"{path} does not exist.", "Check the name, or choose it again."
        ) from error
    except PermissionError as error:
        raise InputError(
            f"{path} may not be read: no permission.", "Change its rights, or copy it."
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {short(error)}.", "Check the disk.") from error


@contextmanager
def decoding(path: Path) -> Iterator[None]:
    """Turns whatever a decoder raises into a refusal, and keeps it from printing.

    Raises:
        InputError: Damaged or incomplete, with the decoder's words; or the memory ran out.
    """
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.disabled for logger in loggers]
    try:
        for logger in loggers:
            logger.disabled = True
        with warnings.catch_warnings():
            # Complaints about odd metadata are no news to someone whose values are fine.
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(
            f"{path} does not fit into memory.", "Close other images, or crop it first."
        ) from error
    except Image.DecompressionBombError as error:
        raise InputError(
            f"{path} has more pixels than can be opened: {short(error)}.",
            "Crop or resize it first, or copy it again if it is damaged.",
        ) from error
    except _ERRORS as error:
        raise damaged(path, short(error)) from error
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


def damaged(path: Path, why: str) -> InputError:
    """The refusal of a file whose content is not what its kind asks for."""
    return InputError(f"{path} is damaged or incomplete: {why}.", "Copy or export it again.")


def readable_bytes(count: float) -> str:
    """A size for people, as "1.5 GiB"."""
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if count < 1024 or unit == "TiB":
            break
        count /= 1024
    return f"{count:.4g} {unit}"


def check_claim(path: Path, claimed: int, stored: int, *, packed: bool) -> None:
    """Compares the bytes that a header asks for with those in the file and with free memory.

    Args:
        path: For the message.
        claimed: Bytes of all values.
        stored: Bytes there are for them in the file.
        packed: Whether those are compressed.

    Raises:
        InputError: The file is too short for what it claims, or memory for it.
    """
    most = stored * MAX_RATIO + SLACK_BYTES if packed else stored
    if claimed > most:
        raise damaged(
            path,
            f"its header asks for {readable_bytes(claimed)}, "
            f"the file holds {readable_bytes(stored)}{' (compressed)' if packed else ''}",
        )
    check_memory(path, claimed)


def check_memory(path: Path, needed: int) -> None:
    """Refuses what does not fit into the memory that is free.

    Raises:
        InputError: With both sizes.
    """
    free = psutil.virtual_memory().available
    if needed > free * MEMORY_SHARE:
        raise InputError(
            f"{path} needs {readable_bytes(needed)} of memory; {readable_bytes(free)} are free.",
            "Close other images or programs, or crop it first.",
        )


def stamp(path: Path) -> Stamp:
    """Size and time of change, to notice that a file was changed meanwhile.

    Raises:
        InputError: The file is gone or out of reach.
    """
    with opening(path):
        found = os.stat(path)
    return found.st_size, found.st_mtime_ns


def check_unchanged(path: Path, before: Stamp) -> None:
    """Refuses a file that something else wrote while it was read.

    Raises:
        InputError: Its size or time is another than `before`.
    """
    if stamp(path) != before:
        raise InputError(
            f"{path} was changed while it was read.", "Wait until it is written, and open it again."
        )

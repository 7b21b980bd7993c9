"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import DiskError

REMEDIES = {
    errno.ENOSPC: "Free some space on that disk, then save again.",
    errno.EDQUOT: "Free some of your quota on that disk, then save again.",
    errno.EACCES: "Choose a folder that you may write to.",
    errno.EPERM: "Choose a folder that you may write to.",
    errno.EROFS: "The disk is read-only; choose another one.",
    errno.ENOENT: "Make the folder first, or choose one that exists.",
    errno.ENOTDIR: "Choose a folder; part of this path is a file.",
}


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; renamed onto it at the end, removed on any error.

    It keeps the suffix, since many writers choose the format by it.

    Raises:
        DiskError: the disk is full, the folder is missing or may not be written.
    """
    partial = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}.part{path.suffix}")
    try:
        yield partial
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        raise disk_error(path, error) from error
    finally:
        partial.unlink(missing_ok=True)


def disk_error(path: Path, error: OSError) -> DiskError:
    """What to tell the user when writing `path` failed."""
    reason = error.strerror or str(error)
    remedy = REMEDIES.get(error.errno or 0, "Check the disk and the path, then save again.")
    return DiskError(f"{path} could not be written: {reason}.", remedy)

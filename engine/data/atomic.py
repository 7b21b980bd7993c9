"""Files that are either whole or not there."""

from __future__ import annotations

import errno
import os
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import DiskError

_REMEDIES = {
    errno.ENOSPC: ("the disk is full", "Free some space or choose another disk."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space or choose another disk."),
    errno.EACCES: ("no permission to write there", "Choose a folder that you may write to."),
    errno.EPERM: ("no permission to write there", "Choose a folder that you may write to."),
    errno.EROFS: ("the disk is read-only", "Choose a folder on a writable disk."),
    errno.ENOENT: ("the folder does not exist", "Create the folder or choose another one."),
    errno.ENOTDIR: ("a part of the path is not a folder", "Choose another folder."),
    errno.EISDIR: ("a folder of that name is in the way", "Choose another name."),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter name."),
}
_PARTIAL = re.compile(r"\..+\.[0-9a-f]{12}(\..*)?", re.DOTALL)


def disk_error(path: Path, error: OSError) -> DiskError:
    """The user's view of a failed write: which file, why, and what to do."""
    fallback = (error.strerror or str(error), "Check the disk or choose another folder.")
    reason, remedy = _REMEDIES.get(error.errno or 0, fallback)
    return DiskError(f"{path} cannot be written: {reason}.", remedy)


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Gives a path beside the target to write to; on success it takes the target's place.

    The temporary name keeps the target's suffixes, so that writers that go by them still work.
    On any exception it is removed and an older file at the target stays as it was.

    Raises:
        DiskError: Anything the operating system refuses: full disk, no permission, no folder.
    """
    target = Path(path)
    unique = f".{target.name[:40]}.{uuid.uuid4().hex[:12]}{''.join(target.suffixes)[-40:]}"
    beside = target.parent / unique
    try:
        # Not mkstemp, whose files are private: a result has the rights of any new file.
        os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise disk_error(target, error) from error
    try:
        yield beside
        _settle(beside, target)
    except OSError as error:
        raise disk_error(target, error) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def partials(folder: Path, age_s: float = 0.0) -> list[Path]:
    """What `atomic_path` had begun to write in a folder when its process was killed.

    Args:
        age_s: Least time since it was written, where others may be writing now.
    """
    before = time.time() - age_s
    try:
        named = [path for path in folder.iterdir() if _PARTIAL.fullmatch(path.name)]
        return [path for path in named if path.stat().st_mtime <= before]
    except OSError:
        return []  # no such folder, or one of them is gone meanwhile


def _settle(beside: Path, target: Path) -> None:
    with open(beside, "rb+") as stream:
        os.fsync(stream.fileno())
    os.replace(beside, target)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Finds out whether a file could be written; leaves nothing behind.

    Raises:
        DiskError: As `atomic_path`, and a folder in its place.
    """
    target = Path(path)
    if target.is_dir():
        raise disk_error(target, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
    trial = target.with_name(f".{target.name[:40]}.{uuid.uuid4().hex[:12]}")
    try:
        os.close(os.open(trial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        trial.unlink()
    except OSError as error:
        raise disk_error(target, error) from error


def make_folder(path: Path) -> None:
    """Make a folder and those above it.

    Raises:
        DiskError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(path, error) from error


def check_folder(path: Path) -> None:
    """Find out whether a folder can be made, and leave everything as it was.

    Raises:
        DiskError: it cannot be made.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(path, error) from error
    finally:
        for folder in missing:
            with suppress(OSError):  # it was not made, or somebody has put something in
                folder.rmdir()


def write_atomic(path: str | os.PathLike[str], content: bytes) -> None:
    """Writes bytes so that the file is either whole or as it was.

    Raises:
        DiskError: As `atomic_path`.
    """
    with atomic_path(path) as beside:
        beside.write_bytes(content)

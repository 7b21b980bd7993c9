"""Which file a session means, and where it is now."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

_END = 2**20
Status = Literal["same", "changed", "missing"]


class FileRef(BaseModel):
    """A file or folder as it was when the session was saved.

    Attributes:
        path: Absolute.
        relative: From the session's folder, with "/", or "" where that is impossible.
        part: Data set or series within it, as `engine.data.volumes.volume.Source.part`.
        size: Bytes of the file; of a folder, those of the files in it.
        mtime_ns: When the file was changed last; 0 for a folder.
        sha256: Of the first and the last MiB of the file; "" for a folder.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    relative: str = ""
    part: str = ""
    size: int = 0
    mtime_ns: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class Located:
    """Where a file is: as it was, changed since, or nowhere to be found."""

    ref: FileRef
    path: Path | None
    status: Status

    @property
    def moved(self) -> bool:
        """Whether it was found at another place than before."""
        return self.path is not None and self.path != Path(self.ref.path)

    def told(self) -> str:
        """A sentence for the user, or "" when all is as it was."""
        if self.path is None:
            return f"{self.ref.path} is not there any more, nor beside the session."
        if self.status == "changed":
            return f"{self.path} has changed since the session was saved."
        return f"{Path(self.ref.path).name} was found in {self.path.parent}." if self.moved else ""


def file_ref(path: Path, session: Path, part: str = "") -> FileRef:
    """A file or folder, as a session at the path `session` remembers it; reads up to 2 MiB.

    Raises:
        OSError: it cannot be read.
    """
    path, folder = path.absolute(), session.absolute().parent
    try:
        relative = Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive
        relative = ""
    size, mtime_ns, sha256 = _fingerprint(path)
    return FileRef(
        path=str(path), relative=relative, part=part, size=size, mtime_ns=mtime_ns, sha256=sha256
    )


def locate(ref: FileRef, session: Path) -> Located:
    """Look for a file where it was, then from the session's folder, then beside the session.

    One with the same content goes before one that has only the name.
    """
    folder = session.absolute().parent
    places = [Path(ref.path), folder / Path(ref.path).name]
    if ref.relative:
        places.insert(1, Path(os.path.normpath(folder / ref.relative)))
    changed = None
    for place in places:
        same = _same(ref, place)
        if same:
            return Located(ref, place, "same")
        if same is not None and changed is None:
            changed = place
    return Located(ref, changed, "missing" if changed is None else "changed")


def _same(ref: FileRef, path: Path) -> bool | None:
    """Whether a path holds what was meant; None when there is nothing to read."""
    try:
        stat = path.stat()
        if (stat.st_size, stat.st_mtime_ns) == (ref.size, ref.mtime_ns):
            return True
        size, _, sha256 = _fingerprint(path)
    except (OSError, ValueError):  # a path from a foreign file may hold anything
        return None
    return (size, sha256) == (ref.size, ref.sha256)


def _fingerprint(path: Path) -> tuple[int, int, str]:
    if path.is_dir():
        with os.scandir(path) as entries:
            return sum(e.stat().st_size for e in entries if e.is_file()), 0, ""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        stat = os.fstat(stream.fileno())
        digest.update(stream.read(_END))
        if stat.st_size > _END:
            stream.seek(max(_END, stat.st_size - _END))
            digest.update(stream.read(_END))
    return stat.st_size, stat.st_mtime_ns, digest.hexdigest()

"""Whether a file is still the one that was read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from engine.data.volumes.limits import opening

_APART = (".hdr", ".img", ".mhd", ".nhdr", ".raw", ".zraw")


@dataclass(frozen=True)
class Fingerprint:
    """A file as it was at one moment; a file that was missing can be remembered, too.

    Attributes:
        path: The file.
        size: In bytes, or None where there was none.
        modified_ns: Time of the last change.
        digest: SHA-256 of the content, or "" where it was not asked for.
    """

    path: Path
    size: int | None
    modified_ns: int = 0
    digest: str = ""

    @classmethod
    def of(cls, path: str | os.PathLike[str], *, digest: bool = False) -> Fingerprint:
        """The file as it is now; `digest` reads all of it."""
        file = Path(path)
        try:
            found = file.stat()
            content = _digest(file) if digest else ""
        except OSError:
            return cls(file, None)
        return cls(file, found.st_size, found.st_mtime_ns, content)

    def changed(self) -> bool:
        """Whether the file differs from what it was.

        Size and time decide; where only the time differs and a digest is known, the content does.
        """
        now = Fingerprint.of(self.path)
        if now == replace(self, digest=""):
            return False
        if not self.digest or now.size != self.size:
            return True
        return Fingerprint.of(self.path, digest=True).digest != self.digest


def files_of(path: Path) -> tuple[Path, ...]:
    """A file and, of formats with header and values apart, the one that belongs to it."""
    if path.suffix.lower() not in _APART:
        return (path,)
    try:
        beside = [p for p in path.parent.iterdir() if p.stem == path.stem and p.is_file()]
    except OSError:
        return (path,)
    return tuple(sorted({path, *(p for p in beside if p.suffix.lower() in _APART)}))


def content_digest(files: Iterable[Path]) -> str:
    """SHA-256 of a file, or of the digests of several in the order of their names.

    Raises:
        InputError: One of them cannot be read.
    """
    found = []
    for file in sorted(files):
        with opening(file):
            found.append(_digest(file))
    return found[0] if len(found) == 1 else hashlib.sha256("".join(found).encode()).hexdigest()


def _digest(file: Path) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

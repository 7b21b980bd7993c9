"""Whether a file is still the one that was read."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path


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


def _digest(file: Path) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

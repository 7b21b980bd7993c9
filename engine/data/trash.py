"""What is deleted can be had back."""

from __future__ import annotations

from pathlib import Path

from engine.errors import DiskError


def move_to_trash(path: Path) -> None:
    """Moves a file or a folder to the system's trash.

    Raises:
        DiskError: There is no trash for it.
    """
    from send2trash import send2trash

    try:
        send2trash(path)
    except OSError as error:
        raise DiskError(
            f"{path} cannot be moved to the trash: {error.strerror or error}.",
            "Delete it with the file manager if it is to go.",
        ) from error

"""Whether arguments ask for the window or for the command line; imports next to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

IMAGE_SUFFIXES = (
    ".png", ".tif", ".tiff", ".bmp", ".gif", ".jpg", ".jpeg", ".nii", ".nii.gz", ".npy",
)  # fmt: skip


@dataclass(frozen=True)
class WindowRequest:
    """What the window is to start with.

    Attributes:
        paths: Images to open.
        reset: Forget the settings first.
    """

    paths: tuple[Path, ...] = ()
    reset: bool = False


def window_request(arguments: Sequence[str]) -> WindowRequest | None:
    """What the window is asked for; None if the arguments are for the command line.

    The window opens for no argument, for images, and for `--reset`.
    """
    names = [argument for argument in arguments if argument != "--reset"]
    if not all(_is_image(name) for name in names):
        return None
    return WindowRequest(tuple(Path(name) for name in names), len(names) < len(arguments))


def _is_image(name: str) -> bool:
    return not name.startswith("-") and name.lower().endswith(IMAGE_SUFFIXES)

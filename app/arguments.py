"""Whether arguments ask for the window or for the command line; imports next to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PICTURE_SUFFIXES = (".png", ".tif", ".tiff", ".bmp", ".gif", ".jpg", ".jpeg")
VOLUME_SUFFIXES = (
    ".nii", ".nii.gz", ".hdr", ".img", ".nrrd", ".nhdr", ".mha", ".mhd", ".dcm", ".h5", ".hdf5",
    ".npy", ".npz", ".reverie",
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

    The window opens for no argument, for images, volumes, folders and sessions, and for `--reset`.
    """
    names = [argument for argument in arguments if argument != "--reset"]
    if not all(_is_image(name) for name in names):
        return None
    return WindowRequest(tuple(Path(name) for name in names), len(names) < len(arguments))


def is_volume(path: Path) -> bool:
    """Whether a path is for the volume viewer: a folder, or no plain picture by its name."""
    return path.name.lower().endswith(VOLUME_SUFFIXES) or path.is_dir()


def _is_image(name: str) -> bool:
    if name.startswith("-"):
        return False
    if name.lower().endswith((*PICTURE_SUFFIXES, *VOLUME_SUFFIXES)):
        return True
    # A command goes before a folder that happens to have its name, so folders need a separator.
    return ("/" in name or "\\" in name) and Path(name).is_dir()

"""Masks as files; used by the window and the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.data.phantoms import PHANTOM_METADATA
from engine.data.png import write_png


def save_mask(path: Path, mask: Any, *, grown: bool = False) -> None:
    """A mask (H, W) in {0, 1} as PNG, black and white.

    Args:
        grown: It was made by the program, and says so.

    Raises:
        DiskError: it cannot be written.
    """
    write_png(path, mask > 0, dict(PHANTOM_METADATA) if grown else None)

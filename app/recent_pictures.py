"""Small pictures of recent files, kept as PNG in the user's cache."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path
from PyQt6.QtGui import QImage

from engine.data.atomic import atomic_path
from engine.errors import EngineError

SIDE = 160
_TAIL = 0.1  # percent of values cut at either end
_log = logging.getLogger(__name__)


class Pictures:
    """For threads: all of it reads or writes files. What fails is logged and leaves no picture.

    Args:
        folder: Where they lie; the user's cache folder by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or user_cache_path("reverie") / "thumbnails"

    def make(self, key: str, picture: NDArray[Any], aspect: float = 1.0) -> None:
        """Keep a picture, see `RecentFiles.add`."""
        from PIL import Image

        grey = shades(picture)
        height, width = grey.shape[0] * aspect, float(grey.shape[1])
        scale = SIDE / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = Image.fromarray(grey).resize(size, Image.Resampling.BOX)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with atomic_path(self._path(key)) as beside:
                image.save(beside, "PNG")
        except (OSError, EngineError) as error:
            _log.warning("No small picture of %s: %s", key, error)

    def load(self, key: str) -> QImage | None:
        """The picture, or None."""
        image = QImage(str(self._path(key)))
        return None if image.isNull() else image

    def prune(self, keys: Iterable[str]) -> None:
        """Delete the pictures of all others."""
        kept = {self._path(key).name for key in keys}
        try:
            for path in self._folder.glob("*.png"):
                if path.name not in kept:
                    path.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("Old pictures in %s stay: %s", self._folder, error)

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode(errors='replace')).hexdigest()[:32]}.png"


def shades(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """A slice (H, W), or (H, W, 3) uint8, as uint8: black to white without the outermost values.

    Values that are not finite are black.
    """
    if picture.ndim == 3:
        return np.ascontiguousarray(picture, np.uint8)
    values = np.asarray(picture, np.float64)
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(values.shape, np.uint8)
    low, high = np.percentile(values[finite], (_TAIL, 100 - _TAIL))
    if high <= low:
        low, high = values[finite].min(), values[finite].max()
    share = (np.where(finite, values, low) - low) / (high - low if high > low else 1.0)
    return (255 * np.clip(share, 0.0, 1.0)).astype(np.uint8)

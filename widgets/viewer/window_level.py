"""Which values are shown as black and white."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAG = 300.0  # view pixels of drag for the whole value range
NARROWEST = 1e-3  # of the value range


@dataclass(frozen=True)
class WindowLevel:
    """`window` is the width and `level` the centre of the shown values, in the image's units."""

    window: float
    level: float

    @classmethod
    def of_range(cls, low: float, high: float) -> WindowLevel:
        """All of [low, high]; raises ValueError when it is empty."""
        if not low < high:
            raise ValueError(f"the value range {low} to {high} is empty")
        return cls(high - low, (low + high) / 2)

    def dragged(self, dx: float, dy: float, extent: float) -> WindowLevel:
        """After a drag of (dx, dy) view pixels over an image whose values span `extent`.

        Right widens the window (less contrast), down raises the level (darker).
        """
        window = max(self.window + dx * extent / DRAG, NARROWEST * extent)
        return WindowLevel(window, self.level + dy * extent / DRAG)

    def apply(self, image: NDArray[np.generic], out: NDArray[np.uint8]) -> None:
        """Write the image (any real type) as 0..255 into `out` of the same shape; NaN is black."""
        gain = 255.0 / self.window
        scaled = np.multiply(image, np.float32(gain), dtype=np.float32)
        scaled += np.float32(127.5 - self.level * gain)
        np.nan_to_num(scaled, copy=False, nan=0.0)
        np.clip(scaled, 0.0, 255.0, out=scaled)
        np.rint(scaled, out=scaled)
        out[...] = scaled.astype(np.uint8)

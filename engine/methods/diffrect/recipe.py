"""How slices are shown to DiffRect's networks, and how what is found in them comes back.

Published: values as the h5 files hold them, from least to largest where they are not 0 to 1;
slices zoomed to 256 x 256 with the nearest pixel, and what is found in them the same way back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from engine.data.segmentation.preparation import Preparation, nearest, resized
from engine.errors import CheckpointError
from engine.methods.diffrect.params import Contrast, Resampling

TAILS = (1.0, 99.0)


@dataclass(frozen=True)
class Recipe:
    """What is done to a slice.

    Attributes:
        channels: 1 or 3 that the network sees.
        side: That slices are resized to, whatever their shape.
        contrast, resampling: See `params.CONTRASTS` and `params.RESAMPLINGS`.
    """

    channels: int = 1
    side: int = 256
    contrast: Contrast = "stored"
    resampling: Resampling = "nearest"

    @property
    def preparation(self) -> Preparation:
        """From a file's values to [0, 1]; slices keep their size."""
        return Preparation(2, self.channels, None, "unit")

    def card(self) -> dict[str, Any]:
        """For `Card.preprocessing`."""
        return {**self.preparation.card(), **asdict(self)}

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Recipe:
        """What `card` gave, also after a way through JSON.

        Raises:
            CheckpointError: A card that says something else.
        """
        try:
            found = cls(
                int(card["channels"]), int(card["side"]), card["contrast"], card["resampling"]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"The checkpoint does not say how slices are shown to it: {error}.",
                "Import or train it again.",
            ) from error
        if (
            found.contrast not in get_args(Contrast)
            or found.resampling not in get_args(Resampling)
            or found.channels not in (1, 3)
            or found.side < 1
        ):
            raise CheckpointError(
                f"The checkpoint wants slices as nobody makes them: {found}.",
                "Import or train it again.",
            )
        return found

    def slices(self, unit: NDArray[np.float32]) -> NDArray[np.float32]:
        """(C, D, H, W) in [0, 1] -> (C, D, side, side) as the network sees them, in [0, 1]."""
        if self.contrast == "percentiles":
            unit = _between_tails(unit)
        return self._resized(unit, (self.side, self.side))

    def labels(self, labels: NDArray[Any]) -> NDArray[np.uint8]:
        """(D, H, W) -> (D, side, side), of each pixel the nearest one's."""
        return _nearest(labels[np.newaxis], (self.side, self.side))[0].astype(np.uint8)

    def back(self, maps: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
        """Maps (K, D, side, side) on the rows and columns of the image."""
        return self._resized(maps, size)

    def _resized(self, maps: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
        if maps.shape[2:] == size:
            return maps
        return _nearest(maps, size) if self.resampling == "nearest" else resized(maps, size)


def _nearest(maps: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    rows, columns = (nearest(n, m) for n, m in zip(maps.shape[2:], size, strict=True))
    return np.ascontiguousarray(maps[:, :, rows[:, None], columns])


def _between_tails(unit: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each slice by itself, all of its channels together; a constant one becomes 0."""
    low, high = np.percentile(unit, TAILS, axis=(0, 2, 3), keepdims=True).astype(np.float32)
    return np.clip((unit - low) / np.maximum(high - low, np.float32(1e-6)), 0.0, 1.0)

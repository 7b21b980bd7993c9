"""Where windows lie and what they weigh: MONAI's sliding window, one window at a time.

MONAI's `sliding_window_inference` runs from start to end in one call. A job has to tell how far
it is and must stop when it is asked to, so its parts are used here; a test holds both equal.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from monai.data.utils import compute_importance_map, dense_patch_slices
from torch import Tensor

Window = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class Windows:
    """A volume cut into windows.

    Attributes:
        image: (C, D, H, W), padded where it was smaller than a window.
        places: Windows of `image`.
        weight: (d, h, w) of every window.
        inside: What of `image` is the volume that was given.
    """

    image: Tensor
    places: tuple[Window, ...]
    weight: Tensor
    inside: Window

    @property
    def shape(self) -> tuple[int, int, int]:
        """(D, H, W) after padding."""
        _, d, h, w = self.image.shape
        return d, h, w


def cut(
    image: Tensor, size: tuple[int, int, int], overlap: tuple[float, float, float], blend: str
) -> Windows:
    """Windows that cover a volume; a smaller volume has its edge repeated on both sides.

    Args:
        image: (C, D, H, W).
        size: Of a window; 0 along an axis takes all of it.
        overlap: Share of a window, in [0, 1), that the next one covers again, along each axis.
        blend: "constant" or "gaussian".
    """
    shape = image.shape[1:]
    wanted = tuple(s or n for s, n in zip(size, shape, strict=True))
    missing = [max(0, s - n) for s, n in zip(wanted, shape, strict=True)]
    before = [n // 2 for n in missing]
    d, h, w = (slice(b, b + n) for b, n in zip(before, shape, strict=True))
    if any(missing):
        sides = [p for b, m in zip(before, missing, strict=True) for p in (m - b, b)][::-1]
        image = F.pad(image[None], sides, mode="replicate")[0]
    full = tuple(image.shape[1:])
    steps = tuple(
        s if s == n else max(1, int(s * (1 - o)))
        for s, n, o in zip(wanted, full, overlap, strict=True)
    )
    places = tuple(dense_patch_slices(full, wanted, steps))
    return Windows(image, places, compute_importance_map(wanted, mode=blend), (d, h, w))

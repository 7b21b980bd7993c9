"""A block of voxels, as a change or an index."""

from __future__ import annotations

from dataclasses import dataclass

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class Box:
    """Voxels from `low` to below `high`, in array order (d, h, w)."""

    low: Triple
    high: Triple

    @staticmethod
    def whole(shape: Triple) -> Box:
        """All voxels of an array (D, H, W)."""
        return Box((0, 0, 0), shape)

    @property
    def shape(self) -> Triple:
        d, h, w = (max(b - a, 0) for a, b in zip(self.low, self.high, strict=True))
        return d, h, w

    @property
    def empty(self) -> bool:
        return 0 in self.shape

    @property
    def index(self) -> tuple[slice, slice, slice]:
        """The block as an index of an array (D, H, W)."""
        d, h, w = (slice(a, b) for a, b in zip(self.low, self.high, strict=True))
        return d, h, w

    def __and__(self, other: Box) -> Box:
        d, h, w = (max(a, b) for a, b in zip(self.low, other.low, strict=True))
        e, i, x = (min(a, b) for a, b in zip(self.high, other.high, strict=True))
        return Box((d, h, w), (max(d, e), max(h, i), max(w, x)))

    def __or__(self, other: Box) -> Box:
        if self.empty or other.empty:
            return other if self.empty else self
        d, h, w = (min(a, b) for a, b in zip(self.low, other.low, strict=True))
        e, i, x = (max(a, b) for a, b in zip(self.high, other.high, strict=True))
        return Box((d, h, w), (e, i, x))

"""From the votes of all windows to labels and maps on the voxels of the image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.data.labels.cutoff import cut_off, majority
from engine.data.segmentation.preparation import Prepared
from engine.data.segmentation.slices import SliceOfImage, slice_back
from engine.data.volumes.region import Region
from engine.methods.cdal.votes import Maps, Tally, entropy, vote_probability
from engine.methods.cdal.windows import Window, Windows
from engine.results import SegmentationResult


def assembled(
    tally: Tally,
    windows: Windows,
    box: Window,
    region: Region,
    ready: Prepared,
    threshold: float = 0.0,
) -> SegmentationResult:
    """What was found, without names and provenance.

    Args:
        tally: All votes.
        windows: Of what was looked at, the prepared image's `box`.
        region: What was asked for, in voxels of the image.
        ready: The image in the network's geometry.
        threshold: See `cutoff.cut_off`; 0 takes the class of most votes.
    """
    found = tally.combined()
    probability = found.probability
    # Made before they are resized: between two sure pixels that differ nothing is uncertain.
    maps = np.concatenate([probability, found.variance[None], entropy(probability)[None]])
    back = ready.back(_placed(maps[(slice(None), *windows.inside)], box, ready))
    outside = np.ones(back.shape[1:], bool)
    outside[region.index] = False
    labels = cut_off(back[:-2], threshold) if threshold else majority(back[:-2])
    for array in (*back, labels):
        array[outside] = 0
    votes, at = _votes_apart(tally, windows, box, ready)
    votes[:, np.take(outside, at.index, at.axis)] = 0
    return SegmentationResult(
        labels, back[:-2], back[-2], back[-1], votes, at.index, (region.low, region.high),
        notes=ready.notes, axis=at.axis,
    )  # fmt: skip


def _placed(maps: Maps, box: Window, ready: Prepared) -> Maps:
    """Maps of a box on the whole prepared grid."""
    shape = ready.array.shape[1:]
    if maps.shape[1:] == shape:
        return maps
    whole = np.zeros((len(maps), *shape), np.float32)
    whole[(slice(None), *box)] = maps
    return whole


def _votes_apart(
    tally: Tally, windows: Windows, box: Window, ready: Prepared
) -> tuple[NDArray[np.uint8], SliceOfImage]:
    """The labels of each vote (N, h, w) on the shown slice, and where in the image that lies."""
    each = np.stack([vote_probability(vote) for vote in tally.apart()])
    depth, rows, columns = windows.inside
    plane = np.zeros((*each.shape[:2], *ready.array.shape[2:]), np.float32)
    plane[:, :, box[1], box[2]] = each[:, :, rows, columns]
    index = tally.shown - depth.start + box[0].start
    found = slice_back(ready, plane.reshape(-1, *plane.shape[2:]), index)
    maps = found.maps.reshape(*each.shape[:2], *found.maps.shape[1:])
    return np.stack([majority(vote) for vote in maps]), found

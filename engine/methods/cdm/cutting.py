"""From evidence to heat maps and labels; numbers alone, without the network, in any thread.

The paper's way: evidence is stretched to [0, 1] over a slice, cut by Otsu's method, and the largest
connected part is kept. In place of its dense CRF, edges may follow the image by a random walk from
what is sure (Grady 2006).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.segmentation import random_walker

from engine.data.labels.connected import parts_of
from engine.methods.cdm.use_params import CutParams
from engine.results import Box, SaliencyResult, Squares

Maps = NDArray[np.float32]
SURE = 0.5
"""Of the way from the threshold to the ends of the range: what lies beyond is sure."""
LEAST = 1e-3
"""By which a pixel that the refinement takes in or out is above or below its threshold."""


def heat_of(maps: Maps, params: CutParams, steps: int = 0) -> tuple[Maps, Maps]:
    """Evidence (n, R, S, S) to heat (n, S, S) in [0, 1], and thresholds (n,).

    Args:
        steps: How many of the R count; 0 takes `params.steps`, and all where that is 0.
    """
    used = min(steps or params.steps or maps.shape[1], maps.shape[1])
    total = maps[:, :used].sum(axis=1, dtype=np.float32)
    if params.magnitude == "absolute":
        total = np.abs(total)
    if params.smooth:
        total = ndimage.gaussian_filter(total, (0, params.smooth, params.smooth))
    if params.magnitude == "brighter":
        total = np.maximum(total, 0)
    axes = (1, 2) if params.scope == "slice" else None
    low, high = total.min(axis=axes, keepdims=True), total.max(axis=axes, keepdims=True)
    heat = np.asarray((total - low) / np.maximum(high - low, 1e-12), np.float32)
    return heat, _thresholds(heat, params)


def decided(squares: Squares, heat: Maps, thresholds: Maps, params: CutParams) -> Maps:
    """(n, S, S), above 0 where the finding is: by how much its threshold is exceeded."""
    above = heat - thresholds[:, np.newaxis, np.newaxis]
    if params.keep != "all":
        kept = _largest(above > 0, squares, each_slice=params.keep == "slice")
        above = np.where(kept, above, np.minimum(above, 0))
    if params.refine:
        pairs = zip(squares.images, above, strict=True)
        above = np.stack([_refined(image, one, params.beta) for image, one in pairs])
    return above


def cut(
    squares: Squares, shape: tuple[int, int, int], classes: int, region: Box, params: CutParams
) -> tuple[NDArray[np.uint8], Maps, Maps]:
    """Labels (D, H, W), heat (K - 1, D, H, W) and thresholds (n,).

    Where findings overlap, that which exceeds its threshold by most counts.

    Args:
        shape: Of the image.
        classes: K, with 0 for nothing.
    """
    labels, best = np.zeros(shape, np.uint8), np.zeros(shape, np.float32)
    found = np.zeros((classes - 1, *shape), np.float32)
    if not len(squares.maps):
        return labels, found, np.zeros(0, np.float32)
    heat, thresholds = heat_of(squares.maps, params, squares.used(params.steps))
    above = decided(squares, heat, thresholds, params)
    outside = np.ones(shape, bool)
    low, high = region
    outside[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = False
    for label in range(1, classes):
        chosen = np.flatnonzero(squares.classes == label)
        maps = np.stack([heat[chosen], above[chosen]])
        back = squares.grid.back(maps, squares.slices[chosen])
        back[:, outside] = 0
        found[label - 1] = back[0]
        wins = back[1] > best
        labels[wins] = label
        best[wins] = back[1][wins]
    return labels, found, thresholds


def recut(result: SaliencyResult, params: CutParams) -> SaliencyResult:
    """The same evidence with other steps, another threshold or other parts."""
    depth, height, width = result.labels.shape
    labels, heat, thresholds = cut(
        result.squares, (depth, height, width), len(result.heat) + 1, result.region, params
    )
    changed = {name: getattr(params, name) for name in CutParams.model_fields}
    told = {**result.provenance.get("parameters", {}), **changed}
    return replace(
        result, labels=labels, heat=heat, thresholds=thresholds,
        provenance={**result.provenance, "parameters": told},
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Range:
    """What is normalised and cut together: a slice, or all of them.

    Attributes:
        heat: (m, S, S) in [0, 1].
        otsu: The threshold by Otsu's method.
    """

    heat: Maps
    otsu: float


def range_of(squares: Squares, index: int, params: CutParams) -> Range:
    """What one of the n entries is cut with, whichever threshold is set; for a thread."""
    one = squares.maps[index : index + 1]
    maps = squares.maps if params.scope == "volume" else one
    automatic = params.model_copy(update={"threshold": -1.0})
    heat, thresholds = heat_of(maps, automatic, squares.used(params.steps))
    return Range(heat, float(thresholds[0]))


def _thresholds(heat: Maps, params: CutParams) -> Maps:
    if params.threshold >= 0:
        return np.full(len(heat), params.threshold, np.float32)
    if params.scope == "volume":
        return np.full(len(heat), _otsu(heat), np.float32)
    return np.array([_otsu(one) for one in heat], np.float32)


def _otsu(heat: Maps) -> float:
    """Above everything where all is alike: then nothing stands out."""
    return float(threshold_otsu(heat)) if heat.min() < heat.max() else 1.0


def _largest(marked: NDArray[np.bool_], squares: Squares, *, each_slice: bool) -> NDArray[np.bool_]:
    """The largest connected part of every slice, or of every finding's slices as they lie."""
    if each_slice:
        return np.concatenate([_largest_part(one[np.newaxis]) for one in marked])
    kept = np.zeros_like(marked)
    for label in np.unique(squares.classes):
        chosen = np.flatnonzero(squares.classes == label)
        slices = squares.slices[chosen]
        stack = np.zeros((int(slices.max()) + 1, *marked.shape[1:]), bool)
        stack[slices] = marked[chosen]
        kept[chosen] = _largest_part(stack)[slices]
    return kept


def _largest_part(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    parts = parts_of(mask)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return parts == sizes.argmax() if sizes.any() else mask


def _refined(image: Maps, above: Maps, beta: float) -> Maps:
    """Each pixel goes where a random walk from it arrives first, which edges of the image hinder.

    What is far above or below the threshold is sure; where nothing is in between, all stays.
    """
    markers = np.zeros(above.shape, np.int32)
    markers[above > SURE * above.max()] = 1
    markers[above <= SURE * above.min()] = 2
    if above.max() <= 0 or above.min() >= 0 or markers.all():
        return above
    walked = random_walker(image, markers, beta=beta, mode="cg_j")
    return np.where(walked == 1, np.maximum(above, LEAST), np.minimum(above, -LEAST))

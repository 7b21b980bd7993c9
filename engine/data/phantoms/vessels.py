"""Retinal vessel trees from a seed, from drawn strokes, or from a painted mask."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage
from skimage.morphology import skeletonize

from engine.data.phantoms.geometry import (
    Field,
    Landmark,
    Segment,
    Stroke,
    VesselTree,
    field_circle,
)
from engine.data.phantoms.growth import Grower, Tip, TreeParams, murray
from engine.data.phantoms.guides import Arcade, Constant, Guide, Towards, turn
from engine.errors import InputError

MIN_SIDE = 32
MAX_SIDE = 4096

FUNDUS_PARAMS = TreeParams(
    trunk_radius=3.0, tip_radius=0.65, taper=0.0045, spacing=24.0, tortuosity=0.014, crossing=0.3
)
MACULA_PARAMS = TreeParams()


def grow_vessel_tree(
    height: int,
    width: int,
    seed: int,
    *,
    field: Field = "fundus",
    strokes: Sequence[Stroke] | None = None,
    params: TreeParams | None = None,
) -> VesselTree:
    """Grows a vessel tree; the same arguments always give the same tree.

    Args:
        height, width: Size in pixels, 32 to 4096 each.
        seed: Non-negative.
        field: "fundus": disc, two temporal arcades, nasal vessels. "macula": no disc in view,
            vessels enter at the borders and run towards the foveal avascular zone, which stays
            free.
        strokes: Vessels to start from; daughters sprout from them and nothing else enters.
        params: Defaults to those of the field.

    Raises:
        InputError: size or seed out of range.
    """
    rng = _generator(height, width, seed)
    chosen = params or default_params(field)
    disc, fovea = _landmarks(field, height, width, rng)
    if strokes:
        drawn = [_stroke_segment(stroke) for stroke in strokes if len(stroke.points)]
        grower = Grower((height, width), rng, chosen, fovea, _guide_maker(field, fovea, rng))
        for segment in drawn:
            _sprout_along(grower, segment, fovea, rng, chosen.spacing * min(height, width) / 384)
    else:
        roots = _fundus_roots if disc else _macula_roots
        grower = Grower((height, width), rng, chosen, fovea, _guide_maker(field, fovea, rng))
        for bud in roots(height, width, disc or fovea, fovea, rng, chosen):
            grower.add(bud)
    grower.grow()
    segments = tuple(grower.segments)
    if disc:
        segments = _within_view(segments, height, width)
    return VesselTree(height, width, seed, field, segments, disc, fovea)

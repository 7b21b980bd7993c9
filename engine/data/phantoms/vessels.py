"""Retinal vessel trees from a seed, from drawn strokes, or from a painted mask."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage
from skimage.morphology import skeletonize

from engine.data.phantoms.anatomy import fundus_roots, guide_maker, landmarks, macula_roots
from engine.data.phantoms.geometry import (
    Field,
    Landmark,
    Segment,
    Stroke,
    VesselTree,
    field_circle,
)
from engine.data.phantoms.growth import Grower, Tip, TreeParams, murray
from engine.data.phantoms.guides import Constant, turn
from engine.errors import InputError

MIN_SIDE = 32
MAX_SIDE = 4096

FUNDUS_PARAMS = TreeParams(
    trunk_radius=3.0, tip_radius=0.6, taper=0.0022, spacing=30.0, tortuosity=0.014, crossing=0.3
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
        strokes: Vessels to start from, kept as they are; daughters sprout from them and their
            ends grow on. None or empty: a whole tree.
        params: Defaults to those of the field.

    Raises:
        InputError: Size or seed out of range.
    """
    rng = _generator(height, width, seed)
    disc, fovea = landmarks(field, height, width, rng)
    grower = _grower(height, width, rng, field, fovea, params)
    drawn = [_stroke_segment(stroke) for stroke in strokes or () if len(stroke.points)]
    for segment in drawn:
        index = grower.occupy(segment)
        for bud in _sprouts(segment.points, segment.radii, fovea, rng, grower.spacing):
            bud.parent = index
            grower.add(bud)
    if not drawn and disc is not None:
        for bud in fundus_roots(disc, fovea, min(height, width), rng, grower.params):
            grower.add(bud)
    elif not drawn:
        for bud in macula_roots((height, width), fovea, rng, grower.params):
            grower.add(bud)
    grower.grow()
    return VesselTree(height, width, seed, field, tuple(grower.segments), disc, fovea)


def grow_from_mask(
    mask: ArrayLike, seed: int, *, field: Field = "macula", params: TreeParams | None = None
) -> VesselTree:
    """Sprouts tapering daughters from painted vessels, and lets their loose ends grow on.

    Args:
        mask: (H, W); pixels that are not 0 are painted and all stay in the tree's mask.
        seed: Non-negative.
        field: Decides where new vessels are drawn to, as in `grow_vessel_tree`.
        params: Defaults to those of the field.

    Returns:
        A tree whose `painted` is the mask; with an empty mask, a whole tree.

    Raises:
        InputError: Not two-dimensional; size or seed out of range.
    """
    painted = np.asarray(mask) != 0
    if painted.ndim != 2:
        raise InputError(
            f"A mask of shape {painted.shape} is not two-dimensional.", "Give one slice."
        )
    height, width = painted.shape
    rng = _generator(height, width, seed)
    if not painted.any():
        return grow_vessel_tree(height, width, seed, field=field, params=params)
    disc, fovea = landmarks(field, height, width, rng)
    grower = _grower(height, width, rng, field, fovea, params)
    grower.block(painted)
    line, radii, headings, loose = _centre_line(painted, fovea)
    for bud in _mask_sprouts(line, radii, headings, loose, fovea, rng, grower.spacing):
        grower.add(bud)
    grower.grow()
    segments = tuple(grower.segments)
    return VesselTree(height, width, seed, field, segments, disc, fovea, painted)


def _generator(height: int, width: int, seed: int) -> np.random.Generator:
    if not (MIN_SIDE <= height <= MAX_SIDE and MIN_SIDE <= width <= MAX_SIDE):
        raise InputError(
            f"A vessel tree of {height} x {width} pixels cannot be grown.",
            f"Choose sides between {MIN_SIDE} and {MAX_SIDE} pixels.",
        )
    if seed < 0:
        raise InputError(f"The seed {seed} is negative.", "Choose 0 or a positive number.")
    return np.random.default_rng(seed)


def _grower(
    height: int,
    width: int,
    rng: np.random.Generator,
    field: Field,
    fovea: Landmark,
    params: TreeParams | None,
) -> Grower:
    fundus = field == "fundus"
    view = Landmark(*field_circle(height, width)) if fundus else None
    chosen = params or (FUNDUS_PARAMS if fundus else MACULA_PARAMS)
    return Grower((height, width), rng, chosen, fovea, view, guide_maker(field, fovea, rng))


def _stroke_segment(stroke: Stroke) -> Segment:
    points = np.asarray(stroke.points, np.float32)
    radii = np.linspace(stroke.start_radius, stroke.end_radius, len(points), dtype=np.float32)
    return Segment(points, radii)


def _sprouts(
    points: NDArray[np.float32],
    radii: NDArray[np.float32],
    fovea: Landmark,
    rng: np.random.Generator,
    spacing: float,
) -> Iterator[Tip]:
    """Buds along a stroke on alternating sides, and one where its thin end goes on."""
    if len(points) < 2:
        return
    steps = np.diff(points, axis=0)
    travelled = np.concatenate([[0.0], np.cumsum(np.hypot(*steps.T))])
    places = np.arange(0.6 * spacing, travelled[-1], spacing)
    side = 1 if rng.random() < 0.5 else -1
    for place in places + 0.2 * spacing * rng.normal(size=len(places)):
        at = int(np.clip(np.searchsorted(travelled, place), 1, len(steps)))
        heading = _heading(points[max(0, at - 4)], points[min(len(steps), at + 4)])
        yield _sprout(points[at], float(radii[at]), heading, side, fovea, rng)
        side = -side
    heading = _heading(points[max(0, len(points) - 8)], points[-1])
    row, column = points[-1].tolist()
    yield Tip(row, column, heading, float(radii[-1]), Constant(heading), pull=0.3)


def _heading(start: NDArray[np.float32], end: NDArray[np.float32]) -> float:
    return math.atan2(float(end[0] - start[0]), float(end[1] - start[1]))


def _sprout(
    point: NDArray[np.float32],
    radius: float,
    heading: float,
    side: int,
    fovea: Landmark,
    rng: np.random.Generator,
) -> Tip:
    _, smaller, _, spread = murray(radius, rng.uniform(0.5, 0.85))
    start = heading + side * 0.9 * spread
    row, column = float(point[0]), float(point[1])
    inwards = math.atan2(fovea.row - row, fovea.column - column)
    if abs(turn(start, inwards)) < 1.3:
        guide = Constant(start + 0.4 * turn(start, inwards))
    else:
        guide = Constant(start - side * 0.3)
    return Tip(row, column, start, max(smaller, 0.0), guide, pull=0.6, side=-side, order=1)


_Line = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64], NDArray[np.bool_]]


def _centre_line(painted: NDArray[np.bool_], fovea: Landmark) -> _Line:
    """Skeleton points (N, 2), radii, headings in radians and which of them are loose ends.

    The heading is the main axis of the skeleton within 7 pixels, pointing to the fovea; at a
    loose end it points out of the vessel.
    """
    # A frame of background: the distance and the skeleton must also end at the image's border.
    skeleton = skeletonize(np.pad(painted, 1))[1:-1, 1:-1]
    distance = ndimage.distance_transform_edt(np.pad(painted, 1, mode="edge"))[1:-1, 1:-1]
    rows, columns = (part.astype(np.float32) for part in np.nonzero(skeleton))
    neighbours = ndimage.convolve(skeleton.astype(np.uint8), np.ones((3, 3), np.uint8))
    loose = neighbours[skeleton] == 2

    def local(values: NDArray[np.float32] | float) -> NDArray[np.float64]:
        plane = np.zeros(painted.shape)
        plane[skeleton] = values
        return np.asarray(ndimage.uniform_filter(plane, 15, mode="constant")[skeleton])

    weight = local(1.0)
    mean_row, mean_column = local(rows) / weight, local(columns) / weight
    spread_row = local(rows**2) / weight - mean_row**2
    spread_column = local(columns**2) / weight - mean_column**2
    shared = local(rows * columns) / weight - mean_row * mean_column
    headings = 0.5 * np.arctan2(2 * shared, spread_column - spread_row)
    inwards = np.arctan2(fovea.row - rows, fovea.column - columns)
    outwards = np.arctan2(rows - mean_row, columns - mean_column)
    wanted = np.where(loose, outwards, inwards)
    headings = np.where(np.cos(headings - wanted) < 0, headings + np.pi, headings)
    points = np.stack([rows, columns], -1)
    return points, np.maximum(distance[skeleton] - 0.5, 0.5).astype(np.float32), headings, loose


def _mask_sprouts(
    points: NDArray[np.float32],
    radii: NDArray[np.float32],
    headings: NDArray[np.float64],
    loose: NDArray[np.bool_],
    fovea: Landmark,
    rng: np.random.Generator,
    spacing: float,
) -> Iterator[Tip]:
    """Buds on the centre line at least a spacing apart, and one at every loose end."""
    taken: list[tuple[float, float]] = []
    for at in np.flatnonzero(loose).tolist():
        row, column, heading = float(points[at, 0]), float(points[at, 1]), float(headings[at])
        taken.append((row, column))
        yield Tip(row, column, heading, float(radii[at]), Constant(heading), pull=0.3)
    for at in rng.permutation(len(points)).tolist():
        row, column = float(points[at, 0]), float(points[at, 1])
        if any(math.hypot(row - y, column - x) < 0.7 * spacing for y, x in taken):
            continue
        taken.append((row, column))
        side = 1 if rng.random() < 0.5 else -1
        yield _sprout(points[at], float(radii[at]), float(headings[at]), side, fovea, rng)

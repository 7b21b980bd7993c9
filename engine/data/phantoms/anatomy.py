"""The retina's plan: where disc and fovea lie, where vessels enter, where they are drawn to."""

from __future__ import annotations

import math

import numpy as np

from engine.data.phantoms.geometry import Field, Landmark, field_circle
from engine.data.phantoms.growth import DaughterGuide, Tip, TreeParams
from engine.data.phantoms.guides import Arcade, Constant, Guide, Towards, turn


def landmarks(
    field: Field, height: int, width: int, rng: np.random.Generator
) -> tuple[Landmark | None, Landmark]:
    """Optic disc (None for the macula) and foveal avascular zone of an eye, left or right."""
    size = min(height, width)
    row, column, _ = field_circle(height, width)
    if field == "macula":
        shift = 0.04 * size * rng.normal(size=2)
        radius = size * rng.uniform(0.085, 0.13)
        return None, Landmark(row + shift[0], column + shift[1], radius)
    temporal = -1 if rng.random() < 0.5 else 1
    disc = Landmark(
        row + 0.03 * size * rng.normal(),
        column - temporal * size * rng.uniform(0.26, 0.33),
        0.062 * size,
    )
    # The fovea lies 2.5 disc diameters temporal to the disc and a little below it.
    fovea = Landmark(
        disc.row + size * rng.uniform(0.01, 0.05),
        disc.column + temporal * size * rng.uniform(0.3, 0.34),
        0.05 * size,
    )
    return disc, fovea


def fundus_roots(
    disc: Landmark, fovea: Landmark, size: int, rng: np.random.Generator, params: TreeParams
) -> list[Tip]:
    """Buds at the disc: vein and artery of four quadrants, and a few small macular vessels."""
    temporal = 1 if fovea.column > disc.column else -1
    length = abs(fovea.column - disc.column)
    trunk = params.trunk_radius * size / 384
    buds = []
    for vertical in (-1, 1):
        height = size * rng.uniform(0.23, 0.31)
        for scale, spread in ((1.0, 1.0), (0.78, rng.uniform(0.72, 1.3))):
            row, column = _near(disc, rng)
            arcade = Arcade(disc.row, disc.column, temporal, vertical, length, height * spread)
            heading = arcade.bearing(row, column) + 0.1 * rng.normal()
            radius = trunk * scale * rng.uniform(0.88, 1.08)
            buds.append(Tip(row, column, heading, radius, arcade, pull=1.6, side=vertical))
        for scale in (0.72, 0.6):
            angle = rng.uniform(0.45, 1.2)
            bearing = math.atan2(vertical * math.sin(angle), -temporal * math.cos(angle))
            buds.append(_radial(disc, bearing, trunk * scale, rng))
    small = max(1, round(params.density * rng.integers(3, 6)))
    for offset in np.linspace(-0.75, 0.75, small):
        bearing = math.atan2(offset, temporal) + 0.1 * rng.normal()
        buds.append(_radial(disc, bearing, trunk * rng.uniform(0.34, 0.5), rng))
    for offset in (-0.3, 0.35):
        bearing = math.atan2(offset, -temporal) + 0.15 * rng.normal()
        buds.append(_radial(disc, bearing, trunk * rng.uniform(0.35, 0.5), rng))
    return buds


def _near(disc: Landmark, rng: np.random.Generator) -> tuple[float, float]:
    row, column = 0.22 * disc.radius * rng.normal(size=2)
    return disc.row + float(row), disc.column + float(column)


def _radial(disc: Landmark, bearing: float, radius: float, rng: np.random.Generator) -> Tip:
    row, column = _near(disc, rng)
    heading = bearing + 0.25 * rng.normal()
    return Tip(row, column, heading, radius, Constant(bearing), pull=0.6)


def macula_roots(
    shape: tuple[int, int], fovea: Landmark, rng: np.random.Generator, params: TreeParams
) -> list[Tip]:
    """Buds at the borders: wide trunks cutting corners, then vessels of all sizes inwards."""
    height, width = shape
    scale = min(shape) / 384
    trunk = params.trunk_radius * scale
    corners = rng.permutation(4)[: int(rng.choice([0, 1, 1, 2]))]
    buds = [_corner_trunk(corner, shape, trunk, rng) for corner in corners.tolist()]
    # Most vessels come from the arcades above and below; few along the horizontal meridian.
    spacing = 60 * scale / params.density
    places: list[tuple[float, float]] = []
    for border in (0, height - 1):
        along = np.arange(rng.uniform(0.1, 0.9) * spacing, width, spacing)
        along += 0.22 * spacing * rng.normal(size=len(along))
        places += [(border, column) for column in along.tolist()]
    for border in (0, width - 1):
        along = np.arange(rng.uniform(0.3, 1.2) * spacing, height, 1.9 * spacing)
        along += 0.3 * spacing * rng.normal(size=len(along))
        places += [(row, border) for row in along.tolist()]
    return buds + [_entering(place, fovea, trunk, rng) for place in places]


def _entering(
    place: tuple[float, float], fovea: Landmark, trunk: float, rng: np.random.Generator
) -> Tip:
    row, column = place
    radius = trunk * float(np.clip(0.48 * math.exp(0.33 * rng.normal()), 0.3, 1.0))
    to_centre = math.atan2(fovea.row - row, fovea.column - column)
    # Each aims at its own side of the zone, so that they arrive around it and not at one point.
    aim = to_centre + math.pi + 0.45 * rng.normal()
    target = Towards(
        fovea.row + 1.1 * fovea.radius * math.sin(aim),
        fovea.column + 1.1 * fovea.radius * math.cos(aim),
    )
    return Tip(row, column, to_centre + 0.45 * rng.normal(), radius, target, pull=0.55)


def _corner_trunk(
    corner: int, shape: tuple[int, int], trunk: float, rng: np.random.Generator
) -> Tip:
    height, width = shape
    vertical, horizontal = (-1, 1)[corner // 2], (-1, 1)[corner % 2]
    row = (height - 1) * (0.5 + vertical * rng.uniform(0.28, 0.42))
    column = (width - 1) * (0.5 + horizontal * 0.5)
    bearing = math.atan2(vertical * rng.uniform(0.35, 0.8), -horizontal)
    radius = trunk * rng.uniform(0.85, 1.25)
    return Tip(row, column, bearing, radius, Constant(bearing), pull=1.2, side=vertical)


def guide_maker(field: Field, fovea: Landmark, rng: np.random.Generator) -> DaughterGuide:
    """The rule by which daughters find their way: inner ones to the fovea, outer ones outwards."""

    def guide(tip: Tip, heading: float, side: int) -> Guide:
        inwards = math.atan2(fovea.row - tip.row, fovea.column - tip.column)
        towards = abs(turn(heading, inwards)) < 1.3
        if towards and (field == "macula" or fovea.distance(tip.row, tip.column) < 9):
            # Only partly inwards: daughters that all made for one point would run in bundles.
            return Constant(heading + 0.4 * turn(heading, inwards) + 0.2 * rng.normal())
        return Constant(tip.heading + side * rng.uniform(0.35, 0.9))

    return guide

"""What a vessel tree would look like in three cameras. Every result is a phantom, no patient's.

All renderings are functions of the tree and the seed alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from engine.data.phantoms.geometry import VesselTree
from engine.data.phantoms.textures import Plane, capillary_mesh, radial_ramp, smooth_field

PHANTOM_METADATA = {"Source": "Reverie procedural phantom", "Phantom": "true"}
"""Text that goes into every file holding a phantom."""


def render_fundus(tree: VesselTree, seed: int) -> NDArray[np.float32]:
    """A colour fundus photograph: dark vessels on orange, bright disc, dark macula.

    Returns:
        (H, W, 3) float32 RGB in [0, 1], black outside the round field of view.
    """
    rng = np.random.default_rng((seed, 1))
    shape, size = (tree.height, tree.width), min(tree.height, tree.width)
    shade = 1.0 + 0.08 * smooth_field(shape, size / 4, rng) + _lighting(shape, rng)
    shade += 0.018 * smooth_field(shape, size / 60, rng)
    base = np.array([0.80, 0.40, 0.17]) * np.exp(0.06 * rng.normal(size=3))
    colour = (shade[..., None] * base).astype(np.float32)
    macula = radial_ramp(shape, tree.fovea.row, tree.fovea.column, 1.9 * tree.fovea.radius)
    colour *= 1 - macula[..., None] * np.array([0.22, 0.42, 0.45], np.float32)
    if tree.disc:
        colour = _paint_disc(colour, tree, rng)
    vessels = ndimage.gaussian_filter(tree.soft_mask(), 0.55 * size / 384)
    # Wide vessels absorb more, and green far more than red: haemoglobin.
    depth = vessels * (0.6 + 0.4 * np.clip(_local_width(tree), 0, 1))
    colour *= 1 - depth[..., None] * np.array([0.24, 0.52, 0.42], np.float32)
    colour = colour + 0.014 * rng.standard_normal(colour.shape, dtype=np.float32)
    colour = ndimage.gaussian_filter(colour, (0.5, 0.5, 0))
    edge = ndimage.gaussian_filter(tree.field_of_view().astype(np.float32), 0.8)
    return np.clip(colour * edge[..., None], 0, 1).astype(np.float32)


def render_octa(tree: VesselTree, seed: int) -> NDArray[np.float32]:
    """An en-face OCT angiogram: bright vessels in a capillary mesh, dark avascular zone.

    Returns:
        (H, W) float32 in [0, 1] with speckle and the horizontal stripes of eye motion.
    """
    rng = np.random.default_rng((seed, 2))
    shape, scale = (tree.height, tree.width), min(tree.height, tree.width) / 384
    zone = ndimage.gaussian_filter(tree.avascular_zone().astype(np.float32), 3.0 * scale)
    # Capillaries thin out towards the zone before they stop.
    zone = np.maximum(zone, 0.65 * _surround(tree))
    mesh = capillary_mesh(shape, 7.0 * scale, rng)
    perfusion = np.clip(1.0 + 0.16 * smooth_field(shape, 22 * scale, rng), 0.4, 1.5)
    flow = (0.16 + 0.50 * mesh * perfusion) * (1 - 0.86 * zone)
    vessels = ndimage.gaussian_filter(tree.soft_mask(), 0.6 * scale)
    caliber = 0.74 + 0.2 * np.clip(_local_width(tree), 0, 1)
    flow = flow * (1 - 0.85 * vessels) + vessels * caliber
    # Speckle: the amplitude of a decorrelation signal scatters with the signal itself.
    grain = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), 0.55)
    flow = flow * (1 + 0.30 * grain / grain.std() * (1 - 0.6 * vessels))
    flow += 0.03 * rng.standard_normal(shape, dtype=np.float32)
    return np.clip(_motion(flow.astype(np.float32), rng), 0, 1).astype(np.float32)


def render_angiography(tree: VesselTree, seed: int, *, leakage: float = 0.0) -> NDArray[np.float32]:
    """A fluorescein angiogram: bright vessels over the choroidal flush.

    Args:
        tree: The vessels; a fundus field is shown through its round field of view.
        seed: Seed of background and noise.
        leakage: 0 for an early frame to 1 for a late one, with dye hazing around small vessels.

    Returns:
        (H, W) float32 in [0, 1].
    """
    rng = np.random.default_rng((seed, 3))
    shape, size = (tree.height, tree.width), min(tree.height, tree.width)
    flush = 0.24 + 0.035 * smooth_field(shape, size / 5, rng)
    flush += 0.022 * smooth_field(shape, size / 40, rng)
    flush += 0.05 * capillary_mesh(shape, 6.0 * size / 384, rng)
    # Xanthophyll and dense pigment hide the choroid behind the macula.
    flush *= 1 - 0.6 * radial_ramp(shape, tree.fovea.row, tree.fovea.column, 2 * tree.fovea.radius)
    if tree.disc:
        flush += 0.12 * radial_ramp(shape, tree.disc.row, tree.disc.column, tree.disc.radius)
    vessels = ndimage.gaussian_filter(tree.soft_mask(), 0.5 * size / 384)
    image = flush * (1 - vessels) + vessels * (0.66 + 0.26 * np.clip(_local_width(tree), 0, 1))
    if leakage > 0:
        spots = np.clip(smooth_field(shape, size / 14, rng) - 1.0, 0, None)
        haze = ndimage.gaussian_filter(tree.soft_mask() * spots, size / 60)
        image += leakage * (1.6 * haze + 0.05)
    image *= 1 + 0.7 * _lighting(shape, rng)
    image += 0.022 * rng.standard_normal(shape, dtype=np.float32)
    edge = ndimage.gaussian_filter(tree.field_of_view().astype(np.float32), 0.8)
    return np.clip(image * edge, 0, 1).astype(np.float32)


def _surround(tree: VesselTree) -> Plane:
    zone = tree.fovea
    return radial_ramp((tree.height, tree.width), zone.row, zone.column, 1.35 * zone.radius)


def _local_width(tree: VesselTree) -> Plane:
    """About 0 on the thinnest and 1 on the widest vessels."""
    size = min(tree.height, tree.width)
    widths = ndimage.uniform_filter(tree.soft_mask(), max(3, round(7 * size / 384)))
    return np.asarray(2.0 * widths - 0.3, np.float32)


def _lighting(shape: tuple[int, int], rng: np.random.Generator) -> Plane:
    """Uneven illumination: a slant and a fall-off to the border, between about -0.35 and 0.15."""
    down, right = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    slant = 0.08 * rng.normal(size=2)
    return np.asarray(slant[0] * down + slant[1] * right - 0.16 * (down**2 + right**2), np.float32)


def _paint_disc(colour: Plane, tree: VesselTree, rng: np.random.Generator) -> Plane:
    disc = tree.disc
    assert disc is not None
    shape = (tree.height, tree.width)
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    distance = np.hypot((rows - disc.row) / 1.08, columns - disc.column) / disc.radius
    rim = 1 / (1 + np.exp((distance - 1) * 16))
    cup = 1 / (1 + np.exp((distance - rng.uniform(0.35, 0.55)) * 9))
    tint = np.array([0.98, 0.78, 0.46], np.float32)
    mixed = colour * (1 - 0.85 * rim[..., None]) + 0.85 * rim[..., None] * tint
    return np.asarray(mixed + cup[..., None] * np.array([0.03, 0.12, 0.16]), np.float32)


def _motion(image: Plane, rng: np.random.Generator) -> Plane:
    """Saccades: a few rows of another brightness."""
    stripes = np.ones(len(image), np.float32)
    for row in rng.integers(0, len(image), size=rng.integers(1, 5)).tolist():
        stripes[row : row + int(rng.integers(1, 3))] *= rng.uniform(0.7, 1.35)
    stripes += 0.015 * rng.standard_normal(len(image), dtype=np.float32)
    return np.asarray(image * stripes[:, None], np.float32)

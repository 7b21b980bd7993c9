"""Surfaces drawn without OpenGL: all triangles of about one size at a time, in numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from widgets.viewer.scene.camera import Camera
from widgets.viewer.scene.mesh import Mesh

AMBIENT, DIFFUSE, SHINE = 0.22, 0.68, 0.10
_SIZES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256, 512, 1024, 2048, 4096)
_AT_ONCE = 1_000_000  # pixels that are tried in one go
_FAR = np.int64(-(2**62))
Colour = tuple[int, int, int]


def draw(
    meshes: Sequence[Mesh], camera: Camera, width: int, height: int, background: Colour
) -> NDArray[np.uint8]:
    """The scene as (height, width, 3) uint8.

    Opaque surfaces hide what is behind. Of a translucent one the nearest part is seen, and it is
    laid over what is behind it, the farthest surface first. Lit from the viewer, on both sides.
    """
    picture = np.empty((height * width, 3), np.float32)
    picture[:] = background
    depth = np.full(height * width, -np.inf, np.float32)
    shown = [mesh.finished() for mesh in meshes if mesh.drawn]
    for mesh in (mesh for mesh in shown if mesh.opacity >= 1):
        at, z, shade = _surface(mesh, camera, width, height)
        nearer = z > depth[at]
        at = at[nearer]
        depth[at] = z[nearer]
        picture[at] = _lit(mesh.colour, shade[nearer])
    clear = [(mesh, *_surface(mesh, camera, width, height)) for mesh in shown if mesh.opacity < 1]
    clear.sort(key=lambda drawn: float(drawn[2].mean()) if len(drawn[2]) else 0.0)
    for mesh, at, z, shade in clear:
        nearer = z > depth[at]
        at = at[nearer]
        picture[at] += mesh.opacity * (_lit(mesh.colour, shade[nearer]) - picture[at])
    return np.clip(picture, 0, 255).astype(np.uint8).reshape(height, width, 3)


def _lit(colour: Colour, facing: NDArray[np.float32]) -> NDArray[np.float32]:
    """The colour of places that face the viewer by the cosine `facing`."""
    tone = (AMBIENT + DIFFUSE * facing)[:, None] * np.asarray(colour, np.float32)
    return tone + 255 * SHINE * facing[:, None] ** 24


def _surface(
    mesh: Mesh, camera: Camera, width: int, height: int
) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]:
    """The pixels that a surface covers, how near it is there (mm) and how it faces (0 to 1)."""
    assert mesh.normals is not None, "finished meshes have normals"
    points = camera.pixels(mesh.vertices.astype(np.float32, copy=True), width, height)
    facing = np.abs(mesh.normals @ camera.matrix[2].astype(np.float32))
    corners, lit = points[mesh.faces], facing[mesh.faces]
    low, high = corners[..., :2].min(1), corners[..., :2].max(1)
    inside = np.all((high >= 0) & (low < (width, height)), axis=1)
    corners, lit = corners[inside], lit[inside]
    # What lies beside the view is not tried.
    low = np.floor(np.maximum(low[inside], 0))
    high = np.floor(np.minimum(high[inside], (width - 1, height - 1)))
    best = np.full(width * height, _FAR)
    # A box has to hold the centres of all pixels from the floor of its low corner on.
    sizes = (high - low).max(1, initial=0) + 1
    smallest = 0
    for size in _SIZES:
        group = np.flatnonzero((sizes > smallest) & (sizes <= size))
        smallest = size
        for start in range(0, len(group), max(_AT_ONCE // size**2, 1)):
            part = group[start : start + max(_AT_ONCE // size**2, 1)]
            _fill(best, corners[part], lit[part], low[part], size, (width, height))
    at = np.flatnonzero(best != _FAR)
    packed = best[at]
    depth = (packed >> 16).astype(np.float32) / np.float32(1024)
    light = (packed & 0xFFFF).astype(np.float32) / np.float32(65535)
    return at, depth.astype(np.float32), light.astype(np.float32)


def _fill(
    best: NDArray[np.int64],
    corners: NDArray[np.float32],
    lit: NDArray[np.float32],
    low: NDArray[np.float32],
    size: int,
    view: tuple[int, int],
) -> None:
    """Put triangles (n, 3, 3) into `best`, depth and light; each fits into `size` x `size` pixels
    from `low` (n, 2) on.

    Both are packed into one number, so that the nearest wins by being the largest.
    """
    a, b, c = corners[:, 0, :, None], corners[:, 1, :, None], corners[:, 2, :, None]
    width, height = view
    rows, columns = np.divmod(np.arange(size * size), size)
    x = low[:, :1] + columns.astype(np.float32)
    y = low[:, 1:] + rows.astype(np.float32)
    across = (b[:, 1] - c[:, 1]) * (a[:, 0] - c[:, 0]) + (c[:, 0] - b[:, 0]) * (a[:, 1] - c[:, 1])
    across = np.where(np.abs(across) < 1e-12, np.float32(np.inf), across)
    dx, dy = x + 0.5 - c[:, 0], y + 0.5 - c[:, 1]
    u = ((b[:, 1] - c[:, 1]) * dx + (c[:, 0] - b[:, 0]) * dy) / across
    v = ((c[:, 1] - a[:, 1]) * dx + (a[:, 0] - c[:, 0]) * dy) / across
    w = 1 - u - v
    # Edge-on triangles have an infinite area here, hence u = v = 0, and are left out.
    hit = (u >= 0) & (v >= 0) & (w >= 0) & ((u > 0) | (v > 0))
    hit &= (x >= 0) & (x < width) & (y >= 0) & (y < height)
    which, _ = np.nonzero(hit)
    u, v, w = u[hit], v[hit], w[hit]
    z = u * corners[which, 0, 2] + v * corners[which, 1, 2] + w * corners[which, 2, 2]
    light = u * lit[which, 0] + v * lit[which, 1] + w * lit[which, 2]
    packed = (np.round(z * 1024).astype(np.int64) << 16) + np.round(light * 65535).astype(np.int64)
    np.maximum.at(best, (y[hit] * width + x[hit]).astype(np.int64), packed)

"""Simple surfaces to draw."""

from __future__ import annotations

import numpy as np

from widgets.viewer.scene.mesh import Mesh


def ball(
    centre: tuple[float, float, float] = (0, 0, 0),
    radius: float = 10.0,
    colour: tuple[int, int, int] = (255, 0, 0),
    opacity: float = 1.0,
    rings: int = 24,
) -> Mesh:
    """A sphere with the poles up and down."""
    tilt, turn = np.linspace(0, np.pi, rings), np.linspace(0, 2 * np.pi, 2 * rings)
    a, b = (grid.reshape(-1) for grid in np.meshgrid(tilt, turn, indexing="ij"))
    unit = np.stack([np.sin(a) * np.cos(b), np.sin(a) * np.sin(b), np.cos(a)], 1)
    place = np.arange(rings * 2 * rings).reshape(rings, 2 * rings)
    p, q, r, s = (
        grid.reshape(-1)
        for grid in (place[:-1, :-1], place[1:, :-1], place[:-1, 1:], place[1:, 1:])
    )
    faces = np.concatenate([np.stack([p, q, r], 1), np.stack([q, s, r], 1)])
    vertices = (unit * radius + centre).astype(np.float32)
    return Mesh(vertices, faces, colour=colour, opacity=opacity)

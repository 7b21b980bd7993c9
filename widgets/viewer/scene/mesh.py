"""Surfaces of a 3D scene."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Mesh:
    """A surface in one colour.

    Attributes:
        vertices: (V, 3) float32, RAS+ mm.
        faces: (F, 3) int, three vertices each.
        normals: (V, 3) float32 of unit length, or None to have them worked out.
        colour: Red, green, blue, 0 to 255.
        visible: Whether it is drawn.
        opacity: 0 to 1.
        name: For people.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.integer]
    normals: NDArray[np.float32] | None = None
    colour: tuple[int, int, int] = (200, 200, 200)
    visible: bool = True
    opacity: float = 1.0
    name: str = ""

    def __post_init__(self) -> None:
        if self.vertices.ndim != 2 or self.vertices.shape[1] != 3:
            raise ValueError(f"vertices have the shape (V, 3), not {self.vertices.shape}")
        if self.faces.ndim != 2 or self.faces.shape[1] != 3:
            raise ValueError(f"faces have the shape (F, 3), not {self.faces.shape}")

    @property
    def drawn(self) -> bool:
        """Whether there is anything of it to see."""
        return self.visible and self.opacity > 0 and len(self.faces) > 0

    def finished(self) -> Mesh:
        """The same with normals."""
        if self.normals is not None:
            return self
        return replace(self, normals=vertex_normals(self.vertices, self.faces))

    def coarse(self, faces: int) -> Mesh:
        """About the same surface in at most about so many faces, for drawing while it turns.

        Vertices that fall into the same cube are drawn together.
        """
        if len(self.faces) <= faces or not len(self.vertices):
            return self.finished()
        low = self.vertices.min(0)
        extent = float(np.max(self.vertices.max(0) - low)) or 1.0
        # Faces of a surface grow with the square of the cubes along it; two faces to a vertex.
        cells = max(int(np.sqrt(faces / 6)), 4)
        cubes = np.floor((self.vertices - low) * (cells / extent)).astype(np.int64)
        keys = (cubes[:, 0] * (cells + 1) + cubes[:, 1]) * (cells + 1) + cubes[:, 2]
        _, where = np.unique(keys, return_inverse=True)
        counts = np.bincount(where)
        sums = [np.bincount(where, self.vertices[:, axis]) for axis in range(3)]
        vertices = (np.stack(sums, 1) / counts[:, None]).astype(np.float32)
        joined = where[self.faces]
        a, b, c = joined.T
        joined = joined[(a != b) & (b != c) & (a != c)]
        return replace(
            self, vertices=vertices, faces=joined, normals=vertex_normals(vertices, joined)
        )


def vertex_normals(
    vertices: NDArray[np.float32], faces: NDArray[np.integer]
) -> NDArray[np.float32]:
    """Unit normals (V, 3), the mean of the faces around weighted by their areas."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    across = np.cross(b - a, c - a)
    normals = np.zeros((len(vertices), 3))
    for axis in range(3):
        weights = np.repeat(across[:, axis], 3)
        normals[:, axis] = np.bincount(faces.reshape(-1), weights, len(vertices))
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return (normals / np.maximum(lengths, 1e-12)).astype(np.float32)


def bounds(meshes: list[Mesh]) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """The lowest and the highest coordinates (3,) of all surfaces, or None without any."""
    filled = [mesh.vertices for mesh in meshes if len(mesh.vertices)]
    if not filled:
        return None
    lows, highs = [v.min(0) for v in filled], [v.max(0) for v in filled]
    return np.min(lows, 0), np.max(highs, 0)

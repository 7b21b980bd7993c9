"""Where the viewer of a 3D scene stands."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Vector = tuple[float, float, float]
Rotation = tuple[Vector, Vector, Vector]
_TURN = 0.01  # radians for a pixel of drag
# Where the viewer stands, and what is up; RAS+, so R is +x, A is +y, S is +z.
_STANDS: dict[str, tuple[Vector, Vector]] = {
    "A": ((0, 1, 0), (0, 0, 1)),
    "P": ((0, -1, 0), (0, 0, 1)),
    "L": ((-1, 0, 0), (0, 0, 1)),
    "R": ((1, 0, 0), (0, 0, 1)),
    "S": ((0, 0, 1), (0, 1, 0)),
    "I": ((0, 0, -1), (0, 1, 0)),
}
LETTERS = tuple(_STANDS)


def _seen_from(letter: str) -> Rotation:
    back, up = _STANDS[letter]
    x, y, z = np.cross(up, back).tolist()
    return (float(x), float(y), float(z)), up, back


_FRONT = _seen_from("A")


@dataclass(frozen=True)
class Camera:
    """A parallel view: sizes are true, nothing is nearer by being larger.

    Attributes:
        rotation: Unit vectors in the world that point right, up, and at the viewer.
        centre: The world point in the middle of the view, RAS+ mm.
        height: Millimetres that the view is high.
    """

    rotation: Rotation = _FRONT
    centre: Vector = (0.0, 0.0, 0.0)
    height: float = 200.0

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The rotation as (3, 3), world to view."""
        return np.asarray(self.rotation, np.float64)

    def view(self, points: NDArray[np.floating]) -> NDArray[np.floating]:
        """World points (N, 3) as mm right, up and towards the viewer of the view's centre."""
        matrix, centre = self.matrix.astype(points.dtype), np.asarray(self.centre, points.dtype)
        return (points - centre) @ matrix.T

    def pixels(self, points: NDArray[np.floating], width: int, height: int) -> NDArray[np.floating]:
        """World points (N, 3) as x right and y down in pixels, and mm towards the viewer."""
        seen = self.view(points)
        scale = height / self.height
        seen[:, 0] = width / 2 + seen[:, 0] * scale
        seen[:, 1] = height / 2 - seen[:, 1] * scale
        return seen

    def turned(self, dx: float, dy: float) -> Camera:
        """After a drag by pixels right and down: what is in front follows the pointer."""
        a, b = dx * _TURN, dy * _TURN
        about_up = [[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]]
        about_right = [[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]]
        matrix = np.array(about_right) @ np.array(about_up) @ self.matrix
        # Rounding would add up to a skewed picture over thousands of drags.
        q, r = np.linalg.qr(matrix.T)
        right, up, back = (q * np.sign(np.diag(r))).T.tolist()
        return replace(self, rotation=(tuple(right), tuple(up), tuple(back)))

    def moved(self, dx: float, dy: float, view_height: int) -> Camera:
        """After a drag by pixels right and down of a view of so many pixels."""
        mm = self.height / max(view_height, 1)
        right, up, _ = self.matrix
        x, y, z = (np.asarray(self.centre) - right * dx * mm + up * dy * mm).tolist()
        return replace(self, centre=(x, y, z))

    def zoomed(self, factor: float) -> Camera:
        """Everything `factor` times as large, within sense."""
        return replace(self, height=min(max(self.height / factor, 0.1), 1e5))

    def standing(self, letter: str) -> Camera:
        """Looking from one of A, P, L, R, S, I; raises KeyError for another letter."""
        return replace(self, rotation=_seen_from(letter))

    def fitted(self, low: NDArray[np.floating], high: NDArray[np.floating]) -> Camera:
        """Looking at a box of the world from `low` (3,) to `high` (3,), whichever way it turns."""
        x, y, z = ((np.asarray(low) + high) / 2).tolist()
        size = float(np.linalg.norm(np.asarray(high, np.float64) - low))
        return replace(self, centre=(x, y, z), height=max(size, 1e-3) * 1.05)

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPointF, QRect, QRectF

from widgets.paint.labels.place import block_of, footprint_outline
from widgets.paint.labels.stamp import Footprint
from widgets.viewer.volume.planes import PlaneName, planes_of, rect_of, slice_box

SHAPE = (5, 6, 7)
AFFINES = [np.diag([1.0, 1, 1, 1]), np.diag([-1.0, 2, -3, 1]), np.eye(4)[[1, 2, 0, 3]]]


@pytest.mark.parametrize("affine", AFFINES)
@pytest.mark.parametrize("name", PlaneName)
def test_what_is_seen_goes_back_to_its_voxels(affine: np.ndarray, name: PlaneName) -> None:
    plane = planes_of(SHAPE, affine)[name]
    volume = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    seen = plane.slice(volume, 2)
    rect = QRect(1, 2, 3, 2)
    box, block = block_of(plane, 2, rect, seen[2:4, 1:4])
    np.testing.assert_array_equal(volume[box.index], block)
    assert rect_of(plane, box) == QRectF(rect)
    whole = slice_box(plane, 2)
    assert rect_of(plane, whole) == QRectF(0, 0, *plane.size)
    np.testing.assert_array_equal(np.sort(volume[whole.index].ravel()), np.sort(seen.ravel()))


def test_the_outline_is_the_edge_of_the_pixels() -> None:
    plane = planes_of(SHAPE, np.eye(4))[PlaneName.AXIAL]
    path = footprint_outline(plane, Footprint((2.0, 2.0, 2.0), plane.axis))
    assert path.boundingRect() == QRectF(0, 0, 4, 4)
    # A disc of 12 pixels, 4 x 4 without its corners: 16 edges' length, 12 straight lines.
    lengths = []
    for n in range(0, path.elementCount(), 2):
        a, b = path.elementAt(n), path.elementAt(n + 1)
        lengths.append((QPointF(b.x, b.y) - QPointF(a.x, a.y)).manhattanLength())
    assert sum(lengths) == 16
    assert len(lengths) == 12


def test_the_outline_of_a_ball_is_that_of_its_middle() -> None:
    plane = planes_of(SHAPE, np.eye(4))[PlaneName.CORONAL]
    ball = Footprint((200.0, 3.0, 200.0), plane.axis, volume=True)
    path = footprint_outline(plane, ball)
    assert path.boundingRect() == QRectF(0, 0, 400, 400)

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import find_contours

from widgets.viewer.outline import contour_path, contour_segments


def test_the_contour_is_that_of_marching_squares() -> None:
    rng = np.random.default_rng(3)
    mask = ndimage.gaussian_filter(rng.standard_normal((60, 70)), 3) > 0
    segments = contour_segments(mask)
    ours = np.hypot(*(segments[:, 1] - segments[:, 0]).T).sum()
    lines = find_contours(np.pad(mask, 1).astype(float), 0.5, fully_connected="high")
    theirs = sum(np.hypot(*np.diff(line, axis=0).T).sum() for line in lines)
    assert ours == pytest.approx(theirs)


def test_a_pixel_is_outlined_around_its_centre() -> None:
    mask = np.zeros((5, 6))
    mask[2, 3] = 1
    points = contour_segments(mask).reshape(-1, 2)
    expected = {(3.0, 2.5), (4.0, 2.5), (3.5, 2.0), (3.5, 3.0)}
    assert {(float(x), float(y)) for x, y in points} == expected


def test_a_mask_that_reaches_the_border_is_closed() -> None:
    box = contour_path(np.ones((4, 6))).boundingRect()
    assert (box.left(), box.top(), box.right(), box.bottom()) == (0, 0, 6, 4)


def test_no_mask_no_contour() -> None:
    assert contour_path(np.zeros((4, 6))).isEmpty()

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPointF, QRect
from scipy import ndimage
from scipy.spatial.distance import cdist

from widgets.paint.geometry import brush_path, flood, polygon, snapped, stroke, vessel_path

BOUNDS = QRect(0, 0, 120, 90)


def painted(points: np.ndarray, radii: np.ndarray) -> np.ndarray:
    mask = np.zeros((BOUNDS.height(), BOUNDS.width()), bool)
    for rect, stencil in stroke(points, radii, BOUNDS):
        y, x = rect.top(), rect.left()
        mask[y : y + rect.height(), x : x + rect.width()] |= stencil
    return mask


def centres() -> np.ndarray:
    y, x = np.mgrid[: BOUNDS.height(), : BOUNDS.width()] + 0.5
    return np.stack([x.ravel(), y.ravel()], axis=1)


@pytest.mark.parametrize("diameter", [3.0, 8.0, 21.0])
def test_a_stroke_is_every_centre_within_the_radius(diameter: float) -> None:
    start, end = QPointF(20.3, 70.8), QPointF(97.1, 15.4)
    mask = painted(*brush_path(start, end, diameter))
    path = np.linspace([start.x(), start.y()], [end.x(), end.y()], 4000)
    distance = cdist(centres(), path).min(axis=1).reshape(mask.shape)
    sure = np.abs(distance - diameter / 2) > 0.02
    np.testing.assert_array_equal(mask[sure], (distance <= diameter / 2)[sure])


def test_the_thinnest_line_is_connected_and_thin() -> None:
    mask = painted(*brush_path(QPointF(5.2, 6.7), QPointF(110.4, 71.3), 1))
    _, parts = ndimage.label(mask, np.ones((3, 3)))
    assert parts == 1
    assert mask.any(axis=0).sum() >= 105
    assert mask.sum() <= 150


def test_a_dot_between_pixels_leaves_a_mark() -> None:
    point = np.array([[10.0, 10.0]])
    assert painted(point, np.array([0.5])).sum() >= 1


def test_strokes_outside_the_mask_are_harmless() -> None:
    mask = painted(*brush_path(QPointF(-50, 20), QPointF(-20, 30), 10))
    assert not mask.any()
    mask = painted(*brush_path(QPointF(-50, 40), QPointF(300, 40), 10))
    np.testing.assert_array_equal(np.flatnonzero(mask.any(axis=1)), np.arange(35, 45))
    assert mask.any(axis=0).all()


def test_a_vessel_tapers_along_its_arc_and_keeps_its_ends() -> None:
    raw = np.array([[10.0, 20.0], [60.0, 20.0], [60.0, 80.0]])
    points, radii = vessel_path(raw, 10, 2, smoothing=3)
    np.testing.assert_allclose(points[[0, -1]], raw[[0, -1]], atol=0.5)
    arc = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    np.testing.assert_allclose(radii, 5 - 4 * arc / arc[-1], atol=0.02)


def test_a_trembling_hand_draws_a_smooth_vessel() -> None:
    rng = np.random.default_rng(1)
    x = np.linspace(5, 115, 200)
    raw = np.stack([x, 45 + rng.normal(0, 0.8, 200)], axis=1)
    points, _ = vessel_path(raw, 4, 4, smoothing=6)
    assert points[10:-10, 1].std() < 0.5 * raw[:, 1].std()


def test_a_click_without_movement_is_a_dot() -> None:
    points, radii = vessel_path(np.array([[30.0, 30.0]]), 6, 2, smoothing=3)
    assert 24 <= painted(points, radii).sum() <= 32


@pytest.mark.parametrize(
    ("end", "angle"), [((10.0, 0.4), 0.0), ((10.0, 2.5), 15.0), ((-3.0, -3.4), -135.0)]
)
def test_lines_snap_to_fifteen_degrees(end: tuple[float, float], angle: float) -> None:
    point = snapped(QPointF(0, 0), QPointF(*end))
    assert np.degrees(np.arctan2(point.y(), point.x())) == pytest.approx(angle)
    assert np.hypot(point.x(), point.y()) == pytest.approx(np.hypot(*end))


def test_a_polygon_holds_the_centres_inside() -> None:
    result = polygon([QPointF(2, 2), QPointF(9, 2), QPointF(9, 7), QPointF(2, 7)], BOUNDS)
    assert result is not None
    rect, stencil = result
    assert stencil.sum() == 35
    assert (rect.left(), rect.top()) == (2, 2)
    assert polygon([QPointF(-9, 2), QPointF(-5, 2), QPointF(-9, 7)], BOUNDS) is None


def test_a_diagonal_vessel_holds_the_fill_back() -> None:
    mask = np.eye(20, dtype=np.uint8)
    _, region = flood(mask, 15, 2)
    assert region.sum() == 190
    _, vessel = flood(mask, 4, 4)
    assert vessel.sum() == 20

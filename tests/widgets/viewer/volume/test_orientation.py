"""The same patient looks the same, in whatever order its voxels are stored."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from PyQt6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from tests.helpers.pointer import wheel
from tests.widgets.viewer.volume.stage import image, seen, slice_view
from widgets.viewer.volume.layers import Layer
from widgets.viewer.volume.planes import PlaneName

SHAPE = (5, 7, 9)  # along right, front and head
SPACING = (1.0, 2.0, 3.0)  # mm
CORNER = (4, 6, 8)  # right, front, head
ORDERS = list(product(permutations(range(3)), product((False, True), repeat=3)))


def stored(order: tuple[int, ...], flips: tuple[bool, ...], turn_degrees: float = 0.0) -> Layer:
    """A dark block with its right, front and upper corner bright, in some order of axes.

    Voxel (i, j, k) runs along the patient's axes order[0], order[1] and order[2].
    """
    patient = np.zeros(SHAPE, np.int16)
    patient[CORNER] = 100
    ijk = np.transpose(patient, order)
    matrix = np.zeros((3, 3))
    offset = np.zeros(3)
    for axis, (world, flip) in enumerate(zip(order, flips, strict=True)):
        matrix[world, axis] = -SPACING[world] if flip else SPACING[world]
        if flip:
            ijk = np.flip(ijk, axis)
            offset[world] = SPACING[world] * (SHAPE[world] - 1)
    angle = np.radians(turn_degrees)
    turn = np.eye(3)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn @ matrix, turn @ offset
    return image(np.ascontiguousarray(ijk.T), affine, low=0, high=100)


def world_of_corner(layer: Layer) -> tuple[float, float, float]:
    d, h, w = (int(at[0]) for at in np.nonzero(layer.array[0]))
    return layer.grid.world((d, h, w))


def place_of_corner(view_layer: Layer, qtbot: QtBot, name: PlaneName) -> tuple[float, float]:
    """Where the bright corner is seen, as shares of the slice from the left and the top."""
    view = slice_view(qtbot, view_layer, name=name)
    d, h, w = (int(at[0]) for at in np.nonzero(view_layer.array[0]))
    view.setCrosshair(view_layer.grid.world((d, h, w)))
    picture = view.grab().toImage()
    plane = view.plane()
    assert plane is not None
    first = view.planeToView(QPointF(0, 0))
    last = view.planeToView(QPointF(*(float(side) for side in plane.size)))
    bright = [
        (x, y)
        for x in range(picture.width())
        for y in range(picture.height())
        if picture.pixelColor(x, y).red() > 200
    ]
    assert bright, "the marked corner is not on the slice"
    x, y = np.mean(bright, axis=0)
    width, height = last.x() - first.x(), last.y() - first.y()
    return (x - first.x()) / width, (y - first.y()) / height


# Radiological: the patient's right at the left; sagittal: the front at the left.
EXPECTED = {
    PlaneName.AXIAL: (0.5 / 5, 0.5 / 7),
    PlaneName.CORONAL: (0.5 / 5, 0.5 / 9),
    PlaneName.SAGITTAL: (0.5 / 7, 0.5 / 9),
}


@pytest.mark.parametrize(("order", "flips"), ORDERS)
def test_every_order_of_axes_looks_the_same(
    qtbot: QtBot, order: tuple[int, ...], flips: tuple[bool, ...]
) -> None:
    layer = stored(order, flips)
    name = list(PlaneName)[ORDERS.index((order, flips)) % 3]
    assert place_of_corner(layer, qtbot, name) == pytest.approx(EXPECTED[name], abs=0.03)


@pytest.mark.parametrize("name", list(PlaneName))
@pytest.mark.parametrize("degrees", [0.0, 17.0, -17.0])
def test_an_oblique_grid_is_shown_along_the_nearest_axes(
    qtbot: QtBot, name: PlaneName, degrees: float
) -> None:
    layer = stored((1, 2, 0), (True, False, True), degrees)
    assert place_of_corner(layer, qtbot, name) == pytest.approx(EXPECTED[name], abs=0.03)


@pytest.mark.parametrize("name", list(PlaneName))
def test_the_other_side_mirrors_axial_and_coronal_slices(qtbot: QtBot, name: PlaneName) -> None:
    layer = stored((0, 1, 2), (False, False, False))
    view = slice_view(qtbot, layer, name=name)
    plane = view.plane()
    assert plane is not None
    before = plane.letters
    view.setRadiological(False)
    plane = view.plane()
    assert plane is not None
    mirrored = name is not PlaneName.SAGITTAL
    assert plane.letters[:2] == (before[1::-1] if mirrored else before[:2])
    assert plane.letters[2:] == before[2:]
    view.setCrosshair(world_of_corner(layer))
    x = plane.point(layer.grid.voxel(world_of_corner(layer)))[0]
    assert (x > plane.size[0] / 2) == mirrored
    d, h, w = (int(at[0]) for at in np.nonzero(layer.array[0]))
    assert seen(view, (d, h, w)) == (255, 255, 255)


@pytest.mark.parametrize(("order", "flips"), ORDERS[::5])
@pytest.mark.parametrize("name", list(PlaneName))
def test_the_wheel_goes_towards_head_front_and_right(
    qtbot: QtBot, name: PlaneName, order: tuple[int, ...], flips: tuple[bool, ...]
) -> None:
    view = slice_view(qtbot, stored(order, flips), name=name)
    axis = {PlaneName.SAGITTAL: 0, PlaneName.CORONAL: 1, PlaneName.AXIAL: 2}[name]
    before = view.crosshairOnSlice()[axis]
    wheel(view, (2, 2), 1)
    assert view.crosshairOnSlice()[axis] == pytest.approx(before + SPACING[axis])


def test_pixels_have_the_shape_that_they_have_in_the_patient(qtbot: QtBot) -> None:
    view = slice_view(qtbot, stored((0, 1, 2), (False, False, False)), name=PlaneName.CORONAL)
    origin = view.planeToView(QPointF(0, 0))
    right, down = view.planeToView(QPointF(1, 0)) - origin, view.planeToView(QPointF(0, 1)) - origin
    assert down.y() / right.x() == pytest.approx(3.0)
    assert view.mmPerPixel() == pytest.approx(1.0 / right.x())
    # All of the slice fits: 5 x 1 mm across and 9 x 3 mm down.
    last = view.planeToView(QPointF(5, 9))
    assert last.y() - origin.y() == pytest.approx(240 - 12)


def test_a_picture_without_a_patient_runs_right_and_down(qtbot: QtBot) -> None:
    array = np.zeros((1, 4, 6), np.uint8)
    array[0, 0, 0] = 255
    view = slice_view(qtbot, image(array, oriented=False, high=255))
    assert seen(view, (0, 0, 0)) == (255, 255, 255)
    at = view.planeToView(QPointF(0.5, 0.5))
    assert at.x() < 120
    assert at.y() < 120
    plane = view.plane()
    assert plane is not None
    assert plane.letters == ("", "", "", "")

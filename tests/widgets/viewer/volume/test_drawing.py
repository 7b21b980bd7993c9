"""What is seen of each kind of layer, and what is drawn again when something changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QRect
from pytestqt.qtbot import QtBot

from tests.widgets.viewer.volume.stage import image, labels, seen, slice_view, stack_of
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.colours import Colouring
from widgets.viewer.volume.cut import Cut
from widgets.viewer.volume.drawn import DrawnLayer
from widgets.viewer.volume.layers import Blend, Layer, LayerKind, Look
from widgets.viewer.volume.planes import PlaneName, planes_of

GREY = 128
FLAT = np.full((3, 6, 6), 50, np.int16)


def grey(*values: float) -> np.ndarray[Any, Any]:
    """(1, 1, n)"""
    return np.array(values)[None, None]


@pytest.mark.parametrize(
    "kind", ["i1", "u1", "<i2", ">i2", "<u2", ">u2", "<i4", ">i4", "i8", "f4", ">f4", "f8", ">f8"]
)
def test_every_number_type_is_windowed_alike(qtbot: QtBot, kind: str) -> None:
    view = slice_view(qtbot, image(grey(0, 20, 60, 100, 120).astype(kind), low=20, high=100))
    shades = [seen(view, (0, 0, w))[0] for w in range(5)]
    assert shades == pytest.approx([0, 0, GREY, 255, 255], abs=1)


def test_negative_numbers_slope_and_intercept_count(qtbot: QtBot) -> None:
    layer = image(grey(-100, 0, 100).astype(np.int16), low=-1, high=1)
    layer.slope, layer.intercept = 0.01, 0.0
    view = slice_view(qtbot, layer)
    assert [seen(view, (0, 0, w))[0] for w in range(3)] == pytest.approx([0, GREY, 255], abs=1)


def test_nan_is_black_infinity_bright_and_huge_values_are_borne(qtbot: QtBot) -> None:
    layer = image(grey(np.nan, np.inf, -np.inf, 1e300, 0.5), low=0.0, high=1.0)
    view = slice_view(qtbot, layer)
    assert [seen(view, (0, 0, w))[0] for w in range(5)] == [0, 255, 0, 255, GREY]
    layer.change(invert=True)
    assert seen(view, (0, 0, 0)) == (0, 0, 0)
    layer.change(low=-1e300, high=1e300)
    assert seen(view, (0, 0, 1))[0] == 0


def test_colours_are_shown_as_they_are(qtbot: QtBot) -> None:
    array = np.zeros((3, 1, 2, 2), np.uint8)
    array[:, 0, 0, 0], array[:, 0, 0, 1] = (255, 0, 0), (10, 20, 200)
    layer = image(array, low=0, high=255)
    layer.channels = "rgb"
    view = slice_view(qtbot, layer)
    assert seen(view, (0, 0, 0)) == (255, 0, 0)
    assert seen(view, (0, 0, 1)) == (10, 20, 200)


def test_a_table_of_colours_and_its_reverse(qtbot: QtBot) -> None:
    layer = image(grey(0, 100).astype(np.uint8), low=0, high=100, lut="viridis")
    view = slice_view(qtbot, layer)
    assert seen(view, (0, 0, 0)) == (0x44, 0x01, 0x54)
    layer.change(invert=True)
    assert seen(view, (0, 0, 0)) == (0xFD, 0xE7, 0x25)


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_a_map_is_seen_between_its_thresholds(qtbot: QtBot, kind: type) -> None:
    below = image(np.zeros((1, 1, 4), np.uint8), low=0, high=1)
    values = grey(0, 40, 80, 120).astype(kind)[None]
    look = Look(low=0, high=1, smooth=False, threshold=30, threshold_high=100)
    upper = Layer("map", values, below.grid, LayerKind.MAP, look=look)
    view = slice_view(qtbot, below, upper)
    assert [seen(view, (0, 0, w))[0] for w in range(4)] == [0, 255, 255, 0]


def test_labels_take_their_palette_with_opacity_and_visibility(qtbot: QtBot) -> None:
    below = image(np.zeros((1, 1, 4), np.uint8), low=0, high=1)
    layer = labels(np.array([[[0, 1, 2, 9]]], np.uint8), opacity=0.5)
    view = slice_view(qtbot, below, layer)
    assert seen(view, (0, 0, 1)) == pytest.approx((128, 0, 0), abs=1)
    layer.setPalette({1: (0, 200, 0, 255), 2: (0, 0, 200, 0)})
    layer.change(opacity=1.0)
    shown = [seen(view, (0, 0, w)) for w in range(4)]
    assert shown == [(0, 0, 0), (0, 200, 0), (0, 0, 0), (0, 0, 0)]
    layer.change(visible=False)
    assert seen(view, (0, 0, 1)) == (0, 0, 0)


@pytest.mark.parametrize("kind", ["i2", ">u2", "i4", "f4", "u4"])
def test_labels_of_any_number_type(qtbot: QtBot, kind: str) -> None:
    below = image(np.zeros((1, 1, 3), np.uint8), low=0, high=1)
    layer = labels(np.array([[[0, 2, 300]]]).astype(kind))
    view = slice_view(qtbot, below, layer)
    assert seen(view, (0, 0, 1)) == (0, 255, 0)
    assert seen(view, (0, 0, 0)) == (0, 0, 0)
    assert seen(view, (0, 0, 2)) != (0, 0, 0)


def test_an_outline_leaves_the_middle_free(qtbot: QtBot) -> None:
    array = np.zeros((1, 8, 8), np.uint8)
    array[0, 2:6, 2:6] = 1
    view = slice_view(
        qtbot, image(np.zeros((1, 8, 8), np.uint8)), labels(array, outlined=True, opacity=1.0)
    )
    picture = view.grab().toImage()
    corner = view.planeToView(view.viewToPlane(view.rect().center().toPointF()))
    assert picture.pixelColor(corner.toPoint()).red() == 0
    scale = view.scale()
    # Just inside of the label's left edge, at half its height, and just outside.
    row, edge = 120, 120 - 2 * scale
    assert picture.pixelColor(round(edge + 1), row).red() == 255
    assert picture.pixelColor(round(edge - 4), row).red() == 0
    assert picture.pixelColor(round(edge + scale / 2), row).red() == 0


def test_thin_labels_stay_in_sight_when_zoomed_out(qtbot: QtBot) -> None:
    array = np.zeros((1, 900, 900), np.uint8)
    array[0, :, 451] = 1
    back = image(np.zeros((1, 900, 900), np.uint8))
    for outlined in (False, True):
        view = slice_view(qtbot, back, labels(array, outlined=outlined))
        picture = view.grab().toImage()
        rows = [
            max(picture.pixelColor(x, y).red() for x in range(100, 140)) for y in range(20, 220, 7)
        ]
        assert min(rows) > 150


@pytest.mark.parametrize("blend", list(Blend))
def test_how_layers_lie_on_each_other(qtbot: QtBot, blend: Blend) -> None:
    lower = image(FLAT, low=0, high=100)
    upper = image(FLAT, low=0, high=100, blend=blend, lut="red", opacity=1.0)
    view = slice_view(qtbot, lower, upper)
    picture = view.grab().toImage()
    plain, red = (GREY, GREY, GREY), (128, 32, 32)
    found = set()
    for x, y in ((40, 40), (90, 40), (40, 90), (200, 200), (150, 200)):
        colour = picture.pixelColor(x, y)
        found.add((colour.red(), colour.green(), colour.blue()))
    if blend is Blend.OVER:
        assert found == {red}
    elif blend is Blend.ADD:
        assert found == {(255, 160, 160)}
    else:
        assert found == {plain, red}
    if blend is Blend.CURTAIN:
        view.setCurtain(0.9)
        assert view.grab().toImage().pixelColor(150, 200).green() == GREY


def test_only_the_touched_block_is_drawn_again(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = np.zeros((3, 40, 40), np.uint8)
    layer = labels(array)
    view = slice_view(qtbot, image(np.zeros((3, 40, 40), np.uint8)), layer)
    asked: list[QRect] = []
    monkeypatch.setattr(view, "updateImage", asked.append)
    seen(view, (1, 0, 0))
    array[1, 10:13, 20:26] = 1
    array[1, 30, 30] = 2  # not told of
    layer.touch(Box((1, 10, 20), (2, 13, 26)))
    assert seen(view, (1, 11, 22)) == (255, 0, 0)
    assert seen(view, (1, 30, 30)) == (0, 0, 0)
    plane = view.plane()
    assert plane is not None
    x, y, _ = plane.point((1, 11, 22))
    assert len(asked) == 1
    assert asked[0].size().width() == 6
    assert asked[0].size().height() == 3
    assert asked[0].contains(int(x), int(y))
    layer.touch(Box((0, 0, 0), (1, 40, 40)))
    assert len(asked) == 1
    layer.touch()
    assert seen(view, (1, 30, 30)) == (0, 255, 0)


def test_colours_are_made_again_only_when_they_differ() -> None:
    layer = image(FLAT, low=0, high=100)
    drawn = DrawnLayer(layer)
    plane = planes_of(layer.grid.shape, layer.grid.affine)[PlaneName.AXIAL]
    cut = Cut(plane, layer.grid, 1)
    first = drawn.stored(cut)
    layer.change(opacity=0.3)
    drawn.recolour()
    assert drawn.stored(cut) is first
    assert drawn.stored(Cut(plane, layer.grid, 2)) is not first


def test_a_series_shows_its_point_in_time(qtbot: QtBot) -> None:
    series = np.zeros((3, 1, 4, 4), np.int16)
    series[2] = 100
    layer = image(series, low=0, high=100)
    layer.channels = "time"
    still = image(np.zeros((1, 4, 4), np.int16))
    view = slice_view(qtbot, layer, still)
    still.change(visible=False)
    assert seen(view, (0, 1, 1)) == (0, 0, 0)
    view.stack().setTime(2)
    assert seen(view, (0, 1, 1)) == (255, 255, 255)


@pytest.mark.parametrize("kind", [LayerKind.IMAGE, LayerKind.LABELS])
@pytest.mark.parametrize("turned", [False, True])
def test_a_layer_of_another_grid_lies_where_it_belongs(
    qtbot: QtBot, kind: LayerKind, turned: bool
) -> None:
    below = image(np.zeros((8, 12, 12), np.uint8))
    # Voxels of 2 mm, the first of which covers the finer ones 2 and 3 of each axis.
    fine = np.zeros((2, 3, 4), np.uint8)
    fine[1, 0, 2] = 1
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = 2.5
    if turned:
        # Stored from head to foot, and with columns before rows.
        fine = np.flip(fine, 0).transpose(0, 2, 1)
        affine = affine @ np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, -1, 1], [0, 0, 0, 1]])
    make = labels if kind is LayerKind.LABELS else image
    upper = make(np.ascontiguousarray(fine), affine, low=0.0, high=1.0)
    view = slice_view(qtbot, below, upper)
    d, h, w = (int(at[0]) for at in np.nonzero(upper.array[0]))
    world = upper.grid.world((d, h, w))
    assert world == pytest.approx((6.5, 2.5, 4.5))
    for index, shown in ((3, False), (4, True), (5, True), (6, False)):
        view.setIndex(index)
        red = [[seen(view, (index, h, w))[0] > 100 for w in range(4, 9)] for h in range(1, 5)]
        expected = np.zeros((4, 5), bool)
        expected[1:3, 2:4] = shown
        assert np.array_equal(red, expected)


def test_between_grids_images_are_interpolated_and_end_where_they_end(qtbot: QtBot) -> None:
    below = image(np.full((1, 1, 9), 255, np.uint8), low=0, high=255)
    affine = np.diag([4.0, 1.0, 1.0, 1.0])
    upper = image(grey(0, 200).astype(np.uint8), affine, low=0, high=200)
    view = slice_view(qtbot, below, upper)
    shades = [seen(view, (0, 0, w))[0] for w in range(9)]
    assert shades[:5] == pytest.approx([0, 64, 128, 191, 255], abs=1)
    # Half a voxel beyond its last centre the upper one ends, and the lower one is seen.
    assert shades[5:] == [255] * 4
    upper.change(low=0, high=400)
    assert seen(view, (0, 0, 5))[0] == pytest.approx(128, abs=1)
    assert seen(view, (0, 0, 8))[0] == 255


def test_a_palette_of_no_colours_is_refused() -> None:
    with pytest.raises(ValueError, match="palette"):
        labels(np.zeros((1, 1, 1), np.uint8)).setPalette(np.zeros((3, 3), np.uint8))


def test_a_new_palette_reaches_the_colours() -> None:
    layer = labels(np.zeros((1, 1, 1), np.uint8))
    colouring = Colouring(layer)
    ones = np.ones((1, 1), np.uint8)
    assert colouring.colour(ones)[0, 0] == 0xFFFF0000
    layer.setPalette({1: (1, 2, 3, 255)})
    assert colouring.colour(ones)[0, 0] == 0xFF010203


def test_layers_come_and_go(qtbot: QtBot) -> None:
    lower, upper = image(FLAT, low=0, high=100), image(FLAT, low=0, high=50)
    view = slice_view(qtbot, lower, upper)
    assert seen(view, (1, 1, 1))[0] == 255
    view.stack().remove(upper)
    assert seen(view, (1, 1, 1))[0] == GREY
    upper.change(low=-10)  # nobody listens any more
    view.stack().clear()
    assert view.plane() is None
    assert not view.grab().isNull()
    view.stack().add(image(np.full((9, 4, 4), 7.0), low=0, high=7))
    assert view.index() == 4
    assert seen(view, (4, 1, 1))[0] == 255
    assert len(stack_of(lower)) == 1


def test_labels_may_change_their_number_type(qtbot: QtBot) -> None:
    array = np.zeros((1, 4, 4), np.uint8)
    layer = labels(array)
    view = slice_view(qtbot, image(np.zeros((1, 4, 4), np.uint8)), layer)
    layer.setPalette({1: (255, 0, 0, 255), 257: (0, 0, 255, 255)})
    assert seen(view, (0, 1, 1)) == (0, 0, 0)
    wide = array.astype(np.uint16)[None]
    wide[0, 0, 1, 1] = 257
    layer.setArray(wide)
    assert seen(view, (0, 1, 1)) == (0, 0, 255)
    assert seen(view, (0, 1, 2)) == (0, 0, 0)


def test_a_layer_that_is_only_lent_is_never_written_to(qtbot: QtBot) -> None:
    array = np.zeros((2, 6, 6), np.uint8)
    lent = array.view()
    lent.flags.writeable = False
    # Without a patient a slice is the array's own memory, neither turned nor copied.
    layer = image(lent, oriented=False, low=0, high=1)
    view = slice_view(qtbot, layer)
    view.setIndex(0)
    assert seen(view, (0, 2, 2)) == (0, 0, 0)
    array[0, 2, 2] = array[0, 4, 4] = 1
    layer.touch(Box((0, 2, 2), (1, 3, 3)))
    assert seen(view, (0, 2, 2)) == (255, 255, 255)
    assert seen(view, (0, 4, 4)) == (0, 0, 0)

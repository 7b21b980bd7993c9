"""Outlines and colour bars over slices, by the colours on screen."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPoint
from PyQt6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.widgets.viewer.volume.stage import image, labels, seen, slice_view
from widgets.viewer.volume.colour_bar import ColourBars, title_of
from widgets.viewer.volume.decorations import Decorations
from widgets.viewer.volume.layers import LayerKind
from widgets.viewer.volume.planes import PlaneName
from widgets.viewer.volume.slice_outline import SliceOutline
from widgets.viewer.volume.slice_view import SliceView

WHITE, RED = QColor(255, 255, 255), QColor(255, 0, 0)
FLAT = np.full((4, 8, 8), 50, np.float32)


@pytest.fixture
def view(qtbot: QtBot) -> SliceView:
    return slice_view(qtbot, image(FLAT, low=0, high=200))


def colours(view: SliceView, voxel: tuple[int, int, int]) -> set[tuple[int, int, int]]:
    """All colours within a voxel."""
    plane = view.plane()
    assert plane is not None
    x, y, _ = plane.point(voxel)
    picture = view.grab().toImage()
    ratio = picture.devicePixelRatio()
    corner = view.transform().map(x - 0.5, y - 0.5)
    side = int(view.scale())
    found = set()
    for dx in range(1, side - 1):
        for dy in range(1, side - 1):
            at = QPoint(round((corner[0] + dx) * ratio), round((corner[1] + dy) * ratio))
            colour = picture.pixelColor(at)
            found.add((colour.red(), colour.green(), colour.blue()))
    return found


def test_the_edge_of_an_area_is_drawn_and_its_inside_is_left(view: SliceView) -> None:
    area = np.zeros(FLAT.shape, bool)
    area[2, 2:5, 2:5] = True
    outline = SliceOutline([WHITE], thickness=4)
    view.addOverlay(outline)
    grid = view.grid()
    assert grid is not None
    outline.show(lambda plane, index: plane.slice(area, index), grid)
    view.setIndex(2)
    assert (255, 255, 255) in colours(view, (2, 2, 3))
    assert colours(view, (2, 3, 3)) == {(64, 64, 64)}
    # A dark rim lies outside of it, so that it is seen on bright ground, too.
    beside = colours(view, (2, 1, 3))
    assert (255, 255, 255) not in beside
    assert min(beside)[0] < 30
    view.setIndex(1)
    assert colours(view, (1, 2, 3)) == {(64, 64, 64)}
    view.setIndex(2)
    outline.hide()
    view.update()
    assert not outline.isShown()
    assert colours(view, (2, 2, 3)) == {(64, 64, 64)}


def test_numbers_have_colours_of_their_own(view: SliceView) -> None:
    outline = SliceOutline([WHITE, RED], thickness=3)
    view.addOverlay(outline)
    grid = view.grid()
    assert grid is not None
    area = np.zeros((8, 8), np.uint8)
    area[1:3, 1:3], area[5:7, 5:7] = 1, 2
    outline.show(lambda plane, index: plane.seen(area) if index == 0 else None, grid)
    view.setIndex(0)
    assert (255, 255, 255) in colours(view, (0, 1, 1))
    assert (255, 0, 0) in colours(view, (0, 5, 5))
    view.setIndex(1)
    assert colours(view, (1, 5, 5)) == {(64, 64, 64)}


def test_another_grid_is_left_alone(view: SliceView, qtbot: QtBot) -> None:
    other = slice_view(qtbot, image(np.zeros((4, 9, 9), np.float32), low=0, high=1))
    grid = other.grid()
    assert grid is not None
    outline = SliceOutline([WHITE])
    view.addOverlay(outline)
    outline.show(lambda plane, index: np.ones((8, 8), bool), grid)
    assert seen(view, (2, 0, 0)) == (64, 64, 64)


# --- colour bars


def test_a_bar_for_every_map_on_show(qtbot: QtBot) -> None:
    grey, map_ = image(FLAT, low=0, high=200), image(FLAT * 0, low=0, high=0.25, lut="magma")
    map_.kind, map_.unit = LayerKind.MAP, "variance"
    map_.setName("Uncertainty")
    assert title_of(map_) == "Uncertainty, variance"
    map_.change(opacity=0.5, threshold=0.05)
    mask = labels(np.zeros(FLAT.shape, np.uint8))
    view = slice_view(qtbot, grey, map_, mask, name=PlaneName.AXIAL, side=400)
    view.setDecorations(Decorations())
    plain = view.grab().toImage()
    view.addOverlay(ColourBars())
    with_bar = view.grab().toImage()
    changed = [
        (x, y)
        for x in range(view.width())
        for y in range(view.height())
        if plain.pixel(x, y) != with_bar.pixel(x, y)
    ]
    assert changed
    assert min(x for x, _ in changed) > view.width() / 2
    assert max(y for _, y in changed) < view.height() / 2
    brightest = max(with_bar.pixelColor(*at).lightness() for at in changed)
    assert brightest > 200, "the bright end of the colours is there"
    map_.change(visible=False)
    assert view.grab().toImage() == plain
    map_.change(visible=True)
    view.setOnly(grey)
    view.setOnly(grey)
    assert view.grab().toImage().pixel(*changed[0]) == plain.pixel(*changed[0])


def test_a_small_view_has_no_room_for_a_bar(qtbot: QtBot) -> None:
    map_ = image(FLAT * 0, low=0, high=1)
    grey = image(FLAT, low=0, high=200)
    map_.kind = LayerKind.MAP
    view = slice_view(qtbot, grey, map_, side=180)
    view.setDecorations(Decorations())
    plain = view.grab().toImage()
    view.addOverlay(ColourBars())
    assert view.grab().toImage() == plain

"""Vessel phantoms: deterministic, plausible, and true to what was painted."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.draw import line

from engine.data.phantoms import (
    Segment,
    Stroke,
    TreeParams,
    VesselTree,
    grow_from_mask,
    grow_vessel_tree,
)
from engine.data.phantoms.geometry import rasterise
from engine.data.phantoms.growth import murray
from engine.errors import InputError

FieldName = Literal["fundus", "macula"]
FIELDS: tuple[FieldName, ...] = ("fundus", "macula")


@pytest.mark.parametrize("field", FIELDS)
def test_same_seed_same_tree_and_other_seed_other_tree(field: FieldName) -> None:
    first, again, other = (grow_vessel_tree(192, 192, s, field=field) for s in (5, 5, 6))
    np.testing.assert_array_equal(first.soft_mask(), again.soft_mask())
    assert (first.mask() != other.mask()).any()


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("seed", range(5))
def test_density_is_that_of_labelled_retinas(field: FieldName, seed: int) -> None:
    tree = grow_vessel_tree(384, 384, seed, field=field)
    assert 0.04 < tree.mask().mean() < 0.13
    assert tree.mask().dtype == np.uint8
    assert set(np.unique(tree.mask())) == {0, 1}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("seed", range(5))
def test_the_foveal_zone_is_free(field: FieldName, seed: int) -> None:
    tree = grow_vessel_tree(384, 384, seed, field=field)
    rows, columns = np.ogrid[:384, :384]
    near = np.hypot(rows - tree.fovea.row, columns - tree.fovea.column) < 0.95 * tree.fovea.radius
    assert near.any()
    assert not tree.mask()[near].any()


def test_macula_vessels_come_from_all_borders_and_no_disc_is_in_view() -> None:
    union = np.zeros((256, 256), bool)
    for seed in range(4):
        tree = grow_vessel_tree(256, 256, seed, field="macula")
        assert tree.disc is None
        union |= tree.mask().astype(bool)
    for border in (union[0], union[-1], union[:, 0], union[:, -1]):
        assert border.any()


def test_two_arcades_leave_the_disc_above_and_below_the_fovea() -> None:
    for seed in range(4):
        tree = grow_vessel_tree(384, 384, seed)
        assert tree.disc is not None
        column = round(tree.fovea.column)
        strip = np.asarray(tree.mask()[:, column - 8 : column + 9].any(axis=1))
        fovea = round(tree.fovea.row)
        assert strip[: fovea - 40].any()
        assert strip[fovea + 40 :].any()
        outside = ndimage.distance_transform_edt(~tree.field_of_view()) > 4
        assert not tree.mask()[outside].any()


@pytest.mark.parametrize("field", FIELDS)
def test_vessels_taper_and_turn_smoothly(field: FieldName) -> None:
    tree = grow_vessel_tree(384, 384, 3, field=field)
    for segment in tree.segments:
        assert segment.radii[-1] <= segment.radii[0] + 1e-3
        assert (np.diff(segment.radii) <= 1e-3).all()
        steps = np.diff(segment.points, axis=0)
        if len(steps) > 1:
            turns = np.diff(np.unwrap(np.arctan2(steps[:, 0], steps[:, 1])))
            # Even where it branches, a vessel never kinks like a lightning bolt.
            assert np.abs(turns).max() < 1.0
            assert np.abs(turns).mean() < 0.25


def test_daughters_start_on_their_parent_and_are_not_wider() -> None:
    tree = grow_vessel_tree(384, 384, 1)
    daughters = [s for s in tree.segments if s.parent >= 0]
    assert len(daughters) > 20
    for index, segment in enumerate(tree.segments):
        if segment.parent < 0:
            continue
        assert segment.parent < index
        parent = tree.segments[segment.parent]
        distance = np.hypot(*(parent.points - segment.points[0]).T)
        assert distance.min() < 1e-3
        assert segment.radii[0] <= parent.radii[: distance.argmin() + 1].max()


@given(st.floats(0.5, 8), st.floats(0.2, 1))
def test_murray_keeps_the_cube_and_its_angles_are_the_known_ones(r0: float, ratio: float) -> None:
    larger, smaller, bend, spread = murray(r0, ratio)
    assert larger**3 + smaller**3 == pytest.approx(r0**3)
    assert smaller == pytest.approx(ratio * larger)
    assert bend <= spread + 1e-6
    # A symmetric bifurcation opens by 37.47 degrees to each side.
    assert murray(r0, 1.0)[2:] == pytest.approx((np.deg2rad(37.467),) * 2, abs=1e-4)


def test_raster_of_a_straight_vessel_has_the_area_of_a_capsule() -> None:
    points = np.array([[32.0, 10.0], [32.0, 50.0]], np.float32)
    soft = rasterise([Segment(points, np.array([3.0, 3.0], np.float32))], 64, 64)
    assert soft.sum() == pytest.approx(40 * 6 + np.pi * 9, rel=0.02)
    assert soft[32, 30] == 1
    assert soft[36, 30] == 0
    assert rasterise([], 20, 30).shape == (20, 30)


def test_vessels_beyond_the_border_are_cut_and_do_not_wrap_round() -> None:
    points = np.array([[10.0, 55.0], [10.0, 75.0]], np.float32)
    soft = rasterise([Segment(points, np.array([2.0, 2.0], np.float32))], 64, 64)
    assert soft[10, 60] == 1
    assert not soft[:, :50].any()


def test_strokes_stay_and_sprout() -> None:
    points = np.stack([np.linspace(20, 300, 90), np.full(90, 80.0)], -1).astype(np.float32)
    stroke = Stroke(points, 4.0, 2.0)
    tree = grow_vessel_tree(384, 384, 4, field="macula", strokes=[stroke])
    alone = rasterise([Segment(points, np.linspace(4, 2, 90, dtype=np.float32))], 384, 384)
    assert (tree.soft_mask() >= alone).all()
    assert tree.mask().sum() > 1.15 * (alone >= 0.5).sum()
    # Nothing but the stroke's own family grows.
    assert all(s.parent >= 0 for s in tree.segments[1:])


def _painted(height: int, width: int) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    mask[line(5, 5, height - 8, width // 2)] = 1
    return ndimage.binary_dilation(mask, iterations=3).astype(np.uint8)


def test_grown_mask_keeps_every_painted_pixel_and_adds_vessels() -> None:
    painted = _painted(256, 320)
    tree = grow_from_mask(painted, 2)
    assert (tree.mask() >= painted).all()
    added = (tree.mask() > painted).sum()
    assert 0.1 * painted.sum() < added < 6 * painted.sum()
    # What grew hangs on what was painted.
    _, count = ndimage.label(tree.mask(), np.ones((3, 3)))
    assert count == 1
    np.testing.assert_array_equal(tree.mask(), grow_from_mask(painted * 255, 2).mask())


def test_an_empty_mask_gives_a_whole_tree() -> None:
    tree = grow_from_mask(np.zeros((128, 128), bool), 7)
    np.testing.assert_array_equal(tree.mask(), grow_vessel_tree(128, 128, 7, field="macula").mask())


def test_a_full_mask_and_single_pixels_are_survived() -> None:
    assert grow_from_mask(np.ones((64, 64), np.uint8), 0).mask().all()
    dot = np.zeros((64, 64), np.uint8)
    dot[20, 20] = 1
    assert grow_from_mask(dot, 0).mask()[20, 20] == 1
    single = Stroke(np.array([[9.0, 9.0]], np.float32), 2.0, 2.0)
    assert grow_vessel_tree(64, 64, 0, strokes=[single]).mask()[9, 9] == 1


@settings(max_examples=15, deadline=None)
@given(
    st.integers(32, 220),
    st.integers(32, 220),
    st.integers(0, 2**63),
    st.sampled_from(FIELDS),
)
def test_any_size_and_seed_grows(height: int, width: int, seed: int, field: FieldName) -> None:
    tree = grow_vessel_tree(height, width, seed, field=field)
    assert tree.mask().shape == (height, width)
    assert 0 < tree.mask().sum() < height * width


@pytest.mark.parametrize(("height", "width", "seed"), [(16, 64, 0), (64, 9000, 0), (64, 64, -1)])
def test_out_of_range_arguments_are_told(height: int, width: int, seed: int) -> None:
    with pytest.raises(InputError) as caught:
        grow_vessel_tree(height, width, seed)
    assert caught.value.hint


def test_a_mask_of_three_dimensions_is_refused() -> None:
    with pytest.raises(InputError):
        grow_from_mask(np.zeros((64, 64, 3)), 0)


def test_growth_without_end_is_cut_short() -> None:
    endless = TreeParams(taper=0.0, spacing=2.0, max_vessels=50)
    tree: VesselTree = grow_vessel_tree(128, 128, 0, field="macula", params=endless)
    assert len(tree.segments) <= 50

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from widgets.paint.labels.stamp import Footprint, Piece, Place, needed, sweep, tapered
from widgets.viewer.volume.box import Box

SHAPE = (50, 60, 70)


def drawn(pieces: Iterable[Piece]) -> np.ndarray:
    """The pieces in an array (D, H, W)."""
    canvas = np.zeros(SHAPE, bool)
    for box, stencil in pieces:
        assert box.shape == stencil.shape
        inside = box & Box.whole(SHAPE)
        low = np.subtract(inside.low, box.low)
        cut = tuple(slice(a, a + n) for a, n in zip(low, inside.shape, strict=True))
        canvas[inside.index] |= stencil[cut]
    return canvas


def at(footprint: Footprint, place: Place) -> np.ndarray:
    return drawn(sweep(footprint, place, place))


def test_small_sizes_are_what_pixel_editors_make_them() -> None:
    for size, count in ((1.0, 1), (2.0, 4), (3.0, 9), (4.0, 12), (5.0, 21)):
        mask = Footprint((size / 2,) * 3, 0).mask()
        assert mask.shape == (1, size, size)
        assert mask.sum() == count
    assert Footprint((1.5,) * 3, 1, volume=True, square=True).mask().all()


def test_a_disc_lies_where_the_pointer_is() -> None:
    odd = at(Footprint((1.5, 1.5, 1.5), 0), (10.0, 20.4, 29.7))
    assert np.argwhere(odd).min(axis=0).tolist() == [10, 19, 29]
    assert np.argwhere(odd).max(axis=0).tolist() == [10, 21, 31]
    even = at(Footprint((1.0, 1.0, 1.0), 0), (10.0, 20.4, 29.7))
    assert np.argwhere(even).tolist() == [
        [10, 20, 29], [10, 20, 30], [10, 21, 29], [10, 21, 30],
    ]  # fmt: skip


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_ball_in_millimetres_is_a_sphere_of_anisotropic_voxels(axis: int) -> None:
    spacing, radius = np.array([3.0, 1.0, 0.5]), 7.0
    d, h, w = radius / spacing
    ball = at(Footprint((d, h, w), axis, volume=True), (25.0, 30.0, 35.0))
    far = np.linalg.norm((np.indices(SHAPE).T - (25, 30, 35)) * spacing, axis=-1).T
    # Even widths put the middle between two voxels, so allow half of one.
    assert ball[far <= radius - spacing.max() / 2].all()
    assert not ball[far > radius + spacing.max() / 2].any()
    volume = ball.sum() * spacing.prod()
    assert volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.1)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(*[st.floats(-5, n + 5) for n in SHAPE]),
    st.tuples(*[st.floats(-5, n + 5) for n in SHAPE]),
    st.floats(0.5, 12),
    st.booleans(),
    st.booleans(),
)
def test_a_sweep_has_no_gaps_and_stays_on_its_way(
    start: Place, end: Place, radius: float, volume: bool, square: bool
) -> None:
    footprint = Footprint((radius,) * 3, 0, volume=volume, square=square)
    end = (start[0], end[1], end[2])
    swept = drawn(sweep(footprint, start, end))
    for along in np.linspace(0, 1, 7):
        way = np.array(start) * (1 - along) + np.array(end) * along
        place = (float(way[0]), float(way[1]), float(way[2]))
        # Both are moved to whole voxels, by up to 0.71, and bumps add a quarter.
        core = Footprint((max(radius - 1.7, 0.5),) * 3, 0, volume=volume, square=square)
        if radius > 2.2:
            assert swept[at(core, place)].all()
    middle = np.argwhere(swept) - start
    way = np.subtract(end, start)
    t = np.clip(middle @ way / max(way @ way, 1e-9), 0, 1)
    off = middle - t[:, None] * way
    assert (np.linalg.norm(off, axis=1) <= radius * (1.75 if square else 1) + 1.3).all()


def test_pieces_of_a_long_way_stay_small() -> None:
    boxes = [box for box, _ in sweep(Footprint((3.0,) * 3, 0), (0, 0, 0), (0, 2000, 2000))]
    assert sum(np.prod(box.shape) for box in boxes) < 2000 * 60


def test_tapering_draws_each_size_at_its_place() -> None:
    prints = [Footprint((r, r, r), 0) for r in (5.0, 2.0, 0.5)]
    places = np.array([[10.0, 10, 10], [10, 30, 30], [10, 50, 50]])
    canvas = drawn(tapered(prints, places))
    assert canvas.sum() == sum(p.mask().sum() for p in prints)
    assert canvas[10, 50, 50]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_wide_taper_takes_few_stamps_and_leaves_out_next_to_nothing(axis: int) -> None:
    # A stamp of each size costs as much as its volume: a thousand of them stop the window.
    count = 1000
    radii = np.linspace(16, 8, count)
    places = np.linspace((25.0, 20, 20), (25.0, 40, 50), count)
    places[:, [0, axis]] = places[:, [axis, 0]]
    prints = [Footprint((r, r, r), axis, volume=True) for r in radii]
    every = np.zeros(SHAPE, bool)
    for each, place in zip(prints, places, strict=True):
        every |= at(each, tuple(place.tolist()))
    canvas = drawn(tapered(prints, places))
    assert not (canvas & ~every).any()
    assert (every & ~canvas).sum() < 0.01 * every.sum()
    assert len(needed(prints, places)) < 0.1 * count


def test_each_stamp_of_a_thin_or_a_square_taper_counts() -> None:
    places = np.linspace((10.0, 5, 5), (10.0, 40, 50), 90)
    for prints in (
        [Footprint((1.5,) * 3, 0)] * 90,
        [Footprint((9.0,) * 3, 0, square=True)] * 90,
    ):
        assert needed(prints, places) == list(range(90))

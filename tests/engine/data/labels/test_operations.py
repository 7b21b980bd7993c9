"""Every operation keeps the rules that they share; shapes agree with brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine.data.labels.operations import OPERATIONS, Operation, apply, operation
from engine.data.labels.subject import Labels, Subject
from engine.errors import InputError
from engine.parameters import describe

SPACING = (2.5, 1.0, 0.7)
SMALL = arrays.arrays(np.uint8, (5, 7, 8), elements=st.sampled_from([0, 0, 1, 2, 3]))
EXTRA: dict[str, dict[str, Any]] = {"remap": {"mapping": "1:2, 2:7, 3:0"}}


def run(name: str, labels: Labels, /, *, like: Subject | None = None, **values: Any) -> Labels:
    """One operation at the tests' spacing."""
    what = operation(name)
    subject = like or Subject(labels, SPACING)
    return apply(what, subject, what.params.parse(values))


def ball_offsets(radius: float) -> np.ndarray[Any, Any]:
    """The ball as a structuring element, voxel by voxel."""
    reach = [int(radius / size) for size in SPACING]
    d, h, w = np.mgrid[tuple(slice(-r, r + 1) for r in reach)]
    distance = np.sqrt((d * SPACING[0]) ** 2 + (h * SPACING[1]) ** 2 + (w * SPACING[2]) ** 2)
    return np.asarray(distance <= radius + 1e-6)


@pytest.mark.parametrize("what", OPERATIONS, ids=lambda what: what.name)
@settings(max_examples=12, deadline=None)
@given(labels=SMALL, seed=st.integers(0, 1000), extent=st.sampled_from(["volume", "slice"]))
def test_locked_labels_and_inputs_stay(
    what: Operation, labels: Labels, seed: int, extent: str
) -> None:
    labels[0, 3, 0] = 1  # so that there is a seed in the slice too
    names = {info.name for info in describe(what.params)}
    values = dict(EXTRA.get(what.name, {}))
    if "extent" in names:
        values |= {"extent": extent, "axis": "h", "index": 3}
    image = np.random.default_rng(seed).normal(size=labels.shape).astype(np.float32)
    before = labels.copy()
    subject = Subject(labels, SPACING, image, locked=frozenset({2, 3}))
    after = apply(what, subject, what.params.parse(values))
    assert np.array_equal(labels, before)
    assert after.shape == labels.shape
    for value in (2, 3):
        assert np.array_equal(after == value, before == value)
    if "extent" in names and extent == "slice":
        elsewhere = np.arange(labels.shape[1]) != 3
        if what.name != "flood":  # which goes through its start's slice
            assert np.array_equal(after[:, elsewhere], before[:, elsewhere])


@pytest.mark.parametrize("what", OPERATIONS, ids=lambda what: what.name)
def test_empty_labels_do_no_harm(what: Operation) -> None:
    image = np.zeros((4, 5, 6), np.int16)
    subject = Subject(np.zeros(image.shape, np.uint8), SPACING, image)
    params = what.params.parse(EXTRA.get(what.name, {}))
    if what.name == "grow":
        with pytest.raises(InputError, match="no seeds"):
            apply(what, subject, params)
    else:
        assert apply(what, subject, params).shape == image.shape


@pytest.mark.parametrize("what", OPERATIONS, ids=lambda what: what.name)
def test_watch_can_cancel(what: Operation) -> None:
    def stop(done: float) -> None:
        raise KeyboardInterrupt

    subject = Subject(np.ones((3, 3, 3), np.uint8), image=np.zeros((3, 3, 3)), watch=stop)
    with pytest.raises(KeyboardInterrupt):
        apply(what, subject, what.params.parse(EXTRA.get(what.name, {})))


def test_a_locked_label_cannot_be_the_one_to_change() -> None:
    subject = Subject(np.ones((3, 3, 3), np.uint8), locked=frozenset({1}))
    with pytest.raises(InputError, match="locked"):
        run("morphology", subject.labels, like=subject)


@settings(max_examples=25, deadline=None)
@given(labels=SMALL, radius=st.sampled_from([0.7, 1.0, 1.5, 2.6]))
def test_morphology_is_that_of_a_ball(labels: Labels, radius: float) -> None:
    mask = labels == 1
    element = ball_offsets(radius)
    grown = scipy.ndimage.binary_dilation(mask, element)
    shrunk = scipy.ndimage.binary_erosion(mask, element, border_value=1)
    only = mask.astype(np.uint8)
    result = run("morphology", only, action="dilate", radius_mm=radius)
    assert np.array_equal(result == 1, grown)
    result = run("morphology", only, action="erode", radius_mm=radius)
    assert np.array_equal(result == 1, shrunk)
    opened = scipy.ndimage.binary_dilation(shrunk, element)
    closed = scipy.ndimage.binary_erosion(grown, element, border_value=1)
    for action, expected in (("open", opened), ("close", closed)):
        once = run("morphology", only, action=action, radius_mm=radius)
        assert np.array_equal(once == 1, expected)
        assert np.array_equal(run("morphology", once, action=action, radius_mm=radius), once)


def test_a_ball_grows_by_as_many_millimetres_in_each_direction() -> None:
    spacing = (1.5, 0.8, 0.6)
    d, h, w = np.mgrid[:32, :60, :80]
    radii = np.sqrt(((d - 16) * 1.5) ** 2 + ((h - 30) * 0.8) ** 2 + ((w - 40) * 0.6) ** 2)
    subject = Subject((radii <= 10).astype(np.uint8), spacing)
    grown = run("morphology", subject.labels, like=subject, radius_mm=5.0)
    volume = (grown == 1).sum() * subject.voxel_ml * 1000
    # The grid can only lose: a voxel counts when one within 10 mm lies within 5 mm of it.
    assert (volume * 3 / 4 / np.pi) ** (1 / 3) == pytest.approx(15, abs=0.3)
    for axis, size in enumerate(spacing):
        width = grown.any(axis=tuple(a for a in range(3) if a != axis)).sum() * size
        assert width == pytest.approx(30, abs=2 * size)


def test_growing_labels_meet_half_way() -> None:
    labels = np.zeros((1, 1, 11), np.uint8)
    labels[0, 0, [0, 10]] = 1, 2
    result = run("morphology", labels, label=0, radius_mm=6.0)
    assert result[0, 0].tolist() == [1] * 6 + [2] * 5


@settings(max_examples=25, deadline=None)
@given(labels=SMALL)
def test_holes_are_those_of_scipy(labels: Labels) -> None:
    only = (labels > 0).astype(np.uint8)
    filled = run("fill-holes", only)
    assert np.array_equal(filled > 0, scipy.ndimage.binary_fill_holes(only))
    sliced = run("fill-holes", only, mode="slices", across="h")
    for row in range(only.shape[1]):
        expected = scipy.ndimage.binary_fill_holes(only[:, row])
        assert np.array_equal(sliced[:, row] > 0, expected)


def test_only_small_holes_are_filled_when_asked() -> None:
    labels = np.ones((1, 9, 20), np.uint8)
    labels[0, 2, 2] = 0
    labels[0, 4:7, 8:14] = 0
    result = run("fill-holes", labels, mode="slices", largest_ml=0.005)
    assert result[0, 2, 2] == 1
    assert not result[0, 4:7, 8:14].any()


@pytest.mark.parametrize("side", ["inside", "outside", "middle"])
def test_shells_lie_on_their_side(side: str) -> None:
    d, h, w = np.mgrid[:16, :40, :56]
    radii = np.sqrt(((d - 8) * 2.5) ** 2 + (h - 20) ** 2 + ((w - 28) * 0.7) ** 2)
    solid = (radii <= 10).astype(np.uint8)
    rim = run("shell", solid, side=side, thickness_mm=4.0) == 1
    # Distances count between centres of voxels, so a rim is up to a voxel wider.
    low, high = {"inside": (6, 10), "outside": (10, 14), "middle": (8, 12)}[side]
    assert radii[rim].min() >= low - 2.5
    assert radii[rim].max() <= high + 1e-6
    both = run("shell", solid, side=side, thickness_mm=4.0, into=2)
    assert np.array_equal(both == 2, rim)
    assert np.array_equal(both > 0, rim | (solid > 0))


def test_islands_are_kept_removed_and_numbered() -> None:
    labels = np.zeros((3, 8, 20), np.uint8)
    labels[:, 1:4, 1:5] = 1
    labels[1, 5:7, 8:12] = 1
    labels[2, 2, 15] = 1
    labels[0, 7, 0] = 2
    kept = run("islands", labels)
    assert (kept == 1).sum() == 36
    assert (kept == 2).sum() == 1
    assert (run("islands", labels, count=2) == 1).sum() == 44
    removed = run("islands", labels, label=0, action="remove", smallest=2, unit="voxels")
    assert np.bincount(removed.ravel())[1:].tolist() == [44]
    ml = 9 * np.prod(SPACING) / 1000
    assert (run("islands", labels, action="remove", smallest=ml) == 1).sum() == 36
    split = run("islands", labels, action="split", smallest=2, unit="voxels")
    assert np.bincount(split.ravel())[1:].tolist() == [37, 1, 8]


def test_many_islands_widen_the_type() -> None:
    labels = np.zeros((1, 40, 40), np.uint8)
    labels[0, ::2, ::2] = 1
    split = run("islands", labels, action="split", smallest=0)
    assert split.dtype == np.uint16
    assert split.max() == 400


def test_smoothing_opens_no_gap_between_neighbours() -> None:
    labels = np.zeros((8, 30, 30), np.uint8)
    labels[:, 4:26, 4:15] = 1
    labels[:, 4:26, 15:26] = 2
    labels[3, 10, 20] = 0
    for method in ("gaussian", "median"):
        result = run("smooth", labels, label=0, method=method, size_mm=1.5)
        assert result[:, 8:22, 8:22].all()
        assert np.array_equal(result[1, 8:22, 8:15], labels[1, 8:22, 8:15])
    only = run("smooth", labels, label=1, size_mm=1.5)
    assert np.array_equal(only == 2, labels == 2)


def test_smoothing_takes_specks_off() -> None:
    labels = np.zeros((9, 20, 20), np.uint8)
    labels[2:7, 5:15, 5:15] = 1
    labels[0, 1, 1] = 1
    assert not run("smooth", labels, method="median", size_mm=2.6)[0].any()


def test_unknown_operations_and_slices_are_told() -> None:
    with pytest.raises(InputError, match="no operation"):
        operation("polish")
    with pytest.raises(InputError, match="no slice 9"):
        run("clear", np.zeros((3, 3, 3), np.uint8), index=9)

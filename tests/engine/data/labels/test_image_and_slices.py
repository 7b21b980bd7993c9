"""Labels from an image, between slices, and between labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.data.labels.operations import apply, operation
from engine.data.labels.statistics import area_mm2, csv_text, label_statistics, value_statistics
from engine.data.labels.subject import Labels, Subject
from engine.data.volumes.volume import Geometry
from engine.errors import InputError

SPACING = (3.0, 1.0, 1.0)


def run(name: str, subject: Subject, **values: Any) -> Labels:
    """One operation."""
    what = operation(name)
    return apply(what, subject, what.params.parse(values))


def ball(shape: tuple[int, int, int], centre: tuple[float, ...], radius: float) -> Labels:
    """A ball in mm as label 1."""
    places = np.stack(np.mgrid[tuple(slice(n) for n in shape)], -1) * SPACING
    apart = np.linalg.norm(places - np.multiply(centre, SPACING), axis=-1)
    return (apart <= radius).astype(np.uint8)


def dice(a: Labels, b: Labels) -> float:
    """Overlap of the label 1."""
    return 2 * float(((a == 1) & (b == 1)).sum()) / float((a == 1).sum() + (b == 1).sum())


@pytest.mark.parametrize("axis", ["d", "h", "w", "auto"])
def test_a_ball_comes_back_from_every_third_slice(axis: str) -> None:
    whole = ball((22, 60, 60), (10.5, 30, 30), 25)
    along = "dhw".index(axis) if axis != "auto" else 1
    drawn = np.zeros_like(whole)
    step = [slice(None)] * 3
    step[along] = slice(None, None, 3)
    drawn[tuple(step)] = whole[tuple(step)]
    result = run("interpolate", Subject(drawn, SPACING), axis=axis)
    assert dice(result, whole) > 0.95
    assert np.array_equal(result[tuple(step)], drawn[tuple(step)])


def test_a_moving_shape_is_followed() -> None:
    labels = np.zeros((9, 30, 60), np.uint8)
    labels[0, 10:20, 5:15] = 1
    labels[8, 10:20, 45:55] = 1
    expected = np.zeros((30, 60), bool)
    expected[10:20, 25:35] = True
    followed = run("interpolate", Subject(labels), axis="d")
    assert np.array_equal(followed[4] == 1, expected)
    assert not run("interpolate", Subject(labels), axis="d", follow=False)[4].any()


def test_interpolated_labels_share_and_leave_what_is_painted() -> None:
    labels = np.zeros((5, 12, 24), np.uint8)
    labels[::4, 2:10, 2:12] = 1
    labels[::4, 2:10, 12:22] = 2
    labels[2, 4, 4] = 7
    result = run("interpolate", Subject(labels), axis="d")
    assert (result[1, 2:10, 2:12] == 1).all()
    assert (result[3, 2:10, 12:22] == 2).all()
    assert result[2, 4, 4] == 7


def test_seeds_grow_to_the_edges() -> None:
    first = ball((12, 60, 60), (5.5, 30, 20), 12) > 0
    second = ball((12, 60, 60), (5.5, 30, 44), 11) > 0
    image = np.where(first, 100.0, np.where(second, 160.0, 20.0))
    image += np.random.default_rng(0).normal(0, 5, image.shape)
    seeds = np.zeros(image.shape, np.uint8)
    seeds[5:7, 28:32, 18:22] = 1
    seeds[5:7, 28:32, 42:46] = 2
    result = run("grow", Subject(seeds, SPACING, image), reach_mm=18.0)
    assert dice(result, first.astype(np.uint8)) > 0.9
    assert dice(result == 2, second) > 0.9
    seeds[5, 2:4, 2:58] = 3
    result = run("grow", Subject(seeds, SPACING, image), reach_mm=60.0, background=3)
    assert sorted(np.unique(result)) == [0, 1, 2]
    assert dice(result, first.astype(np.uint8)) > 0.9


def test_threshold_takes_its_range_and_stays_within() -> None:
    image = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    image[0, 0, 1] = np.nan
    labels = np.zeros(image.shape, np.uint8)
    labels[1] = 2
    subject = Subject(labels, image=image)
    result = run("threshold", subject, low=0.0, high=13.0)
    assert (result == 1).sum() == 11
    assert (run("threshold", subject, low=0.0, high=13.0, overwrite=True) == 1).sum() == 13
    within = run("threshold", subject, low=0.0, high=13.0, inside=2)
    assert (within[1] == 1).sum() == 2
    again = Subject(result, image=image)
    assert (run("threshold", again, low=5.0, high=6.0, replace=True) == 1).sum() == 2
    with pytest.raises(InputError, match="above highest"):
        run("threshold", subject, low=2.0, high=1.0)
    with pytest.raises(InputError, match="looks at the image"):
        run("threshold", Subject(labels))


def test_flood_stays_in_its_part_reach_and_slice() -> None:
    image = np.zeros((3, 10, 20), np.int16)
    image[:, 2:8, 2:8] = 50
    image[:, 2:8, 12:18] = 50
    subject = Subject(np.zeros(image.shape, np.uint8), SPACING, image)
    at = {"d": 1, "h": 3, "w": 3, "tolerance": 5.0}
    result = run("flood", subject, **at)
    assert (result == 1).sum() == 3 * 36
    assert not result[:, :, 10:].any()
    assert (run("flood", subject, extent="slice", **at) == 1).sum() == 36
    near = run("flood", subject, reach_mm=1.5, **at)
    assert (near == 1).sum() == 9
    with pytest.raises(InputError, match="outside"):
        run("flood", subject, d=5)


def test_two_maps_are_combined() -> None:
    one, two = np.zeros((2, 1, 2, 4), np.uint8)
    one[0, 0, :3] = 1
    two[0, 0, 2:] = 5
    subject = Subject(one, other=two)
    expected = {
        "union": [1, 1, 1, 1], "intersect": [0, 0, 1, 0], "subtract": [1, 1, 0, 0],
        "copy": [0, 0, 1, 1], "invert": [0, 0, 0, 1],
    }  # fmt: skip
    for action, row in expected.items():
        result = run("logic", subject, action=action, with_label=5)
        assert result[0, 0].tolist() == row, action


def test_labels_of_one_map_are_exchanged_renamed_and_renumbered() -> None:
    subject = Subject(np.array([[[0, 1, 2, 3]]], np.uint8))
    assert run("logic", subject, action="swap", with_label=3).ravel().tolist() == [0, 3, 2, 1]
    renamed = run("logic", subject, action="rename", with_label=300)
    assert renamed.ravel().tolist() == [0, 300, 2, 3]
    assert run("remap", subject, mapping="1:2; 2=1, 3:0").ravel().tolist() == [0, 2, 1, 0]
    for wrong in ("", "1:70000", "1-2"):
        with pytest.raises(InputError):
            run("remap", subject, mapping=wrong)


def test_slices_are_copied_and_cleared() -> None:
    labels = np.zeros((4, 2, 3), np.uint8)
    labels[1, 0, :2] = 1, 2
    labels[2, 0, 0] = 2
    subject = Subject(labels)
    copied = run("copy-slice", subject, index=1, label=0, steps=5)
    assert copied[:, 0].tolist() == [[0, 0, 0], [1, 2, 0], [2, 2, 0], [1, 2, 0]]
    back = run("copy-slice", subject, index=1, steps=-1)
    assert back[0, 0].tolist() == [1, 0, 0]
    fresh = run("copy-slice", subject, index=1, label=0, steps=1, replace=True)
    assert fresh[2, 0].tolist() == [1, 2, 0]
    assert not run("clear", subject, index=1, label=0)[1].any()
    assert not run("clear", subject, extent="volume", label=0).any()
    with pytest.raises(InputError, match="no slice to copy"):
        run("copy-slice", subject, index=3, steps=1)


def test_statistics_of_labels_and_values() -> None:
    affine = np.diag([0.5, 2.0, 3.0, 1.0])
    geometry = Geometry((3, 4, 5), affine)
    labels = np.zeros(geometry.shape, np.uint8)
    labels[1:3, 2, 4] = 6
    image = np.arange(60, dtype=np.float32).reshape(geometry.shape)
    (row,) = label_statistics(labels, geometry, image, {6: "left, lobe"})
    assert (row.label, row.voxels, row.ml) == (6, 2, pytest.approx(0.006))
    assert row.centroid_mm == pytest.approx((2, 4, 4.5))
    assert row.low_mm == pytest.approx((1.75, 3, 1.5))
    assert row.high_mm == pytest.approx((2.25, 5, 7.5))
    assert (row.values.mean, row.values.sd, row.values.median) == (44, 10, 44)
    assert '6,"left, lobe",2,' in csv_text((row,))
    assert area_mm2(10, geometry, axis=0) == pytest.approx(10)
    assert area_mm2(10, geometry, axis=2) == pytest.approx(60)
    assert value_statistics(np.array([np.nan, np.inf, 4])).count == 1
    assert value_statistics(np.array([np.nan])).mean is None

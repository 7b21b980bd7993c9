"""Regions of doubt against what a flood from voxel to voxel finds."""

from __future__ import annotations

import csv
import io
import itertools
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.data.labels.doubt import (
    LEAST,
    csv_text,
    doubtful_regions,
    most_doubtful_slice,
    most_doubtful_voxel,
    table,
    telling_least,
    write_csv,
)
from engine.data.volumes.volume import Geometry

AROUND = [step for step in itertools.product((-1, 0, 1), repeat=3) if any(step)]
Voxel = tuple[int, int, int]


def flooded(doubtful: NDArray[np.bool_]) -> list[set[Voxel]]:
    """Connected regions, neighbours sharing at least a corner."""
    left = {(int(d), int(h), int(w)) for d, h, w in np.argwhere(doubtful)}
    found = []
    while left:
        region, front = set(), [left.pop()]
        while front:
            at = front.pop()
            region.add(at)
            for step in AROUND:
                near = (at[0] + step[0], at[1] + step[1], at[2] + step[2])
                if near in left:
                    left.remove(near)
                    front.append(near)
        found.append(region)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_regions_are_those_of_a_flood_in_order_of_their_sums(seed: int) -> None:
    values = np.random.default_rng(seed).random((7, 9, 8)).astype(np.float32) ** 20 / 4
    found = doubtful_regions(values)
    expected = flooded(values > LEAST)
    assert len(found) == len(expected) > 5
    sums = sorted((sum(float(values[v]) for v in region) for region in expected), reverse=True)
    assert [region.total for region in found] == pytest.approx(sums)
    for region in found:
        (own,) = [each for each in expected if region.peak in each]
        assert region.voxels == len(own)
        assert region.highest == max(values[v] for v in own) == values[region.peak]
        assert region.low == tuple(np.min(list(own), axis=0))
        assert region.high == tuple(np.max(list(own), axis=0) + 1)


def test_a_region_is_about_the_structure_that_it_touches_most() -> None:
    values = np.zeros((5, 9, 9), np.float32)
    labels = np.zeros(values.shape, np.uint8)
    values[2, 2, 2:5] = 0.2
    labels[2, 1, 1:6] = 3  # along it
    labels[1, 3, 5] = 2  # at a corner
    values[2, 7, 7] = 0.25
    near, alone = doubtful_regions(values, labels)
    assert (near.label, near.voxels, near.peak) == (3, 3, (2, 2, 3))
    assert (alone.label, alone.total) == (0, 0.25)


def test_of_equally_high_voxels_the_peak_lies_amid_them() -> None:
    values = np.zeros((9, 9, 9), np.float32)
    values[1:8, 2:7, 3] = 0.16
    values[3:6, 3:6, 3] = 0.24
    (region,) = doubtful_regions(values)
    assert region.peak == (4, 4, 3)
    assert region.highest == pytest.approx(0.24)


def test_nothing_above_the_limit_and_no_number() -> None:
    values = np.full((3, 4, 5), LEAST, np.float32)
    values[0, 0, 0] = np.nan
    assert doubtful_regions(values) == ()
    assert len(doubtful_regions(values, least=0.05)) == 1
    assert most_doubtful_slice(np.zeros((3, 4, 5)), 0) is None
    assert most_doubtful_voxel(np.zeros((3, 4, 5)), 2) is None


def test_only_the_first_so_many_are_listed() -> None:
    values = np.zeros((1, 1, 40), np.float32)
    values[0, 0, ::2] = np.linspace(0.1, 0.25, 20)
    found = doubtful_regions(values, most=3)
    assert [region.peak[2] for region in found] == [38, 36, 34]


def test_the_most_doubtful_slice_of_each_axis() -> None:
    values = np.random.default_rng(1).random((4, 6, 5))
    values[1, 2, 3] = np.nan
    for axis in range(3):
        sums = [np.nansum(np.take(values, i, axis)) for i in range(values.shape[axis])]
        assert most_doubtful_slice(values, axis) == int(np.argmax(sums))
        voxel = most_doubtful_voxel(values, axis)
        assert voxel is not None
        assert voxel[axis] == int(np.argmax(sums))
        assert values[voxel] == np.nanmax(np.take(values, voxel[axis], axis))


def test_volumes_that_are_counted_slab_by_slab_and_can_be_cancelled() -> None:
    class Stop(Exception):
        pass

    values = np.zeros((6, 4, 4), np.float32)
    values[1, 1, 1] = 0.2

    def stop(_share: float) -> None:
        raise Stop

    with pytest.raises(Stop):
        doubtful_regions(values, watch=stop)
    told: list[float] = []
    doubtful_regions(values, watch=told.append)
    assert told == sorted(told)
    assert told[-1] <= 1.0


def test_the_table_says_where_in_the_patient(tmp_path: Path) -> None:
    values = np.zeros((4, 5, 6), np.float32)
    values[1, 2, 3:5] = (0.2, 0.1)
    affine = np.diag([-2.0, 1.0, 3.0, 1.0])
    affine[:3, 3] = 10, 20, 30
    labels = np.full(values.shape, 2, np.uint8)
    rows = table(doubtful_regions(values, labels), Geometry((4, 5, 6), affine), {2: "head"})
    (row,) = rows
    assert (row["i"], row["j"], row["k"]) == (3, 2, 1)
    assert (row["x_mm"], row["y_mm"], row["z_mm"]) == (4.0, 22.0, 33.0)
    assert row["volume_mm3"] == pytest.approx(12.0)
    assert row["summed"] == pytest.approx(0.3)
    assert (row["label"], row["name"]) == (2, "head")
    write_csv(tmp_path / "doubt.csv", rows)
    (read,) = csv.DictReader(io.StringIO((tmp_path / "doubt.csv").read_text()))
    assert {name: str(value) for name, value in row.items()} == read
    assert csv_text([]).startswith("rank,i,j,k,")


@pytest.mark.parametrize(
    ("highest", "least"),
    [(0.2, LEAST), (0.0626, LEAST), (LEAST, 0.031), (0.0305, 0.015), (3e-4, 1.5e-4), (0, LEAST)],
)
def test_something_is_listed_wherever_votes_vary(highest: float, least: float) -> None:
    variance = np.zeros((2, 3, 4), np.float32)
    variance[1, 2, 3], variance[0, 0, 0] = highest, np.nan
    assert telling_least(variance) == pytest.approx(least)
    assert len(doubtful_regions(variance, least=telling_least(variance))) == (highest > 0)

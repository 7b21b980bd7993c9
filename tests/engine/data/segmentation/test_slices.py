"""A slice that comes back alone is the slice of the whole that comes back."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.data.segmentation.preparation import Preparation, prepare
from engine.data.segmentation.slices import slice_back
from engine.data.volumes.volume import Geometry, Volume, plain_affine

SHAPE = (3, 4, 5)


def orientations() -> list[NDArray[np.float64]]:
    found = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((-1.0, 1.0), repeat=3):
            affine = np.eye(4)
            affine[:3, :3] = np.diag(np.array([1.0, 2.0, 3.0]) * signs)[:, order]
            found.append(affine)
    return found


def image(affine: NDArray[np.float64] | None) -> Volume:
    array = np.random.default_rng(0).random((1, *SHAPE)).astype(np.float32)
    grid = Geometry(SHAPE, plain_affine() if affine is None else affine, affine is not None)
    return Volume(array, grid)


@pytest.mark.parametrize("affine", [None, *orientations()])
@pytest.mark.parametrize("size", [None, (7, 6)])
def test_from_every_orientation(
    affine: NDArray[np.float64] | None, size: tuple[int, int] | None
) -> None:
    ready = prepare(image(affine), Preparation(dims=3, size=size, orientation="LPI"))
    maps = np.random.default_rng(1).random((2, *ready.array.shape[1:])).astype(np.float32)
    whole = ready.back(maps)
    assert whole.shape == (2, *SHAPE)
    for index in range(maps.shape[1]):
        found = slice_back(ready, maps[:, index], index)
        expected = np.take(whole, found.index, axis=1 + found.axis)
        assert found.maps == pytest.approx(expected, abs=1e-6)

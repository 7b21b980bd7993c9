"""Resampled values are those of the same places in the patient."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from engine.data.volumes.resample import describe_resampling, resample
from engine.data.volumes.volume import Geometry
from tests.engine.data.volumes.test_write import oblique, orders

SHAPE = (6, 7, 8)


def blob() -> np.ndarray:
    return np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)


def expected(array: np.ndarray, source: Geometry, target: Geometry, order: int) -> np.ndarray:
    """The same by scipy, through the geometry's own words."""
    places = np.stack(np.meshgrid(*[np.arange(n) for n in target.shape], indexing="ij"), -1)
    voxels = np.moveaxis(source.voxel(target.world(places)), -1, 0)
    return map_coordinates(array, voxels, order=order, mode="nearest"), voxels


def sheared() -> np.ndarray:
    affine = np.diag([0.7, -0.9, 3.0, 1.0])
    affine[:3, 2] = (0.0, 0.8, 3.0)
    return affine


@pytest.mark.parametrize("affine", [*orders()[::5], oblique(), sheared()])
@pytest.mark.parametrize("labels", [True, False])
def test_values_are_those_of_the_place(affine: np.ndarray, labels: bool) -> None:
    source = Geometry(SHAPE, affine)
    target_affine = affine @ np.diag([0.81, 1.3, 0.63, 1.0])
    target_affine[:3, 3] += affine[:3, :3] @ (1.13, -0.71, 0.27)
    target = Geometry((9, 5, 10), target_affine)
    array = (blob() * 10).astype(np.int16) if labels else blob()
    found = resample(array, source, target, labels=labels)
    assert found.dtype == array.dtype
    known, voxels = expected(array, source, target, 0 if labels else 1)
    last = np.array(SHAPE)[:, None, None, None] - 1
    inside = ((voxels > 0) & (voxels < last)).all(axis=0)
    outside = ((voxels < -0.6) | (voxels > last + 0.6)).any(axis=0)
    assert inside.sum() > 40
    assert outside.sum() > 5
    np.testing.assert_allclose(found[inside], known[inside], atol=1e-4)
    np.testing.assert_array_equal(found[outside], 0 if labels else array.min())


def test_the_same_grid_is_a_copy() -> None:
    grid = Geometry(SHAPE, oblique())
    array = blob()
    found = resample(array, grid, Geometry(SHAPE, oblique()), labels=False)
    np.testing.assert_array_equal(found, array)
    assert not np.shares_memory(found, array)


def test_orders_of_bytes_and_odd_types() -> None:
    source, target = Geometry(SHAPE, np.eye(4)), Geometry((3, 3, 3), np.eye(4))
    for kind in (">i2", "<u4", "u1", "f8", ">f4", "f2", "?"):
        array = (blob() > 0).astype(kind)
        found = resample(array, source, target, labels=array.dtype.kind != "f")
        np.testing.assert_array_equal(found, array[:3, :3, :3])
    with pytest.raises(ValueError, match="grid"):
        resample(blob()[:2], source, target, labels=True)


def test_what_it_does_is_said_with_numbers() -> None:
    source = Geometry((10, 20, 30), np.diag([0.5, 0.5, 3.0, 1.0]))
    far = np.diag([2.0, 2.0, 3.0, 1.0])
    told = describe_resampling(source, Geometry((20, 5, 7), far), labels=True)
    assert "from 30 x 20 x 10 voxels of 0.5 x 0.5 x 3 mm to 7 x 5 x 20 voxels of 2 x 2 x 3" in told
    assert "nearest" in told
    assert "50% of the new grid lies outside" in told
    assert "may vanish" in told
    same = describe_resampling(source, source, labels=False)
    assert "linear" in same
    assert "outside" not in same
    assert "cut off" not in same
    part = describe_resampling(source, Geometry((5, 20, 30), source.affine), labels=False)
    assert "cut off" in part

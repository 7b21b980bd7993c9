from __future__ import annotations

import numpy as np
import pytest

from engine.data.segmentation.figures import figures_of, told
from engine.data.volumes.volume import Geometry, plain_affine

NAMES = {0: "background", 1: "left", 2: "right"}


def test_sizes_and_uncertainty() -> None:
    labels = np.zeros((2, 3, 4), np.uint8)
    labels[0, 0] = 1
    labels[1, 2, 3] = 2
    doubt = np.where(labels > 0, 0.2, 0.0).astype(np.float32)
    grid = Geometry((2, 3, 4), np.diag([-2.0, 0.5, 3.0, 1.0]))
    found = figures_of(labels, NAMES, grid, doubt)
    assert found["structures"] == {
        "1": {"name": "left", "voxels": 4, "mm3": 12.0},
        "2": {"name": "right", "voxels": 1, "mm3": 3.0},
    }
    assert found["mean_uncertainty"] == pytest.approx(0.2 * 5 / 24)
    assert found["mean_uncertainty_in_structures"] == pytest.approx(0.2)
    assert told(found) == "Found: left 4 voxels (0.012 ml), right 1 voxels (0.003 ml)."


def test_pictures_have_no_volume_and_nothing_found_no_doubt() -> None:
    labels = np.zeros((1, 3, 4), np.uint8)
    plain = Geometry((1, 3, 4), plain_affine((1.0, 0.5, 0.5)), oriented=False)
    found = figures_of(labels, NAMES, plain, np.zeros((1, 3, 4), np.float32))
    assert found["structures"]["1"] == {"name": "left", "voxels": 0, "mm3": None}
    assert found["mean_uncertainty_in_structures"] is None
    assert told(found) == "Found: left 0 voxels, right 0 voxels."
    assert "mean_uncertainty" not in figures_of(labels, NAMES, plain)
    stacked = Geometry((2, 3, 4), plain_affine((2.0, 0.5, 0.5)), oriented=False)
    sized = figures_of(np.ones((2, 3, 4), np.uint8), NAMES, stacked)
    assert sized["structures"]["1"]["mm3"] == 12.0

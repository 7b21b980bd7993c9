from __future__ import annotations

import numpy as np
import pytest

from engine.data.labels.statistics import label_statistics
from engine.data.phantoms.brain import BRIGHTNESS, BrainPhantom, Contrast, Tissue, make_brain


@pytest.fixture(scope="module")
def brain() -> BrainPhantom:
    return make_brain((64, 80, 72), (2.4, 2.4, 2.4), seed=3)


def test_it_has_every_tissue_and_the_seed_decides(brain: BrainPhantom) -> None:
    assert set(np.unique(brain.tissues)) == set(Tissue)
    again = make_brain((64, 80, 72), (2.4, 2.4, 2.4), seed=3)
    np.testing.assert_array_equal(again.tissues, brain.tissues)
    assert (make_brain((64, 80, 72), (2.4, 2.4, 2.4), seed=4).tissues != brain.tissues).any()


def test_left_and_right_are_the_patients(brain: BrainPhantom) -> None:
    rows = {row.label: row for row in label_statistics(brain.labels(), brain.geometry)}
    assert rows[1].centroid_mm[0] < -10  # left has a negative x in RAS+
    assert rows[2].centroid_mm[0] > 10
    assert rows[1].ml == pytest.approx(rows[2].ml, rel=0.1)


def test_sizes_are_those_of_a_head(brain: BrainPhantom) -> None:
    ml = brain.geometry.voxel_ml
    grey = (brain.tissues == Tissue.GREY).sum() * ml
    white = (brain.tissues == Tissue.WHITE).sum() * ml
    assert 300 < grey < 1000
    assert 300 < white < 1000


@pytest.mark.parametrize("contrast", BRIGHTNESS)
def test_tissues_are_as_bright_as_in_that_contrast(brain: BrainPhantom, contrast: Contrast) -> None:
    image = brain.image(contrast)
    assert image.array.dtype == np.int16
    means = {t: float(image.array[0][brain.tissues == t].mean()) for t in Tissue}
    order = sorted((Tissue.FLUID, Tissue.WHITE, Tissue.GREY), key=lambda t: means[t])
    expected = sorted(order, key=lambda t: BRIGHTNESS[contrast][t])
    assert order == expected


def test_it_can_be_healthy() -> None:
    healthy = make_brain((32, 40, 36), (4.8, 4.8, 4.8), lesion=None)
    assert Tissue.LESION not in healthy.tissues

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.data.phantoms.scenes import (
    LEFT_VENTRICLE,
    MYOCARDIUM,
    RIGHT_VENTRICLE,
    make_chest,
    make_heart,
    make_nuclei,
)

SIDE = 80
Make = Callable[[int, int], tuple[Any, Any]]


@pytest.mark.parametrize(
    ("make", "shape", "labels"),
    [
        (make_heart, (SIDE, SIDE), [0, 1, 2, 3]),
        (make_chest, (SIDE, SIDE), [0, 1]),
        (make_nuclei, (SIDE, SIDE, 3), [0, 1]),
    ],
)
def test_the_same_seed_gives_the_same_picture(
    make: Make, shape: tuple[int, ...], labels: list[int]
) -> None:
    image, marked = make(SIDE, 2)
    assert image.shape == shape
    assert image.dtype == np.float32
    assert image.min() >= 0
    assert image.max() <= 1
    assert marked.shape == shape[:2]
    assert np.unique(marked).tolist() == labels
    again, _ = make(SIDE, 2)
    assert np.array_equal(again, image)
    other, _ = make(SIDE, 3)
    assert not np.array_equal(other, image)


def test_blood_is_bright_muscle_is_dark_and_lungs_hold_air() -> None:
    heart, parts = make_heart(SIDE)
    muscle = heart[parts == MYOCARDIUM].mean()
    for blood in (LEFT_VENTRICLE, RIGHT_VENTRICLE):
        assert heart[parts == blood].mean() > 2 * muscle
    chest, lungs = make_chest(SIDE)
    assert chest[lungs == 1].mean() < 0.7 * chest[SIDE // 2 :][lungs[SIDE // 2 :] == 0].mean()


def test_nuclei_are_blue_and_do_not_touch() -> None:
    image, nuclei = make_nuclei(SIDE)
    red, _, blue = image[nuclei == 1].mean(axis=0)
    assert blue > red
    assert image[nuclei == 0].mean() > image[nuclei == 1].mean()
    assert 0.05 < nuclei.mean() < 0.4

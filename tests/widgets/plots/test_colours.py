"""The colours of curves can be told apart, whoever looks."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from skimage.color import deltaE_ciede2000, rgb2lab

from widgets.plots.colours import COUNT, curve_colour, curve_line
from widgets.theme import THEMES, Theme, contrast

# Machado, Oliveira and Fernandes 2009, severity 1; rows for linear R, G and B.
VISIONS = {
    "all cones": np.eye(3),
    "no long cones": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no middle cones": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no short cones": [
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}  # fmt: skip
APART = 10.0
"""CIEDE2000; 2.3 is just noticeable side by side."""


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("vision", VISIONS)
def test_colours_are_apart_for_every_vision(theme: Theme, vision: str) -> None:
    seen = [_seen(curve_colour(theme, place), np.array(VISIONS[vision])) for place in range(COUNT)]
    for first, second in combinations(seen, 2):
        assert deltaE_ciede2000(first, second) > APART


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_colours_stand_out_from_the_ground(theme: Theme) -> None:
    """As WCAG 2.1 asks of graphics."""
    for place in range(COUNT):
        assert contrast(curve_colour(theme, place), theme.bg) >= 3


def test_a_colour_that_comes_again_has_a_broken_line() -> None:
    assert curve_colour(THEMES[0], COUNT) == curve_colour(THEMES[0], 0)
    assert curve_line(0) == Qt.PenStyle.SolidLine
    assert curve_line(COUNT) == Qt.PenStyle.DashLine


def _seen(colour: str, cones: np.ndarray) -> np.ndarray:
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ cones.T, 0, 1)
    shown = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    return rgb2lab(shown)

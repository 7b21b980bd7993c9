"""Single slices made of formulas: a heart in MR, a chest X-ray, stained nuclei. They are no one's,
and look enough like the real thing that networks trained on that find their way in them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from engine.data.phantoms.textures import smooth_field

Field = NDArray[Any]
RIGHT_VENTRICLE, MYOCARDIUM, LEFT_VENTRICLE = 1, 2, 3


def make_heart(side: int = 160, seed: int = 0) -> tuple[Field, NDArray[np.uint8]]:
    """A short-axis slice of a cine MR: bright blood, dark muscle and lungs.

    Returns:
        Grey values (side, side) float32 in [0, 1], and the labels: 1 right ventricle, 2
        myocardium, 3 left ventricle.
    """
    rng = np.random.default_rng((seed, 3))
    y, x = _axes(side)
    bright = np.full((side, side), 0.02)
    body = _ellipse(y, x, (0.02, 0.0), (0.80, 1.15))
    bright[body < 1] = 0.55
    bright[body < 0.93] = 0.30
    for middle in (-0.62, 0.66):
        bright[_ellipse(y, x, (-0.06, middle), (0.52, 0.36)) < 1] = 0.05
    bright[_ellipse(y, x, (0.52, -0.42), (0.28, 0.58), 0.15) < 1] = 0.26
    bright[_ellipse(y, x, (0.55, 0.62), (0.16, 0.20)) < 1] = 0.20
    bright[_ellipse(y, x, (0.72, 0.0), (0.12, 0.14)) < 1] = 0.35
    bright[_ellipse(y, x, (0.62, 0.22), (0.07, 0.07)) < 1] = 0.85
    bright[_ellipse(y, x, (-0.04, 0.05), (0.37, 0.46), 0.2) < 1] = 0.16
    right = _ellipse(y, x, (-0.05, -0.04), (0.27, 0.33), 0.25) < 1
    left = _ellipse(y, x, (-0.04, 0.24), (0.31, 0.29))
    bright[_ellipse(y, x, (-0.05, -0.04), (0.295, 0.355), 0.25) < 1] = 0.22
    bright[right] = 0.80
    bright[left < 1] = 0.20
    bright[left < 0.66] = 0.88
    for angle in (0.9, 2.6):  # papillary muscles
        place = (-0.04 + 0.13 * np.sin(angle), 0.24 + 0.13 * np.cos(angle))
        bright[_ellipse(y, x, place, (0.03, 0.04)) < 1] = 0.35
    labels = np.zeros((side, side), np.uint8)
    labels[right] = RIGHT_VENTRICLE
    labels[left < 1] = MYOCARDIUM
    labels[left < 0.66] = LEFT_VENTRICLE
    image = gaussian_filter(bright, side / 200)
    image *= 1 + 0.08 * smooth_field(image.shape, side / 4, rng)
    image += 0.02 * rng.standard_normal(image.shape)
    return np.clip(np.abs(image), 0, 1).astype(np.float32), labels


def make_chest(side: int = 256, seed: int = 0) -> tuple[Field, NDArray[np.uint8]]:
    """A frontal X-ray of a chest: dark lungs between bright ribs, heart and spine.

    Returns:
        Grey values (side, side) float32 in [0, 1], and 1 where a lung is.
    """
    rng = np.random.default_rng((seed, 4))
    y, x = _axes(side)
    body = _soft(_ellipse(y, x, (0.25, 0.0), (1.35, 0.97)), 18)
    lungs = np.zeros((side, side))
    for middle, wide, floor in ((-0.42, 0.37, 0.52), (0.42, 0.34, 0.58)):
        above = _ellipse(y, x, (-0.10, middle * 0.93), (0.66, wide))
        dome = floor - 0.16 * np.cos(2.6 * (x - middle))
        lungs = np.maximum(lungs, _soft(above, 30) / (1 + np.exp(28 * (y - dome))))
    heart = _soft(_ellipse(y, x, (0.20, 0.14), (0.36, 0.34), 0.5), 14)
    spine = 1 / (1 + np.exp(40 * (np.abs(x) - 0.13)))
    lungs *= 1 - 0.95 * np.maximum(heart, spine)
    image = 0.62 * body
    image[(y < -0.72) & (np.abs(x) >= 0.25)] *= 0.75
    image = image * (1 - 0.72 * lungs) + body * (0.05 * heart + 0.10 * spine)
    for number in range(9):
        arc = y - (0.16 * number - 0.80 + 0.66 * (np.abs(x) - 0.25) ** 2)
        image += 0.055 * np.exp(-((arc / 0.028) ** 2)) * body * _between(x, 0.14, 0.80)
    clavicle = y + 0.70 + 0.12 * (np.abs(x) - 0.15)
    image += 0.09 * np.exp(-((clavicle / 0.03) ** 2)) * _between(x, 0.08, 0.72)
    image += 0.06 * np.exp(-((x / 0.07) ** 2)) * body
    image = gaussian_filter(image, side / 210)
    image *= 1 + 0.05 * smooth_field(image.shape, side / 5, rng)
    image += 0.02 * lungs * smooth_field(image.shape, side / 60, rng)
    image += 0.012 * rng.standard_normal(image.shape)
    return np.clip(image, 0, 1).astype(np.float32), (lungs > 0.5).astype(np.uint8)


def make_nuclei(side: int = 256, seed: int = 0) -> tuple[Field, NDArray[np.uint8]]:
    """Tissue stained with haematoxylin and eosin, magnified 40 times: blue nuclei in pink.

    Returns:
        Colours (side, side, 3) float32 in [0, 1], and 1 where a nucleus is.
    """
    rng = np.random.default_rng((seed, 5))
    shape = (side, side)
    fine, coarse = (smooth_field(shape, width, rng)[..., None] for width in (2.8, 8.5))
    image = np.array([0.87, 0.64, 0.78]) + 0.05 * coarse * np.array([0.5, 1.2, 0.7])
    image += 0.03 * fine * np.array([0.4, 1.0, 0.6])
    gaps = gaussian_filter((smooth_field(shape, 18, rng) > 1.35).astype(float), 1.2)[..., None]
    image = image * (1 - gaps) + gaps * np.array([0.95, 0.93, 0.95])
    labels = np.zeros(shape, np.uint8)
    y, x = np.mgrid[:side, :side].astype(float)
    placed: list[tuple[float, float, float]] = []
    for _ in range(side * 16):
        row, column, radius = *rng.uniform(0, side, 2), rng.uniform(6.5, 10.5)
        near = any(np.hypot(row - r, column - c) < radius + a + 1.5 for r, c, a in placed)
        if near or gaps[int(row), int(column)] > 0.3:
            continue
        placed.append((row, column, radius))
        away = _ellipse(
            y, x, (row, column), (radius, radius * rng.uniform(0.6, 1.0)), rng.uniform(0, np.pi)
        )
        tone = np.array([0.40, 0.24, 0.55]) + rng.normal(0, 0.035, 3)
        grain = gaussian_filter(0.06 * rng.standard_normal(shape), 0.8)
        grain -= 0.10 * np.exp(-(((away - 0.92) / 0.12) ** 2))
        inside = _soft(away, 9)[..., None]
        image = image * (1 - inside) + inside * (tone + grain[..., None])
        labels[away < 1] = 1
        if len(placed) >= side * side // 870:
            break
    image = gaussian_filter(image, (0.6, 0.6, 0)) + 0.012 * rng.standard_normal(image.shape)
    return np.clip(image, 0, 1).astype(np.float32), labels


def _axes(side: int) -> tuple[Field, Field]:
    """Rows and columns from -1 to 1."""
    ticks = np.linspace(-1, 1, side)
    return ticks[:, None] + 0 * ticks, ticks[None, :] + 0 * ticks[:, None]


def _ellipse(
    y: Field, x: Field, middle: tuple[float, float], half: tuple[float, float], turn: float = 0.0
) -> Field:
    """Distance from the middle, 1 on the rim.

    Args:
        middle, half: Centre and half axes along (y, x).
        turn: In radians.
    """
    down, right = y - middle[0], x - middle[1]
    cosine, sine = np.cos(turn), np.sin(turn)
    first, second = cosine * down + sine * right, cosine * right - sine * down
    return np.hypot(first / half[0], second / half[1])


def _soft(away: Field, steep: float) -> Field:
    """1 inside of a rim, 0 outside, with a slope between."""
    return 1 / (1 + np.exp(np.clip(steep * (away - 1), -60, 60)))


def _between(x: Field, low: float, high: float) -> Field:
    return (np.abs(x) > low) & (np.abs(x) < high)

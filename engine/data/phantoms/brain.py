"""A head made of formulas: tissues of a brain in three dimensions, and what MR shows of them.

For trying things and for tests; shapes and grey values are plausible, and no one's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from engine.data.volumes.volume import Geometry, Volume

Contrast = Literal["T1", "T2", "PD", "FLAIR"]
Field = NDArray[Any]


class Tissue(IntEnum):
    """What a voxel is made of; the structures that are labelled come last."""

    AIR = 0
    SCALP = 1
    SKULL = 2
    FLUID = 3
    GREY = 4
    WHITE = 5
    NUCLEI = 6
    HIPPOCAMPUS_LEFT = 7
    HIPPOCAMPUS_RIGHT = 8
    LESION = 9


# Relative brightness by contrast, in the order of the tissues.
# Of FLAIR the scalp, too: fat is bright in the fast spin echoes that it is made with.
BRIGHTNESS: Mapping[Contrast, tuple[float, ...]] = MappingProxyType(
    {
        "T1": (0.02, 0.85, 0.12, 0.18, 0.48, 0.72, 0.56, 0.47, 0.47, 0.36),
        "T2": (0.02, 0.55, 0.08, 0.95, 0.55, 0.38, 0.48, 0.58, 0.58, 0.82),
        "PD": (0.02, 0.62, 0.10, 0.80, 0.74, 0.62, 0.70, 0.75, 0.75, 0.82),
        "FLAIR": (0.02, 0.90, 0.08, 0.10, 0.55, 0.42, 0.50, 0.58, 0.58, 0.92),
    }
)


@dataclass(frozen=True)
class LesionSpread:
    """How lesions differ from head to head; lengths as parts of half the head.

    Attributes:
        radius: Least and largest.
        height: Of the middle above that of the volume.
    """

    radius: tuple[float, float] = (0.08, 0.14)
    height: tuple[float, float] = (0.2, 0.4)


@dataclass(frozen=True, eq=False)
class BrainPhantom:
    """Tissues and where they lie.

    Attributes:
        tissues: (D, H, W) uint8 of `Tissue`.
        geometry: Slices towards the head, rows to the front, columns to the patient's right.
    """

    tissues: NDArray[np.uint8]
    geometry: Geometry

    def image(self, contrast: Contrast = "T1", *, noise: float = 0.02, seed: int = 0) -> Volume:
        """An int16 image of 0 to about 1000, with smooth shading and noise.

        Args:
            noise: Standard deviation, as a part of the brightest tissue.
            seed: Of noise and shading.
        """
        random = np.random.default_rng(seed)
        bright = np.array(BRIGHTNESS[contrast], np.float32)[self.tissues]
        # Scanners average over a voxel, and their coils see some parts better than others.
        bright = gaussian_filter(bright, 0.5)
        shading = _smooth_noise(random, self.tissues.shape, 0.35) * 0.06 + 1.0
        noisy = bright * shading + noise * random.standard_normal(bright.shape, np.float32)
        values = np.clip(np.abs(noisy) * 1000, 0, 32767).astype(np.int16)
        return Volume(values[None], self.geometry, notes=("a phantom, made by formulas",))

    def labels(self) -> NDArray[np.uint8]:
        """(D, H, W): 1 and 2 left and right hippocampus, 3 the lesion."""
        first = Tissue.HIPPOCAMPUS_LEFT
        return np.where(self.tissues >= first, self.tissues - first + 1, 0).astype(np.uint8)


def make_brain(
    shape: tuple[int, int, int] = (96, 128, 104),
    spacing_mm: tuple[float, float, float] = (1.9, 1.8, 1.8),
    seed: int = 0,
    *,
    lesion: LesionSpread | None = LesionSpread(),
) -> BrainPhantom:
    """A head that fills the volume; another seed gives other folds, nuclei and lesion.

    Args:
        shape, spacing_mm: Along (D, H, W).
        lesion: Where it may be and how large; None makes a head without.
    """
    random = np.random.default_rng(seed)
    z, y, x = np.meshgrid(
        *(np.linspace(-1, 1, n, dtype=np.float32) for n in shape), indexing="ij", sparse=True
    )
    folds = _folds(random, shape)
    vary = 1 + 0.06 * random.standard_normal(8).astype(np.float32)
    outside = _ball(x / 0.92, y / 0.95, (z + 0.05) / 0.95)
    brain = _ball(x / (0.76 * vary[0]), (y + 0.02) / (0.82 * vary[1]), (z - 0.08) / 0.76)
    # The gap between the halves, and a flat base.
    cleft = 0.10 * np.exp(-((x / 0.035) ** 2)) * (z > -0.1)
    depth = brain + cleft + 0.16 * np.maximum(0, -0.42 - z)
    tissues = np.full(shape, Tissue.AIR, np.uint8)
    tissues[outside < 1] = Tissue.SCALP
    tissues[outside < 0.93] = Tissue.SKULL
    tissues[outside < 0.86] = Tissue.FLUID
    grey = depth + 0.09 * np.abs(folds) < 0.985
    tissues[grey] = Tissue.GREY
    tissues[depth + 0.15 * np.abs(folds) + 0.06 < 0.885] = Tissue.WHITE
    for side in (-1.0, 1.0):
        _half(tissues, side * x, y, z, vary, left=side < 0)
    if lesion is not None:
        _lesion(tissues, random, lesion, x, y, z)
    d, h, w = spacing_mm
    affine = np.diag([w, h, d, 1.0])
    affine[:3, 3] = [-w * (shape[2] - 1) / 2, -h * (shape[1] - 1) / 2, -d * (shape[0] - 1) / 2]
    return BrainPhantom(tissues, Geometry(shape, affine))


def _half(
    tissues: NDArray[np.uint8], x: Field, y: Field, z: Field, vary: Field, *, left: bool
) -> None:
    """Ventricle, nuclei and hippocampus of the side where x is positive."""
    bend = 0.16 * (y - 0.05) ** 2
    ventricle = _ball((x - 0.11 - bend) / 0.055, (y - 0.05) / 0.40, (z - 0.20 + bend) / 0.11)
    thalamus = _ball((x - 0.12) / 0.09, (y + 0.08) / 0.15, (z - 0.04) / 0.10)
    putamen = _ball((x - 0.27 * vary[2]) / 0.07, (y - 0.12) / 0.20, (z - 0.03) / 0.12)
    caudate = _ball((x - 0.13) / 0.045, (y - 0.28) / 0.13, (z - 0.16) / 0.09)
    inside = (tissues == Tissue.WHITE) | (tissues == Tissue.GREY)
    for nucleus in (thalamus, putamen, caudate):
        tissues[inside & (nucleus < 1)] = Tissue.NUCLEI
    tissues[inside & (ventricle < 1)] = Tissue.FLUID
    # A curved tube, thicker in front, along the floor of the temporal horn.
    along = (y + 0.10) / 0.24
    radius = (0.052 + 0.018 * np.clip(along, -1, 1)) * vary[3]
    middle_x = 0.30 + 0.05 * along - 0.06 * along**2
    middle_z = -0.22 + 0.05 * along**2 - 0.04 * along
    tube = ((x - middle_x) / (1.35 * radius)) ** 2 + ((z - middle_z) / radius) ** 2
    place = Tissue.HIPPOCAMPUS_LEFT if left else Tissue.HIPPOCAMPUS_RIGHT
    tissues[inside & (tube < 1) & (np.abs(along) < 1)] = place


def _lesion(
    tissues: NDArray[np.uint8],
    random: np.random.Generator,
    spread: LesionSpread,
    x: Field,
    y: Field,
    z: Field,
) -> None:
    """A bright, uneven spot somewhere in the white matter."""
    side = random.choice([-1.0, 1.0])
    cx, cy, cz = (
        side * random.uniform(0.28, 0.42),
        random.uniform(-0.4, 0.4),
        random.uniform(*spread.height),
    )
    size = random.uniform(*spread.radius)
    uneven = 0.35 * _smooth_noise(random, tissues.shape, 0.05)
    spot = _ball((x - cx) / size, (y - cy) / size, (z - cz) / size) + uneven
    tissues[(spot < 1) & np.isin(tissues, (Tissue.GREY, Tissue.WHITE))] = Tissue.LESION


def _ball(x: Field, y: Field, z: Field) -> Field:
    """Distance from the middle, 1 on the surface."""
    return np.sqrt(x**2 + y**2 + z**2)


def _folds(random: np.random.Generator, shape: tuple[int, int, int]) -> Field:
    """Where this is near 0, the surface folds inwards: the lines of a smooth random field."""
    field = _smooth_noise(random, shape, 0.06)
    return np.clip(1 - np.abs(field) / 0.55, 0, 1) * 2.2


def _smooth_noise(random: np.random.Generator, shape: tuple[int, ...], width: float) -> Field:
    """A random field of mean 0 and standard deviation 1, smooth over a part of the volume."""
    noise = random.standard_normal(shape, np.float32)
    smooth = gaussian_filter(noise, [max(width * n / 2, 0.6) for n in shape], mode="wrap")
    return (smooth - smooth.mean()) / (smooth.std() + 1e-9)

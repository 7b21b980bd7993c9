"""Textures of retinal images: smooth random fields, capillary meshes, choroid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Plane = NDArray[np.float32]


def smooth_field(shape: tuple[int, int], scale: float, rng: np.random.Generator) -> Plane:
    """A Gaussian random field of unit variance, mean 0, correlated over `scale` pixels."""
    # Drawn coarse and enlarged: a wide blur of the full grid would cost far more.
    factor = max(1.0, scale / 3.0)
    coarse = (int(np.ceil(shape[0] / factor)) + 4, int(np.ceil(shape[1] / factor)) + 4)
    noise = ndimage.gaussian_filter(rng.standard_normal(coarse, dtype=np.float32), scale / factor)
    noise -= noise.mean()
    noise /= noise.std() + 1e-6
    if factor > 1.0:
        noise = ndimage.zoom(noise, factor, order=1)
    return np.asarray(noise[: shape[0], : shape[1]], np.float32)


def capillary_mesh(shape: tuple[int, int], pitch: float, rng: np.random.Generator) -> Plane:
    """A net of fine bright lines about `pitch` pixels apart, (H, W) in [0, 1].

    Lines are the zero crossings of a band-passed random field: closed loops that join and part
    like capillaries do.
    """
    noise = rng.standard_normal(shape, dtype=np.float32)
    net = np.zeros(shape, np.float32)
    for layer in (1.0, 1.35):
        band = ndimage.gaussian_filter(noise, 0.32 * pitch * layer)
        band -= ndimage.gaussian_filter(noise, 0.6 * pitch * layer)
        band /= band.std() + 1e-9
        net = np.maximum(net, np.exp(-((band / 0.32) ** 2)) / layer)
        noise = noise[::-1, ::-1]
    return net


def radial_ramp(shape: tuple[int, int], row: float, column: float, radius: float) -> Plane:
    """exp(-(d / radius)^2) of the distance d to a point, (H, W) in (0, 1]."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    squared = (rows - row) ** 2 + (columns - column) ** 2
    return np.exp(-squared / radius**2).astype(np.float32)

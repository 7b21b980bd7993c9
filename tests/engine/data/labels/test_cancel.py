"""Work on one large label can be cancelled, and what is done slab by slab is the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy
import skimage

from engine.data.labels import blur, connected, grow
from engine.data.labels.fill import connected as connected_to
from engine.data.labels.grow import flooded
from engine.data.labels.mesh import surface
from engine.data.labels.operations import apply, operation
from engine.data.labels.subject import Subject
from engine.data.volumes.resample import resample
from engine.data.volumes.volume import Geometry, plain_affine

SHAPE = (40, 44, 48)
SPACING = (2.0, 1.0, 0.7)


class Stop(Exception):
    """The user does not want it any more."""


class Watcher:
    """Notes what it is told, and stops after so many words."""

    def __init__(self, last: int | None = None) -> None:
        self.told: list[float] = []
        self._last = last

    def __call__(self, share: float) -> None:
        self.told.append(share)
        if len(self.told) == self._last:
            raise Stop


def ball() -> np.ndarray:
    grid = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
    return (sum(axis**2 for axis in grid) < 0.6).astype(np.uint8)


def sparse() -> np.ndarray:
    """The ball on every eighth slice."""
    labels = ball()
    labels[np.arange(len(labels)) % 8 != 4] = 0
    return labels


def values() -> np.ndarray:
    noise = np.random.default_rng(0).normal(size=SHAPE)
    return np.asarray(scipy.ndimage.gaussian_filter(noise, 2) * 1000, np.float32)


def operate(name: str, labels: np.ndarray, **params: Any) -> Callable[[Any], object]:
    what = operation(name)

    def act(watch: Any) -> object:
        subject = Subject(labels, SPACING, values(), watch=watch)
        return apply(what, subject, what.params.parse(params))

    return act


GRID = Geometry(SHAPE, plain_affine(SPACING))
ACTS = {
    "islands": operate("islands", ball(), label=1),
    "holes": operate("fill-holes", ball(), label=1),
    "flood": operate("flood", ball(), tolerance=1e6),
    "fill": lambda watch: connected_to(ball(), (20, 20, 20), 0.0, watch),
    "dilate": operate("morphology", ball(), action="dilate", label=1),
    "close": operate("morphology", ball(), action="close", label=1),
    "shell": operate("shell", ball(), side="middle", label=1),
    "smooth": operate("smooth", ball(), label=1),
    "median": operate("smooth", ball(), label=1, method="median"),
    "interpolate": operate("interpolate", sparse(), label=1),
    "grow": operate("grow", np.where(ball(), 0, 1).astype(np.uint8) + 2 * (sparse() > 0)),
    "surface": lambda watch: surface(ball(), 1, plain_affine(SPACING), 2.0, watch=watch),
    "coarse surface": lambda watch: surface(ball(), 1, plain_affine(), 0.0, 500, watch=watch),
    "resample": lambda watch: resample(
        ball(), GRID, Geometry(SHAPE, plain_affine()), labels=True, watch=watch
    ),
}


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blur, "SLAB_VALUES", 2**14)
    monkeypatch.setattr(grow, "STAGE_VOXELS", 2**13)
    monkeypatch.setattr(connected, "SLAB_VOXELS", 2**13)


@pytest.mark.parametrize("name", ACTS)
def test_one_label_is_watched_and_cancelled(name: str, small_pieces: None) -> None:
    whole = Watcher()
    ACTS[name](whole)
    assert len(whole.told) > 8
    assert all(0 <= share <= 1 for share in whole.told)
    assert whole.told[0] <= 0.2
    assert whole.told[-1] >= 0.8
    for last in (2, len(whole.told) // 2):
        stopped = Watcher(last)
        with pytest.raises(Stop):
            ACTS[name](stopped)
        assert len(stopped.told) == last


@pytest.mark.parametrize("sigmas", [(1.5, 0.0, 3.0), (0.7, 2.0, 1.0), (0.0, 0.0, 0.0)])
def test_a_gaussian_in_slabs_is_scipys(sigmas: tuple[float, ...], small_pieces: None) -> None:
    expected = scipy.ndimage.gaussian_filter(values(), sigmas, mode="nearest")
    np.testing.assert_allclose(blur.gaussian(values(), sigmas), expected, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("widths", [(3, 1, 5), (1, 1, 1), (7, 3, 3)])
def test_a_mean_in_slabs_is_scipys(widths: tuple[int, ...], small_pieces: None) -> None:
    expected = scipy.ndimage.uniform_filter(values(), widths, mode="nearest")
    np.testing.assert_allclose(blur.box_mean(values(), widths), expected, rtol=1e-4, atol=1e-2)


def test_flooding_in_stages_is_a_watershed(monkeypatch: pytest.MonkeyPatch) -> None:
    markers = np.zeros(SHAPE, np.int32)
    for number, place in enumerate([(5, 8, 8), (30, 35, 40), (20, 10, 30)], 1):
        markers[place] = number
    whole = skimage.segmentation.watershed(values(), markers)
    np.testing.assert_array_equal(flooded(values(), markers), whole)
    monkeypatch.setattr(grow, "STAGE_VOXELS", 2**13)
    staged = flooded(values(), markers)
    assert (staged > 0).all()
    # Where two floods meet, ties may fall to the other.
    assert (staged == whole).mean() > 0.98


@pytest.mark.parametrize("touching", [1, 2, 3])
@pytest.mark.parametrize("density", [0.02, 0.12, 0.3, 0.6])
def test_parts_found_in_slabs_are_scipys(
    touching: int, density: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connected, "SLAB_VOXELS", 1000)
    mask = np.random.default_rng(int(density * 100)).random((23, 17, 19)) < density
    structure = scipy.ndimage.generate_binary_structure(3, touching)
    expected, count = scipy.ndimage.label(mask, structure)
    assert count > 0
    np.testing.assert_array_equal(connected.parts_of(mask, touching), expected)

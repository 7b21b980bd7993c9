"""What a network sees of an image, and that its answer comes back to the same voxels."""

from __future__ import annotations

import itertools
import json

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.data.segmentation.preparation import Preparation, prepare
from engine.data.volumes.volume import Channels, Geometry, Volume, plain_affine
from engine.errors import CheckpointError, InputError

HIPPOCAMPUS = Preparation(dims=3, range="minmax", orientation="LPI")


def volume(
    array: NDArray[np.generic],
    affine: NDArray[np.float64] | None = None,
    channels: Channels = "single",
) -> Volume:
    grid = Geometry(
        array.shape[1:], plain_affine() if affine is None else affine, affine is not None
    )  # fmt: skip
    return Volume(array, grid, channels=channels)


def every_orientation() -> list[NDArray[np.float64]]:
    found = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((-1.0, 1.0), repeat=3):
            affine = np.eye(4)
            affine[:3, :3] = np.diag(np.array([1.0, 2.0, 3.0]) * signs)[:, order]
            found.append(affine)
    return found


@pytest.mark.parametrize("affine", every_orientation())
def test_lpi_from_everywhere_and_back(affine: NDArray[np.float64]) -> None:
    array = np.random.default_rng(0).integers(0, 99, (1, 3, 4, 5)).astype(np.int16)
    given = volume(array, affine)
    ready = prepare(given, HIPPOCAMPUS)
    image = nib.Nifti1Image(array[0].transpose(2, 1, 0), affine)
    turn = nib.orientations.ornt_transform(
        nib.io_orientation(affine), nib.orientations.axcodes2ornt("LPI")
    )
    expected = np.asarray(image.as_reoriented(turn).dataobj).transpose(2, 1, 0)
    span = float(np.ptp(array))
    assert ready.array[0] == pytest.approx((expected - array.min()) / span, abs=1e-6)
    assert np.array_equal(ready.labels(array[0].astype(np.uint8)), expected)
    back = ready.back(ready.array)
    assert back[0] == pytest.approx((array[0] - array.min()) / span, abs=1e-6)


def test_ranges() -> None:
    byte = volume(np.array([10, 60], np.uint8).reshape(1, 1, 1, 2))
    assert prepare(byte, Preparation()).array.ravel() == pytest.approx([10 / 255, 60 / 255])
    assert prepare(byte, Preparation(range="minmax")).array.ravel().tolist() == [0.0, 1.0]
    wide = volume(np.array([1.7e6, 0, 8.5e5], np.float32).reshape(1, 1, 1, 3))
    assert prepare(wide, Preparation()).array.ravel().tolist() == [1.0, 0.0, 0.5]


def test_normalising_and_the_card() -> None:
    how = Preparation(channels=3, size=(8, 8), mean=(0.5, 0.25, 0.0), std=(0.5, 1.0, 2.0))
    out = how.normalise(np.ones((3, 2, 2), np.float32))
    assert out[:, 0, 0].tolist() == [1.0, 0.75, 0.5]
    assert Preparation.from_card(json.loads(json.dumps(how.card()))) == how
    with pytest.raises(CheckpointError, match="prepared"):
        Preparation.from_card({"dims": 2})


def test_colours_for_a_grey_checkpoint_and_grey_for_one_of_colours() -> None:
    rng = np.random.default_rng(0)
    colours = volume(rng.integers(0, 255, (3, 1, 4, 4)).astype(np.uint8), channels="rgb")
    ready = prepare(colours, Preparation())
    luma = np.tensordot([0.299, 0.587, 0.114], colours.array / 255.0, 1)
    assert ready.array[0] == pytest.approx(luma, abs=1e-6)
    assert "converted to grey" in ready.notes[0]
    grey = volume(colours.array[:1])
    ready = prepare(grey, Preparation(channels=3))
    assert ready.array.shape[0] == 3
    assert (ready.array == ready.array[:1]).all()
    assert "red, green and blue" in ready.notes[0]
    same = volume(np.repeat(grey.array, 3, 0), channels="rgb")
    assert prepare(same, Preparation()).notes == ()


def test_a_channel_of_several() -> None:
    array = np.random.default_rng(0).random((2, 3, 4, 4)).astype(np.float32)
    many = volume(array, channels="components")
    low, high = array[1].min(), array[1].max()
    ready = prepare(many, Preparation(), channel=1)
    assert ready.array[0] == pytest.approx((array[1] - low) / (high - low), abs=1e-6)
    assert ready.notes[0] == "channel 1 of 2 (0-based) used"
    with pytest.raises(InputError, match="no channel 2"):
        prepare(many, Preparation(), channel=2)


@pytest.mark.parametrize("value", [np.nan, np.inf, 3.0])
def test_what_cannot_be_segmented(value: float) -> None:
    array = np.full((1, 2, 4, 4), 3.0, np.float32)
    array[0, 0, 0, 0] = value
    why = "all values are 3" if value == 3.0 else "NaN or infinite"
    with pytest.raises(InputError, match=why):
        prepare(volume(array), Preparation())


def test_resizing_and_back() -> None:
    rows, columns = np.indices((40, 60)) / 60
    smooth = volume(((rows + columns)[None, None] * 100).astype(np.float32))
    ready = prepare(smooth, Preparation(size=(32, 32)))
    assert ready.array.shape == (1, 1, 32, 32)
    back = ready.back(ready.array)[0, 0]
    assert back.shape == (40, 60)
    full = prepare(smooth, Preparation()).array[0, 0]
    assert np.abs(back - full)[3:-3, 3:-3].max() < 0.01
    labels = (columns >= 0.5)[None].astype(np.uint8)
    assert ready.labels(labels)[0, 0].tolist() == [0] * 16 + [1] * 16


def test_values_between_0_and_1_can_stay_as_they_are() -> None:
    kept = Preparation(range="unit")
    part = volume(np.array([0.25, 0.5], np.float32).reshape(1, 1, 1, 2))
    assert prepare(part, kept).array.ravel() == pytest.approx([0.25, 0.5])
    beyond = volume(np.array([-1.0, 0.0, 3.0], np.float32).reshape(1, 1, 1, 3))
    assert prepare(beyond, kept).array.ravel() == pytest.approx([0.0, 0.25, 1.0])

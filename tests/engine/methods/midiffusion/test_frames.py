"""From any grid to what the network sees, and back onto the same voxels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import center_of_mass

from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Geometry, Volume, plain_affine
from engine.errors import CheckpointError, InputError
from engine.methods.midiffusion.frames import Framed, frame_volume
from engine.methods.midiffusion.looks import Framing, facts_of, look_at
from engine.methods.midiffusion.params import Plane
from tests.helpers.midiffusion_models import SPACING, head, save_volume

FRAMING = Framing(16, pixel_mm=SPACING)


def picture(array: np.ndarray) -> Volume:
    """(H, W) or (C, H, W) without a place in a patient."""
    channels = array.reshape((-1, 1, *array.shape[-2:]))
    geometry = Geometry((1, *array.shape[-2:]), plain_affine(), False)
    return Volume(channels, geometry, channels="rgb" if len(channels) == 3 else "single")


def volume(array: np.ndarray, spacing: tuple[float, float, float] = (3.0, 1.5, 1.5)) -> Volume:
    affine = np.diag([-spacing[2], -spacing[1], spacing[0], 1.0])
    return Volume(array[None], Geometry(array.shape, affine))


def brain(*shape: int, seed: int = 0) -> np.ndarray:
    return head(np.random.default_rng(seed), shape, deep=len(shape) == 3)[0]


def there_and_back(framed: Framed) -> np.ndarray:
    return framed.back(framed.slices[np.newaxis])[0]


def test_slices_of_the_trained_pixels_come_back_as_they_are() -> None:
    array = brain(5, 14, 12)
    framed = frame_volume(volume(array), FRAMING, 2)
    assert framed.slices.shape == (5, 16, 16)
    low, high = framed.intensities.low, framed.intensities.high
    wanted = np.clip((array - low) / (high - low), 0, 1)
    np.testing.assert_allclose(there_and_back(framed), wanted, atol=1e-6)
    assert any("12 x 14 px are seen in 16 x 16 px" in note for note in framed.notes)


def test_other_pixels_are_scaled_and_that_is_said() -> None:
    array = brain(3, 28, 26)
    framed = frame_volume(volume(array, (3.0, 0.75, 0.75)), FRAMING, 2)
    assert framed.slices.shape == (3, 16, 16)
    assert any("scaled by 0.5" in note for note in framed.notes)
    # Half the detail, in the same place.
    again = there_and_back(framed)
    assert again.shape == array.shape
    middles = [center_of_mass(image) for image in (again, framed.plane)]
    np.testing.assert_allclose(*middles, atol=0.05)
    assert np.corrcoef(again.ravel(), framed.plane.ravel())[0, 1] > 0.9


def test_what_is_larger_than_the_squares_is_seen_whole() -> None:
    framed = frame_volume(volume(brain(2, 40, 30)), FRAMING, 4)
    assert min(framed.slices.shape[1:]) > 25, "the body's width"
    assert all(side % 4 == 0 for side in framed.slices.shape[1:])
    body = framed.plane > 0.1
    np.testing.assert_allclose(there_and_back(framed)[body], framed.plane[body], atol=1e-6)


def test_pictures_are_scaled_by_their_longer_side() -> None:
    framed = frame_volume(picture(brain(40, 32)), Framing(16, pixel_mm=SPACING), 2)
    assert framed.slices.shape == (1, 16, 16)
    assert any("32 x 40 px are seen in 16 x 16 px, scaled by 0.4" in n for n in framed.notes)


@pytest.mark.parametrize(("plane", "axis"), [("axial", 0), ("coronal", 1), ("sagittal", 2)])
def test_volumes_are_cut_along_the_chosen_axis(plane: str, axis: int) -> None:
    array = brain(6, 9, 12)
    framed = frame_volume(volume(array, (2.0, 2.0, 2.0)), replace(FRAMING, plane=plane), 1)
    assert len(framed.slices) == array.shape[axis]
    marked = np.zeros((1, *framed.slices.shape), np.float32)
    marked[0, 2] = 1.0
    back = framed.back(marked)[0]
    others = tuple(i for i in range(3) if i != axis)
    found = np.flatnonzero(back.max(axis=others))
    assert len(found) == 1, "a slice of the plane is one of the axis"


def test_the_way_in_which_voxels_are_stored_does_not_matter(tmp_path: Path) -> None:
    import nibabel
    from nibabel.orientations import axcodes2ornt, ornt_transform

    path = save_volume(tmp_path / "a.nii.gz", brain(5, 14, 12))
    first = frame_volume(read_volume(path), FRAMING, 2)
    stored = nibabel.load(path)
    now = nibabel.io_orientation(stored.affine)
    for code in ("RAS", "SLP", "AIR"):
        turned = stored.as_reoriented(ornt_transform(now, axcodes2ornt(code)))
        nibabel.save(turned, tmp_path / f"{code}.nii.gz")
        again = frame_volume(read_volume(tmp_path / f"{code}.nii.gz"), FRAMING, 2)
        np.testing.assert_allclose(again.slices, first.slices, atol=1e-6)
        assert again.back(again.slices[np.newaxis]).shape[1:] == turned.shape[::-1]


def test_voxels_that_are_coarse_are_told() -> None:
    thick = frame_volume(volume(brain(4, 14, 12), (6.5, 1.0, 1.0)), FRAMING)
    assert any("head to foot (6.5 mm), across the slices" in note for note in thick.notes)
    along = replace(FRAMING, plane="sagittal")
    cut = frame_volume(volume(brain(4, 14, 12), (6.5, 1.0, 1.0)), along)
    assert any("slices across that axis would be sharper" in note for note in cut.notes)


def test_intensities_are_mapped_by_percentiles_of_the_body() -> None:
    array = brain(5, 30, 30) - 40  # slightly negative outside, as in skull-stripped sets
    array[2, 15, 15] = 10_000
    framed = frame_volume(volume(array), FRAMING)
    record = framed.intensities
    assert record.low == pytest.approx(np.percentile(array, 0.5), abs=1)
    body = array[array > record.background]
    assert record.high == pytest.approx(np.percentile(body, 99.5), rel=0.02)
    assert framed.plane.min() == 0
    assert framed.plane.max() == 1
    assert "percentile 0.5 of all values" in record.record()["rule"]


def test_colours_become_grey() -> None:
    colours = np.stack([brain(20, 20), 0.5 * brain(20, 20), brain(20, 20)])
    look = look_at(picture(colours), FRAMING)
    assert look.unit.shape == (1, 20, 20)
    assert any("gr" in note for note in look.notes)


def test_constant_slices_tell_nothing() -> None:
    array = brain(4, 14, 12)
    array[0], array[3] = 0, 150
    framed = frame_volume(volume(array), FRAMING)
    assert (framed.content > 0).tolist() == [False, True, True, False]


def test_facts_of_an_image() -> None:
    facts = facts_of(volume(brain(3, 20, 20), (3.0, 2.0, 1.0)), FRAMING)
    assert facts.widest_mm == pytest.approx(0.84 * 20 * 2, abs=3)
    assert len(facts.quantiles) == 256
    assert np.all(np.diff(facts.quantiles) >= 0)
    assert facts_of(picture(brain(20, 20)), FRAMING).widest_mm == 0


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (np.full((2, 8, 8), np.nan, np.float32), "NaN"),
        (np.full((2, 8, 8), 3.0, np.float32), "constant"),
        (np.arange(32.0, dtype=np.float32).reshape(2, 8, 2), "2 x 8 px"),
    ],
)
def test_images_that_cannot_be_used(array: np.ndarray, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        frame_volume(volume(array), FRAMING)
    assert caught.value.hint


def test_a_channel_that_is_not_there() -> None:
    with pytest.raises(InputError, match="channel"):
        frame_volume(volume(brain(2, 8, 8)), FRAMING, channel=3)


def test_a_card_keeps_the_framing() -> None:
    framing = Framing(64, "coronal", 1.5, 1.0, 2.0)
    assert Framing.from_card(framing.card()) == framing


@pytest.mark.parametrize(
    "changes",
    [
        {"plane": "oblique"},
        {"size": 2},
        {"size": "x"},
        {"pixel_mm": -1},
        {"dark": 60, "bright": 50},
    ],
)
def test_a_card_that_says_something_else(changes: dict[str, object]) -> None:
    with pytest.raises(CheckpointError, match="how slices are cut"):
        Framing.from_card({**Framing(64).card(), **changes})


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal", "stored"])
def test_where_the_pixels_of_a_slice_lie(plane: Plane) -> None:
    """A bright voxel is seen where the affine says that it is."""
    array = np.zeros((9, 14, 12), np.float32)
    array[2:7, 3:11, 2:10] = 0.4
    array[3, 8, 4] = 1.0
    affine = np.array([[0, 1.5, 0, 3], [-1.5, 0, 0, 20], [0, 0, 1.5, -5], [0, 0, 0, 1]], float)
    image = Volume(array[None], Geometry(array.shape, affine))
    framed = frame_volume(image, Framing(16, plane, SPACING, 0.0, 0.0), 2)
    place, row, column = np.unravel_index(int(framed.slices.argmax()), framed.slices.shape)
    world = framed.affine(affine, int(place)) @ (column, row, 0.0, 1.0)
    np.testing.assert_allclose(world, affine @ (4.0, 8.0, 3.0, 1.0), atol=1e-5)
    axis = {"axial": 0, "coronal": 2, "sagittal": 1, "stored": 0}[plane]
    assert framed.numbers()[place] == (3, 8, 4)[axis]

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from engine.data.volumes.volume import Geometry, Source, Volume, plain_affine
from engine.data.weak.frames import (
    Frame,
    Framing,
    Plane,
    content_of,
    frame_of,
    frame_volume,
    in_plane,
)
from engine.errors import CheckpointError, InputError

LPS = np.diag([-1.0, -1.0, 2.0, 1.0])


def volume(array: np.ndarray, affine: np.ndarray | None = LPS, channels: Any = "single") -> Volume:
    """(D, H, W), or (C, D, H, W)."""
    array = array if array.ndim == 4 else array[np.newaxis]
    shape = (array.shape[1], array.shape[2], array.shape[3])
    geometry = Geometry(shape, plain_affine(), False)
    if affine is not None:
        geometry = Geometry(shape, affine)
    return Volume(array, geometry, channels=channels, source=Source(Path("image")))


def body(shape: tuple[int, int, int], middle: tuple[int, int, int], size: int = 6) -> np.ndarray:
    """A bright box on a dark ground, brighter towards high indices."""
    axes = np.indices(shape, np.float32)
    inside = [abs(axis - m + 0.5) < size / 2 for axis, m in zip(axes, middle, strict=True)]
    ramp = 100 + axes[0] + 2 * axes[1] + 3 * axes[2]
    return np.where(inside[0] & inside[1] & inside[2], ramp, 0).astype(np.float32)


@pytest.mark.parametrize("plane", ["stored", "axial", "coronal", "sagittal"])
@pytest.mark.parametrize("affine", [LPS, np.diag([1.0, -1.0, -2.0, 1.0]), np.array(
    [[0, 0, 2.0, 0], [-1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1.0]])])  # fmt: skip
def test_maps_come_back_to_the_voxels_they_were_made_of(plane: Plane, affine: np.ndarray) -> None:
    image = volume(body((12, 14, 16), (6, 7, 8)), affine)
    framed = frame_volume(image, Framing(40, plane, fov_mm=24.0))
    assert framed.slices.shape[1:] == (1, 40, 40)
    back = framed.frame.back(framed.slices[:, 0][np.newaxis], np.arange(len(framed.slices)))
    assert back.shape == (1, 12, 14, 16)
    inside = image.array[0] > 0
    content = content_of(image, in_plane(image, plane))
    expected = np.clip(image.array[0] / image.array[0].max(), content.low, content.high)
    unit = (expected - content.low) / (content.high - content.low)
    apart = np.abs((back[0] + 1) / 2 - unit)
    assert apart[binary_erosion(inside)].max() < 0.03
    assert apart.mean() < 0.05, "only edges are smoothed"
    axis, backwards = framed.frame.across
    single = np.zeros((1, 1, 40, 40), np.float32) + 1
    found = framed.frame.back(single, np.array([2]))[0]
    places = np.flatnonzero(found.any(axis=tuple({0, 1, 2} - {axis})))
    count = found.shape[axis]
    assert places.tolist() == [count - 3 if backwards else 2]


def test_planes_lead_where_they_say() -> None:
    array = np.zeros((4, 6, 8), np.float32)
    array[3, 0, 7] = 1.0  # to the left: last column; to the front: first row; to the head: last
    array[0, 0, 0] = 0.1
    image = volume(array, np.diag([-1.0, -1.0, 1.0, 1.0]))
    places = {}
    for plane in ("axial", "coronal", "sagittal"):
        ready = in_plane(image, plane)
        places[plane] = np.unravel_index(ready.array[0].argmax(), ready.array.shape[1:])
    assert places["axial"] == (3, 0, 7)
    assert places["coronal"] == (0, 0, 7), "rows lead down, slices to the back"
    assert places["sagittal"] == (7, 0, 0), "columns lead to the back, slices to the left"


def test_slices_of_other_spacing_show_the_same_width() -> None:
    """A body of 12 mm is as large in the squares, whatever the voxels measure."""
    widths = []
    for spacing in (0.5, 1.0, 2.0):
        side, size = round(48 / spacing), round(12 / spacing)
        array = body((4, side, side), (2, side // 2, side // 2), size)
        array[:] = array[1]
        affine = np.diag([-spacing, -spacing, 3.0, 1.0])
        framed = frame_volume(volume(array, affine), Framing(32, "axial", fov_mm=32.0))
        widths.append((framed.slices[1, 0, 16] > 0).sum())
    assert np.ptp(widths) <= 1
    assert widths[1] == pytest.approx(12, abs=1)


def test_the_window_follows_the_content() -> None:
    array = body((3, 40, 40), (1, 30, 10), 8)
    array[:] = array[1]
    framed = frame_volume(volume(array), Framing(16, fov_mm=16.0))
    rows, columns = np.nonzero(framed.slices[1, 0] > 0)
    assert rows.mean() == pytest.approx(7.5, abs=1)
    assert columns.mean() == pytest.approx(7.5, abs=1)


def test_pictures_are_padded_to_squares_and_bytes_stay_bytes() -> None:
    picture = np.full((1, 10, 20), 51, np.uint8)
    picture[0, 4:6, 5:15] = 102
    framed = frame_volume(volume(picture, None), Framing(20, range="bytes", fov_mm=99.0))
    assert framed.slices.shape == (1, 1, 20, 20)
    grey = framed.slices[0, 0]
    assert grey[10, 10] == pytest.approx(2 * 102 / 255 - 1)
    assert grey[0, 0] == pytest.approx(2 * 51 / 255 - 1), "beyond the picture it is darkest"
    back = framed.frame.back(framed.slices[:, 0][np.newaxis], np.array([0]))
    assert np.allclose((back[0] + 1) / 2 * 255, picture, atol=1e-3)


def test_colours_in_a_grey_model_are_told() -> None:
    colours = np.random.default_rng(0).integers(0, 255, (3, 1, 12, 12), dtype=np.uint8)
    image = volume(colours, None, "rgb")
    framed = frame_volume(image, Framing(12, range="bytes"))
    assert framed.slices.shape == (1, 1, 12, 12)
    assert any("grey" in note for note in framed.notes)
    assert frame_volume(image, Framing(12, channels=3)).slices.shape == (1, 3, 12, 12)


def test_outliers_do_not_darken_everything() -> None:
    array = body((4, 20, 20), (2, 10, 10), 12)
    array[2, 10, 10] = 1e6
    framed = frame_volume(volume(array), Framing(20))
    assert np.median(framed.slices[2, 0][5:15, 5:15]) > 0


def test_a_small_bright_lesion_is_kept_where_less_is_cut_off() -> None:
    array = np.where(body((10, 20, 20), (5, 10, 10), 14) > 0, 100.0, 0.0)
    array[5, 10, 9:11] = 200.0
    usual, less = (frame_volume(volume(array), Framing(20, tail=t)) for t in (0.5, 0.0))
    rest = array[5] == 100
    assert usual.slices[5, 0].max() == np.median(usual.slices[5, 0][rest]) == 1
    assert less.slices[5, 0].max() == 1
    assert np.median(less.slices[5, 0][rest]) == pytest.approx(0)
    np.testing.assert_array_equal(usual.content > 0, less.content > 0)


@pytest.mark.parametrize(
    ("array", "problem"),
    [(np.full((2, 4, 4), 3.0), "constant"), (np.full((2, 4, 4), np.nan), "NaN")],
)
def test_images_that_cannot_be_used(array: np.ndarray, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        frame_volume(volume(array), Framing(8))


def test_slices_that_a_box_touches() -> None:
    array = body((5, 6, 7), (2, 3, 3), 4)
    image = volume(array, LPS)
    frame = frame_of(image, in_plane(image, "sagittal"))
    assert frame.slices_of((0, 0, 2), (5, 6, 4)).tolist() == [2, 3]
    flipped = volume(array, np.diag([1.0, -1.0, 2.0, 1.0]))
    frame = frame_of(flipped, in_plane(flipped, "sagittal"))
    assert frame.slices_of((0, 0, 0), (1, 1, 1)).tolist() == [6], "columns lead to the right"


def test_which_slice_of_the_file_it_is() -> None:
    def stored(plane: Plane, affine: np.ndarray) -> list[int] | None:
        image = volume(body((4, 6, 6), (2, 3, 3), 4), affine)
        found = frame_of(image, in_plane(image, plane)).stored_slices()
        return None if found is None else found.tolist()

    assert stored("stored", LPS) == [0, 1, 2, 3]
    assert stored("axial", LPS) == [0, 1, 2, 3]
    assert stored("axial", np.diag([-1.0, -1.0, -2.0, 1.0])) == [3, 2, 1, 0]
    assert stored("coronal", LPS) is None


def test_maps_of_some_slices_leave_the_others_empty() -> None:
    image = volume(body((4, 8, 8), (2, 4, 4), 4))
    frame = frame_volume(image, Framing(8)).frame
    back = frame.back(np.ones((1, 1, 8, 8), np.float32), np.array([2]))
    assert back[0, 2].all()
    assert not back[0, [0, 1, 3]].any()


def test_a_frame_is_light() -> None:
    """Results keep it: it must not hold the image."""
    frame: Frame = frame_volume(volume(body((4, 8, 8), (2, 4, 4), 4)), Framing(8)).frame
    assert frame.axes.array.nbytes == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"plane": "oblique"},
        {"range": "soft"},
        {"channels": 2},
        {"size": 0},
        {"size": None},
        {"tail": 60},
    ],
)
def test_cards_of_something_else(changes: dict[str, Any]) -> None:
    card = Framing(16, "axial", 1, 20.0).card()
    assert Framing.from_card({**card, "more": 1}) == Framing(16, "axial", 1, 20.0)
    older = {key: value for key, value in card.items() if key != "tail"}
    assert Framing.from_card(older) == Framing(16, "axial", 1, 20.0)
    with pytest.raises(CheckpointError, match="how slices are cut"):
        Framing.from_card({**card, **changes})
    with pytest.raises(CheckpointError):
        Framing.from_card({})

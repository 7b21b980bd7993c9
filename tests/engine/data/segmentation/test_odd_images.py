"""Images unlike those that a checkpoint knows: taken where they can be, and said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.data.segmentation.preparation import Preparation, prepare
from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Geometry, Volume, plain_affine
from engine.errors import InputError
from tests.engine.data.segmentation.sets import disc

VOLUMES = Preparation(3, 1, None, "minmax", orientation="LPI")


def pixels() -> NDArray[np.uint8]:
    return disc((24, 30), 0)[0]


def opened(path: Path, array: NDArray[Any], mode: str | None = None) -> Volume:
    Image.fromarray(array, mode=mode).save(path)
    return read_volume(path)


def test_transparency_is_said_to_be_ignored(tmp_path: Path) -> None:
    grey = pixels()
    half = np.full_like(grey, 128)
    plain = prepare(opened(tmp_path / "l.png", grey), Preparation())
    assert plain.notes == ()
    for name, planes in (("la", (grey, half)), ("rgba", (grey, grey, grey, half))):
        ready = prepare(opened(tmp_path / f"{name}.png", np.dstack(planes)), Preparation())
        assert ready.notes == ("transparency ignored",)
        assert np.array_equal(ready.array, plain.array)


def test_sixteen_bits_are_stretched_and_said_to_be(tmp_path: Path) -> None:
    deep = pixels().astype(np.uint16) * 100 + 7
    ready = prepare(opened(tmp_path / "deep.png", deep), Preparation())
    assert ready.notes == (f"values from {deep.min()} to {deep.max()} taken as black to white",)
    assert ready.array.min() == 0
    assert ready.array.max() == 1


def test_slices_volumes_and_images_without_orientation_are_told_apart() -> None:
    array = np.stack([pixels()] * 3)[np.newaxis]
    volume = Volume(array, Geometry((3, 24, 30), plain_affine(), oriented=False))
    one = Volume(array[:, :1], Geometry((1, 24, 30), plain_affine(), oriented=False))
    placed = replace(volume, geometry=replace(volume.geometry, oriented=True))
    assert "each slice is segmented by itself" in prepare(volume, Preparation()).notes[0]
    assert "this is a single slice" in prepare(one, VOLUMES).notes[0]
    told = "columns, rows and slices are taken to lead to L, P, I"
    assert told in prepare(volume, VOLUMES).notes[0]
    assert prepare(placed, VOLUMES).notes == prepare(one, Preparation()).notes == ()


def test_what_may_distort_an_image_is_passed_on() -> None:
    array = pixels()[np.newaxis, np.newaxis]
    geometry = Geometry((1, 24, 30), plain_affine())
    volume = Volume(array, geometry, warnings=("2 slices are missing.",))
    assert prepare(volume, Preparation()).notes == ("2 slices are missing.",)


def test_only_the_chosen_channel_has_to_be_fit() -> None:
    array = np.stack([np.full((1, 24, 30), np.nan), np.ones((1, 24, 30)), pixels()[None]])
    volume = Volume(
        array.astype(np.float32), Geometry((1, 24, 30), plain_affine()), channels="time"
    )
    assert prepare(volume, Preparation(), channel=2).array.max() == 1
    for channel, why in ((0, "NaN"), (1, "all values are 1")):
        with pytest.raises(InputError, match=why):
            prepare(volume, Preparation(), channel=channel)


def test_images_larger_than_memory_are_refused_before_they_are_copied() -> None:
    array = np.broadcast_to(np.uint8(1), (1, 2**14, 2**14, 2**14))
    volume = Volume(array, Geometry((2**14,) * 3, plain_affine()))
    with pytest.raises(InputError, match=r"The image needs 64 TiB of memory; .* are free"):
        prepare(volume, Preparation())

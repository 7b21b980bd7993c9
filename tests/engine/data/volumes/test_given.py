from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data.volumes.given import given_region, given_volume
from engine.data.volumes.region import Region
from engine.errors import InputError
from engine.jobs import Constant, Job
from engine.parameters import Parameters

SHAPE = (5, 6, 7)


def job(**inputs: Any) -> Job:
    return Job("m", "t", Parameters(), inputs)


def test_an_array_with_all_that_is_known_of_it() -> None:
    array = np.arange(2 * 5 * 6 * 7, dtype=np.int16).reshape(2, *SHAPE)
    affine = np.diag([-1.0, 2.0, 3.0, 1.0])
    told = {"slope": 0.5, "intercept": -3.0, "channels": "time", "name": "case_1.b"}
    volume = given_volume(job(input=Constant(array), affine=affine, **told))
    assert np.shares_memory(volume.array, array)
    assert (volume.slope, volume.intercept, volume.channels) == (0.5, -3.0, "time")
    np.testing.assert_array_equal(volume.affine, affine)
    assert volume.geometry.oriented
    assert volume.source.name == "case_1.b"


@pytest.mark.parametrize(
    ("shape", "channels"),
    [
        ((6, 7), "single"),
        ((5, 6, 7), "single"),
        ((3, 1, 6, 7), "rgb"),
        ((4, 1, 6, 7), "components"),
    ],
)
def test_an_array_alone(shape: tuple[int, ...], channels: str) -> None:
    volume = given_volume(job(input=np.zeros(shape, np.uint8)))
    assert volume.array.ndim == 4
    assert volume.channels == channels
    assert not volume.geometry.oriented
    assert volume.source.name == "the image"


def test_a_constant_is_not_copied_and_cannot_be_written_to() -> None:
    array = np.zeros((3, 4))
    made = job(input=Constant(array), other=Constant(array[1:]), own=np.zeros(5))
    assert np.shares_memory(made.array("input"), array)
    with pytest.raises(ValueError, match="read-only"):
        made.array("input")[0, 0] = 1
    assert array.flags.writeable
    assert sorted(made.bytes().values()) == [5 * 8, array.nbytes]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("4:6,:,2", (2, 0, 4), (3, 6, 6)),
        (" :3 , 1: , 0:5 ", (0, 1, 0), (5, 6, 3)),
        ("6,5,4", (4, 5, 6), (5, 6, 7)),
    ],
)
def test_regions_as_text(text: str, low: tuple[int, ...], high: tuple[int, ...]) -> None:
    region = Region.of_text(text, SHAPE)
    assert (region.low, region.high) == (low, high)
    assert Region.of_text(region.text(), SHAPE) == region
    assert Region.of_array(region.array) == region


@pytest.mark.parametrize("text", ["", "1,2", "1,2,3,4", "a,:,:", "-1,:,:", "1:2:3,:,:", "1,,2"])
def test_texts_that_are_no_region(text: str) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        Region.of_text(text, SHAPE)


def test_the_region_of_a_job() -> None:
    image = np.zeros(SHAPE)
    volume = given_volume(job(input=image))
    assert given_region(job(input=image), volume) == Region.whole(SHAPE)
    wanted = Region.of_slice(SHAPE, 1, 3)
    assert given_region(job(input=image, region=wanted.array), volume) == wanted
    assert given_region(job(input=image, region=":,3,:"), volume) == wanted
    for bad in (":,6,:", "3:3,:,:", np.array([[0, 0, 0], [5, 6, 8]])):
        with pytest.raises(InputError, match="7 × 6 × 5 voxels"):
            given_region(job(input=image, region=bad), volume)
    with pytest.raises(InputError, match="5 numbers"):
        given_region(job(input=image, region=np.arange(5)), volume)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        given_volume(job(input=tmp_path / "gone.nii"))

"""Files and folders that cannot be opened, cancelling, and files that change meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from engine.data.volumes.limits import opening
from engine.data.volumes.read import SUPPORTED, parts, read_volume
from engine.errors import InputError
from tests.engine.data.volumes.small_files import ramp, write_all, write_itk, write_nifti


class Cancelled(Exception):
    """What a caller may raise to end the reading."""


@pytest.mark.parametrize("ending", SUPPORTED)
def test_missing_and_empty(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    for act in (read_volume, parts):
        with pytest.raises(InputError, match="does not exist"):
            act(path)
    path.touch()
    for act in (read_volume, parts):
        with pytest.raises(InputError, match=r"empty|missing"):
            act(path)


@pytest.mark.parametrize("ending", SUPPORTED)
def test_text_under_any_name(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    path.write_text("These are no values at all. " * 40)
    with pytest.raises(InputError) as refusal:
        read_volume(path)
    assert str(path) in refusal.value.message
    assert refusal.value.hint


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no"):
        read_volume(tmp_path)


def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.nii")
    with pytest.raises(InputError, match="not a plain file"):
        read_volume(tmp_path / "a.nii")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", ramp())
    path.chmod(0)
    with pytest.raises(InputError, match="no permission"):
        read_volume(path)


def test_no_permission_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no permission"), opening(tmp_path):
        raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize("name", ["a\0b.nii", "x" * 300 + ".nii"])
def test_names_that_no_file_has(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        read_volume(tmp_path / name)


def test_progress_ends_at_one_and_cancelling_is_passed_on(tmp_path: Path) -> None:
    def cancel(share: float) -> None:
        raise Cancelled

    watched = ("nii", "gz", "nrrd", "mha", "h5", "npy", "npz", "png", "gif", "tif")
    for path in write_all(tmp_path):
        if path.name.endswith(watched):
            told: list[float] = []
            read_volume(path, watch=told.append)
            assert told == sorted(told)
            assert told[-1] == 1.0
            with pytest.raises(Cancelled):
                read_volume(path, watch=cancel)


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = write_itk(tmp_path / "a.mha", ramp())

    def grow(share: float) -> None:
        with open(path, "ab") as stream:
            stream.write(b"more")

    with pytest.raises(InputError, match="changed while it was read"):
        read_volume(path, watch=grow)


def test_reading_leaves_the_libraries_as_they_were(tmp_path: Path) -> None:
    import logging

    (tmp_path / "a.tif").write_bytes(b"II*\0" + bytes(200))
    with pytest.raises(InputError):
        read_volume(tmp_path / "a.tif")
    assert not logging.getLogger("tifffile").disabled
    assert np.array_equal(read_volume(write_nifti(tmp_path / "a.nii", ramp())).array[0], ramp().T)

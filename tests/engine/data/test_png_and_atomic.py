"""Files are whole or not there, and PNGs carry their text."""

from __future__ import annotations

import errno
import json
import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.atomic import atomic_path, check_folder, make_folder, write_atomic
from engine.data.images import read_image
from engine.data.png import SYNTHETIC_METADATA, read_png_metadata, write_png
from engine.errors import DiskError, InputError


def test_success_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    target = tmp_path / "a.nii.gz"
    target.write_text("old")
    with atomic_path(target) as beside:
        assert beside.name.endswith(".nii.gz")
        assert beside.parent == tmp_path
        beside.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]
    mask = os.umask(0)
    os.umask(mask)
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interruption_keeps_the_old_file(error: type[BaseException], tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def interrupted() -> None:
        with atomic_path(target) as beside:
            beside.write_text("half")
            raise error

    with pytest.raises(error):
        interrupted()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("number", "reason"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "permission"), (errno.EIO, "Input/output")],
)
def test_refusals_of_the_system_are_told(number: int, reason: str, tmp_path: Path) -> None:
    target = tmp_path / "a.txt"

    def refused() -> None:
        with atomic_path(target):
            raise OSError(number, os.strerror(number))

    with pytest.raises(DiskError, match=reason) as caught:
        refused()
    assert str(target) in caught.value.message
    assert caught.value.hint
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    def fill() -> None:
        with atomic_path(tmp_path / "a") as beside:
            beside.unlink()
            beside.symlink_to("/dev/full")
            beside.write_bytes(b"x" * 100)

    with pytest.raises(DiskError, match="disk is full"):
        fill()
    assert not list(tmp_path.iterdir())


def test_missing_folder_and_folder_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="folder does not exist"):
        write_atomic(tmp_path / "no" / "a.txt", b"x")
    (tmp_path / "taken").mkdir()
    with pytest.raises(DiskError):
        write_atomic(tmp_path / "taken", b"x")
    (tmp_path / "file").write_text("x")
    with pytest.raises(DiskError, match="not a folder"):
        write_atomic(tmp_path / "file" / "a.txt", b"x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "taken"]


def test_png_text_survives_in_any_script(tmp_path: Path) -> None:
    told = {"Provenance": json.dumps({"seed": 3, "note": "Ünïcode 網膜"}, ensure_ascii=False)}
    write_png(tmp_path / "a.png", np.zeros((20, 20), np.uint8), told | SYNTHETIC_METADATA)
    found = read_png_metadata(tmp_path / "a.png")
    assert json.loads(found["Provenance"])["note"] == "Ünïcode 網膜"
    assert "trainedAlgorithmicMedia" in found["XML:com.adobe.xmp"]
    with Image.open(tmp_path / "a.png") as image:
        # Where Pillow itself looks for XMP; it must be well-formed.
        assert ElementTree.fromstring(image.info["xmp"].strip(b"\0")) is not None
    with pytest.raises(InputError):
        read_png_metadata(tmp_path / "none.png")


@pytest.mark.parametrize(
    "array",
    [
        np.arange(400, dtype=np.uint16).reshape(20, 20) * 100,
        np.arange(400, dtype=np.uint8).reshape(20, 20) // 2,
        np.random.default_rng(0).integers(0, 255, (20, 20, 3)).astype(np.uint8),
    ],
)
def test_png_keeps_integers(array: np.ndarray, tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", array)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png").array, array)


def test_png_rounds_floats_and_refuses_what_is_no_image(tmp_path: Path) -> None:
    unit = np.linspace(-0.1, 1.1, 400).reshape(20, 20)
    write_png(tmp_path / "a.png", unit)
    found = read_image(tmp_path / "a.png").unit()
    np.testing.assert_allclose(found, unit.clip(0, 1), atol=0.5 / 255 + 1e-6)
    write_png(tmp_path / "b.png", unit > 0.5)
    np.testing.assert_array_equal(read_image(tmp_path / "b.png").unit(), unit > 0.5)
    for bad in (np.full((20, 20), np.nan), np.zeros((3, 4, 5)), np.zeros((4, 4), np.int64)):
        with pytest.raises(ValueError, match=r"image|written"):
            write_png(tmp_path / "c.png", bad)
    assert not (tmp_path / "c.png").exists()


def test_whether_a_folder_can_be_made_is_found_out_without_a_trace(tmp_path: Path) -> None:
    wanted = tmp_path / "a" / "b"
    check_folder(wanted)
    assert not any(tmp_path.iterdir())
    make_folder(wanted)
    check_folder(wanted)
    assert wanted.is_dir(), "what was there stays"
    (tmp_path / "file").write_text("x")
    with pytest.raises(DiskError, match="file"):
        check_folder(tmp_path / "file" / "c" / "d")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "file"]

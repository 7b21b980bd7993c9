"""Screenshots and scrolls show what was seen and say where it comes from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.png import read_png_metadata
from engine.data.volumes import pictures
from engine.data.volumes.pictures import save_animation, save_picture
from engine.errors import DiskError, InputError

TOLD = {"Source": "scan 海馬", "Provenance": json.dumps({"seed": 3})}


def frame(level: int) -> np.ndarray:
    grey = np.add.outer(np.arange(30), np.arange(40)).astype(np.uint8) + np.uint8(level)
    rgb = np.stack([grey] * 3, -1)
    rgb[5:9, 5:9] = (255, 0, 0)
    return rgb


def test_picture(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png", frame(3), TOLD)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.png")), frame(3))
    assert read_png_metadata(tmp_path / "a.png").items() >= TOLD.items()
    with pytest.raises(InputError, match="PNG"):
        save_picture(tmp_path / "a.jpg", frame(3), TOLD)
    with pytest.raises(ValueError, match="picture"):
        save_picture(tmp_path / "b.png", frame(3)[..., 0], TOLD)


def test_gif(tmp_path: Path) -> None:
    frames = [frame(20 * n) for n in range(4)]
    save_animation(tmp_path / "a.gif", frames, 10, TOLD)
    with Image.open(tmp_path / "a.gif") as found:
        assert found.n_frames == 4
        assert found.info["duration"] == 100
        assert found.info["loop"] == 0
        assert json.loads(found.info["comment"]) == TOLD
        for number, known in enumerate(frames):
            found.seek(number)
            shown = np.asarray(found.convert("RGB")).astype(int)
            assert np.abs(shown - known).max() <= 12
    assert [p.name for p in tmp_path.iterdir()] == ["a.gif"]


def test_folder_of_frames(tmp_path: Path) -> None:
    save_animation(tmp_path / "scroll", [frame(0), frame(9)], 12.5, TOLD)
    names = sorted(p.name for p in (tmp_path / "scroll").iterdir())
    assert names == ["0000.png", "0001.png"]
    second = tmp_path / "scroll" / "0001.png"
    np.testing.assert_array_equal(np.asarray(Image.open(second)), frame(9))
    assert read_png_metadata(second)["Frame"] == "2 of 2"
    with pytest.raises(InputError, match="exists already"):
        save_animation(tmp_path / "scroll", [frame(0)], 10, TOLD)


def test_what_cannot_be_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="GIF"):
        save_animation(tmp_path / "a.mp4", [frame(0)], 10, TOLD)
    for bad in ([], [frame(0), frame(0)[1:]]):
        with pytest.raises(ValueError, match="one size"):
            save_animation(tmp_path / "a.gif", bad, 10, TOLD)
    for name in ("a.gif", "a"):
        with pytest.raises(DiskError, match="folder does not exist"):
            save_animation(tmp_path / "no" / name, [frame(0)], 10, TOLD)

    def full(path: Path, *_: object) -> None:
        path.write_bytes(b"half")
        raise DiskError("the disk is full")

    monkeypatch.setattr(pictures, "write_png", full)
    with pytest.raises(DiskError, match="full"):
        save_animation(tmp_path / "b", [frame(0)], 10, TOLD)
    assert not list(tmp_path.iterdir())

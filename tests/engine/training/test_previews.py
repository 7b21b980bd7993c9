from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import DiskError, InputError
from engine.training.previews import (
    grey_range,
    preview_iterations,
    prune_previews,
    read_previews,
    write_previews,
)

GREY = np.linspace(-2, 3, 12, dtype=np.float32).reshape(3, 4)
LABELS = np.arange(12, dtype=np.uint8).reshape(3, 4)


def test_pictures_come_back_in_their_order_with_their_titles(tmp_path: Path) -> None:
    share = np.full((3, 4), 0.25, np.float32)
    pictures = {"Image": GREY, "Labels": LABELS, "Attention of D": share}
    write_previews(tmp_path, 100, pictures)
    files = sorted(path.name for path in (tmp_path / "previews").iterdir())
    assert files == ["000100_attention-of-d.png", "000100_image.png", "000100_labels.png"]
    found = read_previews(tmp_path, 100)
    assert list(found) == list(pictures)
    assert found["Labels"].dtype == np.uint8
    assert np.array_equal(found["Labels"], LABELS)
    assert np.abs(found["Image"] - GREY).max() <= 5 / 255 / 2 + 1e-6
    assert np.abs(found["Attention of D"] - share).max() <= 1 / 255 / 2 + 1e-6


def test_small_tables_keep_their_numbers_and_pictures_their_shades(tmp_path: Path) -> None:
    large = np.linspace(-2, 3, 2000, dtype=np.float32).reshape(40, 50)
    write_previews(tmp_path, 1, {"Table": GREY, "Image": large})
    found = read_previews(tmp_path, 1)
    assert np.array_equal(found["Table"], GREY)
    assert 1e-4 < np.abs(found["Image"] - large).max() <= 5 / 255 / 2 + 1e-6


def test_other_programs_see_labels_in_colours(tmp_path: Path) -> None:
    write_previews(tmp_path, 1, {"Labels": LABELS})
    with Image.open(tmp_path / "previews" / "000001_labels.png") as image:
        assert image.convert("RGB").getpixel((1, 0)) == (255, 0, 0)


def test_range_of_grey_values() -> None:
    assert grey_range(np.array([[0.2, 0.4]])) == (0, 1)
    assert grey_range(np.array([[-1.0, np.nan, 0.5]])) == (-1, 0.5)
    assert grey_range(np.array([[7.0, 7.0]])) == (7, 8)
    assert grey_range(np.array([[np.nan, np.inf]])) == (0, 1)


def test_values_that_are_no_numbers_can_be_kept(tmp_path: Path) -> None:
    write_previews(tmp_path, 1, {"Broken": np.array([[np.nan, np.inf, 0.5]], np.float32)})
    assert read_previews(tmp_path, 1)["Broken"][0, :2].tolist() == [0, 1]


def test_iterations_in_their_order_and_what_comes_later_goes(tmp_path: Path) -> None:
    assert preview_iterations(tmp_path) == ()
    assert read_previews(tmp_path, 1) == {}
    for iteration in (1_000_000, 300, 20):
        write_previews(tmp_path, iteration, {"A": GREY, "B": LABELS})
    (tmp_path / "previews" / "notes.txt").write_text("mine")
    assert preview_iterations(tmp_path) == (20, 300, 1_000_000)
    prune_previews(tmp_path, 300)
    assert preview_iterations(tmp_path) == (20, 300)
    assert (tmp_path / "previews" / "notes.txt").exists()


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n", b"nonsense"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    write_previews(tmp_path, 1, {"A": GREY})
    (tmp_path / "previews" / "000001_a.png").write_bytes(content)
    with pytest.raises(InputError, match=r"000001_a\.png"):
        read_previews(tmp_path, 1)


def test_a_picture_of_somebody_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "previews").mkdir()
    Image.fromarray(LABELS).save(tmp_path / "previews" / "000001_a.png")
    with pytest.raises(InputError, match=r"000001_a\.png is no preview"):
        read_previews(tmp_path, 1)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "previews").touch()
    with pytest.raises(DiskError):
        write_previews(tmp_path, 1, {"A": GREY})

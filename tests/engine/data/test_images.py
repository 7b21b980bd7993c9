"""Readers: every format people have, every way a file can be wrong."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.images import EMPTY_NOTE, FULL_NOTE, read_image, read_mask
from engine.errors import InputError
from tests.engine.data.samples import (
    all_samples,
    disc,
    nifti_bytes,
    npy_bytes,
    pillow_bytes,
    tiff_bytes,
    write,
)

MASK = disc().astype(np.uint8)
SAMPLES = all_samples()


@pytest.mark.parametrize("name", SAMPLES)
def test_every_format_gives_the_mask_that_was_written(name: str, tmp_path: Path) -> None:
    found = read_mask(write(tmp_path, name, SAMPLES[name]))
    np.testing.assert_array_equal(found.mask, MASK)
    assert found.mask.dtype == np.uint8


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("share", [0.2, 0.6])
def test_every_format_truncated_is_told(name: str, share: float, tmp_path: Path) -> None:
    content = SAMPLES[name]
    path = write(tmp_path, name, content[: int(share * len(content))])
    with pytest.raises(InputError) as caught:
        read_mask(path)
    assert str(path) in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("array", "bits"),
    [
        (np.arange(400, dtype=np.uint16).reshape(20, 20) * 160, 16),
        (np.linspace(-3, 9, 400, dtype=np.float32).reshape(20, 20), 32),
        (np.arange(1200, dtype=np.uint16).reshape(20, 20, 3), 16),
    ],
)
def test_tiff_keeps_values_and_depth(array: np.ndarray, bits: int, tmp_path: Path) -> None:
    found = read_image(write(tmp_path, "a.tiff", tiff_bytes(array)))
    np.testing.assert_array_equal(found.array, array.astype(np.float32))
    assert found.bit_depth == bits
    assert found.array.dtype == np.float32
    assert found.unit().min() >= 0
    assert found.unit().max() <= 1


def test_colour_16_bit_grey_and_palette(tmp_path: Path) -> None:
    colour = np.random.default_rng(0).integers(0, 256, (20, 24, 3), dtype=np.uint8)
    found = read_image(write(tmp_path, "c.png", pillow_bytes(colour, "PNG")))
    np.testing.assert_array_equal(found.array, colour)
    assert found.full_range == (0, 255)
    deep = (MASK.astype(np.uint16) * 60000) + 7
    found = read_image(write(tmp_path, "d.png", pillow_bytes(deep, "PNG")))
    np.testing.assert_array_equal(found.array, deep)
    assert found.full_range == (0, 65535)
    palette = Image.fromarray(MASK * 255).convert("P")
    palette.save(tmp_path / "p.png")
    assert read_image(tmp_path / "p.png").array.ndim == 2


def test_masks_of_all_value_ranges(tmp_path: Path) -> None:
    for scale in (1, 255, 65535):
        array = MASK.astype(np.uint16 if scale > 255 else np.uint8) * scale
        found = read_mask(write(tmp_path, "m.png", pillow_bytes(array.astype(array.dtype), "PNG")))
        np.testing.assert_array_equal(found.mask, MASK)
        assert found.notes == ()


def test_jpeg_noise_is_cut_halfway_and_told(tmp_path: Path) -> None:
    large = disc(96, 96)
    Image.fromarray(large.astype(np.uint8) * 255).save(tmp_path / "m.jpg", quality=60)
    found = read_mask(tmp_path / "m.jpg")
    np.testing.assert_array_equal(found.mask, large)
    assert "halfway" in found.notes[0]


def test_colour_and_transparency_are_told(tmp_path: Path) -> None:
    colour = np.zeros((*MASK.shape, 3), np.uint8)
    colour[..., 2] = MASK * 255
    found = read_mask(write(tmp_path, "c.png", pillow_bytes(colour, "PNG")))
    np.testing.assert_array_equal(found.mask, MASK)
    assert any("colours" in note for note in found.notes)
    painted = np.dstack([np.full((*MASK.shape, 3), 255, np.uint8), MASK * 255])
    found = read_mask(write(tmp_path, "t.png", pillow_bytes(painted, "PNG")))
    np.testing.assert_array_equal(found.mask, MASK)
    assert any("transparency" in note for note in found.notes)


def test_grey_is_cut_by_otsu_or_as_asked(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    grey = np.clip(60 + 90 * MASK + 12 * rng.normal(size=MASK.shape), 0, 255).astype(np.uint8)
    path = write(tmp_path, "g.png", pillow_bytes(grey, "PNG"))
    found = read_mask(path)
    assert (found.mask == MASK).mean() > 0.98
    assert "Otsu" in found.notes[0]
    np.testing.assert_array_equal(read_mask(path, threshold=100).mask, grey > 100)


def test_labels_are_joined_and_told(tmp_path: Path) -> None:
    labels = MASK * (1 + (np.arange(24) % 3)).astype(np.uint8)
    found = read_mask(write(tmp_path, "l.png", pillow_bytes(labels, "PNG")))
    np.testing.assert_array_equal(found.mask, MASK)
    assert "labels" in found.notes[0]


def test_empty_and_full_masks_are_noted(tmp_path: Path) -> None:
    empty = read_mask(write(tmp_path, "e.png", pillow_bytes(MASK * 0, "PNG")))
    assert empty.notes == (EMPTY_NOTE,)
    assert not empty.mask.any()
    full = read_mask(write(tmp_path, "f.png", pillow_bytes(MASK * 0 + 255, "PNG")))
    assert full.notes == (FULL_NOTE,)
    assert full.mask.all()


def test_nifti_slice_is_the_fullest_or_the_one_asked_for(tmp_path: Path) -> None:
    volume = np.zeros((24, 20, 5), np.int16)
    volume[..., 3] = MASK.T
    volume[2:5, 2:5, 1] = 1
    path = write(tmp_path, "v.nii", nifti_bytes(volume))
    found = read_mask(path)
    np.testing.assert_array_equal(found.mask, MASK)
    assert "slice 3 of 5" in found.notes[0]
    assert read_mask(path, slice_index=1).mask.sum() == 9
    with pytest.raises(InputError, match="no slice 5"):
        read_mask(path, slice_index=5)
    assert "slice 2 of 5" in read_image(path).notes[0]


def test_nifti_scale_factors_and_byte_order(tmp_path: Path) -> None:
    from nibabel.nifti1 import Nifti1Header, Nifti1Image

    image = Nifti1Image(MASK.T[..., None].astype(np.int16), np.eye(4), Nifti1Header(endianness=">"))
    image.header.set_slope_inter(2.0, 10.0)
    found = read_image(write(tmp_path, "v.nii", bytes(image.to_bytes())))
    assert set(np.unique(found.array)) <= {0.0, 1.0, 10.0, 12.0}
    assert found.array.shape == MASK.shape


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_are_refused(bad: float, tmp_path: Path) -> None:
    values = MASK.astype(np.float32)
    values[3, 3] = bad
    for name, content in (("n.tif", tiff_bytes(values)), ("n.npy", npy_bytes(values))):
        for reader in (read_image, read_mask):
            with pytest.raises(InputError, match="1 values that are NaN or infinite"):
                reader(write(tmp_path, name, content))


def test_volume_with_nan_elsewhere_still_gives_its_mask(tmp_path: Path) -> None:
    volume = np.zeros((24, 20, 3), np.float32)
    volume[..., 1] = MASK.T
    volume[0, 0, 0] = np.nan
    np.testing.assert_array_equal(
        read_mask(write(tmp_path, "v.nii", nifti_bytes(volume))).mask, MASK
    )


@pytest.mark.parametrize("side", [1, 15])
def test_tiny_images_are_refused(side: int, tmp_path: Path) -> None:
    tiny = np.ones((side, 40), np.uint8)
    for name, content in (
        ("t.png", pillow_bytes(tiny, "PNG")),
        ("t.tif", tiff_bytes(tiny)),
        ("t.npy", npy_bytes(tiny)),
        ("t.nii", nifti_bytes(tiny)),
    ):
        with pytest.raises(InputError, match="at least 16"):
            read_mask(write(tmp_path, name, content))


def _png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body
    start += struct.pack(">I", zlib.crc32(body))
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    return start + struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


@pytest.mark.parametrize("side", [4097, 10_000, 60_000])
def test_huge_images_are_refused_from_the_header(side: int, tmp_path: Path) -> None:
    # These files are a few hundred bytes: decoding them could only fail as truncated.
    npy = npy_bytes(np.zeros((20, 20), np.uint8)).replace(b"(20, 20)", f"({side}, 20)".encode())
    with pytest.raises(InputError, match="4096"):
        read_image(write(tmp_path, "h.png", _png_header(side, side)))
    with pytest.raises(InputError, match="4096"):
        read_image(write(tmp_path, "h.npy", npy))


def test_huge_nifti_is_refused_from_the_header(tmp_path: Path) -> None:
    content = bytearray(nifti_bytes(np.zeros((20, 20, 2), np.uint8)))
    struct.pack_into("<4h", content, 40, 3, 2000, 2000, 2000)
    with pytest.raises(InputError, match="voxels"):
        read_image(write(tmp_path, "h.nii", bytes(content)))


def test_what_is_not_an_image_is_told(tmp_path: Path) -> None:
    for name, content, reason in (
        ("a.png", b"", "empty"),
        ("a.png", b"hello, world, I am text", "not an image"),
        ("a.nii", b"hello", "a.nii"),
        ("o.npy", npy_bytes(np.array([[{}] * 20] * 20, object)), "object"),
        ("v.npy", npy_bytes(np.zeros((20, 20, 20, 20), np.uint8)), "not an image"),
    ):
        with pytest.raises(InputError, match=reason):
            read_image(write(tmp_path, name, content))
    with pytest.raises(InputError, match="does not exist"):
        read_image(tmp_path / "missing.png")
    with pytest.raises(InputError, match="folder"):
        read_image(tmp_path)


def test_a_file_without_permission_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "p.png", SAMPLES["a.png"])
    # chmod does not stop the superuser, under whom containers run the suite.
    import builtins

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(builtins, "open", refuse)
    with pytest.raises(InputError, match="no permission"):
        read_image(path)


def test_format_goes_by_content_not_by_name(tmp_path: Path) -> None:
    found = read_mask(write(tmp_path, "wrong.jpg", SAMPLES["a.png"]))
    np.testing.assert_array_equal(found.mask, MASK)


def test_first_frame_of_many_is_told(tmp_path: Path) -> None:
    frames = [Image.fromarray(MASK * v) for v in (255, 100)]
    frames[0].save(tmp_path / "m.gif", save_all=True, append_images=frames[1:])
    assert "first of 2" in read_mask(tmp_path / "m.gif").notes[0]

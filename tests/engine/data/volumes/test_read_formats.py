"""NRRD, MetaImage, HDF5, numpy, pictures, folders: values, axes, sizes and what is made of them."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import SimpleITK as sitk
import tifffile
from PIL import Image

from engine.data.volumes.read import parts, read_volume
from engine.data.volumes.slicer import Segment, segments
from engine.errors import InputError
from tests.engine.data.volumes.small_files import ramp, write_itk

GREY = (np.arange(20 * 24) % 251).reshape(20, 24).astype(np.uint8)
COLOUR = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], -1)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("ending", ["nrrd", "nhdr", "mha", "mhd"])
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
def test_itk_types(tmp_path: Path, dtype: str, ending: str, packed: bool) -> None:
    path = write_itk(tmp_path / f"a.{ending}", ramp(dtype=dtype), packed=packed)
    volume = read_volume(path)
    assert volume.array.dtype == dtype
    np.testing.assert_array_equal(volume.array[0], ramp(dtype=dtype))
    assert volume.warnings == ()


@pytest.mark.parametrize("ending", ["nrrd", "mha"])
def test_itk_channels(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    colour = read_volume(write_itk(path, ramp((2, 4, 5, 3), "u1"), vector=True))
    assert (colour.channels, colour.array.shape) == ("rgb", (3, 2, 4, 5))
    np.testing.assert_array_equal(np.moveaxis(colour.array, 0, -1), ramp((2, 4, 5, 3), "u1"))
    parts = read_volume(write_itk(path, ramp((2, 4, 5, 2), "f4"), vector=True))
    assert (parts.channels, parts.array.shape) == ("components", (2, 2, 4, 5))
    times = read_volume(write_itk(path, ramp((6, 2, 4, 5))))
    assert (times.channels, times.array.shape) == ("time", (6, 2, 4, 5))
    flat = read_volume(write_itk(path, ramp((4, 5))))
    assert (flat.array.shape, flat.geometry.oriented) == ((1, 1, 4, 5), False)


def test_big_endian_and_unknown_space(tmp_path: Path) -> None:
    lines = [
        "NRRD0004", "# a comment", "type: unsigned short", "dimension: 3", "sizes: 5 4 3",
        "spacings: 2 3 4", "endian: big", "encoding: raw", "note:=kept", "", "",
    ]  # fmt: skip
    content = ramp(dtype=">u2").tobytes()
    (tmp_path / "a.nrrd").write_bytes("\n".join(lines).encode() + content)
    volume = read_volume(tmp_path / "a.nrrd")
    np.testing.assert_array_equal(volume.array[0], ramp())
    assert volume.spacing_mm == (4, 3, 2)
    assert "left and right may be swapped" in volume.warnings[0]
    assert volume.source.header["note"] == "kept"


def test_segments_of_slicer(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(ramp(dtype="u1") % 3)
    for key, value in {"ID": "s", "Name": "Liver", "Color": "1 0.5 0", "LabelValue": "2"}.items():
        image.SetMetaData(f"Segment0_{key}", value)
    sitk.WriteImage(image, str(tmp_path / "a.seg.nrrd"))
    volume = read_volume(tmp_path / "a.seg.nrrd")
    assert volume.kind == "labels"
    assert segments(volume.source.header) == (Segment(2, "Liver", (255, 128, 0)),)


@pytest.mark.parametrize(
    ("spacing", "expected"), [("0 1 1", 1.0), ("-2 1 1", 2.0), ("nan 1 1", 1.0)]
)
def test_spacings_of_metaimage_that_are_none(tmp_path: Path, spacing: str, expected: float) -> None:
    path = write_itk(tmp_path / "a.mha", ramp())
    text = path.read_bytes().replace(b"Spacing = 1 1 1", f"Spacing = {spacing}".encode())
    path.write_bytes(text)
    volume = read_volume(path)
    assert volume.spacing_mm[2] == expected
    assert "may be wrong" in volume.warnings[0]


def test_values_elsewhere_are_refused(tmp_path: Path) -> None:
    path = write_itk(tmp_path / "a.mhd", ramp())
    for name in (b"/etc/passwd", b"../a.raw", b"LIST", b"a%d.raw 1 9 1", b"gone.raw"):
        (tmp_path / "b.mhd").write_bytes(path.read_bytes().replace(b"a.raw", name))
        with pytest.raises(InputError, match=r"b\.mhd"):
            read_volume(tmp_path / "b.mhd")


def test_hdf5_data_sets(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["image"] = ramp(dtype="f4")
        file["label"] = ramp(dtype="u1") % 4
        file["more/pixels"] = ramp((4, 5))
        file["words"] = "no image"
        file["image"].attrs["spacing"] = (4, 3, 2)
        file["label"].attrs["affine"] = np.diag([-2.0, 3, 4, 1])
    image = read_volume(path)
    assert (image.source.part, image.kind, image.spacing_mm) == ("image", "image", (4, 3, 2))
    np.testing.assert_array_equal(image.array[0], ramp())
    label = read_volume(path, kind="labels")
    assert (label.source.part, label.kind, label.geometry.oriented) == ("label", "labels", True)
    assert read_volume(path, part="label").kind == "labels"
    assert read_volume(path, part="more/pixels").array.shape == (1, 1, 4, 5)
    found = parts(path)
    assert [(p.id, p.shape) for p in found] == [
        ("image", (3, 4, 5)), ("label", (3, 4, 5)), ("more/pixels", (4, 5)),
    ]  # fmt: skip
    assert all(p.thumbnail is not None and p.thumbnail.dtype == np.uint8 for p in found)
    with pytest.raises(InputError, match="no data set 'x'"):
        read_volume(path, part="x")


def test_hdf5_without_a_usual_name_asks(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"], file["y"] = ramp(), ramp()
    with pytest.raises(InputError, match="2 data sets: 'x', 'y'"):
        read_volume(tmp_path / "a.h5")


def test_hdf5_never_leaves_its_file(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["image"] = ramp()
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["image"] = h5py.ExternalLink("other.h5", "/image")
        file["soft"] = h5py.SoftLink("/image")
    assert parts(tmp_path / "a.h5") == ()
    with pytest.raises(InputError, match="another file"):
        read_volume(tmp_path / "a.h5", part="image")
    layout = h5py.VirtualLayout((3, 4, 5), "i2")
    layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "image", (3, 4, 5))
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file.create_virtual_dataset("image", layout)
        file.create_dataset("raw", (3, 4, 5), "u1", external=str(tmp_path / "other.h5"))
    for name in ("image", "raw"):
        with pytest.raises(InputError, match="in other files"):
            read_volume(tmp_path / "b.h5", part=name)


def test_hdf5_that_claims_what_it_does_not_hold(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("image", (10**4, 10**4, 10**4), "u1", chunks=(1, 100, 100))
    with pytest.raises(InputError, match="asks for"):
        read_volume(tmp_path / "a.h5")


@pytest.mark.parametrize("order", "CF")
def test_numpy(tmp_path: Path, order: str) -> None:
    np.save(tmp_path / "a.npy", np.asarray(ramp(), order=order))
    volume = read_volume(tmp_path / "a.npy")
    np.testing.assert_array_equal(volume.array[0], ramp())
    np.savez(tmp_path / "a.npz", image=np.asarray(ramp(), order=order), mask=ramp(dtype="u1"))
    np.testing.assert_array_equal(read_volume(tmp_path / "a.npz").array[0], ramp())
    assert read_volume(tmp_path / "a.npz", part="mask").kind == "labels"
    assert [part.id for part in parts(tmp_path / "a.npz")] == ["image", "mask"]


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_pickles_are_never_opened(tmp_path: Path, name: str) -> None:
    value = np.array([{"a": 1}], dtype=object)
    save = np.save if name == "a.npy" else np.savez
    save(tmp_path / name, value, allow_pickle=True)
    with pytest.raises(InputError, match="object"):
        read_volume(tmp_path / name)


@pytest.mark.parametrize("ending", ["png", "bmp", "gif", "tif"])
def test_pictures(tmp_path: Path, ending: str) -> None:
    Image.fromarray(GREY).save(tmp_path / f"grey.{ending}")
    volume = read_volume(tmp_path / f"grey.{ending}")
    np.testing.assert_array_equal(volume.array[0, 0], GREY)
    assert not volume.geometry.oriented
    if ending != "gif":
        Image.fromarray(COLOUR).save(tmp_path / f"colour.{ending}")
        volume = read_volume(tmp_path / f"colour.{ending}")
        assert volume.channels == "rgb"
        np.testing.assert_array_equal(np.moveaxis(volume.array[:, 0], 0, -1), COLOUR)


def test_deep_and_transparent_pictures(tmp_path: Path) -> None:
    deep = GREY.astype(np.uint16) * 200
    Image.fromarray(deep).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(read_volume(tmp_path / "deep.png").array[0, 0], deep)
    alpha = np.dstack([COLOUR, GREY])
    Image.fromarray(alpha, "RGBA").save(tmp_path / "alpha.png")
    volume = read_volume(tmp_path / "alpha.png")
    assert len(volume.array) == 3
    assert "transparency ignored" in volume.notes


def test_a_palette_is_colours_or_labels(tmp_path: Path) -> None:
    image = Image.fromarray((GREY % 3).astype(np.uint8), "P")
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    image.save(tmp_path / "a.png")
    assert read_volume(tmp_path / "a.png").channels == "rgb"
    labels = read_volume(tmp_path / "a.png", kind="labels")
    np.testing.assert_array_equal(labels.array[0, 0], GREY % 3)


@pytest.mark.parametrize(("dpi", "size"), [(508, 0.05), (72, 1.0), (96.012, 1.0), (2, 1.0)])
def test_pixel_size_from_a_png(tmp_path: Path, dpi: float, size: float) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png", dpi=(dpi, dpi))
    volume = read_volume(tmp_path / "a.png")
    assert volume.spacing_mm[1:] == pytest.approx((size, size), rel=1e-4)
    assert bool(volume.notes) == (size == 1)


def test_a_moving_gif_is_time(tmp_path: Path) -> None:
    frames = [Image.fromarray(GREY), Image.fromarray(GREY[::-1])]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    volume = read_volume(tmp_path / "a.gif")
    assert (volume.channels, volume.array.shape) == ("time", (2, 1, 20, 24))
    np.testing.assert_array_equal(volume.array[1, 0], GREY[::-1])


@pytest.mark.parametrize("packing", [None, "zlib"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "f4", "f8"])
def test_tiff_stacks(tmp_path: Path, dtype: str, packing: str | None) -> None:
    stack = ramp((3, 20, 24), "i4").astype(dtype)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, stack, photometric="minisblack", compression=packing, metadata=None)
    volume = read_volume(path)
    assert (volume.channels, volume.array.dtype) == ("single", dtype)
    np.testing.assert_array_equal(volume.array[0], stack)


def test_lzw_pages_and_pages_of_other_sizes(tmp_path: Path) -> None:
    pages = [Image.fromarray(GREY), Image.fromarray(GREY[:10]), Image.fromarray(GREY[::-1])]
    path = tmp_path / "a.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:], compression="tiff_lzw")
    volume = read_volume(path)
    np.testing.assert_array_equal(volume.array[0], [GREY, GREY[::-1]])
    assert "1 of 3 pages of another size left out" in volume.notes


def test_imagej(tmp_path: Path) -> None:
    array = ramp((2, 3, 8, 9), "u2")
    path = tmp_path / "a.tif"
    about = {"axes": "TZYX", "unit": "um", "spacing": 3}
    tifffile.imwrite(path, array, imagej=True, resolution=(2, 4), metadata=about)
    volume = read_volume(path)
    assert volume.channels == "time"
    np.testing.assert_array_equal(volume.array, array)
    assert volume.spacing_mm == pytest.approx((0.003, 0.00025, 0.0005))


def test_a_folder_of_slices(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        Image.fromarray(GREY + np.uint8(number)).save(tmp_path / f"s{number}.png")
    (tmp_path / "notes.txt").write_text("of the scan")
    volume = read_volume(tmp_path)
    for place, number in enumerate((1, 9, 10)):
        np.testing.assert_array_equal(volume.array[0, place], GREY + np.uint8(number))
    assert [file.name for file in volume.source.files] == ["s1.png", "s9.png", "s10.png"]
    assert "1 files that are no pictures left out" in volume.notes
    Image.fromarray(GREY[1:]).save(tmp_path / "s11.png")
    with pytest.raises(InputError, match=r"s11\.png .* is 24 x 19"):
        read_volume(tmp_path)


@pytest.mark.parametrize("name", ["b.nii", "b.nrrd", "b", "b.dat"])
def test_content_goes_before_the_name(tmp_path: Path, name: str) -> None:
    write_itk(tmp_path / "a.mha", ramp()).rename(tmp_path / name)
    assert read_volume(tmp_path / name).source.format == "mha"

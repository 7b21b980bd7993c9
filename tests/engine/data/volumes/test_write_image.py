"""Images in other formats keep their values, type, channels and place."""

from __future__ import annotations

import errno
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from engine.data.volumes import write_itk
from engine.data.volumes.read import parts, read_volume
from engine.data.volumes.volume import Geometry, Source, Volume, plain_affine
from engine.data.volumes.write import write_image, write_labels
from engine.errors import DiskError, InputError
from tests.engine.data.volumes.small_files import ramp
from tests.engine.data.volumes.test_orientation import ORDERS, affine_of, directions, oblique

PLACED = (".nii.gz", ".nii", ".nrrd", ".mha", ".mhd", ".h5", ".npz")
SHAPE = (6, 7, 8)


def volume_of(array: np.ndarray, **more: object) -> Volume:
    return Volume(array, Geometry(array.shape[1:], affine_of(oblique(3))), **more)


@pytest.mark.parametrize("ending", PLACED)
def test_the_place_in_every_order_of_the_axes(ending: str, tmp_path: Path) -> None:
    array = ramp((1, 3, 4, 5))
    for order, signs in ORDERS:
        affine = affine_of(directions(order, signs))
        volume = Volume(array, Geometry((3, 4, 5), affine))
        back = read_volume(write_image(tmp_path / f"a{ending}", volume))
        np.testing.assert_allclose(back.affine, affine, atol=1e-4)
        np.testing.assert_array_equal(back.array, array)
        assert back.geometry.oriented


@pytest.mark.parametrize(
    "dtype", ["u1", "i1", "u2", "i2", "i4", "u4", "i8", "f4", "f8", ">i2", ">f4"]
)
@pytest.mark.parametrize("ending", [*PLACED, ".npy", ".tif"])
def test_the_type_stays(ending: str, dtype: str, tmp_path: Path) -> None:
    volume = volume_of(ramp((1, *SHAPE), "i4").astype(dtype))
    back = read_volume(write_image(tmp_path / f"a{ending}", volume))
    assert back.array.dtype.newbyteorder("=") == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(back.array, volume.array)
    if ending in PLACED:
        np.testing.assert_allclose(back.affine, volume.affine, atol=1e-4)


@pytest.mark.parametrize("dtype", [bool, np.float16])
@pytest.mark.parametrize("ending", [*PLACED, ".npy", ".tif"])
def test_types_that_few_formats_know(ending: str, dtype: type, tmp_path: Path) -> None:
    volume = volume_of((ramp((1, *SHAPE)) % 3).astype(dtype))
    back = read_volume(write_image(tmp_path / f"a{ending}", volume))
    np.testing.assert_array_equal(back.values(), volume.values())


@pytest.mark.parametrize("channels", ["time", "components", "rgb"])
@pytest.mark.parametrize("ending", [*PLACED, ".tif"])
def test_channels_stay(ending: str, channels: str, tmp_path: Path) -> None:
    array = ramp((3, *SHAPE), "i4").astype(np.uint8 if channels == "rgb" else np.int16)
    back = read_volume(write_image(tmp_path / f"a{ending}", volume_of(array, channels=channels)))
    np.testing.assert_array_equal(back.array, array)
    # An array of numpy's says no more than that there are some.
    known = "components" if (channels, ending) == ("time", ".npz") else channels
    assert back.channels == known
    assert not back.warnings


@pytest.mark.parametrize(
    ("slope", "intercept", "kind"), [(1.0, -1024.0, "i2"), (0.5, 3.0, "f4"), (2.0, 7.0, "u2")]
)
@pytest.mark.parametrize("ending", [*PLACED, ".npy", ".tif"])
def test_slope_and_intercept(
    ending: str, slope: float, intercept: float, kind: str, tmp_path: Path
) -> None:
    volume = volume_of(ramp((1, *SHAPE), "u2"), slope=slope, intercept=intercept)
    back = read_volume(write_image(tmp_path / f"a{ending}", volume))
    np.testing.assert_allclose(back.values(), volume.values(), rtol=1e-6)
    if ending.startswith(".nii"):
        assert (back.slope, back.intercept, back.array.dtype) == (slope, intercept, np.uint16)
        np.testing.assert_allclose(nib.load(tmp_path / f"a{ending}").get_fdata().T, volume.values())
    else:
        assert (back.scaled, back.array.dtype) == (False, np.dtype(kind))


def test_a_nifti_header_is_kept(tmp_path: Path) -> None:
    image = nib.nifti1.Nifti1Image(ramp((5, 4, 3, 2)), None)
    image.set_sform(affine_of(directions((0, 1, 2), (1, 1, 1))), 4)
    image.set_qform(affine_of(directions((0, 1, 2), (1, 1, 1))), 2)
    image.header["descrip"], image.header["intent_name"] = b"kept", b"perfusion"
    image.header["pixdim"][4] = 2.5
    image.header["cal_min"], image.header["cal_max"] = -10, 90
    image.header.set_xyzt_units("mm", "msec")
    image.header.set_slope_inter(0.25, -3)
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"a note"))
    nib.save(image, tmp_path / "a.nii")
    write_image(tmp_path / "b.nii.gz", read_volume(tmp_path / "a.nii"))
    before, after = nib.load(tmp_path / "a.nii"), nib.load(tmp_path / "b.nii.gz")
    kept = "descrip intent_name intent_code pixdim dim datatype cal_min cal_max xyzt_units"
    for name in f"{kept} sform_code qform_code srow_x quatern_b".split():
        np.testing.assert_array_equal(after.header[name], before.header[name], err_msg=name)
    assert after.dataobj.slope == 0.25
    assert after.header.extensions == before.header.extensions
    np.testing.assert_array_equal(after.get_fdata(), before.get_fdata())


@pytest.mark.parametrize("ending", [".nrrd", ".mha", ".nii"])
@pytest.mark.parametrize("channels", ["single", "components"])
def test_itk_sees_the_same(ending: str, channels: str, tmp_path: Path) -> None:
    count = 1 if channels == "single" else 2
    volume = volume_of(ramp((count, *SHAPE)), channels=channels)
    image = sitk.ReadImage(write_image(tmp_path / f"a{ending}", volume))
    d, h, w = 1, 2, 3
    point = image.TransformIndexToPhysicalPoint((w, h, d))
    expected = volume.geometry.world(np.array([d, h, w])) * (-1, -1, 1)
    np.testing.assert_allclose(point, expected, atol=1e-3)
    assert np.ravel(image[w, h, d]).tolist() == volume.array[:, d, h, w].tolist()


def test_itk_reads_an_nrrd_with_time(tmp_path: Path) -> None:
    volume = volume_of(ramp((2, *SHAPE)), channels="time")
    image = sitk.ReadImage(write_image(tmp_path / "a.nrrd", volume))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), volume.array)


def test_pictures(tmp_path: Path) -> None:
    flat = Geometry((1, 20, 24), plain_affine())
    grey = Volume(ramp((1, 1, 20, 24), "u2") * 100, flat)
    np.testing.assert_array_equal(
        read_volume(write_image(tmp_path / "a.png", grey)).array, grey.array
    )
    colour = Volume((ramp((3, 1, 20, 24)) % 251).astype(np.uint8), flat, channels="rgb")
    for name in ("b.png", "b.tif"):
        back = read_volume(write_image(tmp_path / name, colour))
        np.testing.assert_array_equal(back.array, colour.array)
        assert back.channels == "rgb"
        assert not back.geometry.oriented


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (ramp((1, 2, 8, 9)), "2 slices"),
        (ramp((2, 1, 8, 9)), "2 channels"),
        (ramp((1, 1, 8, 9)) - 5, "values from -4"),
        (ramp((1, 1, 8, 9), "f4") / 7, "float32"),
    ],
)
def test_what_png_cannot_hold(array: np.ndarray, words: str, tmp_path: Path) -> None:
    channels = "single" if len(array) == 1 else "components"
    with pytest.raises(InputError, match=words):
        write_image(tmp_path / "a.png", volume_of(array, channels=channels))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", [".h5", ".npz", ".nii", ".tif"])
def test_pictures_without_a_patient_keep_their_voxel_size(ending: str, tmp_path: Path) -> None:
    place = Geometry(SHAPE, plain_affine((3.0, 0.5, 0.25)), oriented=False)
    back = read_volume(write_image(tmp_path / f"a{ending}", Volume(ramp((1, *SHAPE), "u2"), place)))
    np.testing.assert_allclose(back.spacing_mm, (3.0, 0.5, 0.25), rtol=1e-6)
    assert back.geometry.oriented == (ending == ".nii")
    assert len(parts(tmp_path / f"a{ending}")) < 2


def test_a_header_of_elsewhere_gives_its_place_up(tmp_path: Path) -> None:
    header = nib.nifti1.Nifti1Header()
    header["descrip"] = b"kept"
    header.set_sform(np.eye(4), 4)
    volume = volume_of(ramp((1, *SHAPE)), source=Source(None, "nifti", header=header))
    after = nib.load(write_image(tmp_path / "a.nii", volume))
    np.testing.assert_allclose(after.affine, volume.affine, atol=1e-4)
    assert bytes(after.header["descrip"]).rstrip(b"\0") == b"kept"
    assert int(after.header["sform_code"]) == 1


def test_both_files_of_a_pair_change_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = volume_of(ramp((1, *SHAPE))), volume_of(ramp((1, *SHAPE)) + 5)
    path = write_image(tmp_path / "a.mhd", first)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mhd", "a.zraw"]

    def full(*args: object) -> None:
        raise DiskError("full", "free some") from OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(write_itk, "write_atomic", full)
        with pytest.raises(DiskError):
            write_image(path, second)
    np.testing.assert_array_equal(read_volume(path).array, first.array)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mhd", "a.zraw"]
    for expected in ("a-2.zraw", "a.zraw"):
        write_image(path, second)
        np.testing.assert_array_equal(read_volume(path).array, second.array)
        assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["a.mhd", expected])


def test_values_of_another_header_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.zraw").write_bytes(b"of somebody else")
    mask = np.ones(SHAPE, np.uint8)
    path = write_labels(tmp_path / "a.mhd", mask, volume_of(ramp((1, *SHAPE))))
    np.testing.assert_array_equal(read_volume(path).array[0], mask)
    assert (tmp_path / "a.zraw").read_bytes() == b"of somebody else"

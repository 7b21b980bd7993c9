"""NIfTI: types, scale, places, time, colours, large files; nothing copied that need not be."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nibabel.nifti1 import Nifti1Extension, Nifti1Image, Nifti1Pair

from engine.data.volumes import stored
from engine.data.volumes.read import read_volume
from engine.errors import InputError
from tests.engine.data.volumes.small_files import ramp, write_nifti

HUGE = [3, 10000, 10000, 10000, 1, 1, 1, 1]
TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]


def patched(path: Path, **fields: object) -> Path:
    """The file with fields of its header overwritten, unchecked."""
    content = bytearray(path.read_bytes())
    # Not nibabel's own loading, which forgets scale and offset.
    header = nib.nifti1.Nifti1Header.from_fileobj(io.BytesIO(bytes(content)), check=False)
    for name, value in fields.items():
        header[name] = value
    content[:348] = header.binaryblock
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", TYPES)
def test_stored_types(tmp_path: Path, kind: str, order: str) -> None:
    array = ramp(dtype=order + kind)
    header = nib.nifti1.Nifti1Header(endianness=order)
    header.set_data_dtype(array.dtype)
    nib.save(Nifti1Image(array, np.eye(4), header), tmp_path / "a.nii")
    volume = read_volume(tmp_path / "a.nii")
    assert volume.array.dtype == array.dtype
    np.testing.assert_array_equal(volume.array[0], array.T)
    assert (volume.kind, volume.channels, volume.scaled) == ("image", "single", False)


def test_values_are_scaled_and_kept_as_stored(tmp_path: Path) -> None:
    path = patched(write_nifti(tmp_path / "a.nii", ramp()), scl_slope=0.5, scl_inter=-10)
    volume = read_volume(path)
    assert volume.array.dtype == np.int16
    np.testing.assert_allclose(volume.values(), nib.load(path).get_fdata().T)


@pytest.mark.parametrize("slope", [0.0, np.nan, np.inf])
def test_a_slope_that_is_none_is_not_applied(tmp_path: Path, slope: float) -> None:
    path = patched(write_nifti(tmp_path / "a.nii", ramp()), scl_slope=slope, scl_inter=0)
    assert not read_volume(path).scaled


def test_nan_and_negative_values(tmp_path: Path) -> None:
    array = ramp(dtype="f4") - 30
    array[0, 0, 0] = np.nan
    volume = read_volume(write_nifti(tmp_path / "a.nii.gz", array))
    np.testing.assert_array_equal(volume.array[0], array.T)


def test_time_and_components(tmp_path: Path) -> None:
    times = read_volume(write_nifti(tmp_path / "t.nii", ramp((5, 4, 3, 2))))
    assert (times.channels, times.array.shape) == ("time", (2, 3, 4, 5))
    assert times.array[1, 2, 3, 4] == ramp((5, 4, 3, 2))[4, 3, 2, 1]
    parts = read_volume(write_nifti(tmp_path / "c.nii", ramp((5, 4, 3, 1, 2))))
    assert (parts.channels, parts.array.shape) == ("components", (2, 3, 4, 5))
    assert parts.array[1, 2, 3, 4] == ramp((5, 4, 3, 1, 2))[4, 3, 2, 0, 1]


@pytest.mark.parametrize("names", ["RGB", "RGBA"])
def test_colours(tmp_path: Path, names: str) -> None:
    array = np.zeros((5, 4, 3), np.dtype([(name, "u1") for name in names]))
    for number, name in enumerate(names):
        array[name] = ramp((5, 4, 3), "u1") + number
    volume = read_volume(write_nifti(tmp_path / "a.nii", array))
    assert (volume.channels, volume.array.shape) == ("rgb", (3, 3, 4, 5))
    np.testing.assert_array_equal(volume.array[1], array["G"].T)


def test_two_dimensions_and_nifti_2(tmp_path: Path) -> None:
    assert read_volume(write_nifti(tmp_path / "a.nii", ramp((5, 4)))).array.shape == (1, 1, 4, 5)
    nib.save(nib.nifti2.Nifti2Image(ramp(), np.diag([2, 3, 4, 1])), tmp_path / "b.nii")
    volume = read_volume(tmp_path / "b.nii")
    np.testing.assert_array_equal(volume.array[0], ramp().T)
    assert volume.spacing_mm == (4, 3, 2)


@pytest.mark.parametrize("opened", ["a.hdr", "a.img"])
def test_pairs(tmp_path: Path, opened: str) -> None:
    nib.save(Nifti1Pair(ramp(), np.diag([2, 3, 4, 1])), tmp_path / "a.img")
    volume = read_volume(tmp_path / opened)
    np.testing.assert_array_equal(volume.array[0], ramp().T)
    assert [file.name for file in volume.source.files] == ["a.hdr", "a.img"]
    (tmp_path / ("a.img" if opened == "a.hdr" else "a.hdr")).unlink()
    with pytest.raises(InputError, match="half of a pair"):
        read_volume(tmp_path / opened)


def test_analyze_says_that_its_orientation_is_unknown(tmp_path: Path) -> None:
    nib.save(nib.analyze.AnalyzeImage(ramp(), None), tmp_path / "a.img")
    volume = read_volume(tmp_path / "a.hdr")
    np.testing.assert_array_equal(volume.array[0], ramp().T)
    assert "left and right may be swapped" in volume.warnings[0]


def test_without_codes_the_orientation_is_unknown(tmp_path: Path) -> None:
    path = patched(
        write_nifti(tmp_path / "a.nii", ramp()),
        sform_code=0,
        qform_code=0,
        pixdim=[1, 2, 3, 4, 1, 1, 1, 1],
    )
    volume = read_volume(path)
    np.testing.assert_allclose(volume.affine, nib.load(path).affine)
    assert "left and right may be swapped" in volume.warnings[0]


def test_sform_goes_before_qform(tmp_path: Path) -> None:
    image = Nifti1Image(ramp(), None)
    image.set_qform(np.diag([2, 2, 2, 1]), 1)
    image.set_sform(np.diag([3, 3, 3, 1]), 2)
    nib.save(image, tmp_path / "a.nii")
    assert read_volume(tmp_path / "a.nii").spacing_mm == (3, 3, 3)
    volume = read_volume(patched(tmp_path / "a.nii", srow_x=[0, 0, 0, 0]))
    assert volume.spacing_mm == (2, 2, 2)
    assert "sform" in volume.warnings[0]


@pytest.mark.parametrize("size", [0.0, -2.0, np.nan, np.inf])
def test_spacings_that_are_none_are_told(tmp_path: Path, size: float) -> None:
    path = patched(
        write_nifti(tmp_path / "a.nii", ramp()), sform_code=0, pixdim=[1, size, 3, 4, 1, 1, 1, 1]
    )
    volume = read_volume(path)
    assert volume.spacing_mm == (4, 3, 2 if size == -2 else 1)
    assert any("lengths and volumes may be wrong" in text for text in volume.warnings)


def test_other_units_become_millimetres(tmp_path: Path) -> None:
    image = Nifti1Image(ramp(), np.diag([500.0, 250, 2000, 1]))
    image.header.set_xyzt_units("micron")
    nib.save(image, tmp_path / "a.nii")
    volume = read_volume(tmp_path / "a.nii")
    np.testing.assert_allclose(volume.spacing_mm, (2, 0.25, 0.5))
    # The header says the same, as a writer keeps it.
    np.testing.assert_allclose(volume.source.header.get_best_affine(), volume.affine)
    assert volume.source.header.get_xyzt_units()[0] == "mm"


def test_window_intent_and_extensions(tmp_path: Path) -> None:
    image = Nifti1Image(ramp(dtype="u1"), np.eye(4))
    image.header["cal_min"], image.header["cal_max"] = 3, 40
    image.header.set_intent("label")
    image.header.extensions.append(Nifti1Extension("comment", b"kept"))
    nib.save(image, tmp_path / "a.nii.gz")
    volume = read_volume(tmp_path / "a.nii.gz")
    assert volume.window == (3, 40)
    assert volume.kind == "labels"
    assert read_volume(tmp_path / "a.nii.gz", kind="image").kind == "image"
    assert b"kept" in volume.source.header.extensions[0].get_content()


def test_few_values_are_no_labels_by_themselves(tmp_path: Path) -> None:
    assert read_volume(write_nifti(tmp_path / "a.nii", np.ones((5, 4, 3), "u1"))).kind == "image"


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_memory_is_that_of_the_values(tmp_path: Path, name: str) -> None:
    array = np.zeros((128, 128, 200), np.int16)
    path = write_nifti(tmp_path / name, array)
    read_volume(path)
    tracemalloc.start()
    volume = read_volume(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert volume.array.nbytes == array.nbytes
    assert peak < 2 * array.nbytes


def test_large_plain_files_are_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "MAPPED_FROM_BYTES", 16)
    volume = read_volume(write_nifti(tmp_path / "a.nii", ramp()))
    assert isinstance(volume.array.base, np.memmap) or isinstance(volume.array, np.memmap)
    np.testing.assert_array_equal(volume.array[0], ramp().T)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_claim_of_a_million_million_voxels(tmp_path: Path, name: str) -> None:
    path = patched(write_nifti(tmp_path / "b.nii", ramp()), dim=HUGE)
    content = path.read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    with pytest.raises(InputError, match=r"asks for 1\.819 TiB") as refusal:
        read_volume(tmp_path / name)
    assert name in refusal.value.message


def test_a_sparse_claim_beyond_memory(tmp_path: Path) -> None:
    path = patched(write_nifti(tmp_path / "a.nii", ramp()), dim=HUGE)
    with open(path, "r+b") as stream:
        stream.truncate(352 + 2 * 10**12)
    with pytest.raises(InputError, match=r"of memory; .* are free"):
        read_volume(path)


def test_a_bomb_is_unpacked_no_further_than_the_header_says(tmp_path: Path) -> None:
    write_nifti(tmp_path / "b.nii", ramp())
    bomb = gzip.compress((tmp_path / "b.nii").read_bytes() + bytes(2**26))
    (tmp_path / "a.nii.gz").write_bytes(bomb)
    tracemalloc.start()
    read_volume(tmp_path / "a.nii.gz")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**24


def test_a_wrong_checksum(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii.gz", ramp())
    content = bytearray(path.read_bytes())
    content[-6] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="CRC"):
        read_volume(path)


def test_complex_values_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="complex"):
        read_volume(write_nifti(tmp_path / "a.nii", ramp(dtype="c8")))

"""Saved masks lie where their image lies, by the word of nibabel and of ITK, and are whole."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from pathlib import Path

import h5py
import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
import tifffile
from PIL import Image

from engine.data.volumes.fingerprint import Fingerprint
from engine.data.volumes.label_table import LabelEntry
from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Geometry, Source, Volume, plain_affine
from engine.data.volumes.write import LABEL_ENDINGS, provenance_path, write_labels, write_map
from engine.errors import DiskError, InputError
from engine.provenance import content

SHAPE = (3, 4, 5)
TABLE = (LabelEntry(1, "Anterior", (255, 128, 0)), LabelEntry(2, "Posterior", (0, 0, 255)))


def orders() -> list[np.ndarray]:
    """All 48 ways in which voxel axes can lie along the patient's."""
    found = []
    for axes in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            affine = np.eye(4)
            affine[:3, :3] = np.eye(3)[:, axes] * (np.array(signs) * (0.7, 1.5, 3.0))
            affine[:3, 3] = (-31.5, 12.25, 100.0)
            found.append(affine)
    return found


def oblique() -> np.ndarray:
    a, b = 0.4, -0.3
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ tilt @ np.diag([0.6875, 0.6875, 6.5])
    affine[:3, 3] = (80.1, -90.2, 33.3)
    return affine


def image(affine: np.ndarray, header: object = None) -> Volume:
    geometry = Geometry(SHAPE, affine)
    source = Source(Path("scan.nii.gz"), "nifti" if header is not None else "", header=header)
    return Volume(np.zeros((1, *SHAPE), np.int16), geometry, source=source)


def mask(most: int = 2) -> np.ndarray:
    """No two places alike enough to be mistaken."""
    labels = np.zeros(SHAPE, np.int64)
    labels[0, 1, 2], labels[2, 3, 0], labels[1, 0, 4] = 1, most, 2
    return labels


def worlds(labels: np.ndarray, affine: np.ndarray, value: int) -> np.ndarray:
    (d, h, w) = np.argwhere(labels == value)[0]
    return (affine @ (w, h, d, 1))[:3]


@pytest.mark.parametrize("affine", [*orders(), oblique()])
def test_labels_lie_where_the_image_says(affine: np.ndarray, tmp_path: Path) -> None:
    labels = mask()
    for ending in (".nii", ".nrrd", ".mha"):
        path = write_labels(tmp_path / f"m{ending}", labels, image(affine))
        found = sitk.ReadImage(os.fspath(path))
        values = sitk.GetArrayFromImage(found)
        for value in (1, 2):
            (d, h, w) = (int(n) for n in np.argwhere(values == value)[0])
            lps = found.TransformIndexToPhysicalPoint((w, h, d))
            expected = worlds(labels, affine, value)
            np.testing.assert_allclose(np.array(lps) * (-1, -1, 1), expected, atol=1e-3)
    loaded = nib.load(tmp_path / "m.nii")
    np.testing.assert_allclose(loaded.affine, affine, atol=1e-4)
    np.testing.assert_allclose(loaded.get_qform(), affine, atol=1e-4)
    np.testing.assert_array_equal(np.asarray(loaded.dataobj).T, labels)


@pytest.mark.parametrize(("qform", "sform"), [(1, 2), (0, 4), (3, 0)])
def test_nifti_header_is_kept(qform: int, sform: int, tmp_path: Path) -> None:
    source = nib.Nifti1Image(np.zeros(SHAPE[::-1], np.float32), oblique())
    source.header.set_xyzt_units("mm", "msec")
    source.header["descrip"] = b"scanner 7"
    source.header["cal_max"] = 900
    source.set_sform(oblique(), sform)
    source.set_qform(oblique(), qform)
    big = source.header.as_byteswapped(">")
    affine = big.get_best_affine()
    write_labels(tmp_path / "m.nii.gz", mask(), image(affine, big), TABLE)
    found = nib.load(tmp_path / "m.nii.gz").header
    assert (int(found["qform_code"]), int(found["sform_code"])) == (qform, sform)
    assert found.get_xyzt_units() == ("mm", "msec")
    assert bytes(found["descrip"]).rstrip(b"\0") == b"scanner 7"
    assert found.get_data_dtype() == np.uint8
    assert found.get_intent()[0] == "label"
    assert found.get_slope_inter() in ((1.0, 0.0), (None, None))
    assert float(found["cal_max"]) == 0
    assert found.endianness == "<"
    np.testing.assert_allclose(found.get_best_affine(), affine, atol=1e-5)
    assert source.header.get_data_dtype() == np.float32


def test_nifti2_and_four_dimensions(tmp_path: Path) -> None:
    series = nib.Nifti2Image(np.zeros((*SHAPE[::-1], 6), np.int16), oblique())
    write_labels(tmp_path / "m.nii", mask(), image(series.affine, series.header))
    found = nib.load(tmp_path / "m.nii")
    assert isinstance(found, nib.Nifti2Image)
    assert found.shape == SHAPE[::-1]


def test_a_changed_place_overrules_the_header(tmp_path: Path) -> None:
    source = nib.Nifti1Image(np.zeros(SHAPE[::-1], np.int16), np.eye(4))
    write_labels(tmp_path / "m.nii", mask(), image(oblique(), source.header))
    np.testing.assert_allclose(nib.load(tmp_path / "m.nii").affine, oblique(), atol=1e-5)


def test_a_header_that_makes_no_sense_is_mended(tmp_path: Path) -> None:
    for field, value in (("pixdim", 0), ("quatern_b", np.nan), ("srow_x", np.nan), ("pixdim", -9)):
        header = nib.Nifti1Image(np.zeros(SHAPE[::-1], np.int16), oblique()).header
        header.set_qform(oblique(), 1)
        header["sform_code"] = int(field == "srow_x")
        header[field] = value
        path = write_labels(tmp_path / "m.nii.gz", mask(), image(oblique(), header))
        np.testing.assert_allclose(nib.load(path).affine, oblique(), atol=1e-4)
        np.testing.assert_allclose(nib.load(path).get_qform(), oblique(), atol=1e-4)
        assert sitk.ReadImage(os.fspath(path)).GetSize() == SHAPE[::-1]


@pytest.mark.parametrize(("most", "kind"), [(255, np.uint8), (256, np.uint16), (70000, np.uint32)])
def test_smallest_type_that_holds_the_labels(most: int, kind: type, tmp_path: Path) -> None:
    readers = {
        ".nii.gz": lambda p: np.asarray(nib.load(p).dataobj).T,
        ".nrrd": lambda p: sitk.GetArrayFromImage(sitk.ReadImage(os.fspath(p))),
        ".seg.nrrd": lambda p: sitk.GetArrayFromImage(sitk.ReadImage(os.fspath(p))),
        ".mha": lambda p: sitk.GetArrayFromImage(sitk.ReadImage(os.fspath(p))),
        ".mhd": lambda p: sitk.GetArrayFromImage(sitk.ReadImage(os.fspath(p))),
        ".h5": lambda p: h5py.File(p)["label"][()],
        ".npy": lambda p: np.load(p),
        ".npz": lambda p: np.load(p)["label"],
        ".tif": lambda p: tifffile.imread(p),
    }
    for ending, read in readers.items():
        path = write_labels(tmp_path / f"m{ending}", mask(most), image(oblique()), TABLE)
        found = read(path)
        assert found.dtype == kind
        np.testing.assert_array_equal(found, mask(most))
    beside = {p.name for p in tmp_path.iterdir()}
    assert beside == {f"m{ending}" for ending in readers} | {"m.zraw"}


def test_pictures(tmp_path: Path) -> None:
    flat = Volume(np.zeros((1, 1, 4, 5), np.uint8), Geometry((1, 4, 5), plain_affine(), False))
    labels = mask()[:1]
    write_labels(tmp_path / "m.png", labels, flat)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "m.png")), labels[0])
    for name in ("m.npy", "m.h5", "m.npz"):
        write_labels(tmp_path / name, labels, flat)
    assert np.load(tmp_path / "m.npy").shape == (4, 5)
    assert h5py.File(tmp_path / "m.h5")["label"].shape == (4, 5)
    with pytest.raises(InputError, match="3 slices"):
        write_labels(tmp_path / "n.png", mask(), image(oblique()))
    with pytest.raises(InputError, match="65535"):
        write_labels(tmp_path / "n.png", labels.astype(np.int64) * 70000, flat)
    assert not (tmp_path / "n.png").exists()


@pytest.mark.parametrize("shape", [(4, 5, 3), (3, 4, 4), (3, 4, 5), (1, 4, 5), (1, 1, 1)])
def test_the_program_reads_what_it_writes(shape: tuple[int, int, int], tmp_path: Path) -> None:
    like = Volume(np.zeros((1, *shape), np.int16), Geometry(shape, oblique()))
    labels = np.arange(np.prod(shape)).reshape(shape)
    for ending in (".nii.gz", ".seg.nrrd", ".mha", ".mhd", ".h5", ".npz", ".npy"):
        path = write_labels(tmp_path / f"m{ending}", labels, like, TABLE)
        found = read_volume(path, kind="labels")
        np.testing.assert_array_equal(found.array, labels[None])
        if ending not in (".npz", ".npy"):
            assert found.geometry.matches(like.geometry)


def test_slicer_finds_names_and_colours(tmp_path: Path) -> None:
    table = (LabelEntry(0, "Background"), *TABLE, LabelEntry(9, "Empty"))
    write_labels(tmp_path / "m.seg.nrrd", mask(), image(oblique()), table)
    found = sitk.ReadImage(os.fspath(tmp_path / "m.seg.nrrd"))
    assert found.GetMetaData("Segment0_Name") == "Anterior"
    assert found.GetMetaData("Segment0_LabelValue") == "1"
    assert found.GetMetaData("Segment0_Extent") == "2 2 1 1 0 0"
    assert [round(float(n) * 255) for n in found.GetMetaData("Segment0_Color").split()] == [
        *(255, 128, 0)
    ]
    assert found.GetMetaData("Segment2_Extent") == "0 -1 0 -1 0 -1"
    assert not found.HasMetaDataKey("Segment3_Name")


def test_maps_carry_where_they_come_from(tmp_path: Path) -> None:
    values = np.random.default_rng(0).random(SHAPE)
    told = {"method": "x", "seed": 3, "note": "海馬"}
    for ending in (".nii.gz", ".nrrd", ".mha", ".tif"):
        path = write_map(tmp_path / f"p{ending}", values, image(oblique()), told)
        found = json.loads(provenance_path(path).read_text("utf-8"))
        assert found.pop("content") == content(read_volume(path).array[0])
        assert found == told
    found = nib.load(tmp_path / "p.nii.gz")
    assert found.get_data_dtype() == np.float32
    assert found.header.get_intent()[0] == "none"
    np.testing.assert_array_equal(np.asarray(found.dataobj).T, values.astype(np.float32))
    np.testing.assert_allclose(found.affine, oblique(), atol=1e-5)
    with pytest.raises(InputError, match="ending"):
        write_map(tmp_path / "p.png", values, image(oblique()), told)
    write_labels(tmp_path / "m.nii", mask(), image(oblique()), provenance=told)
    found_beside = json.loads((tmp_path / "m.nii.json").read_text("utf-8"))
    assert found_beside == {**told, "content": content(read_volume(tmp_path / "m.nii").array[0])}


def test_what_cannot_be_saved_is_refused(tmp_path: Path) -> None:
    like = image(oblique())
    for name in ("m.jpg", "m", ".nii", "m.nii.bz2"):
        with pytest.raises(InputError, match="ending"):
            write_labels(tmp_path / name, mask(), like)
    for bad in (-mask(), mask() + 0.5, mask()[:2], mask() * 2**40, mask() * np.nan):
        with pytest.raises(ValueError, match=r"labels|image"):
            write_labels(tmp_path / "m.nii", bad, like)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", [e for e in LABEL_ENDINGS if e not in (".png", ".dcm")])
def test_no_folder_and_no_permission(ending: str, tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="folder does not exist"):
        write_labels(tmp_path / "no" / f"m{ending}", mask(), image(oblique()))
    (tmp_path / f"m{ending}").mkdir()
    with pytest.raises(DiskError, match="folder of that name"):
        write_labels(tmp_path / f"m{ending}", mask(), image(oblique()))
    left = {p.name for p in tmp_path.iterdir()}
    assert left <= {f"m{ending}", "m.zraw"}


def test_a_write_that_itk_does_not_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.mha").write_text("old")
    whole = sitk.WriteImage

    def short(image: sitk.Image, name: str, **options: bool) -> None:
        whole(image, name, **options)
        os.truncate(name, os.path.getsize(name) - 8)

    monkeypatch.setattr(sitk, "WriteImage", short)
    with pytest.raises(DiskError):
        write_labels(tmp_path / "m.mha", mask(), image(oblique()))
    assert (tmp_path / "m.mha").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_full_disk_is_told_of_itk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(image: sitk.Image, name: str, **options: bool) -> None:
        raise RuntimeError("itk::ERROR")

    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(sitk, "WriteImage", refuse)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=0))
    with pytest.raises(DiskError, match="disk is full"):
        write_labels(tmp_path / "m.mha", mask(), image(oblique()))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".npy", ".npz", ".tif", ".h5"])
def test_a_full_disk_is_told(ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_file = os.open

    def full(path: str, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_EXCL:
            os.symlink("/dev/full", path)
            return open_file("/dev/full", os.O_WRONLY)
        return open_file(path, flags, mode)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(DiskError):
        write_labels(tmp_path / f"m{ending}", mask(), image(oblique()))
    assert not list(tmp_path.iterdir())


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "m.nii"
    missing = Fingerprint.of(path)
    assert not missing.changed()
    path.write_bytes(b"abc")
    assert missing.changed()
    quick, sure = Fingerprint.of(path), Fingerprint.of(path, digest=True)
    assert not quick.changed()
    os.utime(path, ns=(1, 1))
    assert quick.changed()
    assert not sure.changed()
    path.write_bytes(b"abd")
    assert sure.changed()
    path.unlink()
    assert sure.changed()

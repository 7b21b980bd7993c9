"""Voxels lie where nibabel and SimpleITK say, in every order and direction of the axes."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Volume
from tests.engine.data.volumes.small_files import ramp

SHAPE = (5, 4, 3)  # i, j, k: all distinct, and so are all values
SPACING = (0.7, 1.3, 2.9)
ORIGIN = (-11.5, 23.25, 7.125)
LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])
CORNERS = [*product(*[(0, n - 1) for n in SHAPE]), (1, 2, 1)]
ORDERS = [
    (order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3)
]


def directions(order: tuple[int, ...], signs: tuple[int, ...]) -> np.ndarray:
    """Columns: where each voxel axis points."""
    matrix = np.zeros((3, 3))
    for axis, (world, sign) in enumerate(zip(order, signs, strict=True)):
        matrix[world, axis] = sign
    return matrix


def oblique(seed: int) -> np.ndarray:
    """A rotation (not a reflection) that mixes all axes."""
    matrix = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    return matrix * np.sign(np.linalg.det(matrix))


def affine_of(matrix: np.ndarray) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = matrix @ np.diag(SPACING)
    affine[:3, 3] = ORIGIN
    return affine


def check_nifti(path: Path, volume: Volume) -> None:
    """Against the values and the affine as nibabel reads them."""
    oracle = nib.load(path)
    data = np.asanyarray(oracle.dataobj)
    assert volume.array.shape == (1, *data.shape[::-1])
    for i, j, k in CORNERS:
        assert volume.array[0, k, j, i] == data[i, j, k]
        there = nib.affines.apply_affine(oracle.affine, (i, j, k))
        np.testing.assert_allclose(volume.geometry.world(np.array((k, j, i))), there, atol=1e-4)
        np.testing.assert_allclose(volume.geometry.voxel(there), (k, j, i), atol=1e-4)


@pytest.mark.parametrize("form", ["sform", "qform"])
@pytest.mark.parametrize(("order", "signs"), ORDERS)
def test_nifti_in_48_orientations(
    tmp_path: Path, order: tuple[int, ...], signs: tuple[int, ...], form: str
) -> None:
    image = nib.nifti1.Nifti1Image(ramp(SHAPE), None)
    affine = affine_of(directions(order, signs))
    image.set_sform(affine if form == "sform" else np.eye(4), int(form == "sform"))
    image.set_qform(affine if form == "qform" else np.eye(4), 1)
    nib.save(image, tmp_path / "a.nii")
    volume = read_volume(tmp_path / "a.nii")
    check_nifti(tmp_path / "a.nii", volume)
    np.testing.assert_allclose(volume.affine, affine, atol=1e-4)
    np.testing.assert_allclose(volume.spacing_mm, SPACING[::-1], atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ending", ["nii", "nii.gz", "img"])
def test_oblique_nifti(tmp_path: Path, seed: int, ending: str) -> None:
    kind = nib.nifti1.Nifti1Pair if ending == "img" else nib.nifti1.Nifti1Image
    path = tmp_path / f"a.{ending}"
    nib.save(kind(ramp(SHAPE), affine_of(oblique(seed))), path)
    check_nifti(path, read_volume(path))


def test_sheared_sform(tmp_path: Path) -> None:
    affine = affine_of(np.eye(3))
    affine[0, 1], affine[1, 2] = 0.4, -0.6
    path = tmp_path / "a.nii"
    nib.save(nib.nifti1.Nifti1Image(ramp(SHAPE), affine), path)
    check_nifti(path, read_volume(path))


def write_itk(path: Path, matrix: np.ndarray) -> sitk.Image:
    image = sitk.GetImageFromArray(ramp(SHAPE[::-1]))
    image.SetSpacing(SPACING)
    image.SetOrigin(ORIGIN)
    image.SetDirection(matrix.ravel().tolist())
    sitk.WriteImage(image, str(path))
    return sitk.ReadImage(str(path))


def check_itk(volume: Volume, oracle: sitk.Image) -> None:
    for i, j, k in CORNERS:
        assert volume.array[0, k, j, i] == oracle.GetPixel(i, j, k)
        there = LPS_TO_RAS * oracle.TransformIndexToPhysicalPoint((i, j, k))
        np.testing.assert_allclose(volume.geometry.world(np.array((k, j, i))), there, atol=1e-4)


@pytest.mark.parametrize("ending", ["nrrd", "mha"])
@pytest.mark.parametrize(("order", "signs"), ORDERS)
def test_itk_formats_in_48_orientations(
    tmp_path: Path, order: tuple[int, ...], signs: tuple[int, ...], ending: str
) -> None:
    path = tmp_path / f"a.{ending}"
    oracle = write_itk(path, directions(order, signs))
    volume = read_volume(path)
    check_itk(volume, oracle)
    expected = affine_of(LPS_TO_RAS[:, np.newaxis] * directions(order, signs))
    expected[:3, 3] *= LPS_TO_RAS
    np.testing.assert_allclose(volume.affine, expected, atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ending", ["nrrd", "nhdr", "mha", "mhd"])
def test_oblique_itk_formats(tmp_path: Path, seed: int, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    oracle = write_itk(path, oblique(seed))
    check_itk(read_volume(path), oracle)


@pytest.mark.parametrize(
    ("space", "signs"),
    [("right-anterior-superior", (1, 1, 1)), ("LAS", (-1, 1, 1)), ("LPS", (-1, -1, 1))],
)
def test_spaces_of_nrrd(tmp_path: Path, space: str, signs: tuple[int, int, int]) -> None:
    path = tmp_path / "a.nrrd"
    lines = [
        "NRRD0004", "type: short", "dimension: 3", f"space: {space}", "sizes: 5 4 3",
        "space directions: (2,0,0) (0,3,0) (0,0,4)", "endian: little", "encoding: raw",
        "space origin: (10,20,30)", "", "",
    ]  # fmt: skip
    path.write_bytes("\n".join(lines).encode() + ramp(SHAPE[::-1]).tobytes())
    volume = read_volume(path)
    there = volume.geometry.world(np.array((1, 1, 1)))
    np.testing.assert_allclose(there, np.array(signs) * (12.0, 23.0, 34.0))
    assert volume.warnings == ()

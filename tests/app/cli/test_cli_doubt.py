"""`reverie labels doubt`: the same ranked table as the window's, from a file."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from app.cli import main

AFFINE = np.array([[-2.0, 0, 0, 12], [0, 1, 0, -30], [0, 0, 3, 7], [0, 0, 0, 1.0]])


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A variance with a large and a small doubtful region, and labels beside it (W, H, D)."""
    variance = np.zeros((10, 9, 8), np.float32)
    variance[2:5, 3, 4] = (0.1, 0.2, 0.1)
    variance[8, 8, 7] = 0.25
    variance[0, 0, 0] = 0.06
    labels = np.zeros(variance.shape, np.uint8)
    labels[2:5, 2, 4] = 2
    for name, array in (("variance", variance), ("labels", labels)):
        nibabel.save(nibabel.Nifti1Image(array, AFFINE), tmp_path / f"{name}.nii.gz")
    return tmp_path / "variance.nii.gz", tmp_path / "labels.nii.gz"


def test_the_table(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    variance, labels = files
    table = tmp_path / "names.txt"
    table.write_text('0 0 0 0 0 0 0 "Clear Label"\n2 255 0 0 1 1 1 "tail"\n')
    command = ["labels", "doubt", str(variance), "--labels", str(labels), "--table", str(table)]
    assert main([*command, "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert [first[axis] for axis in "ijk"] == [3, 3, 4]
    assert [first[f"{axis}_mm"] for axis in "xyz"] == pytest.approx([6, -27, 19])
    assert first["summed"] == pytest.approx(0.4)
    assert first["volume_mm3"] == pytest.approx(3 * 6)
    assert (first["label"], first["name"]) == (2, "tail")
    assert (second["voxels"], second["label"], second["highest"]) == (1, 0, 0.25)
    out = tmp_path / "doubt.csv"
    assert main([*command, "--least", "0.15", "--output", str(out)]) == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [float(row["summed"]) for row in rows] == [0.25, pytest.approx(0.2)]
    assert "2 regions above 0.15" in capsys.readouterr().out
    assert main(["labels", "doubt", str(variance), "--most", "1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_what_cannot_be_used(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    variance, labels = files
    shifted = AFFINE.copy()
    shifted[0, 3] += 5
    nibabel.save(nibabel.Nifti1Image(np.zeros((10, 9, 8), np.uint8), shifted), labels)
    assert main(["labels", "doubt", str(variance), "--labels", str(labels)]) == 2
    assert "another grid" in capsys.readouterr().err
    series = np.zeros((4, 4, 4, 3), np.float32)
    nibabel.save(nibabel.Nifti1Image(series, AFFINE), variance)
    assert main(["labels", "doubt", str(variance)]) == 2
    assert "3 values a voxel" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "told"),
    [(np.nan, "8 of 64 values are NaN"), (130, "from 0 to 130"), (-1, "from -1 to 0")],
)
def test_what_is_no_uncertainty(
    value: float, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = np.zeros((4, 4, 4), np.float32)
    image[:2, :2, :2] = value
    nibabel.save(nibabel.Nifti1Image(image, AFFINE), tmp_path / "image.nii.gz")
    assert main(["labels", "doubt", str(tmp_path / "image.nii.gz")]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "segment --uncertainty" in error

"""Names and colours come with the labels that are opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from engine.data.volumes.dicom import read_series
from engine.data.volumes.label_table import LabelEntry, write_label_table
from engine.data.volumes.masks import read_labels
from engine.data.volumes.read import parts, read_volume
from engine.data.volumes.volume import Geometry, Volume
from engine.data.volumes.write import write_labels
from engine.errors import InputError
from tests.engine.data.volumes.dicoms import slices, stack

TABLE = (LabelEntry(1, "Core", (220, 60, 60)), LabelEntry(4, "Rim 海馬", (40, 200, 90)))


def drawn() -> np.ndarray:
    labels = np.zeros((4, 6, 8), np.uint8)
    labels[0, 1, 2:5], labels[0, 2, 2], labels[2, 3, 1] = 1, 4, 4
    return labels


@pytest.fixture
def series(tmp_path: Path) -> Volume:
    stack(tmp_path / "ct", slices(4))
    return read_series(tmp_path / "ct")


def test_a_dicom_segmentation_on_its_image(series: Volume, tmp_path: Path) -> None:
    path = write_labels(tmp_path / "seg.dcm", drawn(), series, TABLE)
    read = read_labels(path, series.geometry)
    assert (read.matches, read.differences) == (True, ())
    np.testing.assert_array_equal(read.labels, drawn())
    assert [(e.value, e.name) for e in read.table] == [(1, "Core"), (4, "Rim 海馬")]
    np.testing.assert_allclose(read.table[1].colour, TABLE[1].colour, atol=2)


def test_a_dicom_segmentation_on_another_grid(series: Volume, tmp_path: Path) -> None:
    labels = drawn()
    labels[3, 5, 7] = 4
    path = write_labels(tmp_path / "seg.dcm", labels, series, TABLE)
    other = series.affine.copy()
    other[2, 3] += 1.0
    read = read_labels(path, Geometry(series.geometry.shape, other))
    assert not read.matches
    assert "1 mm apart" in read.differences[0]
    volume = read_volume(path, kind="labels")
    assert volume.table == read.table
    assert volume.geometry.matches(series.geometry)


@pytest.mark.parametrize("act", [read_volume, parts])
def test_a_segmentation_is_no_image(act: object, series: Volume, tmp_path: Path) -> None:
    path = write_labels(tmp_path / "seg.dcm", drawn(), series, TABLE)
    with pytest.raises(InputError, match="is a segmentation") as caught:
        act(path)
    assert "Open the image" in caught.value.hint


def test_segments_of_slicer(series: Volume, tmp_path: Path) -> None:
    path = write_labels(tmp_path / "a.seg.nrrd", drawn(), series, TABLE)
    read = read_labels(path, series.geometry)
    assert read.matches
    assert read.table == TABLE
    write_labels(path, drawn(), series, TABLE[:1])
    assert [(e.value, e.name) for e in read_volume(path).table] == [(1, "Core"), (4, "Label 4")]


def test_layers_of_slicer_become_one(tmp_path: Path) -> None:
    layers = np.zeros((4, 6, 8, 2), np.uint8)
    layers[0, :3, :, 0], layers[0, 2:5, :, 1] = 1, 1
    image = sitk.GetImageFromArray(layers, isVector=True)
    for number, name in enumerate(("Liver", "Tumour")):
        fields = {"ID": str(number), "Name": name, "Color": "0 1 0", "LabelValue": "1",
                  "Layer": str(number)}  # fmt: skip
        for key, value in fields.items():
            image.SetMetaData(f"Segment{number}_{key}", value)
    sitk.WriteImage(image, tmp_path / "a.seg.nrrd")
    volume = read_volume(tmp_path / "a.seg.nrrd")
    read = read_labels(tmp_path / "a.seg.nrrd", volume.geometry)
    assert [(e.value, e.name) for e in read.table] == [(1, "Liver"), (2, "Tumour")]
    assert read.labels[0, :, 0].tolist() == [1, 1, 2, 2, 2, 0]
    assert "8 voxels belong to several" in " ".join(read.notes)


@pytest.mark.parametrize("ending", [".txt", ".label"])
@pytest.mark.parametrize("name", ["a.nii.gz", "a.mha", "a.png"])
def test_the_table_beside_a_mask(name: str, ending: str, series: Volume, tmp_path: Path) -> None:
    flat = Volume(series.array[:, :1], Geometry((1, 6, 8), series.affine))
    path = write_labels(tmp_path / name, drawn()[:1], flat)
    assert read_labels(path, flat.geometry).table == ()
    (tmp_path / f"a{ending}").write_text("Dear diary, ...")
    assert read_labels(path, flat.geometry).table == ()
    write_label_table(tmp_path / f"a{ending}", TABLE)
    assert read_labels(path, flat.geometry).table[1:] == TABLE


def test_the_names_in_the_record_beside_a_mask(series: Volume, tmp_path: Path) -> None:
    path = write_labels(tmp_path / "seg.nii.gz", drawn(), series, TABLE, {"made by": "hand"})
    assert read_labels(path, series.geometry).table == TABLE
    record = tmp_path / "seg.nii.gz.json"
    bad = ("", "[]", '{"labels": 3}', '{"labels": [{"value": 1}]}', '{"labels": [{"colour": [1]}]}')
    for content in bad:
        record.write_text(content)
        assert read_labels(path, series.geometry).table == ()
    write_label_table(tmp_path / "seg.label", TABLE[:1])
    named = [e.name for e in read_labels(path, series.geometry).table if e.value]
    assert named == ["Core"], "a table of its own comes first"

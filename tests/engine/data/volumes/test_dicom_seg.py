"""Masks as DICOM segmentations: readable by others, in place, and the same when read back."""

from __future__ import annotations

from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from engine.data.volumes.dicom import read_series
from engine.data.volumes.dicom_seg import Maker, write_dicom_seg
from engine.data.volumes.dicom_seg_read import is_dicom_seg, read_dicom_seg
from engine.data.volumes.label_table import LabelEntry
from engine.data.volumes.volume import Geometry, Volume
from engine.data.volumes.write import write_labels
from engine.errors import DiskError, InputError
from tests.engine.data.volumes.dicoms import dataset, save, slices, stack
from tests.engine.data.volumes.test_dicom import enhanced

TABLE = (
    LabelEntry(0, "Background", (0, 0, 0)),
    LabelEntry(1, "Core", (220, 60, 60)),
    LabelEntry(2, "Unused", (1, 2, 3)),
    LabelEntry(4, "Rim 海馬", (40, 200, 90)),
)


def drawn(shape: tuple[int, int, int]) -> np.ndarray:
    """Nothing symmetric, one empty slice, and a gap in the numbers."""
    labels = np.zeros(shape, np.uint8)
    labels[0, 1, 2:5], labels[0, 2, 2], labels[-1, 3, 1] = 1, 4, 4
    return labels


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    stack(tmp_path / "ct", slices(4), PatientName="Müller^Jane")
    return read_series(tmp_path / "ct")


def test_others_read_what_was_written(volume: Volume, tmp_path: Path) -> None:
    labels = drawn(volume.geometry.shape)
    path = write_labels(tmp_path / "seg.dcm", labels, volume, TABLE)
    found = hd.seg.segread(path)
    assert found.segmentation_type == hd.seg.SegmentationTypeValues.BINARY
    described = [found.get_segment_description(n) for n in found.segment_numbers]
    assert [d.segment_label for d in described] == ["Core", "Rim 海馬"]
    assert [str(d.algorithm_type.value) for d in described] == ["MANUAL", "MANUAL"]
    sources = [pydicom.dcmread(p).SOPInstanceUID for p in volume.source.files]
    planes = found.get_pixels_by_source_instance(sources, combine_segments=True)
    np.testing.assert_array_equal(planes, np.where(labels == 4, 2, labels))
    plain = pydicom.dcmread(path)
    assert plain.PatientID == "P1"
    assert plain.PatientName == "Müller^Jane"
    assert plain.Modality == "SEG"
    assert plain.FrameOfReferenceUID == pydicom.dcmread(volume.source.files[0]).FrameOfReferenceUID
    assert "SyntheticData" not in plain
    assert [p.name for p in tmp_path.iterdir() if p.suffix] == ["seg.dcm"]


def test_a_mask_reads_back_the_same(volume: Volume, tmp_path: Path) -> None:
    labels = drawn(volume.geometry.shape)
    path = write_dicom_seg(tmp_path / "seg.dcm", labels, volume, TABLE)
    assert is_dicom_seg(path)
    assert not is_dicom_seg(volume.source.files[0])
    found = read_dicom_seg(path, volume.geometry)
    assert found.matches
    np.testing.assert_array_equal(found.labels, labels)
    assert [(e.value, e.name) for e in found.entries] == [(1, "Core"), (4, "Rim 海馬")]
    for entry, known in zip(found.entries, (TABLE[1], TABLE[3]), strict=True):
        np.testing.assert_allclose(entry.colour, known.colour, atol=2)
    assert not found.warnings


def test_places_by_the_files_own_word(volume: Volume, tmp_path: Path) -> None:
    labels = drawn(volume.geometry.shape)
    path = write_dicom_seg(tmp_path / "seg.dcm", labels, volume)
    moved = volume.affine.copy()
    moved[0, 3] += 0.2
    for like in (None, Geometry(volume.geometry.shape, moved)):
        found = read_dicom_seg(path, like)
        assert not found.matches
        assert found.geometry.shape == (4, 6, 8)
        assert found.geometry.affine[2, 2] > 0
        for value in (1, 4):
            here = found.geometry.world(np.argwhere(found.labels == value))
            there = volume.geometry.world(np.argwhere(labels == value))
            np.testing.assert_allclose(sorted(here.tolist()), sorted(there.tolist()), atol=1e-3)
    itk = sitk.ReadImage(path)
    position = itk.TransformIndexToPhysicalPoint((2, 1, 0))
    expected = volume.geometry.world(np.array([0, 1, 2])) * (-1, -1, 1)
    np.testing.assert_allclose(position, expected, atol=1e-3)


def test_uneven_and_tilted_series(tmp_path: Path) -> None:
    stack(tmp_path / "gap", slices(4), [0, 5, 10, 30])
    for place in range(4):
        save(tmp_path / "tilt" / f"{place}", dataset(slices(1)[0], (0, place, place * 5.0)))
    for name in ("gap", "tilt"):
        volume = read_series(tmp_path / name)
        labels = drawn(volume.geometry.shape)
        path = write_dicom_seg(tmp_path / f"{name}.dcm", labels, volume)
        sources = [pydicom.dcmread(p).SOPInstanceUID for p in volume.source.files]
        planes = hd.seg.segread(path).get_pixels_by_source_instance(sources, combine_segments=True)
        np.testing.assert_array_equal(planes != 0, labels != 0)


def test_a_multi_frame_source(tmp_path: Path) -> None:
    data = enhanced(slices(4), [2, 0, 3, 1])
    volume = read_series(save(tmp_path / "a.dcm", data))
    labels = drawn(volume.geometry.shape)
    path = write_dicom_seg(tmp_path / "seg.dcm", labels, volume)
    np.testing.assert_array_equal(read_dicom_seg(path, volume.geometry).labels, labels)


def test_who_drew_it_and_synthetic_sources(tmp_path: Path) -> None:
    for place, values in enumerate(slices(3)):
        data = dataset(values, (0, 0, place), SyntheticData="YES", Modality="MR")
        del data.PatientBirthDate, data.AccessionNumber, data.PatientSex
        save(tmp_path / "mr" / f"{place}", data)
    volume = read_series(tmp_path / "mr")
    maker = Maker("AUTOMATIC", "AdaptDiff", "0.1")
    labels = drawn(volume.geometry.shape)
    path = write_dicom_seg(tmp_path / "seg.dcm", labels, volume, TABLE, maker)
    plain = pydicom.dcmread(path)
    assert plain.SyntheticData == "YES"
    segment = plain.SegmentSequence[0]
    assert segment.SegmentAlgorithmType == "AUTOMATIC"
    assert segment.SegmentAlgorithmName == "AdaptDiff"


def test_what_cannot_be_a_segmentation(volume: Volume, tmp_path: Path) -> None:
    labels, target = drawn(volume.geometry.shape), tmp_path / "seg.dcm"
    with pytest.raises(InputError, match="mask is empty"):
        write_dicom_seg(target, labels * 0, volume)
    with pytest.raises(InputError, match="only a mask of a DICOM"):
        write_dicom_seg(target, labels, Volume(volume.array, volume.geometry))
    with pytest.raises(DiskError, match="folder does not exist"):
        write_dicom_seg(tmp_path / "no" / "seg.dcm", labels, volume)
    first = volume.source.files[0]
    data = pydicom.dcmread(first)
    data.ImagePositionPatient = [0, 0, -50]
    data.save_as(first)
    with pytest.raises(InputError, match="have changed"):
        write_dicom_seg(target, labels, volume)
    first.unlink()
    with pytest.raises(InputError, match="is gone"):
        write_dicom_seg(target, labels, volume)
    assert not target.exists()


def test_damaged_segmentations_are_told(volume: Volume, tmp_path: Path) -> None:
    path = write_dicom_seg(tmp_path / "seg.dcm", drawn(volume.geometry.shape), volume)
    with pytest.raises(InputError, match="not a DICOM segmentation"):
        read_dicom_seg(volume.source.files[0])
    whole = path.read_bytes()
    random = np.random.default_rng(3)
    told = 0
    for attempt in range(60):
        end = len(whole) if attempt % 2 else int(random.integers(133, len(whole)))
        mutated = bytearray(whole[:end])
        for place in random.integers(132, end, 2):
            mutated[place] = random.integers(256)
        path.write_bytes(mutated)
        try:
            read_dicom_seg(path, volume.geometry)
        except InputError:
            told += 1
    assert told > 20

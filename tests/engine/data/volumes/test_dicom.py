"""DICOM series become volumes with the right values in the right places, or say what is wrong."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEGBaseline8Bit, RLELossless

from engine.data.volumes.dicom import find_series, load_series, read_series
from engine.errors import InputError
from tests.engine.data.volumes.dicoms import AXIAL, dataset, save, slices, stack

TILTED = np.array([[0.9, 0.1, -0.2], [0.05, 0.95, 0.3]])


def oblique() -> np.ndarray:
    """(3, 3) rows: along a row, along a column, and the normal."""
    row = TILTED[0] / np.linalg.norm(TILTED[0])
    column = TILTED[1] - (TILTED[1] @ row) * row
    column /= np.linalg.norm(column)
    return np.array([row, column, np.cross(row, column)])


def test_values_and_places_are_those_of_itk(tmp_path: Path) -> None:
    values, axes = slices(5), oblique()
    for name, place in enumerate((3, 0, 4, 1, 2)):
        data = dataset(values[place], axes[2] * 4.0 * place + (5, 6, 7), InstanceNumber=9 - name)
        data.ImageOrientationPatient = [round(n, 9) for n in axes[:2].ravel()]
        save(tmp_path / f"{name}.dcm", data)
    found = read_series(tmp_path)
    np.testing.assert_array_equal(found.array[0], values)
    assert found.unit == "HU"
    assert not found.warnings
    assert [p.name for p in found.source.files] == [f"{n}.dcm" for n in (1, 3, 4, 0, 2)]
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([os.fspath(p) for p in found.source.files])
    itk = reader.Execute()
    for ijk in ((0, 0, 0), (7, 0, 0), (0, 5, 0), (3, 2, 4)):
        expected = np.array(itk.TransformIndexToPhysicalPoint(ijk)) * (-1, -1, 1)
        np.testing.assert_allclose(found.geometry.world(np.array(ijk[::-1])), expected, atol=1e-4)
    np.testing.assert_allclose(found.spacing_mm, (4, 0.5, 0.75), atol=1e-6)


def test_the_head_is_up_whatever_the_names(tmp_path: Path) -> None:
    values = slices(4)
    stack(tmp_path, values, [30.0, 20.0, 10.0, 0.0])
    found = read_series(tmp_path)
    np.testing.assert_array_equal(found.array[0], values[::-1])
    # RAS: the first voxel lies at the patient's left and front of what LPS calls negative.
    np.testing.assert_allclose(found.geometry.world(np.zeros(3)), (10, 20, 0))
    np.testing.assert_allclose(found.geometry.world(np.array([3, 0, 0])), (10, 20, 30))


def test_rescale_window_and_progress(tmp_path: Path) -> None:
    raw = (slices(3) + 600).astype(np.uint16)
    told: list[float] = []
    window = {"WindowCenter": [40, 600], "WindowWidth": [400, 2000]}
    rescale = {"RescaleSlope": 1, "RescaleIntercept": -1024}
    stack(tmp_path, raw, BitsStored=12, HighBit=11, **window, **rescale)
    found = read_series(tmp_path, watch=told.append)
    assert found.array.dtype == np.int16
    assert not found.scaled
    np.testing.assert_array_equal(found.values(), raw.astype(int) - 1024)
    assert found.window == (-160, 240)
    assert told == [1 / 3, 2 / 3, 1]


@pytest.mark.parametrize(("slope", "intercept"), [(0.5, -3.0), (1.0, -1024.0), (1.0, 0.5)])
def test_full_range_keeps_what_is_stored(slope: float, intercept: float, tmp_path: Path) -> None:
    raw = (slices(3).astype(np.int32) + 40000).astype(np.uint16)
    stack(tmp_path, raw, RescaleSlope=slope, RescaleIntercept=intercept, Modality="MR")
    found = read_series(tmp_path)
    assert found.array.dtype == np.uint16
    np.testing.assert_allclose(found.values(), raw * slope + intercept, rtol=1e-6)
    assert found.unit == ""


def test_a_slope_for_each_slice(tmp_path: Path) -> None:
    raw = slices(3)
    for place in range(3):
        fields = {"RescaleSlope": 0.5 + place, "RescaleIntercept": place, "Units": "BQML"}
        data = dataset(raw[place], (0, 0, place * 3), Modality="PT", **fields)
        save(tmp_path / f"{place}", data)
    found = read_series(tmp_path)
    assert found.array.dtype == np.float32
    assert found.unit == "Bq/ml"
    expected = raw * np.array([0.5, 1.5, 2.5])[:, None, None] + np.arange(3)[:, None, None]
    np.testing.assert_allclose(found.values(), expected, rtol=1e-6)


def test_uneven_and_missing_slices_are_told_with_numbers(tmp_path: Path) -> None:
    stack(tmp_path / "gap", slices(6), [0, 5, 10, 15, 30, 35])
    (warning,) = read_series(tmp_path / "gap").warnings
    assert "from 5.00 to 15.00 mm" in warning
    assert "2 slices seem to be missing between slices 3 and 4" in warning
    assert "7.00 mm apart" in warning
    stack(tmp_path / "odd", slices(4), [0, 5, 11.5, 16])
    (warning,) = read_series(tmp_path / "odd").warnings
    assert "from 4.50 to 6.50 mm" in warning
    assert "missing" not in warning
    stack(tmp_path / "round", slices(4), [0, 2.501, 4.999, 7.5])
    assert not read_series(tmp_path / "round").warnings


def test_gantry_tilt_is_in_the_affine_and_told(tmp_path: Path) -> None:
    for place in range(4):
        save(tmp_path / f"{place}", dataset(slices(1)[0], (0, place * 1.0, place * 5.0)))
    found = read_series(tmp_path)
    assert any("sheared by 11.3°" in w and "1.00 mm" in w for w in found.warnings)
    np.testing.assert_allclose(found.geometry.world(np.array([3, 0, 0])), (0, -3, 15), atol=1e-9)
    save(tmp_path / "4", dataset(slices(1)[0], (6, 4.0, 20.0)))
    assert any("not in line" in w for w in read_series(tmp_path).warnings)


def test_points_in_time_become_channels(tmp_path: Path) -> None:
    values = slices(6).reshape(2, 3, 6, 8)
    for time in range(2):
        for place in range(3):
            fields = {"TriggerTime": 100.0 * time + place, "InstanceNumber": 7 - 3 * time - place}
            data = dataset(values[time, place], (0, 0, place * 8), Modality="MR", **fields)
            save(tmp_path / f"{place}{1 - time}", data)
    found = read_series(tmp_path)
    assert found.channels == "time"
    np.testing.assert_array_equal(found.array, values)
    assert "trigger time" in found.notes[0]
    os.unlink(tmp_path / "20")
    partly = read_series(tmp_path)
    assert partly.array.shape[0] == 1
    assert "2 of 3 positions hold up to 2 images" in partly.warnings[0]
    np.testing.assert_array_equal(partly.array[0], values[0])


def test_echoes_are_no_times(tmp_path: Path) -> None:
    values = slices(4).reshape(2, 2, 6, 8)
    for echo in range(2):
        fields = {"Modality": "MR", "EchoTime": 30 - 20 * echo}
        for place in range(2):
            data = dataset(values[echo, place], (0, 0, place), **fields)
            save(tmp_path / f"{echo}{place}", data)
    found = read_series(tmp_path)
    assert found.channels == "components"
    np.testing.assert_array_equal(found.array, values[::-1])


def compressed(values: np.ndarray, syntax: str, **fields: object) -> pydicom.FileDataset:
    data = dataset(values, (0, 0, 0), **fields)
    if syntax == RLELossless:
        data.compress(UID(syntax))
        return data
    stream = io.BytesIO()
    if syntax == JPEGBaseline8Bit:
        Image.fromarray(values).save(stream, "JPEG", quality=100, subsampling=0)
    else:
        Image.fromarray(values).save(stream, "JPEG2000", irreversible=False, no_jp2=True)
    data.PixelData = encapsulate([stream.getvalue()])
    data["PixelData"].is_undefined_length = True
    data.file_meta.TransferSyntaxUID = UID(syntax)
    return data


@pytest.mark.parametrize(
    ("syntax", "most"),
    [(RLELossless, 0), (JPEGBaseline8Bit, 2), ("1.2.840.10008.1.2.4.90", 0)],
)
def test_compressed_files_are_decoded_as_stored(syntax: str, most: int, tmp_path: Path) -> None:
    ramp = np.add.outer(np.arange(32) * 3, np.arange(40) * 2).astype(np.uint8)
    # A slope that GDCM would apply to some kinds of images and not to others.
    for modality in ("CT", "MR"):
        data = compressed(ramp, syntax, Modality=modality, RescaleSlope=2, RescaleIntercept=5)
        found = read_series(save(tmp_path / modality / "a.dcm", data))
        np.testing.assert_allclose(found.values()[0], ramp * 2.0 + 5, atol=most * 2)


@pytest.mark.parametrize("codec", ["JPEG", "JPEG2000"])
def test_lossless_files_of_itk(codec: str, tmp_path: Path) -> None:
    values = (slices(1, (32, 40))[0] + 600).astype(np.uint16)
    writer = sitk.ImageFileWriter()
    writer.SetImageIO("GDCMImageIO")
    writer.SetFileName(os.fspath(tmp_path / "a.dcm"))
    writer.UseCompressionOn()
    writer.SetCompressor(codec)
    writer.Execute(sitk.GetImageFromArray(values))
    syntax = pydicom.dcmread(tmp_path / "a.dcm").file_meta.TransferSyntaxUID
    assert ("Process 14" if codec == "JPEG" else "2000") in syntax.name
    np.testing.assert_array_equal(read_series(tmp_path / "a.dcm").values()[0], values)


def test_colours_plain_and_compressed(tmp_path: Path) -> None:
    colours = np.zeros((32, 40, 3), np.uint8)
    colours[:16, :, 0], colours[16:, :20, 1], colours[16:, 20:, 2] = 200, 150, 100
    plain = read_series(save(tmp_path / "a" / "a.dcm", dataset(colours, None, Modality="SC")))
    assert plain.channels == "rgb"
    assert not plain.geometry.oriented
    np.testing.assert_array_equal(plain.array[:, 0], np.moveaxis(colours, -1, 0))
    data = compressed(colours, JPEGBaseline8Bit, Modality="SC")
    data.PhotometricInterpretation = "YBR_FULL"
    found = read_series(save(tmp_path / "b" / "a.dcm", data))
    apart = np.abs(found.array[:, 0].astype(int) - np.moveaxis(colours, -1, 0))
    assert np.median(apart) <= 4


def test_a_palette_becomes_colours(tmp_path: Path) -> None:
    data = dataset(np.array([[0, 1], [2, 1]], np.uint8), None, Modality="SC")
    data.PhotometricInterpretation = "PALETTE COLOR"
    for name, table in (
        ("Red", (0, 255, 10, 0)),
        ("Green", (0, 0, 20, 0)),
        ("Blue", (0, 9, 30, 0)),
    ):
        setattr(data, f"{name}PaletteColorLookupTableDescriptor", [4, 0, 8])
        setattr(data, f"{name}PaletteColorLookupTableData", bytes(table))
    found = read_series(save(tmp_path / "a.dcm", data))
    assert found.channels == "rgb"
    np.testing.assert_array_equal(found.array[:, 0, 0, 1], (255, 0, 9))
    np.testing.assert_array_equal(found.array[:, 0, 1, 0], (10, 20, 30))


def test_dense_tissue_is_bright_in_inverted_radiographs(tmp_path: Path) -> None:
    raw = np.array([[0, 100], [4095, 1000]], np.uint16)
    fields = {"Modality": "DX", "BitsStored": 12, "HighBit": 11, "WindowCenter": 1000}
    data = dataset(raw, None, PhotometricInterpretation="MONOCHROME1", WindowWidth=200, **fields)
    found = read_series(save(tmp_path / "a.dcm", data))
    np.testing.assert_array_equal(found.values()[0], 4095 - raw.astype(float))
    assert found.window == (2995, 3195)
    assert any("inverted" in note for note in found.notes)


def test_what_is_damaged_is_named(tmp_path: Path) -> None:
    paths = stack(tmp_path, slices(4))
    whole = paths[2].read_bytes()
    paths[2].write_bytes(whole[:-20])
    with pytest.raises(InputError, match="damaged or incomplete") as caught:
        read_series(tmp_path)
    assert str(paths[2]) in caught.value.message
    data = pydicom.dcmread(paths[1])
    del data.PixelData
    data.save_as(paths[1])
    with pytest.raises(InputError, match="holds no pixel data") as caught:
        load_series(find_series(paths[1])[0])
    assert str(paths[1]) in caught.value.message
    paths[2].write_bytes(whole[:400])
    paths[1].unlink()
    assert read_series(tmp_path).array.shape[1] <= 3


def test_a_syntax_without_codec_is_named(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    data = compressed(np.zeros((16, 16), np.uint8), JPEGBaseline8Bit)
    for syntax, told in (
        ("1.2.840.10008.1.2.4.102", "MPEG-4"),
        ("1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000"),
        ("1.2.3.4.5", "1.2.3.4.5"),
    ):
        data.file_meta.TransferSyntaxUID = UID(syntax)
        save(tmp_path / "a.dcm", data)
        with pytest.raises(InputError, match="no codec") as caught:
            read_series(tmp_path / "a.dcm")
        assert told in caught.value.message
        assert syntax in caught.value.message
        assert "gdcmconv" in caught.value.hint
    assert capfd.readouterr() == ("", "")
    data.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    data.PixelData = encapsulate([b"\xff\xd8nothing of the kind\xff\xd9"])
    save(tmp_path / "a.dcm", data)
    with pytest.raises(InputError, match="JPEG Baseline"):
        read_series(tmp_path / "a.dcm")


def test_sizes_that_cannot_be_are_refused(tmp_path: Path) -> None:
    data = compressed(np.zeros((16, 16), np.uint8), JPEGBaseline8Bit)
    data.Rows = data.Columns = 65535
    with pytest.raises(InputError, match="damaged"):
        read_series(save(tmp_path / "a.dcm", data))
    plain = dataset(np.zeros((16, 16), np.uint8))
    plain.NumberOfFrames = 1_000_000_000
    with pytest.raises(InputError, match="damaged header"):
        read_series(save(tmp_path / "a.dcm", plain))


@pytest.mark.parametrize("syntax", ["plain", RLELossless])
def test_mutated_files_are_read_or_told(syntax: str, tmp_path: Path) -> None:
    values = slices(1)[0]
    data = dataset(values) if syntax == "plain" else compressed(values, syntax)
    whole = save(tmp_path / "a.dcm", data).read_bytes()
    random = np.random.default_rng(7)
    outcomes = set()
    for attempt in range(150):
        end = len(whole) if attempt % 2 else int(random.integers(133, len(whole)))
        mutated = bytearray(whole[:end])
        for place in random.integers(132, end, 1 + attempt % 3):
            mutated[place] = random.integers(256)
        (tmp_path / "a.dcm").write_bytes(mutated)
        try:
            read_series(tmp_path / "a.dcm")
            outcomes.add("read")
        except InputError:
            outcomes.add("told")
    assert outcomes == {"read", "told"}


def enhanced(values: np.ndarray, order: list[int]) -> pydicom.FileDataset:
    """A multi-frame MR file, its frames in the given order."""
    data = dataset(values[0], None, Modality="MR")
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4.1"
    for keyword in ("PixelSpacing", "SliceThickness"):
        delattr(data, keyword)
    shared, orientation, measures = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
    orientation.ImageOrientationPatient = list(AXIAL)
    measures.PixelSpacing, measures.SliceThickness = [0.5, 0.75], 3
    shared.PlaneOrientationSequence = [orientation]
    shared.PixelMeasuresSequence = [measures]
    data.SharedFunctionalGroupsSequence = [shared]
    groups = []
    for place in order:
        group, position, rescale = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
        position.ImagePositionPatient = [1, 2, 3.0 * place]
        rescale.RescaleSlope, rescale.RescaleIntercept = place + 1, 0
        group.PlanePositionSequence = [position]
        group.PixelValueTransformationSequence = [rescale]
        groups.append(group)
    data.PerFrameFunctionalGroupsSequence = groups
    data.NumberOfFrames = len(order)
    data.PixelData = values[order].tobytes()
    return data


@pytest.mark.parametrize("packed", [False, True])
def test_multi_frame_files(packed: bool, tmp_path: Path) -> None:
    values = slices(4)
    data = enhanced(values, [2, 0, 3, 1])
    if packed:
        data.compress(RLELossless)
    found = read_series(save(tmp_path / "a.dcm", data))
    np.testing.assert_array_equal(found.values(), values * np.arange(1, 5)[:, None, None])
    np.testing.assert_allclose(found.spacing_mm, (3, 0.5, 0.75))
    np.testing.assert_allclose(found.geometry.world(np.array([3, 0, 0])), (-1, -2, 9))
    assert found.source.files == (tmp_path / "a.dcm",)


def test_a_series_is_called_by_its_description(tmp_path: Path) -> None:
    stack(tmp_path, slices(4), [0, 5, 10, 15], SeriesDescription="T1 post/contrast: 2")
    assert read_series(tmp_path).source.name == "T1_post_contrast_2"

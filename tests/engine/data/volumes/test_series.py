"""Which series a folder holds: nothing mixed, nothing that is no image, nothing lost unsaid."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import generate_uid

from engine.data.volumes.dicom import find_series, read_series
from engine.errors import InputError
from tests.engine.data.volumes.dicoms import dataset, save, slices, stack

CORONAL = [1.0, 0.0, 0.0, 0.0, 0.0, -1.0]


def test_nested_folders_and_other_files(tmp_path: Path) -> None:
    stack(tmp_path / "a" / "deep", slices(5))
    stack(tmp_path / "b", slices(4, (10, 12)), SeriesInstanceUID="1.2.3", SeriesNumber=1)
    (tmp_path / "notes.txt").write_text("not an image" * 100)
    (tmp_path / "short").write_bytes(b"DICM")
    (tmp_path / ".hidden").write_bytes(b"")
    report = dataset(np.zeros((2, 2), np.uint8))
    del report.Rows, report.Columns, report.PixelData
    save(tmp_path / "report.dcm", report)
    first, second = find_series(tmp_path)
    assert first.uid == "1.2.3"
    assert (first.shape, second.shape) == ((4, 10, 12), (5, 6, 8))
    assert second.slices == 5
    assert second.title == "Plain"
    assert second.detail == "Doe Jane (P1), Head 2024-01-02, CT, 8 x 6 x 5"
    with pytest.raises(InputError, match="2 series: Plain") as caught:
        read_series(tmp_path)
    assert "Choose" in caught.value.hint
    assert read_series(tmp_path, "1.2.3").geometry.shape == (4, 10, 12)
    with pytest.raises(InputError, match="no series 9"):
        read_series(tmp_path, "9")


def test_one_file_stands_for_its_series(tmp_path: Path) -> None:
    paths = stack(tmp_path, slices(5))
    save(tmp_path / "other.dcm", dataset(slices(1)[0], SeriesInstanceUID="1.2.3"))
    (found,) = find_series(paths[3])
    assert found.slices == 5
    assert read_series(tmp_path / "other.dcm").geometry.shape == (1, 6, 8)
    assert read_series(tmp_path / "other.dcm").spacing_mm == (2.5, 0.5, 0.75)


def test_thumbnails_are_made_of_the_middle(tmp_path: Path) -> None:
    values = np.zeros((3, 200, 100), np.int16)
    values[1, :100], values[2] = 1000, 400
    stack(tmp_path, values)
    picture = find_series(tmp_path)[0].thumbnail(50)
    assert picture.dtype == np.uint8
    assert picture.shape == (50, 25)
    assert (picture[:25] == 255).all()
    assert (picture[25:] == 0).all()


def test_two_patients_are_never_one_series(tmp_path: Path) -> None:
    # As anonymised folders are: the same identifiers, two people.
    stack(tmp_path / "a", slices(4))
    stack(tmp_path / "b", slices(4, seed=1), PatientID="P2", PatientName="Roe^Rick")
    first, second = find_series(tmp_path)
    assert {first.patient, second.patient} == {"Doe Jane (P1)", "Roe Rick (P2)"}
    assert first.uid != second.uid
    assert first.slices == second.slices == 4
    for one, values in ((first, slices(4)), (second, slices(4, seed=1))):
        swapped = one.patient.startswith("Roe")
        expected = slices(4, seed=1) if swapped else slices(4)
        assert values.shape == expected.shape
        np.testing.assert_array_equal(read_series(tmp_path, one.uid).array[0], expected)


def test_localizers_are_left_out(tmp_path: Path) -> None:
    stack(tmp_path, slices(5))
    kind = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    scout = dataset(slices(1)[0], (0, -40, 0), ImageType=kind, ImageOrientationPatient=CORONAL)
    save(tmp_path / "scout.dcm", scout)
    save(tmp_path / "own.dcm", dataset(slices(1)[0], ImageType=kind, SeriesInstanceUID="1.2"))
    (found,) = find_series(tmp_path)
    assert found.slices == 5
    assert "2 localizer images left out" in found.order.notes
    assert not found.order.warnings
    assert find_series(tmp_path / "own.dcm")[0].slices == 1


def test_other_directions_and_sizes_are_set_apart(tmp_path: Path) -> None:
    stack(tmp_path, slices(6))
    save(tmp_path / "x.dcm", dataset(slices(1)[0], (0, -1, 0), ImageOrientationPatient=CORONAL))
    save(tmp_path / "y.dcm", dataset(np.zeros((3, 3), np.int16)))
    (found,) = find_series(tmp_path)
    assert found.slices == 6
    assert "2 images of another size or direction left out" in found.order.notes
    for place in range(4):
        data = dataset(slices(1)[0], (0, place, 0), ImageOrientationPatient=CORONAL)
        save(tmp_path / f"coronal{place}.dcm", data)
    main, coronal = find_series(tmp_path)
    assert (main.slices, coronal.slices) == (6, 5)
    assert coronal.uid == main.uid + "#2"
    assert any("one of 2 volumes" in note for note in coronal.order.notes)
    assert read_series(tmp_path, coronal.uid).geometry.shape == (5, 6, 8)


def test_rounding_sets_nothing_apart(tmp_path: Path) -> None:
    for place, size in enumerate((0.68749, 0.6875, 0.68751)):
        turned = [1.0, 1e-4 * place, 0.0, -1e-4 * place, 1.0, 0.0]
        fields = {"PixelSpacing": [size, size], "ImageOrientationPatient": turned}
        save(tmp_path / f"{place}", dataset(slices(1)[0], (0, 0, place), **fields))
    (found,) = find_series(tmp_path)
    assert found.slices == 3
    for place in range(3):
        data = dataset(slices(1)[0], (0, 0, place), PixelSpacing=[1.5, 1.5])
        save(tmp_path / f"large{place}", data)
    assert len(find_series(tmp_path)) == 2


def test_copies_count_once(tmp_path: Path) -> None:
    stack(tmp_path / "a", slices(4))
    shutil.copytree(tmp_path / "a", tmp_path / "copy")
    (found,) = find_series(tmp_path)
    assert len(found.order.frames) == 1
    assert found.slices == 4
    assert "4 copies left out" in found.order.notes


def test_radiographs_are_pictures_of_their_own(tmp_path: Path) -> None:
    for number in range(3):
        picture = slices(1, seed=number)[0] + 600
        save(tmp_path / f"{number}.dcm", dataset(picture.astype(np.uint16), None, Modality="DX"))
    found = find_series(tmp_path)
    assert [s.slices for s in found] == [1, 1, 1]
    assert len({s.uid for s in found}) == 3


def test_slices_without_places_are_told(tmp_path: Path) -> None:
    values = slices(3)
    for name, number in enumerate((2, 3, 1)):
        data = dataset(values[number - 1], None, Modality="SC", InstanceNumber=number)
        save(tmp_path / f"{name}", data)
    found = read_series(tmp_path)
    np.testing.assert_array_equal(found.array[0], values)
    assert "instance numbers" in found.warnings[0]
    assert "2.5 mm" in found.warnings[0]
    assert not found.geometry.oriented


def test_cine_has_points_in_time(tmp_path: Path) -> None:
    values = slices(4)
    data = dataset(values[0], None, Modality="SC", NumberOfFrames=4, FrameTime=40)
    data.PixelData = values.tobytes()
    found = read_series(save(tmp_path / "a.dcm", data))
    assert found.channels == "time"
    np.testing.assert_array_equal(found.array[:, 0], values)


def test_damaged_headers_are_told(tmp_path: Path) -> None:
    paths = stack(tmp_path, slices(4))
    content = paths[0].read_bytes()
    # A length that reaches beyond the end, in the middle of the header.
    place = content.index(b"\x18\x00\x50\x00DS") + 6
    paths[0].write_bytes(content[:place])
    found = find_series(tmp_path)
    assert sum(s.slices for s in found) == 3
    assert any(paths[0].name in warning for s in found for warning in s.order.warnings)


def test_what_holds_no_series(tmp_path: Path) -> None:
    assert find_series(tmp_path) == ()
    with pytest.raises(InputError, match="no DICOM images"):
        read_series(tmp_path)
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(InputError, match="not a DICOM file"):
        find_series(tmp_path / "a.txt")
    with pytest.raises(InputError, match="does not exist"):
        find_series(tmp_path / "no")


def test_a_dicomdir_stands_for_its_folder(tmp_path: Path) -> None:
    stack(tmp_path / "IMAGES", slices(3), SeriesInstanceUID=generate_uid())
    (tmp_path / "DICOMDIR").write_bytes(bytes(128) + b"DICM")
    (found,) = find_series(tmp_path / "DICOMDIR")
    assert found.slices == 3


def test_a_stray_opens_when_it_is_asked_for(tmp_path: Path) -> None:
    stack(tmp_path, slices(5))
    stray = save(tmp_path / "stray.dcm", dataset(slices(1, (9, 7))[0], (0, 0, 0)))
    (series,) = find_series(stray)
    assert (series.files, series.shape) == ((stray,), (1, 9, 7))
    (whole,) = find_series(tmp_path)
    assert len(whole.files) == 5

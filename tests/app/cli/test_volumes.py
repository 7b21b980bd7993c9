"""`reverie volume` and `reverie labels` on phantoms: places, values, options and messages."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from app.cli import main
from app.cli_labels import options_of
from engine.data.labels.operations import OPERATIONS, Operation
from engine.parameters import describe

AFFINE = np.array([[-0.9, 0.1, 0, 12], [0.1, 0.8, 0.2, -30], [0, -0.3, 2.4, 7], [0, 0, 0, 1.0]])


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """An oblique image with a bright block, and its labels 1 and 2, as NIfTI (W, H, D)."""
    labels = np.zeros((20, 18, 12), np.uint8)
    labels[4:10, 5:12, 3:9] = 1
    labels[12:16, 5:12, 3:9] = 2
    values = (labels > 0) * 100 + np.arange(20)[:, None, None]
    for name, array in (("image", values.astype(np.int16)), ("labels", labels)):
        nibabel.save(nibabel.Nifti1Image(array, AFFINE), tmp_path / f"{name}.nii.gz")
    return tmp_path / "image.nii.gz", tmp_path / "labels.nii.gz"


def load(path: Path) -> nibabel.Nifti1Image:
    """What was written, as nibabel sees it."""
    found = nibabel.load(path)
    assert isinstance(found, nibabel.Nifti1Image)
    return found


@pytest.mark.parametrize("what", OPERATIONS, ids=lambda what: what.name)
def test_every_operation_keeps_the_place(
    what: Operation, files: tuple[Path, Path], tmp_path: Path
) -> None:
    image, labels = files
    names = {option.name for option in options_of(what)}
    assert {info.name for info in describe(what.params)} <= names
    out = tmp_path / "out.nii.gz"
    more = ["--image", str(image)] if what.needs_image else []
    more += ["--mapping", "1:3"] if what.name == "remap" else []
    assert main(["labels", what.name, str(labels), str(out), "--locked", "2", *more]) == 0
    after, before = load(out), load(labels)
    assert after.affine == pytest.approx(before.affine, abs=1e-5)
    assert after.get_data_dtype().kind == "u"
    result, was = np.asanyarray(after.dataobj), np.asanyarray(before.dataobj)
    assert np.array_equal(result == 2, was == 2)


def test_figures_tell_what_changed(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.nii.gz"
    arguments = ["labels", "logic", str(files[1]), str(out), "--with-label", "2", "--json"]
    assert main([*arguments, "--action", "union"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["figures"]["changed voxels"] == 4 * 7 * 6
    assert np.unique(np.asanyarray(load(out).dataobj)).tolist() == [0, 1]


def test_statistics(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image, labels = files
    assert main(["labels", "stats", str(labels), "--image", str(image), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    out = tmp_path / "out.csv"
    assert main(["labels", "stats", str(labels), "--image", str(image), "--output", str(out)]) == 0
    assert [row["label"] for row in csv.DictReader(out.read_text().splitlines())] == ["1", "2"]
    centre = AFFINE @ [6.5, 8, 5.5, 1]
    first = rows[0]
    assert [first[f"centroid_{axis}_mm"] for axis in "xyz"] == pytest.approx(centre[:3], abs=1e-4)
    assert first["voxels"] == 6 * 7 * 6
    voxel_ml = abs(np.linalg.det(AFFINE[:3, :3])) / 1000
    assert first["volume_ml"] == pytest.approx(252 * voxel_ml, rel=1e-5)
    assert (first["mean"], first["minimum"], first["maximum"]) == (106.5, 104, 109)


def test_surface(files: tuple[Path, Path], tmp_path: Path) -> None:
    assert main(["labels", "mesh", str(files[1]), str(tmp_path / "a.stl"), "--label", "2"]) == 0
    assert (tmp_path / "a.stl").stat().st_size > 84


def test_info_convert_and_resample(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image, labels = files
    assert main(["volume", "info", str(image), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["shape_dhw"] == [12, 18, 20]
    assert told["orientation_ijk"] == "LAS"
    assert told["affine_ras"] == pytest.approx(AFFINE, abs=1e-5)
    assert main(["volume", "info", str(image)]) == 0
    assert "20 x 18 x 12 voxels" in capsys.readouterr().out

    for source, more in ((image, []), (labels, ["--labels"])):
        middle, back = tmp_path / "a.nrrd", tmp_path / "b.nii.gz"
        assert main(["volume", "convert", str(source), str(middle), *more]) == 0
        assert main(["volume", "convert", str(middle), str(back), *more]) == 0
        before, after = load(source), load(back)
        assert after.affine == pytest.approx(before.affine, abs=1e-4)
        assert np.array_equal(before.get_fdata(), after.get_fdata())

    grid = tmp_path / "grid.nii.gz"
    shifted = AFFINE.copy()
    shifted[:3, 3] += AFFINE[:3, :3] @ [1, 2, 0]
    nibabel.save(nibabel.Nifti1Image(np.zeros((18, 14, 12), np.uint8), shifted), grid)
    out = tmp_path / "out.nii.gz"
    arguments = ["volume", "resample", str(labels), str(out), "--labels", "--like", str(grid)]
    assert main(arguments) == 0
    expected = np.asanyarray(load(labels).dataobj)[1:19, 2:16]
    assert np.array_equal(np.asanyarray(load(out).dataobj), expected)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["labels", "threshold", "L", "O"], "--image"),
        (["labels", "islands", "missing.nii.gz", "O"], "missing.nii.gz"),
        (["labels", "islands", "L", "O", "--locked", "1,x"], "'x'"),
        (["labels", "islands", "L", "O", "--locked", "1"], "locked"),
        (["labels", "clear", "L", "O", "--index", "99"], "no slice 99"),
        (["labels", "mesh", "L", "O", "--label", "9"], "no label 9"),
        (["labels", "logic", "L", "O", "--action", "intersect"], "never overlap"),
        (["labels", "remap", "L", "O", "--mapping", "a:b"], "'a:b'"),
        (["volume", "convert", "I", "O", "--channel", "3"], "no channel 3"),
        (["volume", "series", "F"], "no DICOM"),
        (["labels", "islands", "L", "O", "--table", "F"], "cannot be read"),
        (["volume", "convert", "I", "a.png"], "PNG cannot hold 12 slices"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_bad_input_is_told(
    arguments: list[str], words: str, files: tuple[Path, Path], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    empty = tmp_path / "empty"
    empty.mkdir()
    out = tmp_path / "out.nii.gz"
    names = {"I": str(files[0]), "L": str(files[1]), "O": str(out), "F": str(empty)}
    assert main([names.get(argument, argument) for argument in arguments]) == 2
    assert words in capsys.readouterr().err
    assert not out.exists()


def test_labels_of_another_grid_are_refused(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = tmp_path / "grid.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros((20, 18, 12), np.uint8), np.eye(4)), grid)
    assert main(["labels", "stats", str(files[1]), "--image", str(grid)]) == 2
    assert "reverie volume resample" in capsys.readouterr().err


def test_images_keep_type_scale_and_times(files: tuple[Path, Path], tmp_path: Path) -> None:
    values = np.arange(20 * 18 * 12 * 2, dtype=np.int16).reshape(20, 18, 12, 2)
    image = nibabel.Nifti1Image(values, AFFINE)
    image.header.set_slope_inter(0.5, -10)
    image.header["pixdim"][4], image.header["descrip"] = 2.5, b"kept"
    nibabel.save(image, tmp_path / "times.nii")
    source, out = str(tmp_path / "times.nii"), tmp_path / "out.nii.gz"
    expected = load(tmp_path / "times.nii").get_fdata()
    for arguments in (["convert", source, str(out)],
                      ["resample", source, str(out), "--like", str(files[0])]):  # fmt: skip
        assert main(["volume", *arguments]) == 0
        after = load(out)
        assert (after.get_data_dtype(), after.dataobj.slope) == (np.int16, 0.5)
        assert after.header["pixdim"][4] == 2.5
        assert bytes(after.header["descrip"]).startswith(b"kept")
        assert np.array_equal(after.get_fdata(), expected)
    assert main(["volume", "convert", source, str(tmp_path / "a.mha"), "--channel", "1"]) == 0
    assert main(["volume", "convert", str(tmp_path / "a.mha"), str(out)]) == 0
    assert np.array_equal(load(out).get_fdata(), expected[..., 1])


NAMES = """1 255 128 0 1 1 1 "Anterior"
2 0 0 255 0.5 1 1 "Posterior"
"""


def test_names_and_colours_go_along(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "names.txt").write_text(NAMES)
    named, other = str(tmp_path / "a.seg.nrrd"), str(tmp_path / "b.seg.nrrd")
    convert = ["volume", "convert", str(files[1]), named, "--labels"]
    assert main([*convert, "--table", str(tmp_path / "names.txt")]) == 0
    assert main(["labels", "remap", named, other, "--mapping", "1:3"]) == 0
    capsys.readouterr()
    assert main(["volume", "info", other, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["labels"]
    assert told == [{"value": 2, "name": "Posterior"}, {"value": 3, "name": "Anterior"}]
    out, table = str(tmp_path / "c.nii.gz"), tmp_path / "c.txt"
    fill = ["labels", "fill-holes", other, out]
    assert main(fill) == 0
    assert "--save-table" in capsys.readouterr().err
    assert main([*fill, "--save-table", str(table)]) == 0
    assert "--save-table" not in capsys.readouterr().err
    assert '"Anterior"' in table.read_text("utf-8")
    assert main(["labels", "stats", out, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["Posterior", "Anterior"]
    assert main(["labels", "mesh", out, str(tmp_path / "a.stl"), "--label", "3"]) == 0
    assert b"Anterior" in (tmp_path / "a.stl").read_bytes()[:80]


def test_a_phantom_is_made_and_says_so(tmp_path: Path) -> None:
    image, labels = tmp_path / "head.nii.gz", tmp_path / "parts.nii.gz"
    assert main(["volume", "phantom", str(image), "--seed", "3", "--labels", str(labels)]) == 0
    assert json.loads(Path(f"{image}.json").read_text())["phantom"] == "head"
    assert set(np.unique(load(labels).dataobj)) == {0, 1, 2, 3}
    np.testing.assert_array_equal(load(labels).affine, load(image).affine)


def test_a_set_of_phantoms_says_which_slices_show_the_lesion(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "made" / "heads"
    folder.mkdir(parents=True)
    assert main(["volume", "phantoms", str(folder), "--heads", "2"]) == 0
    assert "1 of them with a lesion" in capsys.readouterr().out
    assert [path.name for path in folder.parent.iterdir()] == ["heads"]
    rows = list(csv.DictReader((folder / "slices.csv").read_text().splitlines()))
    assert {row["patient"] for row in rows if row["label"] == "lesion"} == {"head_0002"}
    mask = np.asarray(load(folder / "masks" / "head_0002.nii.gz").dataobj)
    for row in rows:
        if row["patient"] == "head_0002":
            marked = mask[:, :, int(row["slice"])].sum()
            assert marked >= 10 if row["label"] == "lesion" else marked == 0
    assert main(["volume", "phantoms", str(folder), "--heads", "2"]) == 2
    assert "exists already" in capsys.readouterr().err

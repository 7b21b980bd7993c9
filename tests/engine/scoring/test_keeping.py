"""Label maps beside an evaluation: on their voxels, all or none, and never in another's place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest

from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Geometry, Volume, plain_affine
from engine.errors import DiskError, InputError
from engine.scoring.errors import MISSED, RIGHT
from engine.scoring.keeping import Keeper, kept_folder
from engine.scoring.looking import look_at_labels
from engine.scoring.pairing import Cut, ScoredCase
from engine.scoring.pictures import errors_png
from engine.scoring.scoring import Scores
from engine.scoring.stored import read_scores
from tests.engine.scoring.maps import Labels, save, truth, without

CASE = "patient1/left: A"
ROW = {
    "patient": "one", "class": 1, "name": "disc", "dice": 0.5, "unit": "mm", "true_voxels": 8,
    "found_voxels": 0,
}  # fmt: skip


@pytest.fixture
def image(tmp_path: Path) -> Volume:
    return read_volume(save(tmp_path / "images" / "i.nii.gz", truth()), kind="image")


def evaluate(
    output: Path, image: Volume, *found: Labels, cuts: dict[str, Cut] | None = None,
    wanted: bool = True,
) -> None:  # fmt: skip
    """As a method does it."""
    drawn = truth().transpose(2, 1, 0)
    ways = ("model a", "model b")[: len(found)]
    with Keeper(output, wanted=wanted, ways=ways) as keeper:
        keeper.add(CASE, "one", image, drawn, [labels.transpose(2, 1, 0) for labels in found], cuts)
        rows = [{"case": name, **ROW} for name in cuts or [CASE]]
        output.write_text(json.dumps({"rows": rows, **keeper.settle()}))


def stored(output: Path, name: str = CASE) -> ScoredCase:
    scores = read_scores(output)
    assert isinstance(scores, Scores)
    case = scores.files(name)
    assert case is not None
    return case


def test_errors_are_looked_at_as_they_were_judged(tmp_path: Path, image: Volume) -> None:
    output = tmp_path / "t.json"
    evaluate(output, image, without(truth(), 2), truth())
    look = look_at_labels(stored(output))
    assert look.geometry.matches(image.geometry)
    assert (look.counts[RIGHT], look.counts[MISSED], look.kinds[look.place]) == (64, 8, MISSED)
    assert look.image is not None
    assert look_at_labels(stored(output), other=True).counts[MISSED] == 0
    assert stored(output).against == tmp_path / "t-labels" / "model b" / "patient1_left_ A.nii.gz"
    assert len(list((tmp_path / "t-labels").rglob("*.nii.gz"))) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "t-labels", "t.json"]


def test_they_move_along_with_the_table(tmp_path: Path, image: Volume) -> None:
    evaluate(tmp_path / "t.json", image, truth())
    other = tmp_path / "elsewhere"
    other.mkdir()
    for name in ("t.json", "t-labels"):
        shutil.move(tmp_path / name, other / name)
    assert look_at_labels(stored(other / "t.json")).counts[RIGHT] == 72
    assert kept_folder(other / "t.json") == other / "t-labels"


def test_pictures_without_a_patient_keep_their_pixels(tmp_path: Path) -> None:
    flat = truth().transpose(2, 1, 0)[2:3]
    geometry = Geometry(flat.shape, plain_affine((1.0, 0.5, 0.25)), oriented=False)
    with Keeper(tmp_path / "t.json", wanted=True) as keeper:
        for _ in range(2):  # names that a file system would take for the same one
            keeper.add("A", "A", Volume(flat[np.newaxis], geometry), flat, [flat])
        told = keeper.settle()["files"]
    assert [Path(case["prediction"]).name for case in told] == ["A.h5", "A_2.h5"]
    read = read_volume(tmp_path / told[0]["prediction"], kind="labels")
    assert read.geometry.matches(geometry)
    assert not read.geometry.oriented
    assert np.array_equal(read.array[0], flat)


def test_a_row_of_one_slice_shows_that_slice(tmp_path: Path, image: Volume) -> None:
    cuts = {"first": (2, 3), "second": (2, 8)}  # sagittal: label 1, and label 2
    evaluate(tmp_path / "t.json", image, without(truth(), 2), cuts=cuts)
    look = look_at_labels(stored(tmp_path / "t.json", "second"))
    assert (look.counts[RIGHT], look.counts[MISSED], look.place[2]) == (0, 4, 8)
    assert look_at_labels(stored(tmp_path / "t.json", "first")).counts[RIGHT] == 16
    _, told = errors_png(stored(tmp_path / "t.json", "second"))
    assert told == "sagittal slice 4 of 12, 4 wrong"
    gone = ScoredCase(**{**vars(stored(tmp_path / "t.json", "second")), "cut": (2, 99)})
    with pytest.raises(InputError, match="no slice 99"):
        look_at_labels(gone)


def test_an_evaluation_that_ends_early_leaves_the_one_before(tmp_path: Path, image: Volume) -> None:
    output = tmp_path / "t.json"
    evaluate(output, image, truth())
    before = output.read_text()
    flat = truth().transpose(2, 1, 0)

    def judging() -> Generator[None, None, None]:
        with Keeper(output, wanted=True) as keeper:
            keeper.add("b", "b", image, flat, [flat])
            yield
            keeper.settle()
            yield

    for steps in (1, 2):
        cancelled = judging()
        for _ in range(steps):
            next(cancelled)
        cancelled.close()
    assert output.read_text() == before
    assert look_at_labels(stored(output)).counts[RIGHT] == 72
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "t-labels", "t.json"]


def test_a_new_evaluation_takes_the_place_of_its_own_folder_alone(
    tmp_path: Path, image: Volume
) -> None:
    foreign = tmp_path / "t-labels" / "mine.txt"
    foreign.parent.mkdir()
    foreign.write_text("drawn by hand")
    output = tmp_path / "t.json"
    for _ in range(3):
        evaluate(output, image, truth())
    folders = sorted(path.name for path in tmp_path.glob("t-labels*"))
    assert len(folders) == 2
    assert foreign.read_text() == "drawn by hand"
    evaluate(output, image, truth(), wanted=False)
    assert [path.name for path in tmp_path.glob("t-labels*")] == ["t-labels"]


@pytest.mark.parametrize("name", ["../images", "/tmp", "t-labels/..", "other-labels", 3])
def test_only_a_folder_of_its_own_name_belongs_to_a_table(
    tmp_path: Path, image: Volume, name: object
) -> None:
    output = tmp_path / "t.json"
    output.write_text(json.dumps({"labels folder": name}))
    assert kept_folder(output) is None
    (tmp_path / "t-labels").symlink_to(tmp_path / "images")
    output.write_text(json.dumps({"labels folder": "t-labels"}))
    assert kept_folder(output) is None


def test_nothing_is_kept_of_rows_alone_nor_where_nothing_can_be(
    tmp_path: Path, image: Volume
) -> None:
    drawn = truth().transpose(2, 1, 0)
    with Keeper(tmp_path / "t.csv", wanted=True) as keeper:
        keeper.add("a", "a", image, drawn, [drawn])
        assert keeper.settle() == {}
    assert [path.name for path in tmp_path.iterdir()] == ["images"]
    with (
        pytest.raises(DiskError, match="does not exist"),
        Keeper(tmp_path / "nowhere" / "t.json", wanted=True),
    ):
        pass

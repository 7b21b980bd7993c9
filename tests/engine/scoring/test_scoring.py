"""Predictions against references: pairing, what counts as missed, comparison, files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import InputError
from engine.scoring.pairing import pair
from engine.scoring.scoring import LEAST_PAIRS
from engine.steps import ProgressStep
from tests.engine.scoring.maps import SPACING, folders, notes, save, scored, truth, without


def test_every_label_of_every_case_counts(tmp_path: Path) -> None:
    scores, steps = scored(*folders(tmp_path))
    rows = {row.case: row for row in scores.table.rows}

    assert {row.patient for row in scores.table.rows} == {"patient1", "patient2", "patient3"}
    assert rows["patient1_a"].scores[1].dice == rows["patient1_a"].scores[2].dice == 1.0
    missed, spurious = rows["patient2_a"].scores[2], rows["patient3_a"].scores[3]
    assert missed.missed
    assert missed.dice == missed.recall == missed.surface_dice == 0.0
    assert missed.volume_error == -1.0
    assert spurious.spurious
    assert spurious.dice == spurious.precision == 0.0
    assert missed.hd == spurious.hd == pytest.approx(np.hypot(np.hypot(11, 13.5), 14))
    # A label that neither has is right, so that label 3 is judged in all cases alike.
    assert rows["patient1_a"].scores[3].dice == 1.0
    assert [s.done for s in steps if isinstance(s, ProgressStep)] == [0, 1, 2, 3]


def test_only_the_labels_that_are_wanted(tmp_path: Path) -> None:
    scores, _ = scored(*folders(tmp_path), classes="2, 1")
    assert list(scores.table.names) == [1, 2]


def test_names_come_from_the_sets_description(tmp_path: Path) -> None:
    predictions, references = folders(tmp_path)
    labels = {"background": 0, "anterior": 1, "posterior": 2}
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": labels}))

    scores, _ = scored(predictions, references)

    assert scores.table.names == {1: "anterior", 2: "posterior", 3: "label 3"}
    assert scores.summary().startswith("anterior: Dice 1.000")


def test_volumes_and_figures_are_saved(tmp_path: Path) -> None:
    scores, _ = scored(*folders(tmp_path), tolerance=2.0)

    table, rows = scores.write(tmp_path / "t.json"), scores.write(tmp_path / "t.csv")

    report = json.loads(table.read_text())
    assert report["parameters"]["tolerance"] == 2.0
    assert report["classes"]["2"]["missed in"] == ["patient2_a"]
    assert report["classes"]["3"]["spurious in"] == ["patient3_a"]
    assert report["rows"][0]["true_ml"] == pytest.approx(64 * np.prod(SPACING) / 1000)
    assert rows.read_text().count("\n") == 1 + 3 * 3
    assert {"surface_dice", "volume_error"} <= set(rows.read_text().split("\n")[0].split(","))


def test_pictures_are_measured_in_pixels(tmp_path: Path) -> None:
    mask = np.zeros((20, 20), np.uint8)
    mask[5:10, 5:10] = 255
    for folder, shift in (("references", 0), ("predictions", 3)):
        (tmp_path / folder).mkdir()
        Image.fromarray(np.roll(mask, shift, 0)).save(tmp_path / folder / "1.png")

    scores, _ = scored(tmp_path / "predictions" / "1.png", tmp_path / "references" / "1.png")

    row = scores.table.rows[0]
    assert (row.unit, row.scores[1].hd) == ("px", 3.0)
    assert scores.report()["rows"][0]["true_ml"] is None


def test_a_missing_prediction_is_refused_or_counts_as_empty(tmp_path: Path) -> None:
    predictions, references = folders(tmp_path)
    (predictions / "patient1_a.nii.gz").unlink()

    with pytest.raises(InputError, match="1 of 3 references have no prediction: patient1_a"):
        scored(predictions, references)
    scores, steps = scored(predictions, references, missing="empty")

    assert scores.table.rows[0].scores[1].missed
    assert "count as missed: patient1_a" in notes(steps)


def test_predictions_without_a_reference_are_told(tmp_path: Path) -> None:
    predictions, references = folders(tmp_path)
    save(predictions / "patient9_a.nii.gz", truth())

    scores, steps = scored(predictions, references)

    assert len(scores.table.rows) == 3
    assert "1 prediction without a reference cannot be judged: patient9_a.nii.gz" in notes(steps)


def test_two_models_are_compared_in_pairs(tmp_path: Path) -> None:
    for number in range(LEAST_PAIRS):
        name = f"patient{number}.nii.gz"
        save(tmp_path / "references" / name, truth())
        save(tmp_path / "one" / name, truth())
        # Label 2 is missed, label 1 half, each time a little less.
        other = without(truth(), 2)
        other[2:4, 2:6, 2 : 5 - number % 3] = 0
        save(tmp_path / "two" / name, other)

    scores, _ = scored(tmp_path / "one", tmp_path / "references", tmp_path / "two")
    lead = scores.lead("dice")

    assert 0.5 < lead["mean"] < 0.8
    assert lead["interval"][0] <= lead["mean"] <= lead["interval"][1]
    assert lead["better in"] == LEAST_PAIRS
    assert lead["p"] == pytest.approx(2 / 2**LEAST_PAIRS)
    assert scores.lead("hd95")["better in"] == LEAST_PAIRS
    assert "Dice against the other: +" in scores.summary()
    assert scores.report()["other"]["classes"]["2"]["missed in"]


def test_cases_of_one_patient_tell_nothing_of_others(tmp_path: Path) -> None:
    for number in range(2 * LEAST_PAIRS):
        name = f"anna_{number:02}.nii.gz"
        save(tmp_path / "references" / name, truth())
        save(tmp_path / "one" / name, truth())
        save(tmp_path / "two" / name, without(truth(), 2))
    places = (tmp_path / "one", tmp_path / "references", tmp_path / "two")

    alone, _ = scored(*places, patient_pattern="(anna)")
    lead = alone.lead("dice")
    assert (lead["n"], lead["patients"], lead["p"]) == (2 * LEAST_PAIRS, 1, None)
    assert "Dice against the other: +0.500 (one patient)" in alone.summary()

    # Two slices of each patient count as one case of each, not as twice as many.
    pairs, _ = scored(*places, patient_pattern=r"(\d)$")
    assert pairs.lead("dice")["patients"] == 10
    assert pairs.lead("dice")["p"] == pytest.approx(2 / 2**10)


def test_too_few_cases_have_no_p_value(tmp_path: Path) -> None:
    predictions, references = folders(tmp_path)
    other = tmp_path / "other"
    for file in references.iterdir():
        save(other / file.name, without(truth(), 1))

    scores, _ = scored(predictions, references, other)

    assert scores.lead("dice")["p"] is None
    alone, _ = scored(predictions, references)
    with pytest.raises(ValueError, match="nothing to compare"):
        alone.lead("dice")


def test_a_case_that_the_other_model_lacks(tmp_path: Path) -> None:
    predictions, references = folders(tmp_path)
    other = tmp_path / "other"
    save(other / "patient1_a.nii.gz", truth())

    with pytest.raises(InputError, match="2 of 3 references have no prediction of the other"):
        scored(predictions, references, other)
    scores, _ = scored(predictions, references, other, missing="empty")
    assert scores.other is not None
    assert scores.other.rows[1].scores[1].missed


def test_another_grid_is_refused(tmp_path: Path) -> None:
    reference = save(tmp_path / "a.nii.gz", truth())
    prediction = save(tmp_path / "b.nii.gz", truth(), (1.0, 1.5, 2.5))
    with pytest.raises(InputError, match=r"b\.nii\.gz does not lie on the voxels of .*a\.nii\.gz"):
        scored(prediction, reference)


def test_files_that_do_not_go_together(tmp_path: Path) -> None:
    predictions, references = folders(tmp_path)
    with pytest.raises(InputError, match="A file cannot be compared with a folder"):
        pair(predictions / "patient1_a.nii.gz", references)
    with pytest.raises(InputError, match="is not there"):
        pair(predictions, tmp_path / "nowhere")
    with pytest.raises(InputError, match="given twice"):
        pair(references, references)
    empty = save(tmp_path / "empty.nii.gz", np.zeros((4, 4, 4), np.uint8))
    with pytest.raises(InputError, match="There are no labels"):
        scored(empty, save(tmp_path / "other.nii.gz", np.zeros((4, 4, 4), np.uint8)))


@pytest.mark.parametrize("classes", ["0", "a", "70000", "-1"])
def test_labels_that_cannot_be(tmp_path: Path, classes: str) -> None:
    predictions, references = folders(tmp_path)
    with pytest.raises(InputError, match="classes"):
        scored(predictions, references, classes=classes)

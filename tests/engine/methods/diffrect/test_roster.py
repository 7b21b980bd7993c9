"""The patients of a set, for those who part them by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from engine.methods.diffrect.params import TrainParams
from engine.methods.diffrect.roster import SIDE, Roster, read_roster
from tests.engine.data.segmentation.sets import decathlon_set, disc, nifti
from tests.helpers.adaptdiff_models import run
from tests.helpers.diffrect_models import slices_set


def roster_of(root: Path, **values: Any) -> Roster:
    found: Roster = run(read_roster(root, None, None, None, TrainParams(**values)))[0]
    return found


def test_everybody_stands_where_the_parameters_say(tmp_path: Path) -> None:
    root = slices_set(tmp_path, patients=3, slices=2)
    found = roster_of(root, labelled_patients=1, test=0.0)
    assert {p.name: p.part for p in found.patients} == {
        "patient001": "labelled", "patient002": "unlabelled", "patient003": "unlabelled",
        "patient004": "validation", "patient005": "validation",
    }  # fmt: skip
    first, last = found.patients[0], found.patients[-1]
    assert first.cases == ("patient001_frame01_slice_0", "patient001_frame01_slice_1")
    assert (first.slices, last.slices, last.structures) == (2, 2, (1, 2))
    assert first.marked is not None
    assert set(np.unique(first.marked)) == {0, 1, 2}
    assert first.picture.shape == first.marked.shape
    assert found.structures[1] == ("label 1", (255, 0, 0))
    assert not found.problem
    named = roster_of(root, labelled_cases="patient003", validation_cases="patient001")
    assert [p.part for p in named.patients] == [
        "validation", "unlabelled", "labelled", "unlabelled", "unlabelled",
    ]  # fmt: skip


def test_a_choice_that_cannot_be_met_is_told_and_changed_by_hand(tmp_path: Path) -> None:
    root = slices_set(tmp_path, patients=2, slices=1)
    found = roster_of(root, labelled_patients=9, test=0.0)
    assert [p.part for p in found.patients] == ["unlabelled"] * 2 + ["validation"] * 2
    assert "9 labelled patients are asked for; there are 2" in found.problem
    lost = roster_of(root, validation_cases="nobody")
    assert {p.part for p in lost.patients} == {"unlabelled"}
    assert "no case or patient nobody" in lost.problem


def test_images_without_a_label_and_large_ones(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path, ["patient1_a", "patient2_a", "patient3_a"])
    wide = np.zeros((1, 4, 300), np.float32)
    wide[..., 150:] = 5.0
    nifti(root / "imagesTr" / "patient1_b.nii.gz", disc((6, 20, 18), 8)[0])
    nifti(root / "imagesTr" / "patient9_a.nii.gz", wide)
    found = {p.name: p for p in roster_of(root, labelled_patients=1).patients}
    both, bare = found["patient1"], found["patient9"]
    assert (both.bare, len(both.cases), both.has_labels) == (1, 2, True)
    assert (bare.bare, bare.has_labels, bare.marked, bare.structures) == (1, False, None, ())
    assert max(bare.picture.shape) == SIDE
    assert min(bare.picture.shape) >= 1
    assert bare.picture.min() == 0
    assert bare.picture.max() == 255


def test_it_loads_no_torch() -> None:
    code = "import sys, engine.methods.diffrect.roster; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

"""Folders of small label maps: a truth, and predictions with known faults."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from engine.scoring.errors import MISSED, RIGHT, SPURIOUS
from engine.scoring.looking import look_at_labels
from engine.scoring.pairing import ScoredCase
from engine.scoring.params import ScoreParams
from engine.scoring.scoring import Scores, score
from engine.scoring.stored import read_scores
from engine.steps import NoteStep, Step

SHAPE = (12, 10, 8)
SPACING = (1.0, 1.5, 2.0)
Labels = NDArray[np.uint8]


def save(path: Path, labels: Labels, spacing: tuple[float, ...] = SPACING) -> Path:
    """A NIfTI with axes to the right, front and head."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(labels, np.diag([*spacing, 1.0])), path)
    return path


def truth() -> Labels:
    """Label 1 a block of 4 x 4 x 4, label 2 one of 2 x 2 x 2."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:6, 2:6, 2:6] = 1
    labels[8:10, 2:4, 2:4] = 2
    return labels


def without(labels: Labels, label: int) -> Labels:
    """With a label missing."""
    return np.where(labels == label, 0, labels).astype(np.uint8)


def folders(root: Path) -> tuple[Path, Path]:
    """Predictions and references of three patients: right, without label 2, with a label 3."""
    spurious = truth()
    spurious[0, 0, 0] = 3
    for name, found in (
        ("patient1_a", truth()), ("patient2_a", without(truth(), 2)), ("patient3_a", spurious),
    ):  # fmt: skip
        save(root / "references" / f"{name}.nii.gz", truth())
        save(root / "predictions" / f"{name}.nii.gz", found)
    return root / "predictions", root / "references"


def scored(
    predictions: Path,
    references: Path,
    against: Path | None = None,
    images: Path | None = None,
    **params: object,
) -> tuple[Scores, list[Step]]:
    """What `score` returns, and its steps."""
    asked = ScoreParams.parse(dict(params))
    steps = score(predictions, references, asked, against=against, images=images)
    told: list[Step] = []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            return end.value, told


def check_kept(output: Path) -> list[ScoredCase]:
    """Errors of what an evaluation kept have the sizes that its table tells; its cases."""
    scores = read_scores(output)
    assert isinstance(scores, Scores)
    tables = [scores.table] if scores.other is None else [scores.table, scores.other]
    for other, table in enumerate(tables):
        for row in table.rows:
            case = scores.files(row.case)
            assert case is not None
            for label, figures in row.scores.items():
                look = look_at_labels(case, label, other=bool(other))
                assert look.image is not None
                assert look.counts[RIGHT] + look.counts[MISSED] == figures.true_size
                assert look.counts[RIGHT] + look.counts[SPURIOUS] == figures.found_size
    return list(scores.cases)


def notes(steps: list[Step]) -> str:
    """What was told."""
    return "\n".join(step.message for step in steps if isinstance(step, NoteStep))

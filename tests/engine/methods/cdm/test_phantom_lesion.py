"""The bundled models of phantoms find the lesion of a head that they did not learn from, and in
slices without it nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.data.phantoms.brain import Tissue, make_brain
from engine.data.phantoms.lesion_heads import SPREAD
from engine.data.volumes.write import write_image
from engine.jobs import Job
from engine.library import find
from engine.methods import cdm
from engine.methods.cdm.segmenting import segment
from engine.methods.cdm.use_params import SegmentParams
from engine.training.checkpoint import read_card
from tests.helpers.adaptdiff_models import run
from tests.helpers.torch_rules import cpu_context

SEED = 1002
"""They learnt from heads 0 to 199."""
MODELS = {"checkpoint": "phantom-lesion", "classifier": "phantom-lesion-classifier"}


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """The file, and where its lesion is."""
    brain = make_brain(seed=SEED, lesion=SPREAD)
    file = tmp_path_factory.mktemp("head") / "head.nii.gz"
    write_image(file, brain.image("FLAIR", seed=SEED))
    return file, brain.tissues == Tissue.LESION


def found(file: Path, region: str) -> np.ndarray:
    preset = cdm.METHOD.task("segment").preset(read_card(find("phantom-lesion")).preset)
    params = SegmentParams.parse({**preset, **MODELS, "draws": 2})
    job = Job("cdm", "segment", params, {"input": file, "region": region})
    result, _ = run(segment(job, cpu_context()))
    return np.asarray(result.labels == 1)


def test_where_the_lesion_is(head: tuple[Path, np.ndarray]) -> None:
    file, marked = head
    middle = int(marked.sum(axis=(1, 2)).argmax())
    labels = found(file, f":,:,{middle}")
    overlap = 2 * (labels & marked)[middle].sum() / (labels.sum() + marked[middle].sum())
    assert overlap > 0.6
    assert not np.delete(labels, middle, axis=0).any()


def test_where_none_is(head: tuple[Path, np.ndarray]) -> None:
    file, marked = head
    below = int(np.flatnonzero(marked.any(axis=(1, 2)))[0]) - 12
    assert not found(file, f":,:,{below}:{below + 3}").any()

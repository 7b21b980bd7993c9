"""What is saved with labels says which results are in them, so that they are made again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.controllers.segment.expected import Expected, MadeBy
from app.controllers.segment.origin import origin_of
from app.label_files import save_labels
from engine import methods
from engine.data.png import write_png
from engine.data.volumes.read import read_volume
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.cdal.params import SegmentParams
from engine.reproducing import METHOD
from engine.reproducing.params import ReproduceParams
from engine.reproducing.report import Outcome
from engine.results import SegmentationResult
from tests.helpers.adaptdiff_models import run
from tests.helpers.cdal_models import disc, save_generator
from tests.helpers.torch_rules import cpu_context
from widgets.viewer.volume.box import Box

PART = np.array([[0, 2, 4], [1, 20, 18]])


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "case.png"
    write_png(path, disc(np.random.default_rng(0), (24, 24))[0], {})
    return path


@pytest.fixture
def laid(tmp_path: Path, image: Path) -> Expected:
    """A result of all of an image as label 1, and one of a part of it as label 5."""
    weights = save_generator(tmp_path / "discs.safetensors")
    array = read_volume(image).array
    expected = Expected((1, 24, 24))
    for seed, label, region in ((2, 1, None), (3, 5, PART)):
        params = SegmentParams(checkpoint=str(weights), votes=2, seed=seed, threshold=0.01)
        inputs = {"input": array} if region is None else {"input": array, "region": region}
        job = Job("cdal", "segment", params, inputs, files={"input": image})
        result = run(methods.run(job, cpu_context()))[0]
        assert isinstance(result, SegmentationResult)
        box = Box(*result.region)
        part = np.where(result.labels[box.index] > 0, label, 0)
        expected = expected.after(box, part, MadeBy(result.provenance, {1: label}))
    return expected


def saved(image: Path, labels: np.ndarray, expected: Expected) -> Path:
    record = json.loads(json.dumps(origin_of(labels, expected)))
    return save_labels(image.with_name("labels.seg.nrrd"), labels, read_volume(image), (), record)


def again(path: Path, **inputs: Path) -> Outcome:
    job = Job(METHOD, METHOD, ReproduceParams(), {"result": path, **inputs})
    (outcome,) = run(methods.run(job, cpu_context()))[0].outcomes
    assert isinstance(outcome, Outcome)
    return outcome


def test_results_laid_over_each_other_are_made_again(image: Path, laid: Expected) -> None:
    assert set(np.unique(laid.labels())) == {0, 1, 5}
    kept = image.with_name("kept.seg.nrrd")
    found = again(saved(image, laid.labels(), laid), keep=kept)
    assert (found.verdict, found.edited, found.kept) == ("equal", "", kept)
    np.testing.assert_array_equal(read_volume(kept, kind="labels").array[0], laid.labels())


def test_work_by_hand_is_told_apart(image: Path, laid: Expected) -> None:
    labels = laid.labels().copy()
    labels[0, 20:, :2] = 7
    found = again(path := saved(image, labels, laid))
    assert (found.verdict, found.edited) == ("equal", "was edited by hand before it was saved")
    assert found.notes == ("8 of 576 voxels were changed by hand before it was saved.",)
    write_png(image, disc(np.random.default_rng(5), (24, 24))[0], {})
    found = again(path)
    assert found.verdict == "different"
    assert found.reasons[0].startswith("Input is not what was used")


def test_what_the_record_does_not_tell(image: Path, laid: Expected) -> None:
    path = saved(image, laid.labels(), replace(laid, recut=True))
    with pytest.raises(InputError, match="cut anew by hand"):
        again(path)
    assert origin_of(laid.labels(), Expected((1, 24, 24))) is None


def test_what_lies_under_a_result_of_the_whole_image_is_gone(laid: Expected) -> None:
    whole = Box((0, 0, 0), (1, 24, 24))
    last = MadeBy({}, {1: 1})
    assert laid.after(whole, np.zeros((1, 24, 24)), last).made == (last,)
    assert len(laid.after(Box(*PART.tolist()), np.zeros((1, 18, 14)), last).made) == 3
    cut = laid.after(whole, np.zeros((1, 24, 24)))
    assert cut.recut
    assert not cut.after(whole, np.zeros((1, 24, 24)), last).recut

"""Copies of training images among synthetic ones, mirrored and noisy ones too."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from engine.errors import InputError
from engine.scoring.looking import look_at_copy
from engine.scoring.memorised import Memorised, find_memorised
from engine.scoring.params import MemorisedParams
from engine.scoring.stored import read_scores
from engine.steps import NoteStep, Step

Picture = NDArray[np.uint8]


def picture(seed: int) -> Picture:
    """Smooth blobs, others for each seed."""
    noise = np.random.default_rng(seed).standard_normal((48, 40))
    smooth = gaussian_filter(noise, 3)
    return np.uint8(255 * (smooth - smooth.min()) / np.ptp(smooth))


def save(folder: Path, name: str, pixels: Picture) -> None:
    folder.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(folder / f"{name}.png")


def looked(root: Path, params: MemorisedParams | None = None) -> tuple[Memorised, list[Step]]:
    steps = find_memorised(root / "synthetic", root / "training", params)
    told: list[Step] = []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            return end.value, told


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Twelve patients; a synthetic picture of its own, a noisy mirrored copy, an empty one."""
    for number in range(12):
        save(tmp_path / "training", f"patient{number}", picture(number))
    noise = np.random.default_rng(0).normal(0, 12, (48, 40))
    copy = np.clip(picture(7)[:, ::-1] + noise, 0, 255).astype(np.uint8)
    save(tmp_path / "synthetic", "copy", copy)
    save(tmp_path / "synthetic", "new", picture(101))
    save(tmp_path / "synthetic", "empty", np.zeros((48, 40), np.uint8))
    return tmp_path


def test_a_copy_is_found_and_a_new_image_is_not(root: Path) -> None:
    found, told = looked(root)

    assert [one.slice for one in found.suspicious] == ["copy"]
    first = found.nearest[0]
    assert (first.training, first.training_file.name) == ("patient7", "patient7.png")
    assert first.correlation > 0.95
    assert -1 < found.usual < found.threshold < 0.95
    assert "1 of 2 synthetic slices" in found.summary()
    assert any(isinstance(s, NoteStep) and "1 slices of the synthetic" in s.message for s in told)


def test_slices_of_one_patient_do_not_tell_how_alike_two_are(root: Path) -> None:
    before = looked(root)[0].threshold
    for number in range(12):
        save(root / "training", f"patient{number}_b", picture(number))
    assert looked(root)[0].threshold == pytest.approx(before)


def test_tables(root: Path) -> None:
    found, _ = looked(root, MemorisedParams(percentile=100))
    report = json.loads(found.write(root / "t.json").read_text())
    assert report["parameters"]["percentile"] == 100
    assert [row["suspicious"] for row in report["rows"]] == [True, False]
    assert found.write(root / "t.csv").read_text().startswith("slice,training,file,correlation")
    with pytest.raises(InputError, match="no ending"):
        found.write(root / "t.txt")
    again = read_scores(root / "t.json")
    assert isinstance(again, Memorised)
    assert again.params == found.params
    for before, after in zip(found.nearest, again.nearest, strict=True):
        assert replace(after, correlation=before.correlation) == before
    ours, theirs, mirrored = look_at_copy(again.nearest[0])
    assert mirrored
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.95


def test_sets_that_tell_nothing(root: Path) -> None:
    one = MemorisedParams(patient_pattern="^(patient)")
    with pytest.raises(InputError, match="are of one patient, patient"):
        looked(root, one)
    for name in ("copy", "new"):
        save(root / "synthetic", name, np.full((9, 9), 7, np.uint8))
    with pytest.raises(InputError, match="nothing to compare in the synthetic"):
        looked(root)

"""Measuring on a data set, and files of a segmentation."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.data.segmentation.cases import find_cases
from engine.data.segmentation.preparation import Preparation
from engine.data.volumes.masks import read_labels
from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Volume
from engine.errors import InputError
from engine.methods.cdal.data import recipe
from engine.methods.cdal.evaluation import Evaluation, Segmenter, evaluate_cases
from engine.methods.cdal.inference import segment
from engine.methods.cdal.outputs import table_of, write_segmentation
from engine.results import SegmentationResult
from engine.scoring.keeping import Keeper
from engine.steps import ProgressStep, Step
from tests.engine.data.segmentation.sets import decathlon_set, folder_set
from tests.engine.methods.cdal.drawing import Brightness
from tests.engine.methods.cdal.test_inference import run
from tests.helpers.torch_rules import cpu_context

PLANES = replace(recipe("grey", 16), preparation=Preparation(), votes=8)
NOT_KEPT = Keeper(Path("x.json"), wanted=False)
VOXELS = replace(recipe("hippocampus", 8), votes=2)


def by_brightness(noise: float, cut: float = 0.47) -> Segmenter:
    def segmenter(volume: Volume) -> Generator[Step, None, SegmentationResult]:
        return segment(volume, PLANES, 1, Brightness(cut, noise), cpu_context())

    return segmenter


def evaluated(root: Path, noise: float, cut: float = 0.47) -> tuple[Evaluation, list[ProgressStep]]:
    names = {0: "no", 1: "disc"}
    steps = evaluate_cases(find_cases(root).cases, by_brightness(noise, cut), names, NOT_KEPT)
    told = []
    try:
        while True:
            told.append(next(steps))
    except StopIteration as end:
        return end.value, [s for s in told if isinstance(s, ProgressStep)]


def test_a_good_segmenter_and_what_it_is_unsure_of(tmp_path: Path) -> None:
    found, told = evaluated(folder_set(tmp_path, ["a", "b-day1", "b-day2"], side=40), noise=0.3)
    report = found.report()
    assert report["classes"]["1"]["dice"]["mean"] > 0.8
    assert (report["cases"], report["patients"], report["unit of hd95"]) == (3, 2, "px")
    variance = found.variance
    assert (variance.auroc() or 0.0) > 0.6
    rates = [b.error_rate for b in variance.bins(3)]
    assert rates[-1] > rates[0]
    told_lines = found.summary().splitlines()
    assert told_lines[0].startswith("disc: Dice 0.")
    assert told_lines[1] == "In brackets 95 % intervals of the mean over 2 patients."
    assert told_lines[2].startswith("Variance of the votes, 0 to 0.25: AUROC of errors 0.")
    first, last = (float(line.split(", ")[1].split("%")[0]) for line in told_lines[3:])
    assert first < last, "voxels are wrong more often where votes disagree"
    assert [told[0].done, told[-1].done] == [0, 3]
    out = found.write(tmp_path / "report.json", {"checkpoint": "c"})
    read = json.loads(out.read_text(encoding="utf-8"))
    assert read["uncertainty"]["variance"]["auroc_of_errors"] == pytest.approx(variance.auroc())
    assert read["checkpoint"] == "c"
    assert found.write(tmp_path / "rows.csv").read_text(encoding="utf-8").count("\n") == 4


def test_one_that_finds_nothing_has_the_diagonal(tmp_path: Path) -> None:
    found, _ = evaluated(folder_set(tmp_path, ["a", "c"], side=24), noise=0.0, cut=9.0)
    report = found.report()["classes"]["1"]
    assert report["dice"]["mean"] == 0.0
    assert report["missed in"] == ["a", "c"]
    assert "disc was missed in 2 cases, such as a" in found.summary()
    assert report["hd95"]["mean"] == pytest.approx(np.hypot(23, 27))


def test_without_cases(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no cases"):
        next(evaluate_cases((), by_brightness(0.0), {1: "disc"}, NOT_KEPT))


def test_closing_ends_the_segmentation(tmp_path: Path) -> None:
    closed = []

    def segmenter(volume: Volume) -> Generator[Step, None, SegmentationResult]:
        try:
            while True:
                yield ProgressStep(0, 1)
        finally:
            closed.append(volume)

    cases = find_cases(folder_set(tmp_path, ["a"])).cases
    steps = evaluate_cases(cases, segmenter, {1: "disc"}, NOT_KEPT)
    for _ in range(4):
        next(steps)
    steps.close()
    assert len(closed) == 1


def test_labels_and_maps_lie_on_the_image(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path / "set", ["a"])
    volume = read_volume(find_cases(root).cases[0].image)
    result, _ = run(segment(volume, VOXELS, 3, Brightness(classes=3, noise=0.1), cpu_context()))
    told = replace(result, names={0: "background", 1: "front", 2: "back"}, provenance={"seed": 1})
    paths = write_segmentation(
        told, volume, tmp_path / "seg.nii.gz",
        probability=tmp_path / "p.nii.gz", uncertainty=tmp_path / "u.nii.gz",
        entropy=tmp_path / "e.nii.gz",
    )  # fmt: skip
    assert [p.name for p in paths] == [
        "seg.nii.gz", "p.nii.gz", "p_1.nii.gz", "p_2.nii.gz", "u.nii.gz", "e.nii.gz",
    ]  # fmt: skip
    labels = read_labels(paths[0], volume.geometry)
    assert labels.matches
    assert np.array_equal(labels.labels, result.labels)
    held = ("probability", "probability", "probability", "uncertainty", "entropy")
    for path, holds, expected in zip(
        paths[1:],
        held,
        (result.foreground, *result.probability[1:], result.variance, result.entropy),
        strict=True,
    ):
        read = read_volume(path)
        assert read.geometry.matches(volume.geometry)
        assert read.values() == pytest.approx(expected, abs=1e-6)
        beside = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
        assert beside["seed"] == 1
        assert beside["holds"].startswith(holds)
        assert len(beside["content"]["sha256"]) == 64
    assert [e.name for e in table_of(told.names)] == ["front", "back"]

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import CheckpointError, InputError
from engine.jobs import Job
from engine.methods.adaptdiff.evaluation import evaluate, interval
from engine.methods.adaptdiff.networks import load_segmenter
from engine.methods.adaptdiff.params import EvaluateParams
from engine.methods.adaptdiff.segmentation import dice, segment
from engine.methods.adaptdiff.sources import labelled_cases
from tests.engine.scoring.maps import check_kept
from tests.helpers.adaptdiff_models import phantom_folders, run, save_diffusion, save_segmenter
from tests.helpers.torch_rules import cpu_context


def evaluation(folder: Path, checkpoint: Path) -> Job:
    inputs = {
        "images": folder / "images", "masks": folder / "masks", "output": folder / "report.json",
    }  # fmt: skip
    params = EvaluateParams.parse({"checkpoint": str(checkpoint)})
    return Job("adaptdiff", "evaluate", params, inputs)


def test_report(tmp_path: Path) -> None:
    phantom_folders(tmp_path, side=64)
    job = evaluation(tmp_path, save_segmenter(tmp_path / "s.safetensors"))
    result, steps = run(evaluate(job, cpu_context()))
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report == json.loads(json.dumps(result.figures))
    assert len(steps) == 3
    model, _ = load_segmenter(str(tmp_path / "s.safetensors"), cpu_context())
    expected = {
        c.name: dice(segment(model, c.image), c.mask)
        for c in labelled_cases(job, "octa", "")
        if c.mask is not None
    }
    assert report["cases"] == expected
    assert report["mean Dice"] == pytest.approx(np.mean(list(expected.values())))
    low, high = report["interval"]
    assert low <= report["mean Dice"] <= high
    assert f"{report['mean Dice']:.3f}" in result.summary
    assert "n = 3" in result.summary
    assert len(check_kept(tmp_path / "report.json")) == 3
    assert {row["case"]: row["dice"] for row in report["rows"]} == pytest.approx(expected, abs=1e-6)
    assert {row["unit"] for row in report["rows"]} == {"px"}


def test_rows_alone(tmp_path: Path) -> None:
    phantom_folders(tmp_path, count=1, side=64)
    job = evaluation(tmp_path, save_segmenter(tmp_path / "s.safetensors"))
    run(evaluate(replace(job, inputs={**job.inputs, "output": tmp_path / "r.csv"}), cpu_context()))
    assert (tmp_path / "r.csv").read_text().splitlines()[0].startswith("case,patient,class,name")
    bad = replace(job, inputs={**job.inputs, "output": tmp_path / "r.txt"})
    with pytest.raises(InputError, match="no ending for a table"):
        run(evaluate(bad, cpu_context()))


def test_bootstrap_interval() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0.7, 0.1, 100)
    low, high = interval(values)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * 0.1 / 10, rel=0.25)
    assert interval(values) == (low, high)
    assert interval(np.array([0.5])) == (0.5, 0.5)


def test_a_diffusion_model_is_no_segmenter(tmp_path: Path) -> None:
    phantom_folders(tmp_path, count=1, side=64)
    job = evaluation(tmp_path, save_diffusion(tmp_path / "d.safetensors"))
    with pytest.raises(CheckpointError, match="is a diffusion of adaptdiff, not a segmenter"):
        run(evaluate(job, cpu_context()))
    assert not (tmp_path / "report.json").exists()

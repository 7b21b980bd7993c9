"""Translations against measured images, and against simpler ways."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data.segmentation.splits import Split
from engine.data.volumes.read import read_volume
from engine.errors import CheckpointError, InputError
from engine.jobs import Job
from engine.methods.midiffusion.evaluating import evaluate
from engine.methods.midiffusion.evaluation import matched
from engine.methods.midiffusion.translating import translate
from engine.methods.midiffusion.use_params import EvaluateParams, TranslateImageParams
from engine.results import FileResult
from engine.scoring.image_scores import ImageScores
from engine.scoring.keeping import kept_folder
from engine.scoring.looking import look_at_images
from engine.scoring.report import write_report
from engine.scoring.stored import read_scores
from engine.steps import NoteStep, Step
from tests.helpers import adaptdiff_models
from tests.helpers.midiffusion_models import (
    PROCESS,
    QUICK,
    head,
    heads,
    save_translator,
    save_volume,
)
from tests.helpers.torch_rules import cpu_context

PATTERNS = {"pattern": "*_t2.nii.gz", "reference_pattern": "*_t1.nii.gz"}


def run(images: Path, output: Path, **more: Any) -> tuple[FileResult, list[Step]]:
    inputs = {k: more.pop(k) for k in ("references", "split", "features") if k in more}
    params = EvaluateParams.parse({**QUICK, **PATTERNS, **more})
    job = Job("midiffusion", "evaluate", params, {"images": images, "output": output, **inputs})
    result, steps = adaptdiff_models.run(evaluate(job, cpu_context()))
    return result, steps


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    return str(save_translator(tmp_path / "t.safetensors"))


def told(steps: list[Step]) -> str:
    return " ".join(s.message for s in steps if isinstance(s, NoteStep))


def test_every_way_with_intervals(tmp_path: Path, checkpoint: str) -> None:
    folder, output = heads(tmp_path / "set", 3), tmp_path / "report.json"
    result, steps = run(folder, output, checkpoint=checkpoint)
    read = json.loads(output.read_text(encoding="utf-8"))
    assert list(read["ways"]) == ["translation", "source", "histogram", "sdedit", "ceiling"]
    assert (read["cases"], read["patients"]) == (3, 3)
    for way in read["ways"].values():
        low, high = way["ssim"]["interval"]
        assert low <= way["ssim"]["mean"] <= high
        assert way["ssim"]["n"] == 3
    ceiling = read["ways"]["ceiling"]
    assert ceiling["ssim"]["mean"] > 0.99, "the network's pixels are those of the set"
    assert ceiling["mae"]["mean"] < 0.01
    gap = read["gain of translation"]["over source"]["psnr"]["mean"]
    both = [read["ways"][way]["psnr"]["mean"] for way in ("translation", "source")]
    assert gap == pytest.approx(both[0] - both[1])
    rows = {(row["case"], row["way"]) for row in read["rows"]}
    assert ("patient2_t2", "histogram") in rows
    assert {row["slices"] for row in read["rows"]} == {4}
    few = read["sets of slices"]["translation"]
    assert few["fid"] is None
    assert "12 images are too few" in few["caution"]
    assert "not Inception" in few["features"]
    assert "translation: SSIM" in result.summary
    assert "of the references, which no method would have" in told(steps)
    again, _ = run(folder, tmp_path / "again.json", checkpoint=checkpoint)
    assert again.figures["rows"] == result.figures["rows"]


def test_what_was_compared_can_be_looked_at(tmp_path: Path, checkpoint: str) -> None:
    folder, output = heads(tmp_path / "set", 2), tmp_path / "report.json"
    run(folder, output, checkpoint=checkpoint, most=2, baselines="source, sdedit")
    kept = kept_folder(output)
    assert kept == tmp_path / "report-images"
    names = {path.name for path in kept.iterdir()}
    assert names == {"references", "translation", "source", "sdedit"}
    assert json.loads((kept / "translation" / "patient0_t2.nii.gz.json").read_text())["synthetic"]
    assert not (kept / "source" / "patient0_t2.nii.gz.json").exists(), "that one was measured"
    scores = read_scores(output)
    assert isinstance(scores, ImageScores)
    case = scores.files("patient0_t2")
    assert case is not None
    assert case.image == folder / "patient0_t2.nii.gz"
    look, own, other = (
        look_at_images(case, scores.params, way) for way in ("translation", "source", "sdedit")
    )
    assert look.geometry.shape == read_volume(case.image).geometry.shape
    shown = look.images["reference"].any(axis=(1, 2))
    assert shown.sum() == 2, "slices that were not judged are black in all"
    assert not any(image[~shown].any() for image in look.images.values())
    assert not np.array_equal(look.images["translation"], other.images["sdedit"])
    np.testing.assert_array_equal(own.images["reference"], look.images["reference"])
    assert 0 < own.images["difference"].max() <= 1
    with pytest.raises(InputError, match="no image of ceiling"):
        look_at_images(case, scores.params, "ceiling")
    report = tmp_path / "report.html"
    list(write_report(report, scores, "Two heads"))
    assert report.read_text("utf-8").count("SSIM 0.") >= 2, "both cases have their picture"
    # It is what a translation of these slices gives.
    numbers = ", ".join(str(n) for n in np.flatnonzero(shown))
    params = TranslateImageParams.parse(
        {**QUICK, "checkpoint": checkpoint, "slices": numbers, "values": "unit"}
    )
    job = Job("midiffusion", "translate", params, {"input": case.image})
    made, _ = adaptdiff_models.run(translate(job, cpu_context()))
    np.testing.assert_allclose(look.images["translation"][shown], made.image[shown], atol=1e-6)
    run(folder, output, checkpoint=checkpoint, most=2, keep_images=False)
    assert kept_folder(output) is None
    assert not kept.exists()


def test_features_of_enough_slices(tmp_path: Path, checkpoint: str) -> None:
    folder = heads(tmp_path / "set", 2, (27, 14, 12))
    how = {"checkpoint": checkpoint, "baselines": "ceiling", "steps": 1}
    result, _ = run(folder, tmp_path / "r.json", **how)
    found = result.figures["sets of slices"]
    assert found["translation"]["images"] == [52, 52]
    assert found["ceiling"]["fid"] < found["translation"]["fid"]
    assert found["ceiling"]["kid"] < found["translation"]["kid"]


def test_rows_alone_as_csv(tmp_path: Path, checkpoint: str) -> None:
    folder = heads(tmp_path / "set", 2)
    how = {"checkpoint": checkpoint, "baselines": "source", "most": 2}
    result, _ = run(folder, tmp_path / "rows.csv", **how)
    with result.path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(r["case"], r["way"]) for r in rows] == [
        (f"patient{i}_t2", way) for i in range(2) for way in ("translation", "source")
    ]
    assert {r["slices"] for r in rows} == {"2"}


def test_a_model_that_knows_its_target(tmp_path: Path) -> None:
    from engine.methods.midiffusion.looks import Framing

    quantiles = np.linspace(0.2, 0.9, 256).tolist()
    seen = {**Framing(16, pixel_mm=1.5).card(), "quantiles": quantiles}
    path = save_translator(
        tmp_path / "t.safetensors", preprocessing=seen, process={**PROCESS, "unguided": False}
    )
    _, steps = run(heads(tmp_path / "set", 1), tmp_path / "r.json", checkpoint=str(path))
    assert "SDEdit is left out" in told(steps)
    assert "which no method would have" not in told(steps)


def test_histograms_are_matched_in_the_body() -> None:
    image = head(np.random.default_rng(0), (20, 20), deep=False)[0][None] / 180
    wanted = np.linspace(0.5, 0.8, 256, dtype=np.float32)
    found = matched(image.clip(0, 1), wanted)
    body = image > 0.05
    np.testing.assert_array_equal(found[~body], image.clip(0, 1)[~body])
    assert found[body].min() == pytest.approx(0.5, abs=0.02)
    assert found[body].max() == pytest.approx(0.8, abs=0.02)


def test_references_on_another_grid(tmp_path: Path, checkpoint: str) -> None:
    folder, other = heads(tmp_path / "set", 2), tmp_path / "other"
    other.mkdir()
    for i in range(2):
        one = head(np.random.default_rng(i), (5, 28, 24))[0]
        save_volume(other / f"patient{i}_t1.nii.gz", one, (3.0, 0.75, 0.75))
    how = {"checkpoint": checkpoint, "references": other, "baselines": "source"}
    _, steps = run(folder, tmp_path / "r.json", **how)
    assert "was brought onto the grid of patient0_t2" in told(steps)


def test_the_part_of_a_run(tmp_path: Path) -> None:
    folder = heads(tmp_path / "set", 3)
    place = tmp_path / "run" / "checkpoints"
    place.mkdir(parents=True)
    split = {"train": ("patient0_t1",), "validation": ("patient1_t1",), "test": ("patient2_t1",)}
    Split(*split.values()).save(tmp_path / "run", _owned(split))
    checkpoint = str(save_translator(place / "final.safetensors"))
    how = {"checkpoint": checkpoint, "baselines": "source"}
    result, steps = run(folder, tmp_path / "r.json", part="test", **how)
    assert [row["case"] for row in result.figures["rows"]] == ["patient2_t2"] * 2
    assert "1 of 3 pairs are evaluated (test)" in told(steps)
    _, steps = run(folder, tmp_path / "all.json", **how)
    assert "trained on images of patient0" in told(steps)
    with pytest.raises(InputError, match="None of the 2 pairs"):
        run(folder, tmp_path / "n.json", part="test", pattern="patient[01]_t2.nii.gz",
            reference_pattern="patient[01]_t1.nii.gz", **how)  # fmt: skip


def _owned(split: dict[str, tuple[str, ...]]) -> list[Any]:
    from engine.data.gathering import Found

    names = [name for part in split.values() for name in part]
    return [Found(name, Path(name), name.split("_")[0]) for name in names]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"baselines": "source, magic"}, "no way called 'magic'"),
        ({"part": "test"}, "not known which patients"),
        ({"level": 900, "start": "source"}, "noise level of 900"),
        ({"pattern": "*_pd.nii.gz"}, "matches"),
        ({"reference_pattern": "p*1_t1.nii.gz"}, "belongs to one of"),
    ],
)
def test_requests_that_cannot_be_met(
    tmp_path: Path, checkpoint: str, changes: dict[str, Any], problem: str
) -> None:
    folder = heads(tmp_path / "set", 2)
    with pytest.raises(InputError, match=problem) as caught:
        run(folder, tmp_path / "r.json", checkpoint=checkpoint, **changes)
    assert caught.value.hint
    assert not (tmp_path / "r.json").exists()


def test_pictures_of_different_sizes(tmp_path: Path, checkpoint: str) -> None:
    for name, side in (("a_t1", 20), ("a_t2", 24)):
        image = head(np.random.default_rng(0), (side, side), deep=False)[0]
        np.save(tmp_path / f"{name}.npy", image)
    how = {"pattern": "*_t2.npy", "reference_pattern": "*_t1.npy", "checkpoint": checkpoint}
    with pytest.raises(InputError, match="24 x 24 x 1 voxels"):
        run(tmp_path, tmp_path / "r.json", **how)


def test_features_from_a_file_that_is_no_inception(tmp_path: Path, checkpoint: str) -> None:
    folder = heads(tmp_path / "set", 1)
    with pytest.raises(CheckpointError, match=r"t\.safetensors"):
        run(folder, tmp_path / "r.json", checkpoint=checkpoint, features=Path(checkpoint))

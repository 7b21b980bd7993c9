"""CDM from the command line: both networks trained, an image segmented, cases evaluated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli import main
from tests.helpers.cdm_models import volumes

TINY = [
    "--preset", "fast", "--size", "16", "--width", "8", "--multipliers", "1, 2",
    "--attention", "8", "--timesteps", "40", "--iterations", "1", "--batch", "2", "--smallest",
    "1", "--plane", "axial", "--finding", "spot", "--hold-out", "patient2", "--validation", "0",
    "--threads", "1", "--preview-every", "0",
]  # fmt: skip
QUICK = ["--level", "20", "--rounds", "2", "--threads", "1"]


def test_from_image_level_labels_to_lesions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = volumes(tmp_path / "set", 3)
    weights = {}
    for stage, more in (("diffusion", ["--heads", "2"]), ("classifier", ["--head-channels", "4"])):
        run = tmp_path / stage
        command = ["train", "--method", "cdm", "--stage", f"train-{stage}", *TINY, *more]
        assert main([*command, "--images", str(folder), "--output", str(run)]) == 0
        weights[stage] = str(run / "checkpoints" / "final.safetensors")
    models = ["--checkpoint", weights["diffusion"], "--classifier", weights["classifier"]]
    image = folder / "imagesTr" / "patient2.nii.gz"
    labels, heat = tmp_path / "labels.nii.gz", tmp_path / "heat.nii.gz"
    command = ["segment", "--method", "cdm", "--input", str(image), "--output", str(labels)]
    command += [*models, *QUICK, "--label", "1", "--timeline", str(tmp_path / "steps")]
    assert main([*command, "--heat", str(heat)]) == 0
    told = capsys.readouterr().out
    assert {p.name for p in (tmp_path / "steps").iterdir()} == {
        "strip.png", "timeline.gif",
        *(f"step000{n}_{way}.png" for n in (1, 2) for way in ("label", "blend")),
    }  # fmt: skip
    assert main([*command, "--evidence", "grad-cam"]) == 2
    assert "shows no steps" in capsys.readouterr().err
    assert labels.exists()
    assert heat.exists()
    assert "Found: spot" in told
    assert "heat.nii.gz" in told
    report = tmp_path / "report.json"
    command = ["evaluate", "--method", "cdm", "--images", str(folder), "--output", str(report)]
    assert main([*command, *models, *QUICK, "--denoise-steps", "2"]) == 0
    assert "cg-cdm: spot: Dice" in capsys.readouterr().out
    found = json.loads(report.read_text(encoding="utf-8"))
    assert [row["case"] for row in found["evidence"]["cdm"]["rows"]] == ["patient2"]


def test_one_class_alone_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = volumes(tmp_path / "set", 2)
    table = folder / "t.csv"
    table.write_text("file,label\nimagesTr/patient0.nii.gz,1\nimagesTr/patient1.nii.gz,1\n")
    command = ["train", "--method", "cdm", "--stage", "train-diffusion", *TINY]
    assert main([*command, "--images", str(table), "--output", str(tmp_path / "run")]) == 2
    assert "All 12 slices are labelled label 1" in capsys.readouterr().err

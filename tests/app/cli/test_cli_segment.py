"""cDAL from the command line: trained, used, and with files beside the labels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.cli import main
from tests.helpers.cdal_models import disc_folders, save_generator


def test_labels_and_maps_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    disc_folders(tmp_path)
    checkpoint = save_generator(tmp_path / "tiny.safetensors")
    image, labels = tmp_path / "images" / "case_0.png", tmp_path / "seg.nii.gz"
    command = ["segment", "--method", "cdal", "--input", str(image), "--output", str(labels)]
    command += ["--checkpoint", str(checkpoint), "--votes", "2", "--threads", "1"]
    assert main(command) == 0
    assert labels.exists()
    told = capsys.readouterr().out
    assert "Found: label 1" in told
    assert "seg.nii.gz" in told
    uncertainty = tmp_path / "u.nii.gz"
    assert main([*command, "--uncertainty", str(uncertainty)]) == 0
    assert uncertainty.exists()
    assert "u.nii.gz" in capsys.readouterr().out


def test_masks_may_lie_beside_the_images(tmp_path: Path) -> None:
    disc_folders(tmp_path / "data")
    run = tmp_path / "run"
    command = ["train", "--method", "cdal", "--stage", "train", "--images", str(tmp_path / "data")]
    command += ["--output", str(run), "--preset", "fast", "--size", "16", "--multipliers", "1, 2"]
    command += ["--width", "8", "--iterations", "1", "--batch", "2", "--renumber", "--threads", "1"]
    assert main(command) == 0
    assert (run / "checkpoints" / "final.safetensors").exists()


def test_a_region_in_voxels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    disc_folders(tmp_path)
    checkpoint = save_generator(tmp_path / "tiny.safetensors")
    image, labels = tmp_path / "images" / "case_0.png", tmp_path / "seg.npy"
    command = ["segment", "--method", "cdal", "--input", str(image), "--output", str(labels)]
    command += ["--checkpoint", str(checkpoint), "--votes", "1", "--threads", "1"]
    assert main(command) == 0
    whole = np.load(labels)
    assert main([*command, "--region", "4:20, 6:, 0"]) == 0
    part = np.load(labels)
    assert part.any()
    inside = np.zeros(part.shape, bool)
    inside[..., 6:, 4:20] = True
    np.testing.assert_array_equal(part, np.where(inside, whole, 0))
    capsys.readouterr()
    assert main([*command, "--region", "4:40,:,:"]) == 2
    assert "not inside the image of 24 × 24 × 1" in capsys.readouterr().err
    assert main([*command, "--region", "middle"]) == 2
    assert "FROM:TO" in capsys.readouterr().err


def test_a_region_in_a_run_file(tmp_path: Path) -> None:
    disc_folders(tmp_path)
    save_generator(tmp_path / "tiny.safetensors")
    run = tmp_path / "run.toml"
    run.write_text(
        'method = "cdal"\ntask = "segment"\noutput = "seg.npy"\n[parameters]\nvotes = 1\n'
        f'checkpoint = "{tmp_path / "tiny.safetensors"}"\n'
        '[inputs]\ninput = "images/case_0.png"\nregion = "3:9,:,:"\n'
    )
    assert main(["segment", str(run), "--threads", "1"]) == 0
    part = np.load(tmp_path / "seg.npy")
    assert part.any()
    assert not part[..., :3].any()
    assert not part[..., 9:].any()


def test_an_evaluation_tells_people_sentences_and_programs_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    disc_folders(tmp_path, count=2)
    checkpoint = save_generator(tmp_path / "tiny.safetensors")
    command = ["evaluate", "--method", "cdal", "--images", str(tmp_path), "--part", "all"]
    command += ["--checkpoint", str(checkpoint), "--votes", "2", "--threads", "1"]
    assert main([*command, "--output", str(tmp_path / "report.json")]) == 0
    told = capsys.readouterr().out
    assert "label 1: Dice 0." in told
    assert "95 % intervals" in told
    assert "AUROC of errors" in told
    assert "{" not in told, "no tables of the report"
    assert main([*command, "--output", str(tmp_path / "rows.csv"), "--json"]) == 0
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert line["figures"]["classes"]["1"]["dice"]["n"] == 2
    assert len((tmp_path / "rows.csv").read_text().splitlines()) == 3

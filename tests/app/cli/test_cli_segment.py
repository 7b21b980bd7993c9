"""cDAL from the command line: trained, used, and with files beside the labels."""

from __future__ import annotations

from pathlib import Path

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

"""MIDiffusion from the command line: trained on one modality, used on another, evaluated."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from PIL import Image

from app.cli import main
from app.cli_interrupt import Interrupts
from tests.golden.case import GoldenCase
from tests.golden.weights import weights_of
from tests.helpers.midiffusion_models import heads, save_translator

TINY = [
    "--preset", "fast", "--size", "16", "--width", "8", "--multipliers", "1, 2",
    "--attention", "8", "--timesteps", "40", "--iterations", "1", "--batch", "2", "--bins", "9",
    "--hold-out", "patient2", "--validation", "0", "--threads", "1", "--preview-every", "0",
]  # fmt: skip
GOLDEN = Path(__file__).parents[2] / "golden" / "midiffusion_unet.json"


def test_from_one_modality_to_the_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, place = heads(tmp_path / "set", 3), tmp_path / "run"
    command = ["train", "--method", "midiffusion", "--images", str(folder), "--output", str(place)]
    command += ["--stage", "train", "--pattern", "*_t1.nii.gz", *TINY]
    assert main(command) == 0
    capsys.readouterr()
    model = ["--checkpoint", str(place / "checkpoints" / "final.safetensors"), "--threads", "1"]
    source, output = folder / "patient2_t2.nii.gz", tmp_path / "synthetic_t1.nii.gz"
    information = tmp_path / "lmi.nii.gz"
    command = ["translate", "--input", str(source), "--output", str(output), *model, "--steps", "2"]
    steps = tmp_path / "steps"
    command += ["--samples", "2", "--timeline", str(steps)]
    assert main([*command, "--information", str(information)]) == 0
    of_each = [f"{n}_{state}.png" for n in ("step0000", "step0001", "step0002", "run2_step0002")
               for state in ("x_t", "x0_hat", "LMI")]  # fmt: skip
    assert sorted(p.name for p in steps.iterdir()) == sorted(
        [*of_each, "strip.png", "timeline.gif"]
    )
    assert "Synthetic" in Image.open(steps / "strip.png").text
    told = capsys.readouterr().out
    assert "4 of 5 slices translated." in told
    assert "synthetic_t1.nii.gz" in told
    assert "lmi.nii.gz" in told
    made, was = nibabel.load(output), nibabel.load(source)
    np.testing.assert_allclose(made.affine, was.affine)
    assert made.shape == was.shape
    assert json.loads((tmp_path / "synthetic_t1.nii.gz.json").read_text())["synthetic"]
    report = tmp_path / "report.json"
    command = ["evaluate", "--method", "midiffusion", "--images", str(folder), *model]
    command += ["--pattern", "*_t2.nii.gz", "--reference-pattern", "*_t1.nii.gz", "--part", "test"]
    assert main([*command, "--output", str(report), "--steps", "2"]) == 0
    assert "translation: SSIM" in capsys.readouterr().out
    rows = json.loads(report.read_text(encoding="utf-8"))["rows"]
    assert {row["case"] for row in rows} == {"patient2_t2"}


def test_a_folder_into_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = heads(tmp_path / "set", 2, (3, 14, 12))
    checkpoint = save_translator(tmp_path / "t.safetensors")
    command = ["translate", "--method", "midiffusion", "--input", str(folder), "--steps", "1"]
    command += ["--output", str(tmp_path / "out"), "--checkpoint", str(checkpoint)]
    command += ["--pattern", "*_t2.nii.gz", "--threads", "1"]
    with monkeypatch.context() as patch:
        done = tmp_path / "out" / "translations.json"
        patch.setattr(Interrupts, "proceed", lambda self: not done.exists())
        assert main(command) == 130, "stopped after the first image"
    assert "the same command goes on with the rest" in capsys.readouterr().err
    assert main([*command, "--timeline", str(tmp_path / "steps")]) == 2
    assert "shows no steps" in capsys.readouterr().err
    assert main(command) == 0
    assert "2 images translated, 1 of them before" in capsys.readouterr().out
    assert len(list((tmp_path / "out").glob("*_t2.nii.gz"))) == 2


def test_published_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = weights_of(GoldenCase.read(GOLDEN).info["state_dict"], "")
    torch.save([weights, {}, 1, 1, weights], tmp_path / "ckpt.pth")
    command = ["import", "--method", "midiffusion", "--weights", str(tmp_path / "ckpt.pth")]
    output = tmp_path / "t1.safetensors"
    assert main([*command, "--output", str(output), "--image-size", "32"]) == 0
    assert "of a translator imported" in capsys.readouterr().out
    assert main(["info", str(output)]) == 0
    assert "midiffusion translator" in capsys.readouterr().out


def test_what_cannot_be_done_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = heads(tmp_path / "set", 1) / "patient0_t2.nii.gz"
    command = ["translate", "--input", str(source), "--output", str(tmp_path / "o.nii.gz")]
    assert main([*command, "--checkpoint", ""]) == 2
    assert "No checkpoint was chosen" in capsys.readouterr().err
    checkpoint = str(save_translator(tmp_path / "t.safetensors"))
    assert main([*command, "--checkpoint", checkpoint, "--start", "source", "--level", "900"]) == 2
    assert "noise level of 900 was asked of a model with 40" in capsys.readouterr().err
    assert not (tmp_path / "o.nii.gz").exists()


def test_a_checkpoint_advises_its_preset(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = heads(tmp_path / "set", 1, (3, 14, 12)) / "patient0_t2.nii.gz"
    checkpoint = str(save_translator(tmp_path / "t.safetensors", preset="averaged"))
    command = ["translate", "--input", str(source), "--checkpoint", checkpoint, "--threads", "1"]
    for name, more, told in (
        ("a", [], True),
        ("b", ["--steps", "2"], False),
        ("c", ["--preset", "averaged", "--samples", "1"], False),
    ):
        assert main([*command, "--output", str(tmp_path / f"{name}.nii.gz"), *more]) == 0
        assert ("was measured with --preset averaged" in capsys.readouterr().err) is told

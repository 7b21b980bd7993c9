"""DiffRect from the command line: trained, continued, promoted to, used, judged, imported."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.cli import main
from engine.data.png import write_png
from engine.data.volumes.read import read_volume
from tests.helpers.diffrect_models import heart, label_file, save_segmenter, slices_set

TINY = [
    "train", "--method", "diffrect", "--stage", "train", "--preset", "fast", "--size", "64",
    "--width", "2", "--batch", "2", "--labelled-patients", "1", "--rectify-after", "1", "--test",
    "0", "--iterations", "3", "--preview-every", "2", "--threads", "1",
]  # fmt: skip


def test_from_few_labels_to_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = slices_set(tmp_path / "set", patients=3, slices=2)
    run, report = tmp_path / "run", tmp_path / "report.json"
    assert main([*TINY, "--images", str(root), "--output", str(run)]) == 0
    told = capsys.readouterr().err
    assert "2 labelled cases of 1 patients (patient001), 4 unlabelled ones of 2." in told
    labels = label_file(tmp_path / "mended.nii.gz", (1, 40, 36))
    case = "patient003_frame01_slice_1"
    assert (run / "proposals" / "patient002_frame01_slice_0.nii.gz").exists()
    promoted = ["promote", "--case", case, "--labels", str(labels), "--output", str(run)]
    assert main(promoted) == 0
    assert f"{case} is labelled now, one of 3" in capsys.readouterr().out
    assert main(promoted) == 2
    assert "labelled already" in capsys.readouterr().err
    more = ["train", "--resume", "--output", str(run), "--iterations", "5", "--threads", "1"]
    assert main(more) == 0
    assert f"Now labelled: {case}" in capsys.readouterr().err
    best = run / "checkpoints" / "best.safetensors"
    judged = ["evaluate", "--method", "diffrect", "--images", str(root), "--checkpoint", str(best)]
    judged += ["--part", "validation", "--output", str(report), "--threads", "1"]
    assert main(judged) == 0
    assert "Mean of classes: Dice" in capsys.readouterr().out
    rows = json.loads(report.read_text(encoding="utf-8"))["rows"]
    assert {row["case"] for row in rows} == {"patient004_frame01", "patient005_frame01"}


def test_cases_labelled_by_a_list_or_by_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = slices_set(tmp_path / "set", patients=3, slices=1)
    listed = tmp_path / "labelled.list"
    listed.write_text("patient002_frame01_slice_0.h5\n")
    command = [*TINY, "--images", str(root), "--iterations", "1"]
    assert main([*command, "--labelled", str(listed), "--output", str(tmp_path / "a")]) == 0
    assert "1 labelled cases of 1 patients (patient002)" in capsys.readouterr().err
    assert main([*command, "--labelled-cases", "patient003", "--output", str(tmp_path / "b")]) == 0
    assert "1 labelled cases of 1 patients (patient003)" in capsys.readouterr().err
    listed.write_text("patient009\n")
    assert main([*command, "--labelled", str(listed), "--output", str(tmp_path / "c")]) == 2
    told = capsys.readouterr().err
    assert "no case or patient patient009 to be labelled" in told
    assert "Traceback" not in told


def test_an_image_and_a_folder_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint = save_segmenter(tmp_path / "tiny.safetensors")
    images = tmp_path / "images"
    images.mkdir()
    for seed in range(2):
        picture = heart(np.random.default_rng(seed), 40, 36)[0]
        write_png(images / f"case_{seed}.png", (picture * 255).astype(np.uint8), {})
    command = ["segment", "--method", "diffrect", "--checkpoint", str(checkpoint), "--threads", "1"]
    out = tmp_path / "one.nii.gz"
    assert main([*command, "--input", str(images / "case_1.png"), "--output", str(out)]) == 0
    assert "one.nii.gz" in capsys.readouterr().out
    folder = tmp_path / "labels"
    whole = [*command, "--input", str(images), "--output", str(folder)]
    assert main([*whole, "--entropy", str(tmp_path / "maps")]) == 0
    assert "2 segmented of 2 images" in capsys.readouterr().out
    assert (tmp_path / "maps" / "case_0_entropy.tif").exists()
    alone = read_volume(out, kind="labels").array
    assert np.array_equal(read_volume(folder / "case_1.png", kind="labels").array, alone)
    assert main([*command, "--input", str(images), "--output", str(folder), "--votes", "3"]) == 2
    assert "has no --votes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--labelled-patients", "9"], "9 labelled patients are asked for; there are 2"),
        (["--labelled-patients", "2"], "no unlabelled case to learn from"),
        (["--batch", "3"], "an even number"),
        (["--size", "100"], "a multiple of 64"),
        (["--votes", "3"], "No such option"),
        (["--unlabelled", "nowhere"], "no folder of images and no list"),
    ],
)
def test_requests_that_cannot_be_met(
    options: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = slices_set(tmp_path / "set", patients=2, slices=1)
    command = [*TINY, "--images", str(root), "--output", str(tmp_path / "run"), *options]
    assert main(command) == 2
    errors = capsys.readouterr().err
    assert told in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "run").exists()


def test_weights_of_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    weights, out = tmp_path / "unet.pth", tmp_path / "out.safetensors"
    torch.save({"a.weight": torch.ones(2)}, weights)
    command = ["import", "--method", "diffrect", "--weights", str(weights), "--output", str(out)]
    assert main(command) == 2
    assert "is no DiffRect network: its parameters begin with a.weight" in capsys.readouterr().err
    assert not out.exists()

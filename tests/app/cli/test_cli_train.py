"""Training, resuming and evaluating from the command line, on a few phantoms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli import main
from engine.data.phantoms import grow_vessel_tree, render_octa
from engine.data.png import write_png
from engine.training.runs import read_metrics, read_request

SIDE = 64


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Two small OCT-A phantoms in images/, their masks in masks/."""
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    for seed in (1, 2):
        tree = grow_vessel_tree(SIDE, SIDE, seed, field="macula")
        write_png(tmp_path / "images" / f"{seed}.png", render_octa(tree, seed))
        write_png(tmp_path / "masks" / f"{seed}.png", tree.mask() > 0)
    return tmp_path


def _data(folder: Path) -> list[str]:
    return ["--images", str(folder / "images"), "--masks", str(folder / "masks")]


@pytest.mark.parametrize("rank", ["RANK", "OMPI_COMM_WORLD_RANK"])
def test_a_run_is_made_continued_and_evaluated(
    labelled: Path, rank: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = labelled / "run"
    train = [
        "train", "--stage", "train-segmenter", *_data(labelled), "--output", str(run),
        "--kind", "octa", "--crop", "64", "--batch", "2", "--threads", "1",
    ]  # fmt: skip
    assert main([*train, "--iterations", "2", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    losses = [row for line in lines if line["event"] == "losses" for row in line["rows"]]
    assert [row["iteration"] for row in losses] == [1, 2]
    assert all(row["loss"] > 0 for row in losses)
    assert read_request(run)["task"] == "train-segmenter"

    assert main([*train, "--iterations", "3"]) == 2, "a second run in the folder is refused"
    assert "--resume" in capsys.readouterr().err

    resumed = ["train", "--resume", "--output", str(run), "--iterations", "3", "--threads", "1"]
    with monkeypatch.context() as patch:
        patch.setenv(rank, "1")  # of several that share a training, the first one speaks
        assert main(resumed) == 0
    assert capsys.readouterr() == ("", "")
    assert max(iteration for iteration, _, _ in read_metrics(run)) == 3

    report = labelled / "report.json"
    weights = str(run / "checkpoints" / "final.safetensors")
    evaluate = ["evaluate", "--method", "adaptdiff", *_data(labelled), "--checkpoint", weights]
    asked = ["--output", str(report), "--kind", "octa", "--threads", "1"]
    assert main([*evaluate, *asked]) == 0
    assert "Dice" in report.read_text()
    assert "Dice" in capsys.readouterr().out


def test_masks_of_another_size_are_told(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = grow_vessel_tree(80, 80, 1, field="macula")
    write_png(labelled / "masks" / "1.png", tree.mask() > 0)
    output = str(labelled / "run")
    code = main(["train", "--stage", "train-segmenter", *_data(labelled), "--output", output])
    assert code == 2
    told = capsys.readouterr().err
    assert "80" in told
    assert "64" in told

"""`reverie score` on folders of label maps."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli import main
from tests.engine.scoring.maps import folders


def test_a_table_and_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    predictions, references = map(str, folders(tmp_path))
    table, report = tmp_path / "t.json", tmp_path / "r.html"

    images = tmp_path / "images"
    shutil.copytree(references, images)
    arguments = [predictions, references, "--images", str(images), "--tolerance", "2"]
    code = main(["score", *arguments, "--output", str(table), "--report", str(report)])

    assert code == 0
    assert json.loads(table.read_text())["parameters"]["tolerance"] == 2
    assert report.read_text().startswith("<!doctype html>")
    told = capsys.readouterr().out
    assert "label 2: Dice 0.667" in told
    assert str(table) in told


def test_a_report_of_a_stored_evaluation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = str(tmp_path / "t.json")
    assert main(["score", *map(str, folders(tmp_path)), "--output", table]) == 0
    assert main(["report", table, "--output", str(tmp_path / "r.pdf")]) == 0
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-")
    assert main(["report", table]) == 0
    assert (tmp_path / "t.html").read_text().startswith("<!doctype html>")
    assert "label 2: Dice 0.667" in capsys.readouterr().out
    assert main(["report", table, "--output", str(tmp_path / "r.csv")]) == 0
    assert main(["report", table, "--output", str(tmp_path / "r.txt")]) == 2
    assert "no ending for a report" in capsys.readouterr().err


def test_figures_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    predictions, references = map(str, folders(tmp_path))
    assert main(["score", predictions, references, "--json", "--classes", "1"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1]["event"] == "finished"
    assert lines[-1]["figures"]["classes"]["1"]["dice"]["mean"] == 1.0


def test_copies_of_training_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    for folder in ("training", "synthetic"):
        (tmp_path / folder).mkdir()
    for number in range(5):
        pixels = rng.integers(0, 255, (6, 6), np.uint8).repeat(8, 0).repeat(8, 1)
        Image.fromarray(pixels).save(tmp_path / "training" / f"patient{number}.png")
    Image.fromarray(pixels).save(tmp_path / "synthetic" / "one.png")
    folders_of = [str(tmp_path / "synthetic"), str(tmp_path / "training")]

    assert main(["memorised", *folders_of, "--output", str(tmp_path / "t.csv")]) == 0

    told = capsys.readouterr().out
    assert "1 of 1 synthetic slices" in told
    assert "one: 1.000 with patient4" in told
    assert "patient4" in (tmp_path / "t.csv").read_text()

    assert main(["memorised", *folders_of, "--percentile", "90", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    begun, ended = lines[0], lines[-1]
    assert (begun["event"], begun["task"]) == ("started", "memorised")
    assert begun["parameters"]["percentile"] == 90
    assert ended["figures"]["slices"] == ended["figures"]["suspicious"] == 1


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        (["--output", "t.txt"], "no ending for a table"),
        (["--report", "t.txt"], "no ending for a report"),
        (["--images", "."], "Images are for the pictures of a report"),
        (["--against", "nowhere"], "nowhere is not there"),
    ],
)
def test_requests_that_cannot_be_met(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    extra: list[str],
    problem: str,
) -> None:
    predictions, references = map(str, folders(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["score", predictions, references, *extra]) == 2
    assert problem in capsys.readouterr().err
    assert not (tmp_path / "t.txt").exists()

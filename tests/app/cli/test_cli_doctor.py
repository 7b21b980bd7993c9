"""`reverie doctor`: what it prints, what it writes, how it ends."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from app.cli import build, main
from tests.engine.data.segmentation.sets import folder_set


@pytest.fixture
def unpaired(tmp_path: Path) -> Path:
    root = folder_set(tmp_path / "set", [f"p{i}" for i in range(7)])
    (root / "masks" / "p6.png").unlink()
    return root


def test_findings_a_report_and_a_copy(
    unpaired: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.html"
    assert main(["doctor", str(unpaired), "--report", str(report)]) == 2
    told = capsys.readouterr().out
    assert "p6.png has no mask" in told
    assert "--fix drop-unpaired" in told
    assert "p6" in report.read_text()
    copy = tmp_path / "copy"
    arguments = ["doctor", str(unpaired), "--fix", "all", "--output", str(copy), "--json"]
    assert main(arguments) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = [line for line in lines if line["event"] == "finding"]
    assert [(f["fix"], f["cases"]) for f in found if f["fix"]] == [("drop-unpaired", ["p6"])]
    assert lines[-1]["files"] == [str(copy)]
    assert lines[-1]["figures"]["changes"] == 1
    assert main(["doctor", str(copy)]) == 0


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--fix", "all"], "both"),
        (["--fix", "prayer", "--output", "copy"], "no fix 'prayer'"),
        (["--fix", "to-ras", "--output", "copy"], "nothing"),
    ],
)
def test_options_that_do_not_fit(
    unpaired: Path, options: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", str(unpaired), *options]) == 2
    assert reason in capsys.readouterr().err


def test_the_method_that_fits_and_its_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = folder_set(tmp_path / "a set", [f"p{i}" for i in range(7)])
    assert main(["doctor", str(root), "--goal", "segment"]) == 0
    told = capsys.readouterr().out
    command = next(line for line in told.splitlines() if line.startswith("  reverie train"))
    words = shlex.split(command)
    assert words[1:6] == ["train", "--method", "cdal", "--stage", "train"]
    assert words[words.index("--images") + 1] == str(root)
    commands = typer.main.get_command(build())
    assert isinstance(commands, TyperGroup)
    asked = commands.commands["train"].make_context("train", words[2:]).params
    assert (asked["method"], asked["preset"], asked["output"]) == ("cdal", "fast", Path("RUN"))
    assert "MIDiffusion does not fit" in told


def test_a_folder_without_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(tmp_path)]) == 2
    assert "no set of images" in capsys.readouterr().err

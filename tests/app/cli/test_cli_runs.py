"""`reverie runs`: runs in a table, and their settings side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli import main
from tests.helpers.training_runs import make_run, open_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was stopped, one that is finished, and one that cannot be read."""
    folder = tmp_path_factory.mktemp("runs")
    make_run(folder / "first")
    open_run(folder / "second", width=24, seed=3).close()
    make_run(folder / "broken", done=0)
    (folder / "broken" / "run.toml").write_text("method = [")
    return folder


def test_a_table_of_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", str(folder), "--sort", "name"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == [
        "NAME", "METHOD", "STATE", "ITERATIONS", "BEST", "DATA", "STARTED", "TOOK", "SIZE",
    ]  # fmt: skip
    assert [row.split()[0] for row in rows[:3]] == ["broken", "first", "second"]
    assert "20 of 40" in rows[1]
    assert "validation Dice 0.2" in rows[1]
    assert "broken: The run file" in rows[-1]


def test_only_some_of_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", str(folder), "--state", "stopped", "--contains", "SECOND"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(["runs", str(folder), "--method", "cdm"]) == 0
    assert "no such runs" in capsys.readouterr().out


def test_runs_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", str(folder / "first"), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["runs"]
    assert found["path"] == str(folder / "first")
    assert found["iterations"] == {"done": 20, "of": 40}
    assert found["best"]["name"] == "validation Dice"
    assert found["parameters"]["size"] == 16


def test_settings_side_by_side(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two = [str(folder / "first"), str(folder / "second")]
    assert main(["runs", *two, "--compare"]) == 0
    other, _, same = capsys.readouterr().out.partition("settings are the same")
    rows = {line.split("  ")[0]: line.split()[-2:] for line in other.splitlines()}
    assert rows["Features"] == ["8", "24"]
    assert rows["Seed"] == ["5", "3"]
    assert "Batch" in same
    assert main(["runs", *two, "--compare", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["differs"]["width"] == ["8", "24"]
    assert found["same"]["method"] == "cDAL"


def test_there_must_be_two_to_compare(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", str(folder / "first"), "--compare"]) == 2
    assert "two or more" in capsys.readouterr().err
    assert main(["runs", str(folder), "--compare"]) == 2
    assert "Leave broken out" in capsys.readouterr().err


def test_notes_of_one_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", str(folder), "--note", "x"]) == 2
    assert "Name one run" in capsys.readouterr().err
    assert main(["runs", str(folder / "second"), "--note", "wider"]) == 0
    assert (folder / "second" / "notes.txt").read_text() == "wider\n"
    capsys.readouterr()
    assert main(["runs", str(folder), "--contains", "wider"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2

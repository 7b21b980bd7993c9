"""`reverie export`, which tells the method by the checkpoint, and `reverie info` as a library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli import main
from engine import library
from engine.training.checkpoint import read_card
from tests.helpers.cdal_models import save_generator
from tests.helpers.diffrect_models import save_segmenter


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of two of the user's own."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setattr(library, "user_folder", lambda: folder)
    monkeypatch.setattr(library, "bundled_folder", lambda: tmp_path / "nothing")
    save_generator(folder / "lungs.safetensors", figures={"Dice": 0.9}, licence="CC BY 4.0")
    save_segmenter(folder / "heart.safetensors", data=[{"name": "Ward scans"}])
    return folder


def test_a_checkpoint_is_given_to_other_programs(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "half.safetensors"
    command = ["export", "--checkpoint", "heart", "--output", str(output), "--json"]
    assert main([*command, "--half", "--device", "cpu"]) == 0
    finished = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert finished["event"] == "finished"
    assert finished["files"] == [str(output)]
    assert 0 < finished["figures"]["share of the largest value"] < 1e-3
    assert read_card(output).method == "diffrect"
    output.unlink()
    strict = ["--tolerance", "0.000000001", "--half", "--device", "cpu"]
    assert main([*command, *strict]) == 2
    assert not output.exists()
    assert "not kept" in capsys.readouterr().out
    assert main(["export", "--checkpoint", "absent", "--output", str(output)]) == 2
    assert "no checkpoint named" in capsys.readouterr().err
    assert main(["export", "--output", str(output)]) == 2
    assert "cannot tell what to run" in capsys.readouterr().err

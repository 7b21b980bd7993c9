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


def _told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["models", *arguments]) == 0
    return capsys.readouterr().out


def test_models_are_found_and_compared(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "lungs" in _told(capsys)
    assert "lungs" not in _told(capsys, "--contains", "ward")
    found = json.loads(_told(capsys, "--method", "cdal", "--json"))["models"]
    assert [model["name"] for model in found] == ["lungs"]
    assert "no such models" in _told(capsys, "--contains", "zebra")
    side = _told(capsys, "--compare", "lungs", "heart")
    head, *rows = side.splitlines()
    assert head.split() == ["lungs", "heart"]
    assert any(row.split() == ["Method", "cdal", "diffrect"] for row in rows)
    values = json.loads(_told(capsys, "--compare", "heart", "lungs", "--json"))
    assert values["differs"]["Method"] == ["diffrect", "cdal"]
    assert main(["models", "--compare", "lungs"]) == 2
    assert "nothing to compare" in capsys.readouterr().err


def test_models_say_whether_they_fit_an_image(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import numpy as np

    from engine.data.png import write_png

    image = tmp_path / "tissue.png"
    write_png(image, np.zeros((8, 8, 3), np.uint8))
    assert "takes grey images; tissue is a colour image" in _told(capsys, "--fits", str(image))
    assert main(["models", "--fits", str(tmp_path / "absent.png")]) == 2


def test_the_users_own_are_changed(
    models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import send2trash

    assert "Left lung" in _told(capsys, "lungs", "--title", "Left lung", "--notes", "Of May")
    card = read_card(models / "lungs.safetensors")
    assert (card.title, card.notes) == ("Left lung", "Of May")
    gone: list[Path] = []
    monkeypatch.setattr(send2trash, "send2trash", gone.append)
    assert "in the trash" in _told(capsys, "lungs", "--trash")
    assert gone == [models / "lungs.safetensors"]
    assert main(["models", "--trash"]) == 2
    assert "0 are named" in capsys.readouterr().err

"""All images of a folder from the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from app.cli import main
from tests.engine.data.volumes.dicoms import slices, stack
from tests.helpers.cdal_models import disc_folders, save_generator


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    images = disc_folders(tmp_path, count=2) / "images"
    checkpoint = save_generator(tmp_path / "tiny.safetensors")
    return [
        "segment", "--method", "cdal", "--input", str(images), "--checkpoint", str(checkpoint),
        "--votes", "1", "--threads", "1",
    ]  # fmt: skip


def test_a_folder_goes_into_a_folder(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made" / "labels"
    asked = [*command, "--output", str(out), "--uncertainty", str(tmp_path / "maps")]
    assert main(asked) == 0
    told = capsys.readouterr()
    assert "2 segmented of 2 images" in told.out
    assert str(out / "summary.csv") in told.out
    assert (tmp_path / "maps" / "case_1_uncertainty.tif").exists()
    assert main(asked) == 0
    told = capsys.readouterr()
    assert "2 kept from before of 2 images" in told.out
    assert "they are kept" in told.err
    assert main([*asked, "--overwrite", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["task"] == "segment-folder"
    progress = [line for line in lines if line["event"] == "progress"]
    assert progress[-1]["done"] == progress[-1]["total"] == 2
    assert lines[-1]["summary"] == "2 segmented of 2 images."


def test_what_failed_is_listed_at_the_end_and_in_the_exit_code(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "images" / "bad.png").write_text("no image")
    assert main([*command, "--output", str(tmp_path / "out")]) == 2
    told = capsys.readouterr()
    assert "2 segmented, 1 failed of 3 images" in told.out
    last = told.err.strip().splitlines()[-1]
    assert last.startswith("bad: ")
    assert "bad.png is damaged" in last
    assert main([*command, "--output", str(tmp_path / "out"), "--json"]) == 2
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines[-2:]] == ["finished", "left out"]
    assert lines[-1]["name"] == "bad"
    assert lines[-1]["hint"]


def test_a_series_of_a_folder_is_still_one_image(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "series"
    for uid in ("1.2.1", "1.2.2"):
        for file in stack(tmp_path / uid, slices(3, (18, 20)), SeriesInstanceUID=uid):
            folder.mkdir(exist_ok=True)
            shutil.move(file, folder / f"{uid}-{file.name}")
    one = [*command, "--input", str(folder), "--output", str(tmp_path / "one.nii.gz")]
    assert main(one) == 2
    told = capsys.readouterr().err
    assert "holds 2 series" in told
    assert "--part" in told
    assert main([*one, "--part", "1.2.2"]) == 0
    record = json.loads((tmp_path / "one.nii.gz.json").read_text(encoding="utf-8"))
    assert record["inputs"]["input"]["part"] == "1.2.2"
    both = [*command, "--input", str(folder), "--output", str(tmp_path / "both")]
    assert main(both) == 0
    assert "2 segmented of 2 images" in capsys.readouterr().out


def test_what_is_for_folders_is_refused_for_one_image(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = [*command, "--input", str(tmp_path / "images" / "case_0.png")]
    assert main([*one, "--output", str(tmp_path / "x.png"), "--overwrite"]) == 2
    told = capsys.readouterr().err
    assert "has no --overwrite" in told
    assert "another method or input" in told
    assert main([*one, "--output", str(tmp_path)]) == 2
    assert "no ending" in capsys.readouterr().err
    folder = [*command, "--output", str(tmp_path / "y"), "--region", "1,2,3"]
    assert main(folder) == 2
    assert "takes no region" in capsys.readouterr().err


def test_a_run_file_asks_for_a_folder(command: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run.toml"
    run.write_text(
        'method = "cdal"\ntask = "segment-folder"\noutput = "made"\n'
        '[parameters]\ncheckpoint = "tiny.safetensors"\nvotes = 1\n[inputs]\ninput = "images"\n'
    )
    asked = ["segment", str(run), "--checkpoint", str(tmp_path / "tiny.safetensors")]
    assert main([*asked, "--threads", "1"]) == 0
    assert (tmp_path / "made" / "case_0.png").exists()

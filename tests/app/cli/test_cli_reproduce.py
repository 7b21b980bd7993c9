"""`reverie reproduce`, from an output to an exit code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.cli import main
from engine.data.png import write_png
from tests.helpers.cdal_models import disc, save_generator


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    weights = save_generator(tmp_path / "discs.safetensors")
    write_png(tmp_path / "case.png", disc(np.random.default_rng(0), (24, 24))[0], {})
    output = tmp_path / "found.png"
    asked = ["--method", "cdal", "--checkpoint", str(weights), "--votes", "2", "--threads", "1"]
    named = ["--input", str(tmp_path / "case.png"), "--output", str(output)]
    assert main(["segment", *asked, *named]) == 0
    return output


def test_exit_codes_and_a_plain_report(labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = labels.with_name("again.png")
    capsys.readouterr()
    assert main(["reproduce", str(labels), "--keep", str(kept)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("found.png is made again bit-equal.")
    assert f"Made again: {kept}" in told
    assert kept.read_bytes() == labels.read_bytes()
    assert main(["reproduce", str(labels), "--json"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["event"], last["figures"]["verdict"]) == ("finished", "equal")
    write_png(labels.with_name("case.png"), disc(np.random.default_rng(3), (24, 24))[0], {})
    assert main(["reproduce", str(labels), "--json"]) == 1
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["figures"]["outputs"][0]["reasons"][0].startswith("Input is not what was used")
    labels.with_name("case.png").unlink()
    assert main(["reproduce", str(labels)]) == 2
    assert "--input" in capsys.readouterr().err

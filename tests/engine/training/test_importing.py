from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import CheckpointError, InputError
from engine.jobs import Job
from engine.parameters import Parameters
from engine.training.checkpoint import Card, read_card, save_checkpoint
from engine.training.importing import import_as
from tests.helpers.adaptdiff_models import run


def _convert(weights: Mapping[str, Tensor], name: str) -> tuple[dict[str, Tensor], Card]:
    return {f"new.{key}": value for key, value in weights.items()}, Card(
        method="m", role="r", title=name
    )


def _job(source: Path, output: Path) -> Job:
    return Job("m", "import", Parameters(), {"weights": source, "output": output})


def test_published_weights_become_a_checkpoint(tmp_path: Path) -> None:
    source, output = tmp_path / "released.safetensors", tmp_path / "own.safetensors"
    save_file({"a": torch.ones(2)}, source)
    result, _ = run(import_as(_job(source, output), "", _convert))
    assert read_card(output).title == "released"
    assert result.figures == {"role": "r", "parameters": 1}
    run(import_as(_job(source, output), "Named", _convert))
    assert read_card(output).title == "Named"


def test_what_is_a_checkpoint_already_keeps_its_card(tmp_path: Path) -> None:
    source, output = tmp_path / "ours.safetensors", tmp_path / "own.safetensors"
    save_checkpoint(source, {"a": torch.ones(2)}, Card(method="cdm", role="diffusion", title="T"))
    with pytest.raises(CheckpointError, match="needs no import: it is a diffusion of cdm"):
        run(import_as(_job(source, output), "", _convert))
    with pytest.raises(InputError, match="no ending for a checkpoint"):
        run(import_as(_job(source, tmp_path / "own.pt"), "", _convert))
    assert not output.exists()

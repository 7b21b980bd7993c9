from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.errors import CheckpointError
from engine.training.checkpoint import Card, save_checkpoint
from engine.training.header import weights_sha256

CARD = Card(method="m", role="r", title="First")


def test_the_hash_of_weights_tells_values_and_names_apart(tmp_path: Path) -> None:
    others = [
        {"a": torch.arange(5.0), "b": torch.ones(2, 3)},
        {"a": torch.arange(5.0), "b": torch.zeros(2, 3)},
        {"a": torch.arange(5.0), "c": torch.ones(2, 3)},
        {"a": torch.arange(5.0), "b": torch.ones(3, 2)},
    ]
    found = set()
    for number, tensors in enumerate(others):
        other = tmp_path / f"{number}.safetensors"
        save_checkpoint(other, tensors, CARD)
        found.add(weights_sha256(other))
    assert len(found) == 4
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        weights_sha256(tmp_path / "absent.safetensors")

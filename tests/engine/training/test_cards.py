from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from engine.errors import CheckpointError
from engine.training.cards import rewrite_card
from engine.training.checkpoint import Card, load_checkpoint, read_card, save_checkpoint
from engine.training.header import weights_sha256

CARD = Card(method="m", role="r", title="First")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, {"a": torch.arange(5.0), "b": torch.ones(2, 3)}, CARD)
    return path


@pytest.mark.parametrize("title", ["Second", "x", "A title that is much longer than it was, ü"])
def test_another_card_leaves_the_weights_as_they_are(path: Path, title: str) -> None:
    weights, file = weights_sha256(path), load_checkpoint(path).identity
    rewrite_card(path, CARD.model_copy(update={"title": title}))
    found = load_checkpoint(path)
    assert found.card.title == title
    assert found.tensors["a"].equal(torch.arange(5.0))
    assert found.tensors["b"].equal(torch.ones(2, 3))
    assert weights_sha256(path) == weights
    assert found.identity.sha256 != file.sha256
    assert found.identity.model_sha256 == file.model_sha256
    with safe_open(path, "pt") as other:
        assert sorted(other.keys()) == ["a", "b"]
    assert list(path.parent.iterdir()) == [path]


def test_weights_without_a_card_get_none(tmp_path: Path) -> None:
    path = tmp_path / "plain.safetensors"
    save_file({"a": torch.ones(2)}, path)
    with pytest.raises(CheckpointError, match="no Reverie card"):
        rewrite_card(path, CARD)
    with pytest.raises(CheckpointError, match="no Reverie card"):
        read_card(path)

"""A tiny untrained checkpoint and a mask, for tests that run real jobs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.data.png import write_png
from engine.networks.spade_unet import SpadeUNet
from engine.training.checkpoint import Card, save_checkpoint

TIMESTEPS = 20


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A noise predictor of a few thousand random parameters and 20 noise levels."""
    path = tmp_path_factory.mktemp("checkpoint") / "tiny.safetensors"
    save_tiny_checkpoint(path)
    return path


def save_tiny_checkpoint(path: Path) -> None:
    """Write the untrained model."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = SpadeUNet((8, 8, 16))
    card = Card(
        method="adaptdiff", role="diffusion", title="Untrained", config={"widths": [8, 8, 16]},
        process={
            "schedule": "linear", "timesteps": TIMESTEPS, "beta_start": 1e-4, "beta_end": 0.02,
        },
    )  # fmt: skip
    save_checkpoint(path, model.state_dict(), card)


@pytest.fixture
def mask_file(tmp_path: Path) -> Path:
    """A diagonal vessel on 48 x 64 pixels."""
    rows, columns = np.mgrid[:48, :64]
    path = tmp_path / "mask.png"
    write_png(path, np.abs(rows - columns * 0.7) < 3)
    return path

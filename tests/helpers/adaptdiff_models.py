"""Tiny AdaptDiff networks as checkpoints, and phantoms as data sets."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.data.phantoms import grow_vessel_tree, render_fundus, render_octa
from engine.data.png import write_png
from engine.methods.adaptdiff.networks import METHOD
from engine.networks.residual_unet import ResidualUNet
from engine.networks.spade_unet import SpadeUNet
from engine.steps import Step
from engine.training.checkpoint import Card, save_checkpoint

WIDTHS = (8, 8, 16)
CHANNELS = (4, 8)
TIMESTEPS = 20
PROCESS = {
    "schedule": "linear", "timesteps": TIMESTEPS, "beta_start": 1e-3, "beta_end": 0.2,
    "range": [-1, 1], "prediction": "eps", "data_mean": -0.5, "data_std": 0.4,
}  # fmt: skip


def save_diffusion(path: Path, **changes: Any) -> Path:
    """An untrained noise predictor."""
    torch.manual_seed(1)
    values = {"config": {"widths": list(WIDTHS)}, "process": dict(PROCESS)} | changes
    card = Card(method=METHOD, role="diffusion", title="Tiny", **values)
    save_checkpoint(path, SpadeUNet(WIDTHS).state_dict(), card)
    return path


def save_segmenter(path: Path) -> Path:
    """An untrained segmenter."""
    torch.manual_seed(2)
    model = ResidualUNet(CHANNELS)
    card = Card(method=METHOD, role="segmenter", title="Tiny segmenter", config=model.config)
    save_checkpoint(path, model.state_dict(), card)
    return path


def phantom_folders(folder: Path, count: int = 3, side: int = 96, kind: str = "octa") -> Path:
    """folder/images and folder/masks with pairs named case_0, case_1, ..."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    for i in range(count):
        tree = grow_vessel_tree(side, side, i, field="fundus" if kind == "fundus" else "macula")
        image = render_fundus(tree, i) if kind == "fundus" else render_octa(tree, i)
        write_png(folder / "images" / f"case_{i}.png", (image * 255).astype(np.uint8), {})
        write_png(folder / "masks" / f"case_{i}.png", tree.mask() * np.uint8(255), {})
    return folder


def run(generator: Generator[Step, None, Any]) -> tuple[Any, list[Step]]:
    """A job's result and its steps."""
    steps = []
    while True:
        try:
            steps.append(next(generator))
        except StopIteration as end:
            return end.value, steps

"""Tiny cDAL networks as checkpoints, and discs as data sets."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import torch

from engine.data.png import write_png
from engine.methods.cdal.data import recipe
from engine.methods.cdal.networks import METHOD
from engine.methods.cdal.params import DataKind
from engine.networks.ncsnpp import GeneratorConfig, NCSNpp
from engine.training.checkpoint import Card, save_checkpoint

SIDE = 16
TINY = GeneratorConfig(
    image_size=SIDE, width=8, multipliers=(1, 2), attention=(8,), encoder_layers=1,
    encoder_blocks=1, latent=5, style=8, mapping_layers=1,
)  # fmt: skip
TINY_TRAINING: dict[str, Any] = {
    "size": SIDE, "iterations": 4, "batch": 2, "width": 8, "multipliers": "1, 2",
    "attention": "8", "encoder_layers": 1, "encoder_blocks": 1, "latent": 5, "style": 8,
    "discriminator": "small", "discriminator_width": 4, "preview_every": 0, "seed": 5,
    "lr_discriminator": 1e-3,
}  # fmt: skip


def save_generator(
    path: Path, network: GeneratorConfig = TINY, kind: DataKind = "grey", **changes: Any
) -> Path:
    """An untrained generator whose answers still depend on everything."""
    torch.manual_seed(1)
    model = NCSNpp(network)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    values = {
        "config": {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(network).items()},
        "process": {"timesteps": 2},
        "preprocessing": {"kind": kind, **recipe(kind, network.image_size).card()},
    } | changes
    card = Card(method=METHOD, role="generator", title="Tiny", **values)
    save_checkpoint(path, model.state_dict(), card)
    return path


def disc(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """A noisy bright disc or ball (values 0 to 255) and its mask."""
    axes = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    centre = [n / 2 + rng.uniform(-0.15, 0.15) * n for n in shape]
    away = sum((a - c) ** 2 for a, c in zip(axes, centre, strict=True))
    mask = away < (0.3 * min(shape)) ** 2
    image = 60 + 120 * mask + 15 * rng.standard_normal(shape)
    return image.clip(0, 255).astype(np.uint8), mask.astype(np.uint8)


def disc_folders(folder: Path, count: int = 5, side: int = 24) -> Path:
    """folder/images and folder/masks with PNG pairs named case_0, case_1, ..."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    for i in range(count):
        image, mask = disc(np.random.default_rng(i), (side, side))
        write_png(folder / "images" / f"case_{i}.png", image, {})
        write_png(folder / "masks" / f"case_{i}.png", mask * np.uint8(255), {})
    return folder


def ball_set(folder: Path, count: int = 4, side: int = 20) -> Path:
    """A Decathlon folder of balls with two labels, the halves of each."""
    for name in ("imagesTr", "labelsTr"):
        (folder / name).mkdir(parents=True)
    for i in range(count):
        image, mask = disc(np.random.default_rng(i), (side, side, side))
        mask[: side // 2] *= 2
        for name, array in (("imagesTr", image), ("labelsTr", mask)):
            nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), folder / name / f"ball{i}.nii.gz")
    (folder / "dataset.json").write_text(
        '{"labels": {"0": "background", "1": "front", "2": "back"}, "training": []}'
    )
    return folder

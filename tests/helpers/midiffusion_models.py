"""Tiny MIDiffusion networks as checkpoints, and volumes of heads in two modalities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import torch
from numpy.typing import NDArray

from engine.methods.midiffusion.looks import Framing
from engine.methods.midiffusion.networks import METHOD, ROLE, card_config
from engine.networks.guided_unet import GuidedConfig, GuidedUNet
from engine.training.checkpoint import Card, save_checkpoint
from tests.helpers.cdm_models import stirred

SIDE = 16
STEPS = 40
SPACING = 1.5
TINY = GuidedConfig(
    inputs=3, outputs=1, width=8, multipliers=(1, 2), blocks=1, attention=(2,), heads=1,
    scale_shift=False, classes=0,
)  # fmt: skip
TINY_TRAINING: dict[str, Any] = {
    "size": SIDE, "iterations": 4, "batch": 2, "width": 8, "multipliers": "1, 2", "blocks": 1,
    "attention": "8", "timesteps": STEPS, "preview_every": 0, "seed": 5, "lr": 1e-3,
    "ema_decay": 0.5, "bins": 9, "sigma": 3.0,
}  # fmt: skip
PROCESS = {"timesteps": STEPS, "bins": 9, "sigma": 3.0, "unguided": True}
QUICK: dict[str, Any] = {"steps": 2}


def save_translator(path: Path, network: GuidedConfig = TINY, **changes: Any) -> Path:
    """An untrained translator whose answers still depend on everything."""
    torch.manual_seed(1)
    values: dict[str, Any] = {
        "config": card_config(network), "process": PROCESS,
        "preprocessing": Framing(SIDE, pixel_mm=SPACING).card(),
    } | changes  # fmt: skip
    card = Card(method=METHOD, role=ROLE, title="Tiny", **values)
    save_checkpoint(path, stirred(GuidedUNet(network)).state_dict(), card)
    return path


def head(
    rng: np.random.Generator, shape: tuple[int, ...], *, deep: bool = True
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The same head as two modalities show it: what is bright in one is dark in the other."""
    places = np.indices(shape, np.float32)
    sides = np.array(shape, np.float32).reshape(-1, *(1,) * len(shape))
    middle = (sides - 1) / 2
    across = slice(1, None) if deep else slice(None)
    body = np.hypot(*(places - middle)[across]) < 0.42 * min(shape[across])
    shift = rng.uniform(-0.1, 0.1, len(shape)).astype(np.float32).reshape(sides.shape) * sides
    core = np.sqrt((((places - middle - shift) / sides) ** 2).sum(axis=0)) < 0.22
    one = 100 * body + 80 * (body & core)
    other = 150 * body - 90 * (body & core)
    noisy = [part + 4 * body * rng.standard_normal(shape) for part in (one, other)]
    return noisy[0].astype(np.float32), noisy[1].astype(np.float32)


def save_volume(
    path: Path, array: NDArray[Any], spacing: tuple[float, float, float] = (3.0, SPACING, SPACING)
) -> Path:
    """(D, H, W) as axial slices, to the left, the back and the head; spacing along (D, H, W)."""
    depth, height, width = spacing
    affine = np.diag([-width, -height, depth, 1.0])
    affine[:3, 3] = 11.0, 7.0, -5.0
    nibabel.save(nibabel.Nifti1Image(array.transpose(2, 1, 0), affine), path)
    return path


def heads(folder: Path, count: int = 4, shape: tuple[int, int, int] = (5, 14, 12)) -> Path:
    """folder/patientN_t1.nii.gz and folder/patientN_t2.nii.gz; in all, the first slice is black."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        pair = head(np.random.default_rng(i), shape)
        for name, array in zip(("t1", "t2"), pair, strict=True):
            array[0] = 0
            save_volume(folder / f"patient{i}_{name}.nii.gz", array)
    return folder

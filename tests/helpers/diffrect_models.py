"""Tiny DiffRect networks as checkpoints, and rings and discs in the layout of SSL4MIS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import nibabel
import numpy as np
import torch

from engine.methods.diffrect.networks import METHOD, SEGMENTER, card_config
from engine.methods.diffrect.recipe import Recipe
from engine.networks.level_unet import SegmenterConfig, SegmenterUNet
from engine.training.checkpoint import Card, save_checkpoint

SIDE = 64
TINY = SegmenterConfig(1, 3, (2, 4, 8, 16, 32))
TINY_TRAINING: dict[str, Any] = {
    "size": SIDE, "iterations": 4, "batch": 4, "width": 2, "labelled_patients": 2, "ramp": 4,
    "rectify_after": 1, "validate_every": 2, "preview_every": 0, "seed": 5, "test": 0.0,
}  # fmt: skip


def save_segmenter(
    path: Path, network: SegmenterConfig = TINY, recipe: Recipe | None = None, **changes: Any
) -> Path:
    """An untrained segmenter whose answers still depend on everything."""
    torch.manual_seed(1)
    model = SegmenterUNet(network)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    shown = recipe or Recipe(network.inputs, SIDE)
    values: dict[str, Any] = {
        "method": METHOD, "role": SEGMENTER, "title": "Tiny", "config": card_config(network),
        "preprocessing": shown.card(), **changes,
    }  # fmt: skip
    card = Card(**values)
    save_checkpoint(path, model.state_dict(), card)
    return path


def heart(rng: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """A bright disc (2) in a darker ring (1), float32 in [0, 1] with noise, and its labels."""
    rows, columns = np.indices((height, width))
    centre = np.array([height, width]) * rng.uniform(0.4, 0.6, 2)
    away = np.hypot(rows - centre[0], columns - centre[1])
    side = min(height, width)
    labels = np.where(away < 0.18 * side, 2, np.where(away < 0.3 * side, 1, 0)).astype(np.uint8)
    image = 0.2 + 0.3 * (labels == 1) + 0.6 * (labels == 2) + 0.05 * rng.standard_normal(away.shape)
    return image.clip(0, 1).astype(np.float32), labels


def slices_set(
    root: Path, patients: int = 5, slices: int = 3, validate: int = 2, *, flat: bool = False
) -> Path:
    """train_slices.list with slices of patients 001, 002, ..., val.list with volumes of later
    ones; the slices lie in data/slices, or in data where the set is flat."""
    folder = root / "data" if flat else root / "data" / "slices"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    train, checked = [], []
    for patient in range(1, patients + 1):
        for z in range(slices):
            name = f"patient{patient:03d}_frame01_slice_{z}"
            _write(folder / f"{name}.h5", *heart(rng, 40, 36))
            train.append(name)
    for patient in range(patients + 1, patients + validate + 1):
        name = f"patient{patient:03d}_frame01"
        pairs = [heart(rng, 40, 36) for _ in range(slices)]
        image, labels = (np.stack(part) for part in zip(*pairs, strict=True))
        _write(root / "data" / f"{name}.h5", image, labels)
        checked.append(name)
    (root / "train_slices.list").write_text("\n".join(train) + "\n")
    if checked:
        (root / "val.list").write_text("\n".join(f"{name}.h5" for name in checked) + "\n")
    return root


def _write(path: Path, image: np.ndarray, labels: np.ndarray) -> None:
    with h5py.File(path, "w") as file:
        file["image"], file["label"] = image, labels


def label_file(path: Path, shape: tuple[int, int, int], label: int = 1) -> Path:
    """A label map (D, H, W) with a square of the label, of voxels of 1 mm."""
    labels = np.zeros(shape, np.uint8)
    labels[:, shape[1] // 4 : shape[1] // 2, 8:20] = label
    nibabel.save(nibabel.Nifti1Image(labels.transpose(2, 1, 0), np.eye(4)), path)
    return path

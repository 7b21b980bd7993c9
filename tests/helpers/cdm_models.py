"""Tiny CDM networks as checkpoints, and sets in which some slices show a bright spot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import torch
from torch import nn

from engine.data.png import write_png
from engine.data.weak.frames import Framing
from engine.methods.cdm.networks import CLASSIFIER, DIFFUSION, METHOD, card_config
from engine.networks.guided_unet import GuidedConfig, GuidedUNet
from engine.networks.noisy_classifier import ClassifierConfig, make_classifier
from engine.training.checkpoint import Card, save_checkpoint

SIDE = 16
STEPS = 40
TINY = GuidedConfig(
    width=8, multipliers=(1, 2), blocks=1, attention=(2,), heads=2, classes=2, outputs=2
)
TINY_CLASSIFIER = ClassifierConfig(
    classes=2, image_size=SIDE, width=8, multipliers=(1, 2), blocks=1, attention=(2,),
    head_channels=4,
)  # fmt: skip
TINY_TRAINING: dict[str, Any] = {
    "size": SIDE, "iterations": 4, "batch": 2, "width": 8, "multipliers": "1, 2", "blocks": 1,
    "attention": "8", "timesteps": STEPS, "preview_every": 0, "seed": 5, "lr": 1e-3,
    "ema_decay": 0.5, "smallest": 1,
}  # fmt: skip
PROCESS = {"schedule": "linear", "timesteps": STEPS}


def stirred(model: nn.Module) -> nn.Module:
    """A network whose branches all contribute."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))
    return model


def save_diffusion(path: Path, network: GuidedConfig = TINY, **changes: Any) -> Path:
    """An untrained diffusion model whose answers still depend on everything."""
    torch.manual_seed(1)
    values: dict[str, Any] = {
        "config": card_config(network), "process": PROCESS,
        "preprocessing": Framing(SIDE, channels=network.inputs).card(),
    } | changes  # fmt: skip
    card = Card(method=METHOD, role=DIFFUSION, title="Tiny", **values)
    save_checkpoint(path, stirred(GuidedUNet(network)).state_dict(), card)
    return path


def save_classifier(
    path: Path,
    network: ClassifierConfig = TINY_CLASSIFIER,
    sure: int | None = None,
    **changes: Any,
) -> Path:
    """An untrained classifier; or one that is sure of a label, whatever it sees."""
    torch.manual_seed(2)
    model = stirred(make_classifier(network))
    if sure is not None:
        with torch.no_grad():
            model.pool.project.bias += 50 * torch.eye(network.classes)[sure]
    values = {
        "config": card_config(network), "process": PROCESS,
        "preprocessing": Framing(SIDE, channels=network.inputs).card(),
    } | changes  # fmt: skip
    card = Card(method=METHOD, role=CLASSIFIER, title="Tiny classifier", **values)
    save_checkpoint(path, model.state_dict(), card)
    return path


def slice_of(
    rng: np.random.Generator, shape: tuple[int, int], *, spot: bool
) -> tuple[np.ndarray, np.ndarray]:
    """A noisy grey disc, perhaps with a bright spot (0 to 255), and the spot's mask."""
    rows, columns = np.indices(shape)
    centre = np.array(shape) / 2
    body = np.hypot(rows - centre[0], columns - centre[1]) < 0.4 * min(shape)
    place = centre + rng.uniform(-0.15, 0.15, 2) * min(shape)
    mask = np.hypot(rows - place[0], columns - place[1]) < 0.15 * min(shape)
    image = 10 + 80 * body + (120 * mask if spot else 0) + 6 * rng.standard_normal(shape)
    return image.clip(0, 255).astype(np.uint8), (mask & spot).astype(np.uint8)


def layout(folder: Path, count: int = 4, side: int = 20) -> Path:
    """The published one: folder/{training,validate}/{normal,tumor,seg}/PATIENT_slice_N.png."""
    for part, first in (("training", 0), ("validate", 100)):
        for kind in ("normal", "tumor", "seg"):
            (folder / part / kind).mkdir(parents=True)
        for i in range(first, first + count):
            rng = np.random.default_rng(i)
            for spot, kind in ((False, "normal"), (True, "tumor")):
                image, mask = slice_of(rng, (side, side), spot=spot)
                name = f"patient{i}_slice_{int(spot)}.png"
                write_png(folder / part / kind / name, image, {})
                if spot:
                    write_png(folder / part / "seg" / name, mask * np.uint8(255), {})
    return folder


def volumes(
    folder: Path, count: int = 5, *, labels: int = 1, spacings: tuple[float, ...] = (1.0,)
) -> Path:
    """A Decathlon folder; in each volume slices 2 and 3 of 6 show a spot, of label 1, 2, ..."""
    for name in ("imagesTr", "labelsTr"):
        (folder / name).mkdir(parents=True)
    for i in range(count):
        spacing = spacings[i % len(spacings)]
        side = round(24 / spacing)
        rng = np.random.default_rng(i)
        pairs = [slice_of(rng, (side, side), spot=z in (2, 3)) for z in range(6)]
        image, mask = (np.stack(part) for part in zip(*pairs, strict=True))
        mask = mask * np.uint8(1 + i % labels)
        affine = np.diag([-spacing, -spacing, 3.0, 1.0])  # to the left, the back and the head
        for name, array in (("imagesTr", image), ("labelsTr", mask)):
            stored = nibabel.Nifti1Image(array.transpose(2, 1, 0), affine)
            nibabel.save(stored, folder / name / f"patient{i}.nii.gz")
    return folder

"""Parameters and presets of training CDM; loads no torch.

Published values: Hu et al., Conditional Diffusion Models for Weakly Supervised Medical Image
Segmentation (MICCAI 2023), and the settings of its release.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import field_validator

from engine.data.segmentation import fold_params
from engine.parameters import Parameters, Presets, parameter, whole_numbers
from engine.training import shared_params

MAX_LEVELS = 8
MAX_TIMESTEPS = 4000
PlaneName = Literal["stored", "axial", "coronal", "sagittal"]
PLANES = {
    "stored": "As stored", "axial": "Axial", "coronal": "Coronal", "sagittal": "Sagittal",
}  # fmt: skip
ScheduleChoice = Literal["linear", "cosine"]


class SliceParams(Parameters):
    """Which images there are, what they show, and how their slices are seen."""

    seed: int = shared_params.seed()
    size: int = parameter(
        128, "Side", "Of the slices that the network sees.", unit="px", ge=16, le=1024, step=16
    )
    plane: PlaneName = parameter(
        "stored", "Plane", "Which way volumes are cut into slices.", choices=PLANES
    )
    fov: float = parameter(
        0.0, "Field of view", "Width that a slice shows; 0 takes what holds all content of the "
        "set. Pictures without a patient are shown whole.", unit="mm", ge=0, le=2000,
    )  # fmt: skip
    tail: float = parameter(
        0.5, "Cut off", "How much of the darkest and of the brightest values becomes plain black "
        "and white. A small lesion may be all of the brightest: where it is, give less.",
        unit="%", ge=0, le=5, step=0.1, advanced=True,
    )  # fmt: skip
    colour: bool = parameter(
        False, "Colour", "The network sees red, green and blue, not grey.", advanced=True
    )
    finding: str = parameter(
        "lesion", "Finding", "What the masks or the table's labels are called, where there is one.",
        group="Labels",
    )  # fmt: skip
    each: bool = parameter(
        False, "Each label", "Every label in the masks is a finding of its own; else all are one.",
        group="Labels",
    )  # fmt: skip
    smallest: int = parameter(
        10, "Smallest", "Marked pixels that make a slice show something; with fewer, but some, it "
        "is left out.", unit="px", ge=1, le=100_000, group="Labels",
    )  # fmt: skip
    validation: float = shared_params.validation_share(0.1)
    test: float = parameter(
        0.2, "Test", "Share of the patients kept apart for the evaluation; of a set with parts of "
        "its own, those count.", ge=0, le=0.49, step=0.05, group="Cases",
    )  # fmt: skip
    folds: int = fold_params.folds()
    fold: int = fold_params.fold()
    hold_out: str = shared_params.hold_out()
    channel: int = shared_params.channel()
    patient_pattern: str = shared_params.patient_pattern()
    augment: bool = parameter(
        True, "Augment", "Turns of up to 10 degrees, zooms of 0.9 to 1.1 and brightness, at random."
    )
    flips: bool = parameter(
        False, "Flips", "Mirrors at random as well; not for organs that have a side.",
        advanced=True,
    )  # fmt: skip
    balance: bool = parameter(
        True, "Balance", "Every label is shown as often as the others, however rare it is."
    )
    iterations: int = shared_params.iterations(20_000)
    batch: int = shared_params.batch(4)
    lr: float = parameter(1e-4, "Rate", "Learning rate of AdamW at the start.", gt=0, le=1.0)
    lr_end: float = parameter(
        -1.0, "Last rate", "The rate falls to it along a cosine; -1 leaves it as it is.",
        ge=-1, le=1.0, advanced=True,
    )  # fmt: skip
    weight_decay: float = shared_params.weight_decay()
    ema_decay: float = shared_params.ema_decay(0.9999)
    schedule: ScheduleChoice = parameter(
        "linear", "Schedule", "How noise grows with time.",
        choices={"linear": "Linear", "cosine": "Cosine"}, group="Diffusion",
    )  # fmt: skip
    timesteps: int = parameter(
        1000, "Steps T", "Noise levels.", ge=2, le=MAX_TIMESTEPS, group="Diffusion"
    )
    width: int = parameter(
        128, "Features", "At full resolution.", ge=8, le=512, step=8, group="Network"
    )
    multipliers: str = shared_params.multipliers("1, 1, 2, 3, 4")
    blocks: int = shared_params.blocks(3)
    attention: str = shared_params.attention("16, 8")
    dropout: float = shared_params.dropout()
    save_every: int = shared_params.save_every()
    patience: int = shared_params.patience()
    preview_every: int = shared_params.preview_every(500)

    @field_validator("multipliers", "attention")
    @classmethod
    def _readable(cls, text: str) -> str:
        whole_numbers(text)
        return text

    @field_validator("multipliers")
    @classmethod
    def _levels(cls, text: str) -> str:
        if not 1 <= len(whole_numbers(text)) <= MAX_LEVELS:
            raise ValueError(f"1 to {MAX_LEVELS} resolutions")
        return text

    @property
    def held_out(self) -> tuple[str, ...]:
        """The patients that are named for the evaluation."""
        return tuple(name.strip() for name in self.hold_out.split(",") if name.strip())


class DiffusionParams(SliceParams):
    """Learn what slices look like that show a finding, and those that do not."""

    best_by: Literal["noise explained", "label gain"] = shared_params.best_by(
        ("noise explained", "label gain")
    )
    heads: int = shared_params.heads(4)
    learn_variance: bool = parameter(
        True, "Learn variance", "Beside the noise, by the variational bound.", group="Diffusion",
        advanced=True,
    )  # fmt: skip
    importance: bool = parameter(
        False, "Importance sampling", "Timesteps are drawn by the second moment of their losses.",
        group="Diffusion", advanced=True,
    )  # fmt: skip


class ClassifierParams(SliceParams):
    """Learn to tell from a slice, however noisy, what it shows."""

    best_by: Literal["balanced accuracy", "balanced accuracy, noisy"] = shared_params.best_by(
        ("balanced accuracy", "balanced accuracy, noisy")
    )
    kind: Literal["encoder", "resnet50"] = parameter(
        "encoder", "Network", "The U-Net's way down with attention pooling, or a ResNet.",
        choices={"encoder": "Encoder", "resnet50": "ResNet-50"}, group="Network",
    )  # fmt: skip
    head_channels: int = parameter(
        64, "Features a head", "Of the attention; they must divide the features.", ge=1, le=512,
        group="Network", advanced=True,
    )  # fmt: skip


FAST: dict[str, Any] = {
    "size": 64, "width": 24, "multipliers": "1, 2, 3", "blocks": 1, "attention": "16",
    "ema_decay": 0.999,
}  # fmt: skip
GPU: dict[str, Any] = {
    "size": 128, "width": 64, "blocks": 2, "batch": 32, "ema_decay": 0.9995, "lr_end": 0.0,
}  # fmt: skip
DIFFUSION_PRESETS: Presets = {
    "paper": {"iterations": 100_000, "augment": False, "balance": False},
    "paper-brats": {
        "iterations": 100_000, "size": 224, "multipliers": "1, 1, 2, 2, 4, 4",
        "attention": "14, 7", "timesteps": 4000, "augment": False, "balance": False,
    },
    "fast": {**FAST, "iterations": 4_000, "batch": 8, "lr": 5e-4, "lr_end": 5e-5},
    "gpu": {**GPU, "iterations": 40_000, "lr": 2e-4},
}  # fmt: skip
CLASSIFIER_PRESETS: Presets = {
    "paper": {
        "iterations": 50_000, "batch": 8, "lr": 3e-4, "kind": "resnet50", "ema_decay": 0.0,
        "augment": False,
    },
    "paper-brats": {
        "iterations": 50_000, "batch": 8, "lr": 3e-4, "kind": "resnet50", "ema_decay": 0.0,
        "size": 224, "timesteps": 4000, "augment": False,
    },
    "fast": {
        **FAST, "iterations": 2_000, "batch": 16, "lr": 1e-3, "lr_end": 1e-5, "width": 16,
        "attention": "16", "head_channels": 16, "weight_decay": 0.05,
    },
    "gpu": {
        **GPU, "iterations": 15_000, "batch": 64, "lr": 3e-4, "weight_decay": 0.05,
        "attention": "32, 16, 8",
    },
}  # fmt: skip

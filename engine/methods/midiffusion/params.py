"""Parameters and presets of MIDiffusion's training; loads no torch.

Published values: Wang et al., Mutual Information Guided Diffusion for Zero-shot Cross-modality
Medical Image Translation, and the settings of its release.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import field_validator

from engine.data.segmentation import fold_params
from engine.parameters import Parameters, parameter
from engine.training import stop_params

MAX_SEED = 2**31 - 1
MAX_LEVELS = 8
MAX_TIMESTEPS = 4000
Plane = Literal["axial", "coronal", "sagittal", "stored"]
PLANES = {
    "axial": "Axial", "coronal": "Coronal", "sagittal": "Sagittal", "stored": "As stored",
}  # fmt: skip
Presets = dict[str, dict[str, Any]]


def whole_numbers(text: str) -> tuple[int, ...]:
    """Positive whole numbers from text such as "1, 2, 2".

    Raises:
        ValueError: it holds something else.
    """
    numbers = tuple(int(part) for part in text.replace(",", " ").split())
    if any(n < 1 for n in numbers):
        raise ValueError("whole numbers from 1 on, separated by commas")
    return numbers


class TrainParams(Parameters):
    """Learn what slices of the target modality look like; no other modality is needed."""

    seed: int = parameter(
        0, "Seed", "Everything random follows from it.", kind="seed", ge=0, le=MAX_SEED
    )
    pattern: str = parameter(
        "", "Files", "Which of the folder, by name: several patterns such as */*_t1.nii.gz, "
        "separated by commas; ** is any folders between. All images where empty.",
    )  # fmt: skip
    plane: Plane = parameter(
        "axial", "Slices", "Which way volumes are cut. Pictures have one slice.", choices=PLANES
    )
    size: int = parameter(
        128, "Side", "Of the squares that the network sees.", unit="px", ge=16, le=1024, step=16
    )
    pixel_mm: float = parameter(
        0.0, "Pixel", "Of these squares; 0 lets them hold the widest image of the set.", unit="mm",
        ge=0, le=100, step=0.1, advanced=True,
    )  # fmt: skip
    flips: bool = parameter(True, "Flips", "Rows and columns are mirrored at random, as published.")
    patient_pattern: str = parameter(
        "", "Patient pattern", "Regular expression whose first group names the patient, in the "
        "path below the folder; a guess by usual names where empty.", group="Cases",
        advanced=True,
    )  # fmt: skip
    validation: float = parameter(
        0.1, "Validation", "Share of the patients that tell how far training is.",
        ge=0, le=0.5, step=0.05, group="Cases",
    )  # fmt: skip
    test: float = parameter(
        0.2, "Test", "Share of the patients kept apart for the evaluation.",
        ge=0, le=0.49, step=0.05, group="Cases",
    )  # fmt: skip
    folds: int = fold_params.folds()
    fold: int = fold_params.fold()
    hold_out: str = parameter(
        "", "Hold out", "Patients kept apart for the evaluation, separated by commas, in place of "
        "a share.", group="Cases",
    )  # fmt: skip
    channel: int = parameter(
        0, "Channel", "Which of several that an image has.", ge=0, le=63, group="Cases",
        advanced=True,
    )  # fmt: skip
    content: float = parameter(
        0.05, "Least content", "Share of a slice that must be no background for it to be learnt "
        "from.", ge=0, le=1, step=0.01, group="Cases", advanced=True,
    )  # fmt: skip
    iterations: int = parameter(
        100_000, "Iterations", "Optimizer steps in all.", ge=1, le=10_000_000, step=100
    )
    batch: int = parameter(4, "Batch", "Slices an optimizer step.", ge=1, le=2048)
    lr: float = parameter(3e-4, "Rate", "Learning rate at the start.", gt=0, le=1.0)
    lr_end: float = parameter(
        -1.0, "Last rate", "The rate falls to it along a cosine; -1 leaves it as it is.",
        ge=-1, le=1.0, advanced=True,
    )  # fmt: skip
    optimizer: Literal["adamw", "rmsprop", "sgd"] = parameter(
        "adamw", "Optimizer", "Adam is the published one; without weight decay AdamW is Adam.",
        choices={"adamw": "Adam", "rmsprop": "RMSprop", "sgd": "SGD with momentum"},
        advanced=True,
    )  # fmt: skip
    weight_decay: float = parameter(
        0.0, "Weight decay", "How strongly weights are pulled to 0.", ge=0, le=1.0, advanced=True
    )
    clip_norm: float = parameter(
        1.0, "Gradient clip", "Largest norm of the gradient; 0 leaves it alone.",
        ge=0, le=1000, advanced=True,
    )  # fmt: skip
    ema_decay: float = parameter(
        0.9999, "Weight average", "Decay of the averaged weights that are kept; 0 keeps the last.",
        ge=0, le=0.99999, advanced=True,
    )  # fmt: skip
    unguided: float = parameter(
        0.0, "Unguided share", "Slices that are shown without mutual information, so that the "
        "network can do without too: what SDEdit needs. 1 trains for SDEdit alone.",
        ge=0, le=1, step=0.05,
    )  # fmt: skip
    timesteps: int = parameter(
        1000, "Steps T", "Noise levels.", ge=2, le=MAX_TIMESTEPS, group="Diffusion", advanced=True
    )
    beta_start: float = parameter(
        1e-4, "First beta", "Smallest noise variance.", gt=0, le=0.999, group="Diffusion",
        advanced=True,
    )  # fmt: skip
    beta_end: float = parameter(
        0.02, "Last beta", "Largest noise variance.", gt=0, le=0.999, group="Diffusion",
        advanced=True,
    )  # fmt: skip
    bins: int = parameter(
        27, "Bins", "Levels of the densities.", ge=2, le=256, group="Mutual information",
        advanced=True,
    )  # fmt: skip
    sigma: float = parameter(
        2.0, "Kernel", "Sigma of the densities; 2.5 in one published use.", gt=0, le=100,
        group="Mutual information", advanced=True,
    )  # fmt: skip
    normalized: bool = parameter(
        False, "Normalized", "Mutual information over the mean entropy, instead of bits.",
        group="Mutual information", advanced=True,
    )  # fmt: skip
    width: int = parameter(
        64, "Features", "At full resolution.", ge=8, le=512, step=8, group="Network"
    )
    multipliers: str = parameter(
        "1, 1, 2, 3, 4", "Multipliers", "Features at full, half, ... resolution over those.",
        group="Network", advanced=True,
    )  # fmt: skip
    blocks: int = parameter(
        2, "Blocks", "Residual blocks a resolution.", ge=1, le=8, group="Network", advanced=True
    )
    attention: str = parameter(
        "16", "Self-attention at", "Sides of the feature maps that attend to themselves.",
        group="Network", advanced=True,
    )  # fmt: skip
    heads: int = parameter(
        1, "Heads", "Of the attention; they must divide the features.", ge=1, le=64,
        group="Network", advanced=True,
    )  # fmt: skip
    dropout: float = parameter(
        0.0, "Dropout", "Share of features left out in training.", ge=0, le=0.9, group="Network",
        advanced=True,
    )  # fmt: skip
    save_every: int = parameter(
        500, "Save every", "Iterations between two states to resume from.",
        ge=1, le=1_000_000, advanced=True,
    )  # fmt: skip
    patience: int = stop_params.patience()
    preview_every: int = parameter(
        500, "Preview every", "Iterations between two pictures; 0 none.",
        ge=0, le=1_000_000, advanced=True,
    )  # fmt: skip

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


TRAIN_PRESETS: Presets = {
    "paper": {"iterations": 500_000},
    "fast": {
        "size": 96, "width": 32, "multipliers": "1, 2, 3, 4", "blocks": 1, "attention": "12",
        "iterations": 4_000, "batch": 8, "lr": 5e-4, "lr_end": 2e-5, "ema_decay": 0.998,
        "unguided": 0.1,
    },
    "gpu": {
        "iterations": 60_000, "batch": 32, "lr": 3e-4, "lr_end": 1e-5, "ema_decay": 0.9995,
        "unguided": 0.1,
    },
}  # fmt: skip

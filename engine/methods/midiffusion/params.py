"""Parameters and presets of MIDiffusion's training; loads no torch.

Published values: Wang et al., Mutual Information Guided Diffusion for Zero-shot Cross-modality
Medical Image Translation, and the settings of its release.
"""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from engine.data.segmentation import fold_params
from engine.parameters import Parameters, Presets, parameter, whole_numbers
from engine.training import shared_params

MAX_LEVELS = 8
MAX_TIMESTEPS = 4000
Prediction = Literal["eps", "v"]
PREDICTIONS = {"eps": "Noise", "v": "Velocity"}
Plane = Literal["axial", "coronal", "sagittal", "stored"]
PLANES = {
    "axial": "Axial", "coronal": "Coronal", "sagittal": "Sagittal", "stored": "As stored",
}  # fmt: skip


class TrainParams(Parameters):
    """Learn what slices of the target modality look like; no other modality is needed."""

    seed: int = shared_params.seed()
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
    deform: float = parameter(
        0.0, "Deformation", "How far slices are turned, resized and bent at random; 0 as "
        "published.", ge=0, le=1, step=0.1,
    )  # fmt: skip
    contrasts: float = parameter(
        0.0, "Other contrasts", "Share of the slices that are guided by themselves with their grey "
        "values mapped at random, so that no contrast of a source is strange; 0 as published.",
        ge=0, le=1, step=0.1,
    )  # fmt: skip
    patient_pattern: str = parameter(
        "", "Patient pattern", "Regular expression whose first group names the patient, in the "
        "path below the folder; a guess by usual names where empty.", group="Cases",
        advanced=True,
    )  # fmt: skip
    validation: float = shared_params.validation_share(0.1)
    test: float = shared_params.test_share(0.2)
    folds: int = fold_params.folds()
    fold: int = fold_params.fold()
    hold_out: str = shared_params.hold_out()
    channel: int = shared_params.channel()
    content: float = parameter(
        0.05, "Least content", "Share of a slice that must be no background for it to be learnt "
        "from.", ge=0, le=1, step=0.01, group="Cases", advanced=True,
    )  # fmt: skip
    iterations: int = shared_params.iterations(100_000)
    batch: int = shared_params.batch(4)
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
    weight_decay: float = shared_params.weight_decay()
    clip_norm: float = parameter(
        1.0, "Gradient clip", "Largest norm of the gradient; 0 leaves it alone.",
        ge=0, le=1000, advanced=True,
    )  # fmt: skip
    ema_decay: float = shared_params.ema_decay(0.9999)
    unguided: float = parameter(
        0.0, "Unguided share", "Slices that are shown without mutual information, so that the "
        "network can do without too: what SDEdit needs. 1 trains for SDEdit alone.",
        ge=0, le=1, step=0.05,
    )  # fmt: skip
    prediction: Prediction = parameter(
        "eps", "Prediction", "What the network learns to tell: the noise, as published, or the "
        "velocity between noise and image.",
        choices=PREDICTIONS, group="Diffusion",
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
    multipliers: str = shared_params.multipliers("1, 1, 2, 3, 4")
    blocks: int = shared_params.blocks(2)
    attention: str = shared_params.attention("16")
    heads: int = shared_params.heads(1)
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


TRAIN_PRESETS: Presets = {
    "paper": {"iterations": 500_000},
    "fast": {
        "size": 96, "width": 32, "multipliers": "1, 2, 3, 4", "blocks": 1, "attention": "12",
        "iterations": 12_000, "batch": 4, "lr": 5e-4, "lr_end": 2e-5, "ema_decay": 0.998,
        "unguided": 0.1, "prediction": "v", "deform": 1.0, "contrasts": 0.9,
    },
    "gpu": {
        "iterations": 60_000, "batch": 32, "lr": 3e-4, "lr_end": 1e-5, "ema_decay": 0.9995,
        "unguided": 0.1,
    },
}  # fmt: skip

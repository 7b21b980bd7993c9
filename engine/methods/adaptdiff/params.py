"""Parameters and presets of AdaptDiff's stages; loads no torch.

Published values: Hu et al., AdaptDiff (arXiv 2410.04648), section 3.1, and its release.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from engine.data.segmentation import fold_params
from engine.parameters import MAX_SEED, Parameters, Presets, parameter
from engine.scoring.params import keeping
from engine.training import shared_params

Kind = Literal["fundus", "octa", "angiography", "grey"]
KINDS = {
    "fundus": "Fundus photograph", "octa": "OCT-A", "angiography": "Fluorescein angiography",
    "grey": "Grey, vessels bright",
}  # fmt: skip
SPADE_WIDTHS = (16, 32, 64, 128, 256)
SEGMENTER_CHANNELS = (8, 32, 32, 64, 64, 16)


def _check_zoom(low: float, high: float) -> None:
    if low > high:
        raise ValueError(f"zoom_min {low:g} is above zoom_max {high:g}")


class TrainingParams(Parameters):
    """What the training stages share."""

    seed: int = parameter(
        0, "Seed", "Everything random follows from it.", kind="seed", ge=0, le=MAX_SEED
    )
    crop: int = parameter(
        256, "Crop", "Side of the training crops.", unit="px", ge=64, le=1024, step=64
    )
    batch: int = parameter(4, "Batch", "Crops an optimizer step.", ge=1, le=256)
    lr: float = parameter(1e-3, "Learning rate", "Of Adam, at the start.", gt=0, le=1.0)
    iterations: int = shared_params.iterations(35_000)
    halve_every: int = parameter(
        0, "Halve rate every", "Iterations after which the learning rate is halved; 0 never.",
        ge=0, le=10_000_000, advanced=True,
    )  # fmt: skip
    ema_decay: float = shared_params.ema_decay(0.0)
    zoom_min: float = parameter(
        1.0, "Smallest zoom", "Crops are enlarged by a random factor from this on.",
        ge=0.25, le=8, advanced=True,
    )  # fmt: skip
    zoom_max: float = parameter(
        1.0, "Largest zoom", "Makes vessels of one field of view as wide as another's.",
        ge=0.25, le=8, advanced=True,
    )  # fmt: skip
    save_every: int = shared_params.save_every()

    @model_validator(mode="after")
    def _zoom_in_order(self) -> Self:
        _check_zoom(self.zoom_min, self.zoom_max)
        return self


class SegmenterParams(TrainingParams):
    """Stage 1: segment vessels on the labelled source."""

    iterations: int = shared_params.iterations(5_000)
    batch: int = parameter(8, "Batch", "Crops an optimizer step.", ge=1, le=256)
    kind: Kind = parameter(
        "fundus", "Source", "What the images are; fundus takes the green channel.", choices=KINDS
    )
    name: str = parameter(
        "", "Data set", "Which one of a pickle that holds several.", advanced=True
    )
    augment: bool = parameter(
        True, "Augment", "Noise, blur, contrast and brightness, so that it meets another modality.",
    )  # fmt: skip
    validation: float = shared_params.validation_share(0.2)
    test: float = shared_params.test_share(0.0)
    patience: int = shared_params.patience()
    folds: int = fold_params.folds()
    fold: int = fold_params.fold()
    patient_pattern: str = shared_params.patient_pattern()


class DiffusionParams(TrainingParams):
    """Stage 2: learn what the target looks like given a weak vessel mask."""

    kind: Kind = parameter("octa", "Target", "What the images are.", choices=KINDS)
    name: str = parameter(
        "", "Data set", "Which one of a pickle that holds several.", advanced=True
    )
    schedule: Literal["linear", "quadratic", "constant", "jsd", "sigmoid", "cosine"] = parameter(
        "linear", "Schedule", "How the noise grows with t.", advanced=True
    )
    timesteps: int = parameter(
        300, "Timesteps T", "Noise levels of the forward process.", ge=2, le=4000, advanced=True
    )
    beta_start: float = parameter(
        1e-4, "First beta", "Smallest noise variance.", gt=0, le=0.999, advanced=True
    )
    beta_end: float = parameter(
        0.02, "Last beta", "Largest noise variance.", gt=0, le=0.999, advanced=True
    )
    false_positive_rate: float = parameter(
        0.0, "False positives", "Share of background turned into vessel, to test weak labels.",
        ge=0, le=1, step=0.01, advanced=True,
    )  # fmt: skip
    false_negative_rate: float = parameter(
        0.0, "False negatives", "Share of vessel turned into background.",
        ge=0, le=1, step=0.01, advanced=True,
    )  # fmt: skip
    halve_every: int = parameter(
        7_000, "Halve rate every", "Iterations after which the learning rate is halved; 0 never.",
        ge=0, le=10_000_000, advanced=True,
    )  # fmt: skip


class SynthesisParams(Parameters):
    """Stage 3 on screen: one mask, one or several images."""

    checkpoint: str = parameter(
        "octa", "Checkpoint", "A bundled or imported model, or a .safetensors file.", kind="choice"
    )
    sampler: Literal["ddpm", "ddim", "dpm++"] = parameter(
        "dpm++", "Sampler", "DPM-Solver++ and DDIM need few steps; DDPM is the published one.",
        choices={"ddpm": "DDPM (ancestral)", "ddim": "DDIM", "dpm++": "DPM-Solver++ (2M)"},
    )  # fmt: skip
    steps: int = parameter(
        12, "Steps", "Network calls an image; DDPM is made for all of the model's.",
        ge=1, le=4000,
    )  # fmt: skip
    seed: int = parameter(
        0, "Seed", "The same seed and mask give the same image.", kind="seed", ge=0, le=MAX_SEED
    )
    variants: int = parameter(
        1, "Variants", "Images of the same mask, with seeds counting up.", ge=1, le=64
    )
    eta: float = parameter(
        0.0, "Eta", "Fresh noise in DDIM: 0 none, 1 as much as DDPM.", ge=0, le=1, step=0.1,
        advanced=True,
    )  # fmt: skip
    one_shot: bool = parameter(
        False, "One shot", "A single network call straight to x0: quick, blurred.", advanced=True
    )
    match_histogram: bool = parameter(
        False, "Match histogram", "Give the image the grey values of a template image."
    )


class SynthesisSetParams(SynthesisParams):
    """Stage 3 in bulk: pairs of synthetic images and masks."""

    count: int = parameter(200, "Pairs", "How many pairs to make.", ge=1, le=1_000_000, group="Set")
    crop: int = parameter(
        384, "Crop", "Side of the mask crops.", unit="px", ge=64, le=2048, step=64, group="Set"
    )
    zoom_min: float = parameter(
        1.0, "Smallest zoom", "Masks are enlarged by a random factor from this on.",
        ge=0.25, le=8, group="Set", advanced=True,
    )  # fmt: skip
    zoom_max: float = parameter(
        1.0, "Largest zoom", "Makes the source's vessels as wide as the target's.",
        ge=0.25, le=8, group="Set", advanced=True,
    )  # fmt: skip
    phantom_share: float = parameter(
        0.0, "Grown masks", "Share of masks that are grown vessel trees, for more variety.",
        ge=0, le=1, step=0.1, group="Set", advanced=True,
    )  # fmt: skip
    batch: int = parameter(
        4, "Batch", "Images a network call.", ge=1, le=256, group="Set", advanced=True
    )

    @model_validator(mode="after")
    def _zoom_in_order(self) -> Self:
        _check_zoom(self.zoom_min, self.zoom_max)
        return self


class FineTuneParams(TrainingParams):
    """Stage 4: adapt the segmenter by synthetic pairs."""

    checkpoint: str = parameter("fundus-segmenter", "Segmenter", "Of stage 1.", kind="choice")
    lr: float = parameter(1e-3, "Learning rate", "Of Adam, at the start.", gt=0, le=1.0)
    batch: int = parameter(5, "Batch", "Crops an optimizer step.", ge=1, le=256)
    iterations: int = shared_params.iterations(1_200)
    halve_every: int = parameter(
        120, "Halve rate every", "Iterations after which the learning rate is halved; 0 never.",
        ge=0, le=10_000_000, advanced=True,
    )  # fmt: skip


class GrowParams(Parameters):
    """Grow a plausible retinal vessel tree from the painted strokes, or from nothing."""

    seed: int = parameter(
        0, "Seed", "The same seed and strokes grow the same tree.", kind="seed", ge=0, le=MAX_SEED
    )
    field: Literal["macula", "fundus"] = parameter(
        "macula", "Field of view", "What is in view.",
        choices={"macula": "Macula, as in OCT-A", "fundus": "Optic disc and arcades"},
    )  # fmt: skip


class _SegmenterUse(Parameters):
    checkpoint: str = parameter("fundus-segmenter", "Segmenter", "Of stage 1.", kind="choice")
    kind: Kind = parameter("octa", "Images", "What the images are.", choices=KINDS)
    name: str = parameter(
        "", "Data set", "Which one of a pickle that holds several.", advanced=True
    )


class PseudoLabelParams(_SegmenterUse):
    """Stage 2a: label the target with the source's segmenter."""

    cut: Literal["edges", "argmax"] = parameter(
        "edges", "Cut", "Where the vessel probability is cut: at 0.5 as published, or where the "
        "outlines fall on the edges that the target's images have.",
        choices={"edges": "On the images' edges", "argmax": "At 0.5 (published)"},
    )  # fmt: skip


class EvaluateParams(_SegmenterUse):
    """Dice of a segmenter against labels."""

    keep_labels: bool = keeping()


class ImportParams(Parameters):
    """Turn published weights into a checkpoint with a card."""

    title: str = parameter("", "Title", "For the list of models; the file's name by default.")


SEGMENTER_PRESETS: Presets = {
    "paper": {"iterations": 20_000, "zoom_min": 1.0, "zoom_max": 1.0, "augment": False},
    "fast": {"iterations": 900, "crop": 128, "batch": 8, "zoom_min": 1.0, "zoom_max": 3.0,
             "ema_decay": 0.99},
    "gpu": {"iterations": 20_000, "batch": 32, "zoom_min": 1.0, "zoom_max": 3.0,
            "ema_decay": 0.999},
}  # fmt: skip
DIFFUSION_PRESETS: Presets = {
    "paper": {"iterations": 35_000, "batch": 4, "crop": 256, "lr": 1e-3, "halve_every": 7_000},
    "fast": {"iterations": 3_000, "batch": 4, "crop": 128, "lr": 1e-3, "halve_every": 1_000,
             "ema_decay": 0.995},
    "gpu": {"iterations": 35_000, "batch": 32, "crop": 256, "lr": 2e-3, "halve_every": 7_000,
            "ema_decay": 0.999},
}  # fmt: skip
SYNTHESIS_PRESETS: Presets = {
    "paper": {"sampler": "ddpm", "steps": 300},
    "fast": {"sampler": "dpm++", "steps": 12},
    "gpu": {"sampler": "dpm++", "steps": 20, "variants": 4},
}  # fmt: skip
SET_PRESETS: Presets = {
    "paper": {"sampler": "ddpm", "steps": 300, "crop": 384},
    "fast": {"crop": 256, "count": 64},
    "gpu": {"steps": 20, "crop": 384, "batch": 16, "count": 1_000},
}
FINE_TUNE_PRESETS: Presets = {
    "paper": {"batch": 5, "crop": 384, "lr": 1e-3},
    "fast": {"batch": 5, "crop": 128, "iterations": 600, "halve_every": 150, "ema_decay": 0.99},
    "gpu": {"batch": 32, "crop": 256, "iterations": 5_000, "halve_every": 1_000,
            "ema_decay": 0.999},
}  # fmt: skip

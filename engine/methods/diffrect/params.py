"""Parameters and presets of DiffRect; loads no torch.

Published values: Liu et al., DiffRect (MICCAI 2024), and the settings of its release.
"""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from engine.data.segmentation import fold_params
from engine.parameters import Parameters, Presets, parameter
from engine.training import shared_params

Scheme = Literal["diffrect", "pseudo-labels", "supervised"]
Norms = Literal["running", "measured"]
NORMS = {
    "running": "Running average of training, as published",
    "measured": "Measured without dropout, each time before use",
}
SCHEMES = {
    "diffrect": "Pseudo-labels, rectified (DiffRect)",
    "pseudo-labels": "Pseudo-labels as they are",
    "supervised": "Labelled cases alone",
}
Contrast = Literal["stored", "percentiles"]
CONTRASTS = {
    "stored": "As stored; from least to largest value where they are not 0 to 1",
    "percentiles": "Each slice from its 1st to its 99th percentile",
}
Resampling = Literal["nearest", "linear"]
RESAMPLINGS = {"nearest": "Nearest pixel, as published", "linear": "Linear, smoothed to shrink"}


def names_of(text: str) -> tuple[str, ...]:
    """Names from text such as "patient001, patient007_frame01"; with a comma in it, names may have
    spaces."""
    text = text.replace(";", ",")
    parts = text.split(",") if "," in text else text.split()
    return tuple(dict.fromkeys(name for part in parts if (name := part.strip())))


class TrainParams(Parameters):
    """Learn to segment from few labelled patients and many unlabelled ones."""

    seed: int = shared_params.seed()
    scheme: Scheme = parameter(
        "diffrect", "Learns from", "DiffRect, or one of the two that it is compared with.",
        choices=SCHEMES,
    )  # fmt: skip
    labelled_patients: int = parameter(
        7, "Labelled patients", "The first so many of the training list; all other labels of it "
        "are not looked at. Lists and names of labelled cases go before it.",
        ge=1, le=100_000, group="Cases",
    )  # fmt: skip
    labelled_cases: str = parameter(
        "", "Labelled by name", "Names of cases or patients, separated by commas, in place of a "
        "number.", group="Cases",
    )  # fmt: skip
    validation_cases: str = parameter(
        "", "Validated by name", "Names of cases or patients, separated by commas, in place of a "
        "share and of lists; all others are trained on, but for those tested by name.",
        group="Cases", advanced=True,
    )  # fmt: skip
    test_cases: str = parameter(
        "", "Tested by name", "Names of cases or patients to keep apart for the evaluation, beside "
        "those validated by name.", group="Cases", advanced=True,
    )  # fmt: skip
    pinned: str = parameter(
        "", "Case to watch", "Unlabelled case whose pseudo-label is shown; the first by default.",
        group="Cases",
    )  # fmt: skip
    validation: float = parameter(
        0.1, "Validation", "Share of the patients that tell how far training is, where the set "
        "has no val.list.", ge=0, le=0.5, step=0.05, group="Cases",
    )  # fmt: skip
    test: float = parameter(
        0.2, "Test", "Share of the patients kept apart for the evaluation; of those of val.list "
        "where the set has that and no test.list.", ge=0, le=0.5, step=0.05, group="Cases",
    )  # fmt: skip
    folds: int = fold_params.folds()
    fold: int = fold_params.fold()
    channel: int = shared_params.channel()
    renumber: bool = parameter(
        False, "Renumber labels", "Where they are not 0 to K-1: give them these numbers in order.",
        group="Cases", advanced=True,
    )  # fmt: skip
    patient_pattern: str = shared_params.patient_pattern()
    size: int = parameter(
        256, "Side", "That slices are resized to.", unit="px", ge=64, le=1024, step=64
    )
    colour: bool = parameter(
        False, "Colour images", "Three channels in place of one.", advanced=True
    )
    contrast: Contrast = parameter(
        "stored", "Grey values", "How they become 0 to 1.", choices=CONTRASTS, advanced=True
    )
    resampling: Resampling = parameter(
        "nearest", "Resizing", "Of slices, and of what is found in them.", choices=RESAMPLINGS,
        advanced=True,
    )  # fmt: skip
    iterations: int = parameter(
        30_000, "Iterations", "Of the segmenter's first step; rectified ones take two more.",
        ge=1, le=10_000_000, step=100,
    )  # fmt: skip
    batch: int = parameter(
        6, "Batch", "Slices an iteration, half of them labelled.", ge=2, le=2048, step=2
    )
    lr: float = parameter(0.01, "Learning rate", "Of SGD at the start.", gt=0, le=1.0)
    lr_rectifier: float = parameter(
        0.01, "Rectifier's rate", "Of its SGD; it does not fall.", gt=0, le=1.0, advanced=True
    )
    poly: float = parameter(
        0.9, "Fall", "Power by which the learning rate falls to 0.", ge=0, le=5, step=0.1,
        advanced=True,
    )  # fmt: skip
    momentum: float = parameter(0.9, "Momentum", "Of SGD.", ge=0, le=0.999, advanced=True)
    weight_decay: float = shared_params.weight_decay(1e-4)
    consistency: float = parameter(
        0.1, "Unlabelled weight", "Of the losses on unlabelled slices, once it has grown.",
        ge=0, le=10, step=0.05, group="Unlabelled cases",
    )  # fmt: skip
    ramp: int = parameter(
        30_000, "Grows over", "Iterations in which that weight grows.", ge=1, le=10_000_000,
        step=100, group="Unlabelled cases",
    )  # fmt: skip
    confidence: float = parameter(
        0.8, "Confidence", "Pixels become a pseudo-label where (p - min) / max over the classes "
        "is more.", ge=0, le=1, step=0.05, group="Unlabelled cases",
    )  # fmt: skip
    rectify_after: int = parameter(
        1_000, "Rectify after", "Iterations before the segmenter learns from rectified labels.",
        ge=0, le=10_000_000, step=100, group="Unlabelled cases",
    )  # fmt: skip
    width: int = parameter(
        16, "Features", "At full resolution; twice as many at each half.", ge=2, le=128, step=2,
        group="Network", advanced=True,
    )  # fmt: skip
    norms: Norms = parameter(
        "running", "Norm statistics", "Of batch norm in use. Dropout makes running averages too "
        "wide, the more so the fewer features there are.", choices=NORMS, group="Network",
        advanced=True,
    )  # fmt: skip
    timesteps: int = parameter(
        10, "Latent steps", "Noise levels of the rectifier's diffusion.", ge=2, le=1000,
        group="Network", advanced=True,
    )  # fmt: skip
    sample_steps: int = parameter(
        2, "Latent steps in use", "Taken from noise to a rectified label.", ge=1, le=1000,
        group="Network", advanced=True,
    )  # fmt: skip
    validate_every: int = parameter(
        200, "Validate every", "Iterations between two validations, the best of which is kept.",
        ge=1, le=1_000_000, advanced=True,
    )  # fmt: skip
    save_every: int = shared_params.save_every()
    best_by: str = shared_params.best_by_structure()
    patience: int = shared_params.patience()
    preview_every: int = shared_params.preview_every(200)

    @field_validator("batch")
    @classmethod
    def _in_halves(cls, batch: int) -> int:
        if batch % 2:
            raise ValueError("an even number: half of it is labelled")
        return batch

    @field_validator("size")
    @classmethod
    def _halved_often(cls, size: int) -> int:
        if size % 64:
            raise ValueError("a multiple of 64: the rectifier halves it six times")
        return size


class SegmentParams(Parameters):
    """Find the structures of an image or a volume, slice by slice."""

    checkpoint: str = parameter(
        "", "Checkpoint", "A trained or imported model, or a .safetensors file.",
        kind="choice",
    )  # fmt: skip
    channel: int = parameter(
        0, "Channel", "Of a series in time or of components: which one.", ge=0, le=100_000,
        advanced=True,
    )  # fmt: skip
    threshold: float = parameter(
        0.0, "Threshold", "Probability above which a voxel belongs to a structure; 0 takes the "
        "most probable class.", ge=0, le=1, step=0.05, advanced=True,
    )  # fmt: skip


class PromoteParams(Parameters):
    """Make an unlabelled case of a run a labelled one; the run takes it in at its next epoch."""

    case: str = parameter("", "Case", "Name of the unlabelled case that the labels are of.")


Known = Literal["acdc", "mscmr", "prostate", "other"]
KNOWN = {
    "acdc": "ACDC", "mscmr": "MS-CMRSeg 2019", "prostate": "Task05 Prostate",
    "other": "Another set",
}  # fmt: skip


class ImportParams(Parameters):
    """Turn published weights into a checkpoint with a card."""

    title: str = parameter("", "Title", "For the list of models; the file's name by default.")
    data: Known = parameter(
        "other", "Trained on", "Gives the structures their names.", choices=KNOWN
    )
    image_size: int = parameter(
        256, "Side", "Of the slices that it was trained on.", unit="px", ge=16, le=1024, step=16,
        advanced=True,
    )  # fmt: skip


TRAIN_PRESETS: Presets = {
    "paper-acdc": {"labelled_patients": 7},
    "paper-prostate": {"labelled_patients": 2},
    "paper-mscmr": {"labelled_patients": 7},
    "fast": {
        "size": 128, "width": 8, "iterations": 3_000, "lr": 0.02, "ramp": 3_000,
        "contrast": "percentiles", "resampling": "linear", "norms": "measured",
    },
    "gpu": {
        "batch": 24, "lr": 0.02, "iterations": 30_000, "contrast": "percentiles",
        "resampling": "linear", "norms": "measured",
    },
}  # fmt: skip
SEGMENT_PRESETS: Presets = {}

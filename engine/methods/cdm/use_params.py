"""Parameters and presets of using CDM; loads no torch. Published values as in `params`."""

from __future__ import annotations

from typing import Any, Literal

from engine.methods.cdm.params import MAX_TIMESTEPS, ScheduleChoice
from engine.parameters import MAX_SEED, Parameters, Presets, parameter
from engine.scoring.params import keeping

EvidenceName = Literal["cdm", "cg-cdm", "reconstruction", "grad-cam"]
SHORT = {
    "cdm": "CDM", "cg-cdm": "CG-CDM", "reconstruction": "Reconstruction", "grad-cam": "Grad-CAM",
}  # fmt: skip
Component = Literal["all", "slice", "volume"]
COMPONENTS = {
    "all": "All parts", "slice": "Largest of a slice", "volume": "Largest of the volume",
}  # fmt: skip
Part = Literal["test", "validation", "train", "all"]
PARTS = {
    "test": "Test cases of the split", "validation": "Validation cases of the split",
    "train": "Training cases of the split", "all": "All cases: none was trained on",
}  # fmt: skip


class CutParams(Parameters):
    """From evidence to labels; none of this needs new sampling."""

    steps: int = parameter(
        0, "Steps used", "Of those sampled, how many count; 0 all.", ge=0, le=1000,
        group="Threshold",
    )  # fmt: skip
    magnitude: Literal["signed", "brighter", "absolute"] = parameter(
        "signed", "Change", "With the finding: from what grows darkest to what grows brightest, as "
        "in the paper; what grows brighter, all else being nothing; or what changes either way.",
        choices={
            "signed": "Darkest to brightest", "brighter": "Brighter alone",
            "absolute": "Brighter or darker",
        }, group="Threshold",
    )  # fmt: skip
    smooth: float = parameter(
        0.0, "Smooth", "Width of the Gaussian over the heat map, in the network's pixels; the "
        "paper has none.", unit="px", ge=0, le=16, step=0.5, slider=(0, 4), group="Threshold",
    )  # fmt: skip
    threshold: float = parameter(
        -1.0, "Threshold", "Of the heat map from 0 to 1; -1 finds one by Otsu's method.",
        ge=-1, le=1, step=0.01, group="Threshold",
    )  # fmt: skip
    scope: Literal["slice", "volume"] = parameter(
        "slice", "Range of", "What is normalised and cut together.",
        choices={"slice": "Each slice", "volume": "The whole volume"}, group="Threshold",
    )  # fmt: skip
    keep: Component = parameter(
        "slice", "Keep", "Which connected parts.", choices=COMPONENTS, group="Threshold"
    )
    refine: bool = parameter(
        False, "Refine", "Edges follow the image, by a random walk from what is sure.",
        group="Threshold",
    )  # fmt: skip
    beta: float = parameter(
        130.0, "Stiffness", "Of the refinement: how hard edges of the image are to pass.",
        gt=0, le=100_000, group="Threshold", advanced=True,
    )  # fmt: skip


class SamplingParams(Parameters):
    """How evidence is made."""

    checkpoint: str = parameter(
        "", "Checkpoint", "A trained or imported diffusion model, or a .safetensors file.",
        kind="choice",
    )  # fmt: skip
    classifier: str = parameter(
        "", "Classifier", "Says which slices show something; for CG-CDM and Grad-CAM it is needed.",
        kind="choice",
    )  # fmt: skip
    level: int = parameter(
        400, "Noise level Q", "How far a slice is noised before it is denoised again.",
        ge=1, le=MAX_TIMESTEPS, slider=(1, 999),
    )  # fmt: skip
    rounds: int = parameter(
        10, "Steps R", "DDIM steps under either label.", ge=1, le=1000, slider=(1, 50)
    )
    tau: float = parameter(
        0.95, "Blend tau", "Share of the finding in the label that it is compared with.",
        ge=0, le=0.999, step=0.01, slider=(0, 0.99),
    )  # fmt: skip
    scale: float = parameter(
        10.0, "Guidance", "Weight of the classifier's gradient in CG-CDM and reconstruction.",
        ge=0, le=1000, step=0.5, slider=(0, 50),
    )  # fmt: skip
    draws: int = parameter(
        1, "Draws", "Of the noise; the evidence of several is averaged. The paper has one.",
        ge=1, le=64, slider=(1, 16),
    )  # fmt: skip
    denoise_steps: int = parameter(
        50, "DDIM steps", "Of the reconstruction, from the noise level to a clean slice.",
        ge=1, le=MAX_TIMESTEPS, advanced=True,
    )  # fmt: skip
    seed: int = parameter(
        0, "Seed", "The same seed and image give the same result.", kind="seed", ge=0, le=MAX_SEED
    )


class SampleParams(CutParams, SamplingParams):
    """How evidence is made, and then how it is cut."""


class AskedParams(Parameters):
    """What is looked for, and by which evidence."""

    evidence: EvidenceName = parameter(
        "cdm", "Evidence", "What tells where it is: the change with the label (CDM), the same "
        "guided by the classifier (CG-CDM), the difference to a normal slice (reconstruction), or "
        "Grad-CAM of the classifier.", choices=SHORT,
    )  # fmt: skip
    label: int = parameter(
        -1, "Label", "What the slices show: 0 nothing, else the number of the finding; -1 asks "
        "the classifier about each slice.", ge=-1, le=255,
    )  # fmt: skip
    channel: int = parameter(
        0, "Channel", "Of a series in time or of components: which one.", ge=0, le=100_000,
        advanced=True,
    )  # fmt: skip


class SegmentParams(SampleParams, AskedParams):
    """Find where the finding is in an image or a volume."""


class ComparedParams(Parameters):
    """What is compared with masks, on which cases."""

    evidences: str = parameter(
        "cdm, cg-cdm, reconstruction, grad-cam", "Evidence", "What is compared: any of cdm, "
        "cg-cdm, reconstruction, grad-cam, separated by commas. Those that need a classifier are "
        "left out without one.",
    )  # fmt: skip
    part: Part = parameter(
        "test", "Cases", "Which part of the run's split; all where there is no split.",
        choices=PARTS,
    )  # fmt: skip
    labels: Literal["truth", "classifier"] = parameter(
        "truth", "Labels of slices", "From the set, as in the paper, or from the classifier.",
        choices={"truth": "Of the set", "classifier": "Of the classifier"},
    )  # fmt: skip
    each_slice: bool = parameter(
        False, "Each slice", "Slices that show something are judged one by one, as in the paper; "
        "else whole volumes.",
    )  # fmt: skip
    most: int = parameter(
        0, "Most cases", "Evaluate on so many at most, evenly chosen; 0 all.", ge=0, le=1_000_000,
        advanced=True,
    )  # fmt: skip


class EvaluateParams(SampleParams, ComparedParams):
    """Compare what is found from image-level labels with masks: Dice, IoU, HD95."""

    keep_labels: bool = keeping()


class ImportParams(Parameters):
    """Turn published weights into a checkpoint with a card."""

    title: str = parameter("", "Title", "For the list of models; the file's name by default.")
    image_size: int = parameter(
        0, "Side", "Of the images that it was trained on; 0 takes the published one of its depth.",
        unit="px", ge=0, le=4096,
    )  # fmt: skip
    timesteps: int = parameter(
        1000, "Steps T", "Noise levels that it was trained for; the file does not tell.",
        ge=2, le=MAX_TIMESTEPS,
    )  # fmt: skip
    schedule: ScheduleChoice = parameter(
        "linear", "Schedule", "That it was trained with; the file does not tell.",
        choices={"linear": "Linear", "cosine": "Cosine"},
    )  # fmt: skip
    rescaled: bool = parameter(
        False, "Rescaled steps", "Whether it was told the time as if there were 1000 steps.",
        advanced=True,
    )  # fmt: skip
    heads: int = parameter(
        0, "Heads", "Of the attention; 0 takes the published 4, in classifiers 64 features each.",
        ge=0, le=64, advanced=True,
    )  # fmt: skip
    names: str = parameter(
        "normal, tumor", "Labels", "What its labels are called, from 0, separated by commas.",
        advanced=True,
    )  # fmt: skip


SEGMENT_PRESETS: Presets = {
    "paper": {"level": 400, "rounds": 10, "tau": 0.95, "draws": 1, "smooth": 0.0},
    "fast": {"draws": 4, "smooth": 1.0},
    "gpu": {"draws": 4, "smooth": 1.0},
    # For findings that the published values miss; chosen on validation slices of the hippocampus.
    "subtle": {"level": 700, "tau": 0.5, "magnitude": "absolute", "smooth": 2.0},
    # For findings brighter than what is around them; chosen on validation heads of phantoms.
    "bright": {
        "level": 150, "rounds": 4, "tau": 0.0, "magnitude": "brighter", "smooth": 1.0, "draws": 4,
    },
}  # fmt: skip
EVALUATE_PRESETS: dict[str, dict[str, Any]] = {**SEGMENT_PRESETS}

"""Parameters and presets of using MIDiffusion; loads no torch. Published values as in `params`."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import field_validator

from engine.methods.midiffusion.params import MAX_TIMESTEPS
from engine.parameters import MAX_SEED, Parameters, Presets, parameter
from engine.scoring.params import keeping

Guidance = Literal["information", "none"]
MAX_SLICES = 100_000
GUIDANCES = {
    "information": "Local mutual information", "none": "None (SDEdit)",
}  # fmt: skip
UsePlane = Literal["model", "axial", "coronal", "sagittal", "stored"]
USE_PLANES = {
    "model": "As the model's", "axial": "Axial", "coronal": "Coronal", "sagittal": "Sagittal",
    "stored": "As stored",
}  # fmt: skip
Part = Literal["all", "test", "validation", "train"]
PARTS = {
    "all": "All pairs", "test": "Test cases of the split",
    "validation": "Validation cases of the split", "train": "Training cases of the split",
}  # fmt: skip
SLICES = re.compile(r"(\d+)(?:\s*-\s*(\d+))?")
MANIFEST = "translations.json"
"""What a folder of translations calls the list of what it holds."""


def slice_numbers(text: str) -> frozenset[int]:
    """Numbers from text such as "60-80, 90"; none where it is empty.

    Raises:
        ValueError: it says something else.
    """
    found: set[int] = set()
    for part in text.split(",") if text.strip() else ():
        match = SLICES.fullmatch(part.strip())
        first, last = (0, -1) if match is None else (int(match[1]), int(match[2] or match[1]))
        if not first <= last < MAX_SLICES:
            raise ValueError("numbers from 0 on or ranges such as 60-80, separated by commas")
        found.update(range(first, last + 1))
    return frozenset(found)


class SampleParams(Parameters):
    """How slices are translated."""

    checkpoint: str = parameter(
        "brain-t1", "Checkpoint", "A bundled, trained or imported model of the target modality, or "
        "a .safetensors file.", kind="choice",
    )  # fmt: skip
    guidance: Guidance = parameter(
        "information", "Guided by", "What ties every step to the source; None is SDEdit, which "
        "needs a start from the source.", choices=GUIDANCES,
    )  # fmt: skip
    start: Literal["noise", "source"] = parameter(
        "noise", "Start from", "Noise alone, or the source with noise up to a level.",
        choices={"noise": "Noise", "source": "Noised source"},
    )  # fmt: skip
    level: int = parameter(
        0, "Noise level t", "Where the run starts, 1 to T; 0 takes T from noise, and half of it "
        "from the source.", ge=0, le=MAX_TIMESTEPS, slider=(0, 1000),
    )  # fmt: skip
    sampler: Literal["ddpm", "ddim"] = parameter(
        "ddim", "Sampler", "DDIM needs few steps; DDPM with all of them is the published one.",
        choices={"ddpm": "DDPM (ancestral)", "ddim": "DDIM"},
    )  # fmt: skip
    steps: int = parameter(
        25, "Steps", "Network calls a slice; 0 takes every level below the start.",
        ge=0, le=MAX_TIMESTEPS, slider=(0, 100),
    )  # fmt: skip
    eta: float = parameter(
        0.0, "Eta", "Fresh noise in DDIM: 0 none, 1 as much as DDPM.", ge=0, le=1, step=0.1,
        advanced=True,
    )  # fmt: skip
    repetitions: int = parameter(
        1, "Repetitions", "Runs in a row, each from the noised result of the one before.",
        ge=1, le=100,
    )  # fmt: skip
    samples: int = parameter(
        1, "Samples", "Results from different noise that are averaged; how far they lie apart is "
        "told as spread.", ge=1, le=100,
    )  # fmt: skip
    seed: int = parameter(
        0, "Seed", "The same seed and image give the same result.", kind="seed", ge=0, le=MAX_SEED
    )
    plane: UsePlane = parameter(
        "model", "Slices", "Which way a volume is cut.", choices=USE_PLANES, group="Image"
    )
    channel: int = parameter(
        0, "Channel", "Of a series in time or of components: which one.", ge=0, le=100_000,
        group="Image", advanced=True,
    )  # fmt: skip
    dark: float = parameter(
        -1.0, "Dark tail", "Per cent of the values that become black; -1 takes the model's.",
        ge=-1, le=20, step=0.1, group="Image", advanced=True,
    )  # fmt: skip
    bright: float = parameter(
        -1.0, "Bright tail", "Per cent of what is no background that becomes white; -1 takes the "
        "model's.", ge=-1, le=20, step=0.1, group="Image", advanced=True,
    )  # fmt: skip


class TranslateParams(SampleParams):
    """How an image becomes one of the model's modality, on its own voxels."""

    values: Literal["source", "unit"] = parameter(
        "source", "Values", "Of the result: the source's range, or 0 to 1.",
        choices={"source": "Source's range", "unit": "0 to 1"}, group="Image",
    )  # fmt: skip


class TranslateImageParams(TranslateParams):
    """Turn an image into the model's modality, or some of its slices."""

    slices: str = parameter(
        "", "Only slices", "Voxels along the axis that is cut, from 0, such as 70 or 60-80, 90; "
        "what is left out stays black. All slices where empty.", group="Image", advanced=True,
    )  # fmt: skip

    @field_validator("slices")
    @classmethod
    def _readable(cls, text: str) -> str:
        slice_numbers(text)
        return text


class TranslateSetParams(TranslateParams):
    """Turn all images of a folder into the model's modality."""

    pattern: str = parameter(
        "", "Files", "Which of the folder, by name: patterns such as */*_t2.nii.gz, separated by "
        "commas. All images where empty.",
    )  # fmt: skip


class EvaluateParams(SampleParams):
    """Compare translations with what was measured: SSIM, PSNR, MAE, mutual information."""

    pattern: str = parameter(
        "", "Sources", "Which files of the sources' folder: patterns such as */*_t2.nii.gz. Where "
        "the stars of both patterns stand for the same, images belong together.",
    )  # fmt: skip
    reference_pattern: str = parameter(
        "", "References", "Which files of the references' folder, such as */*_t1.nii.gz."
    )
    part: Part = parameter(
        "all", "Cases", "Which part of the run's split, by patient.", choices=PARTS
    )
    baselines: str = parameter(
        "source, histogram, sdedit, ceiling", "Compared with", "Any of source (as it is), "
        "histogram (matched to the target's), sdedit (without mutual information) and ceiling "
        "(the reference in the network's pixels), separated by commas.",
    )  # fmt: skip
    most: int = parameter(
        0, "Most slices", "Of each volume, evenly chosen; 0 takes all that show something.",
        ge=0, le=100_000,
    )  # fmt: skip
    patient_pattern: str = parameter(
        "", "Patient pattern", "Regular expression whose first group names the patient, in the "
        "path below the folder; that of the model's run where empty.", advanced=True,
    )  # fmt: skip
    keep_images: bool = keeping("images")


class ImportParams(Parameters):
    """Turn published weights into a checkpoint with a card."""

    title: str = parameter("", "Title", "For the list of models; the file's name by default.")
    image_size: int = parameter(
        128, "Side", "Of the slices that it was trained on; the file does not tell.", unit="px",
        ge=16, le=4096,
    )  # fmt: skip
    pixel_mm: float = parameter(
        0.0, "Pixel", "Of these slices; 0 scales the longer side of an image to theirs.",
        unit="mm", ge=0, le=100, step=0.1,
    )  # fmt: skip
    timesteps: int = parameter(
        1000, "Steps T", "Noise levels that it was trained for; the file does not tell.",
        ge=2, le=MAX_TIMESTEPS, advanced=True,
    )  # fmt: skip
    sigma: float = parameter(
        2.0, "Kernel", "Sigma of the densities that it was trained with; 2.5 in one published use.",
        gt=0, le=100, advanced=True,
    )  # fmt: skip
    normalized: bool = parameter(
        False, "Normalized", "Whether its mutual information was over the mean entropy.",
        advanced=True,
    )  # fmt: skip
    heads: int = parameter(1, "Heads", "Of the attention.", ge=1, le=64, advanced=True)


TRANSLATE_PRESETS: Presets = {
    "paper": {"sampler": "ddpm", "steps": 0, "repetitions": 3},
    "fast": {"sampler": "ddim", "steps": 25},
    "gpu": {"sampler": "ddim", "steps": 50, "samples": 4},
    # On slices of the patient whose T1 was learnt from, means of several results came nearer to the
    # truth than single ones, with fresh noise in every step nearer than without.
    "averaged": {"sampler": "ddim", "steps": 5, "samples": 8, "eta": 1.0},
}
EVALUATE_PRESETS: Presets = {**TRANSLATE_PRESETS}

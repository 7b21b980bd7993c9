"""Parameters and presets of cDAL; loads no torch.

Published values: Hejrati et al., cDAL (MICCAI 2024), and the settings of its release.
"""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from engine.data.segmentation import fold_params
from engine.parameters import MAX_SEED, Parameters, Presets, parameter, whole_numbers
from engine.training import shared_params

MAX_LEVELS = 8
DataKind = Literal["grey", "rgb", "cxr", "monuseg", "hippocampus"]
VoteRange = Literal["upper", "whole"]
KINDS = {
    "grey": "Grey images", "rgb": "Colour images", "cxr": "Chest X-rays",
    "monuseg": "Stained tissue (MoNuSeg)", "hippocampus": "Brain volumes (hippocampus)",
}  # fmt: skip


VOTE_RANGES = {"upper": "0 to 1, as published", "whole": "-1 to 1"}


class TrainParams(Parameters):
    """Learn to segment: generator and discriminator together."""

    seed: int = shared_params.seed()
    kind: DataKind = parameter(
        "grey", "Images", "Decides normalisation, augmentation and how volumes are cut.",
        choices=KINDS,
    )  # fmt: skip
    size: int = parameter(
        128, "Side", "Of the images or patches that the network sees.", unit="px",
        ge=16, le=1024, step=16,
    )  # fmt: skip
    resize: int = parameter(
        0, "Resize to", "Side that slices are resized to before patches are cut from them; 0 takes "
        "the published one. Volumes that are one keep their voxels.", unit="px", ge=0, le=4096,
        step=16, advanced=True,
    )  # fmt: skip
    augment: bool = parameter(True, "Augment", "The published flips, turns, zooms and colours.")
    renumber: bool = parameter(
        False, "Renumber labels", "Where they are not 0 to K-1: give them these numbers in order.",
        group="Cases", advanced=True,
    )  # fmt: skip
    validation: float = shared_params.validation_share(0.1)
    test: float = shared_params.test_share(0.2)
    folds: int = fold_params.folds()
    fold: int = fold_params.fold()
    channel: int = shared_params.channel()
    patient_pattern: str = shared_params.patient_pattern()
    iterations: int = shared_params.iterations(20_000)
    batch: int = shared_params.batch(3, "Images")
    lr_generator: float = parameter(
        2e-4, "Generator's rate", "Learning rate of Adam at the start.", gt=0, le=1.0
    )
    lr_discriminator: float = parameter(
        1e-5, "Discriminator's rate", "Learning rate of Adam at the start.", gt=0, le=1.0
    )
    lr_end: float = parameter(
        1e-5, "Last rate", "Both rates fall to it along a cosine.", ge=0, le=1.0, advanced=True
    )
    beta1: float = parameter(
        0.5, "Adam's beta 1", "Memory of the gradient.", ge=0, le=0.999, advanced=True
    )
    beta2: float = parameter(
        0.9, "Adam's beta 2", "Memory of its square.", ge=0, le=0.9999, advanced=True
    )
    ema_decay: float = shared_params.ema_decay(0.0)
    r1_gamma: float = parameter(
        1.0, "Gradient penalty", "Weight of R1, the penalty on the discriminator's slope.",
        ge=0, le=1000, advanced=True,
    )  # fmt: skip
    lazy_r1: int = parameter(
        1, "Penalty every", "Iterations between two gradient penalties; 1 at every one.",
        ge=1, le=1000, advanced=True,
    )  # fmt: skip
    attention_scale: int = parameter(
        2, "Attention map", "Which of the discriminator's feature maps tells the attention; "
        "each further one is half as large.", ge=0, le=4, advanced=True,
    )  # fmt: skip
    vote_range: VoteRange = parameter(
        "upper", "Votes from", "Labels lie between -1 and 1. As published, a vote is what lies "
        "above 0, so that a voxel needs three in four; read from the whole range, it needs half.",
        choices=VOTE_RANGES, advanced=True,
    )  # fmt: skip
    timesteps: int = parameter(2, "Steps T", "Denoising steps.", ge=1, le=8, group="Network")
    width: int = parameter(
        32, "Features", "At full resolution.", ge=4, le=256, step=4, group="Network"
    )
    multipliers: str = shared_params.multipliers("1, 1, 2, 2, 4")
    blocks: int = shared_params.blocks(1)
    attention: str = shared_params.attention("16")
    encoder_layers: int = parameter(
        3, "Encoder layers", "Of the image's encoder at full resolution.", ge=0, le=16,
        group="Network", advanced=True,
    )  # fmt: skip
    encoder_blocks: int = parameter(
        2, "Encoder blocks", "Residual blocks in each of these layers.", ge=1, le=8,
        group="Network", advanced=True,
    )  # fmt: skip
    latent: int = parameter(
        100, "Latent", "Length of the random vector z.", ge=1, le=1024, group="Network",
        advanced=True,
    )  # fmt: skip
    style: int = parameter(
        256, "Style", "Length of what the mapping makes of z.", ge=4, le=1024, group="Network",
        advanced=True,
    )  # fmt: skip
    discriminator: Literal["large", "small"] = parameter(
        "large", "Discriminator", "large halves the image six times, small three times.",
        choices={"large": "Six blocks", "small": "Four blocks"}, group="Network", advanced=True,
    )  # fmt: skip
    discriminator_width: int = parameter(
        64, "Its features", "At full resolution twice as many.", ge=2, le=256, group="Network",
        advanced=True,
    )  # fmt: skip
    save_every: int = shared_params.save_every()
    best_by: str = shared_params.best_by_structure()
    patience: int = shared_params.patience()
    preview_every: int = shared_params.preview_every(100)

    @field_validator("multipliers", "attention")
    @classmethod
    def _readable(cls, text: str) -> str:
        whole_numbers(text)
        return text

    @field_validator("multipliers")
    @classmethod
    def _enough_levels(cls, text: str) -> str:
        if not 2 <= len(whole_numbers(text)) <= MAX_LEVELS:
            raise ValueError(f"2 to {MAX_LEVELS} resolutions")
        return text


class SegmentParams(Parameters):
    """Find the structures of an image or a volume, and how sure that is."""

    checkpoint: str = parameter(
        "hippocampus", "Checkpoint", "A bundled, trained or imported model, or a .safetensors "
        "file.", kind="choice",
    )  # fmt: skip
    votes: int = parameter(
        0, "Votes", "Runs that vote on every voxel; 0 takes as many as the paper does.",
        ge=0, le=1000,
    )  # fmt: skip
    seed: int = parameter(
        0, "Seed", "The same seed and image give the same result.", kind="seed", ge=0, le=MAX_SEED
    )
    channel: int = parameter(
        0, "Channel", "Of a series in time or of components: which one.", ge=0, le=100_000,
        advanced=True,
    )  # fmt: skip
    thorough: bool = parameter(
        False, "Thorough", "Windows of a volume overlap from slice to slice too, as in the paper: "
        "more votes on every voxel, in two to four times the time.", advanced=True,
    )  # fmt: skip
    turn: bool = parameter(
        False, "Turn votes", "Each vote sees the image turned or mirrored another way: errs less "
        "where no side is up, such as under a microscope; not for organs that have a side.",
        advanced=True,
    )  # fmt: skip
    threshold: float = parameter(
        0.0, "Threshold", "Probability above which a voxel belongs to a structure; 0 takes the "
        "class of most votes.", ge=0, le=1, step=0.05, advanced=True,
    )  # fmt: skip


class ImportParams(Parameters):
    """Turn published weights into a checkpoint with a card."""

    title: str = parameter("", "Title", "For the list of models; the file's name by default.")
    timesteps: int = parameter(
        2, "Steps T", "Denoising steps that it was trained for; the file does not tell.", ge=1, le=8
    )
    image_size: int = parameter(
        0, "Side", "Of the images that it was trained on; 0 takes the published one.", unit="px",
        ge=0, le=4096, advanced=True,
    )  # fmt: skip


TRAIN_PRESETS: Presets = {
    "paper-monuseg": {
        "kind": "monuseg", "size": 256, "batch": 3, "iterations": 100_000,
        "timesteps": 4, "width": 64, "multipliers": "1, 1, 1, 2, 2, 4, 4", "blocks": 2,
        "attention": "16, 8", "attention_scale": 3,
    },
    "paper-cxr": {
        "kind": "cxr", "size": 256, "batch": 3, "iterations": 100_000,
        "timesteps": 2, "width": 32, "multipliers": "1, 1, 2, 2, 4, 4", "blocks": 1,
        "attention": "16",
    },
    "paper-hippocampus": {
        "kind": "hippocampus", "size": 32, "batch": 512, "iterations": 20_000,
        "lr_generator": 1.6e-4, "lr_discriminator": 1.25e-4, "timesteps": 2, "width": 32,
        "multipliers": "1, 2, 2, 2", "blocks": 2, "attention": "16", "latent": 50, "style": 128,
        "discriminator": "small", "discriminator_width": 32, "ema_decay": 0.999, "lazy_r1": 10,
    },
    "fast": {
        "size": 64, "batch": 8, "iterations": 2_000, "lr_generator": 5e-4, "width": 16,
        "multipliers": "1, 2, 2, 4", "encoder_layers": 2, "encoder_blocks": 1, "latent": 50,
        "style": 64, "discriminator": "small", "discriminator_width": 8, "ema_decay": 0.99,
        "lazy_r1": 4, "vote_range": "whole",
    },
    "gpu": {
        "size": 128, "batch": 32, "iterations": 30_000, "lr_generator": 4e-4, "width": 32,
        "multipliers": "1, 2, 2, 4, 4", "ema_decay": 0.999, "lazy_r1": 4, "vote_range": "whole",
    },
}  # fmt: skip
SEGMENT_PRESETS: Presets = {
    "paper": {"votes": 0, "thorough": True},
    "fast": {"votes": 3},
    "gpu": {"votes": 30},
}

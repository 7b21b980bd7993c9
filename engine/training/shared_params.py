"""Parameters that every method's training asks for alike, in the same words and limits."""

from __future__ import annotations

from typing import Any

from engine.parameters import MAX_SEED, parameter

MOST_VALIDATIONS = 10_000
CASES, NETWORK = "Cases", "Network"


# --- patients


def validation_share(share: float) -> Any:
    """Who tells how far training is."""
    return parameter(
        share, "Validation", "Share of the patients that tell how far training is.", ge=0, le=0.5,
        step=0.05, group=CASES,
    )  # fmt: skip


def test_share(share: float) -> Any:
    """Who is kept apart."""
    return parameter(
        share, "Test", "Share of the patients kept apart for the evaluation.", ge=0, le=0.49,
        step=0.05, group=CASES,
    )  # fmt: skip


def hold_out() -> Any:
    """Who is kept apart, by name."""
    return parameter(
        "", "Hold out", "Patients kept apart for the evaluation, separated by commas, in place of "
        "a share.", group=CASES,
    )  # fmt: skip


def patient_pattern() -> Any:
    """How files tell whose they are."""
    return parameter(
        "", "Patient pattern", "Regular expression whose first group names the patient; a guess "
        "by usual names where empty.", group=CASES, advanced=True,
    )  # fmt: skip


def channel() -> Any:
    """What of an image is seen."""
    return parameter(
        0, "Channel", "Which of several that an image has.", ge=0, le=63, group=CASES,
        advanced=True,
    )  # fmt: skip


# --- the optimizer


def seed() -> Any:
    """What makes a training the same again."""
    return parameter(
        0, "Seed", "Everything random follows from it; the same seed parts the patients alike.",
        kind="seed", ge=0, le=MAX_SEED,
    )  # fmt: skip


def iterations(count: int) -> Any:
    """How long it trains."""
    return parameter(count, "Iterations", "Optimizer steps in all.", ge=1, le=10_000_000, step=100)


def batch(count: int, what: str = "Slices") -> Any:
    """How much is seen at a time.

    Args:
        what: Plural, with a capital letter.
    """
    return parameter(count, "Batch", f"{what} an optimizer step.", ge=1, le=2048)


def weight_decay(decay: float = 0.0) -> Any:
    """How small weights are kept."""
    return parameter(
        decay, "Weight decay", "How strongly weights are pulled to 0.", ge=0, le=1, advanced=True
    )


def ema_decay(decay: float) -> Any:
    """Which weights are kept."""
    return parameter(
        decay, "Weight average", "Decay of the averaged weights that are kept; 0 keeps the last.",
        ge=0, le=0.99999, advanced=True,
    )  # fmt: skip


# --- the network


def multipliers(text: str) -> Any:
    """How it widens."""
    return parameter(
        text, "Multipliers", "Features at full, half, ... resolution over those.", group=NETWORK,
        advanced=True,
    )  # fmt: skip


def blocks(count: int) -> Any:
    """How deep it is."""
    return parameter(
        count, "Blocks", "Residual blocks a resolution.", ge=1, le=8, group=NETWORK, advanced=True
    )


def attention(sides: str) -> Any:
    """Where all pixels see all others."""
    return parameter(
        sides, "Self-attention at", "Sides of the feature maps that attend to themselves.",
        group=NETWORK, advanced=True,
    )  # fmt: skip


def heads(count: int) -> Any:
    """How many ways there are to attend."""
    return parameter(
        count, "Heads", "Of the attention; they must divide the features.", ge=1, le=64,
        group=NETWORK, advanced=True,
    )  # fmt: skip


def dropout() -> Any:
    """What is left out at random."""
    return parameter(
        0.0, "Dropout", "Share of features left out in training.", ge=0, le=0.9, group=NETWORK,
        advanced=True,
    )  # fmt: skip


# --- along the way


def save_every() -> Any:
    """How much a crash can cost."""
    return parameter(
        500, "Save every", "Iterations between two states to resume from.", ge=1, le=1_000_000,
        advanced=True,
    )  # fmt: skip


def preview_every(count: int) -> Any:
    """How often it is looked at."""
    return parameter(
        count, "Preview every", "Iterations between two pictures; 0 none.", ge=0, le=1_000_000,
        advanced=True,
    )  # fmt: skip


def patience() -> Any:
    """When it ends early."""
    return parameter(
        0, "Patience", "Validations without a better one after which the training ends early; 0 "
        "never.", ge=0, le=MOST_VALIDATIONS, advanced=True,
    )  # fmt: skip


def best_by_structure() -> Any:
    """Whose Dice tells the best weights; see `engine.training.figures.best_dice`."""
    return parameter(
        "", "Best by", "The structure whose Dice on held-out cases tells which weights are best, "
        "by its name; lowest for that of the worst one; the mean of all where empty.",
        advanced=True,
    )  # fmt: skip


def best_by(figures: tuple[str, ...]) -> Any:
    """Which figure tells the best weights.

    Args:
        figures: Those that there are, the usual one first; higher is better for all.
    """
    shown = {name: name.capitalize() for name in figures}
    return parameter(
        figures[0], "Best by", "The figure on held-out cases that tells which weights are best.",
        choices=shown, advanced=True,
    )  # fmt: skip

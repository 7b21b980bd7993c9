"""From checkpoints to AdaptDiff's networks, ready on their device."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, Field, PositiveInt

from engine.device import Context
from engine.diffusion.schedules import Schedule, make_schedule
from engine.errors import InputError
from engine.library.opening import open_once
from engine.networks.residual_unet import ResidualUNet
from engine.networks.spade_inference import CpuSpadeUNet
from engine.networks.spade_unet import SpadeUNet
from engine.training.card_parts import part_of, unfit
from engine.training.checkpoint import (
    UNSAVED,
    Card,
    Checkpoint,
    Identity,
    load_into,
)

METHOD = "adaptdiff"


class DiffusionConfig(BaseModel):
    """A noise predictor's part of the card."""

    widths: tuple[PositiveInt, ...] = Field(min_length=2)


class SegmenterConfig(BaseModel):
    """A segmenter's part of the card."""

    channels: tuple[PositiveInt, ...] = Field(min_length=1)
    inputs: PositiveInt
    classes: int = Field(ge=2)


class Process(BaseModel):
    """The card's part on the diffusion process; mean and sd are of the images in [-1, 1]."""

    schedule: str
    timesteps: int
    beta_start: float
    beta_end: float
    data_mean: float = 0.0
    data_std: float = 0.0
    vessel_mean: float | None = None
    vessel_std: float | None = None


@dataclass(frozen=True, eq=False)
class LoadedDiffusion:
    """A noise predictor, its schedule, and what its card says of the data.

    Attributes:
        moments: Mean and sd of background pixels in [-1, 1]; (0, 0) if not known.
        vessel_moments: The same of vessel pixels; those of the background where not known.
    """

    model: SpadeUNet | CpuSpadeUNet
    schedule: Schedule
    card: Card
    identity: Identity = UNSAVED
    moments: tuple[float, float] = (0.0, 0.0)
    vessel_moments: tuple[float, float] = (0.0, 0.0)


def load_diffusion(name: str, context: Context) -> LoadedDiffusion:
    """The noise predictor of a checkpoint given by name or path, kept between jobs.

    Raises:
        CheckpointError: missing, damaged, or of another method or role.
    """
    return open_once(
        name, context, open_diffusion, bundled="octa",
        training="--method adaptdiff --stage train-diffusion",
    )  # fmt: skip


def open_diffusion(checkpoint: Checkpoint, context: Context) -> LoadedDiffusion:
    """Build network and schedule from card and weights.

    Raises:
        CheckpointError: the card describes no network, or another one than the weights.
    """
    checkpoint.expect(METHOD, "diffusion")
    card, name = checkpoint.card, checkpoint.path.name
    process = part_of(Process, card.process, name, METHOD)
    try:
        schedule = make_schedule(
            process.schedule, process.timesteps,
            beta_start=process.beta_start, beta_end=process.beta_end,
        )  # fmt: skip
    except InputError as error:
        raise unfit(name, METHOD, error.message) from error
    model = unet_of(card, name)
    load_into(model, checkpoint.tensors, name)
    model = model.to(context.device, context.dtype).eval()
    network = CpuSpadeUNet(model) if context.device.type == "cpu" else model
    moments = (process.data_mean, process.data_std)
    mean, std = process.vessel_mean, process.vessel_std
    vessel = moments if mean is None or std is None else (mean, std)
    return LoadedDiffusion(network, schedule, card, checkpoint.identity, moments, vessel)


def load_segmenter(name: str, context: Context) -> tuple[ResidualUNet, Card]:
    """The segmenter of a checkpoint given by name or path, in float32, kept between jobs.

    Raises:
        CheckpointError: missing, damaged, or of another method or role.
    """
    return open_once(
        name, context, open_segmenter, bundled="octa-segmenter",
        training="--method adaptdiff --stage train-segmenter",
    )  # fmt: skip


def open_segmenter(checkpoint: Checkpoint, context: Context) -> tuple[ResidualUNet, Card]:
    """Build the network from card and weights.

    Raises:
        CheckpointError: the card describes no network, or another one than the weights.
    """
    checkpoint.expect(METHOD, "segmenter")
    model = segmenter_of(checkpoint.card)
    load_into(model, checkpoint.tensors, checkpoint.path.name)
    return model.to(context.device).eval(), checkpoint.card


def unet_of(card: Card, name: str) -> SpadeUNet:
    """An untrained noise predictor of a card's configuration.

    Raises:
        CheckpointError: the configuration is none.
    """
    return SpadeUNet(part_of(DiffusionConfig, card.config, name, METHOD).widths)


def segmenter_of(card: Card) -> ResidualUNet:
    """An untrained segmenter of a card's configuration."""
    config = part_of(SegmenterConfig, card.config, card.title, METHOD)
    return ResidualUNet(config.channels, config.inputs, config.classes)

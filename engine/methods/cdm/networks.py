"""From checkpoints to CDM's networks, ready on their device.

They compute in float32 whatever the context's precision: CDM divides the difference of two nearly
equal answers by 1 - tau, and bfloat16's rounding is as large as that difference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

import torch
from pydantic import BaseModel, Field, NonNegativeInt, PositiveInt
from torch import Tensor, nn

from engine.data.weak.frames import Framing
from engine.device import Context
from engine.diffusion.schedules import Schedule, make_schedule
from engine.errors import InputError
from engine.library.opening import open_once
from engine.networks.guided_unet import GuidedConfig, GuidedUNet, lay_out
from engine.networks.ncsnpp import channels_last
from engine.networks.noisy_classifier import ClassifierConfig, NoisyClassifier, make_classifier
from engine.training.card_parts import part_of, unfit
from engine.training.checkpoint import (
    UNSAVED,
    Card,
    Checkpoint,
    Identity,
    load_into,
)

METHOD = "cdm"
DIFFUSION, CLASSIFIER = "diffusion", "classifier"
USUAL_STEPS = 1000
BETA_START, BETA_END = 1e-4, 0.02
MOST_BETA = 0.999
Loaded = TypeVar("Loaded")


class DiffusionCard(BaseModel):
    """A U-Net's part of the card; see `GuidedConfig`."""

    inputs: PositiveInt
    outputs: PositiveInt
    width: PositiveInt
    multipliers: tuple[PositiveInt, ...] = Field(min_length=1)
    blocks: PositiveInt
    attention: tuple[PositiveInt, ...]
    heads: NonNegativeInt
    head_channels: PositiveInt
    scale_shift: bool
    block_resampling: bool
    classes: int = Field(ge=2)
    dropout: float = 0.0


class ClassifierCard(BaseModel):
    """A classifier's part of the card; see `ClassifierConfig`."""

    kind: Literal["encoder", "resnet50"]
    classes: int = Field(ge=2)
    image_size: PositiveInt
    inputs: PositiveInt
    width: PositiveInt
    multipliers: tuple[PositiveInt, ...] = Field(min_length=1)
    blocks: PositiveInt
    attention: tuple[PositiveInt, ...]
    head_channels: PositiveInt
    scale_shift: bool
    block_resampling: bool
    dropout: float = 0.0


class Process(BaseModel):
    """The card's part on the diffusion of images, which lie in [-1, 1].

    Attributes:
        schedule: linear, from 1e-4 to 0.02 at 1000 steps and as much noise in all at any other
            number, or cosine.
        timesteps: T.
        rescaled: The network is told t * 1000 / T.
    """

    schedule: Literal["linear", "cosine"] = "linear"
    timesteps: int = Field(ge=2)
    rescaled: bool = False

    def make(self) -> Schedule:
        """The schedule."""
        scale = USUAL_STEPS / self.timesteps
        end = min(scale * BETA_END, MOST_BETA)
        return make_schedule(
            self.schedule, self.timesteps, beta_start=min(scale * BETA_START, end), beta_end=end
        )

    def told(self, t: Tensor) -> Tensor:
        """Timesteps as the network sees them."""
        return t.float() * (USUAL_STEPS / self.timesteps) if self.rescaled else t


@dataclass(frozen=True, eq=False)
class LoadedDiffusion:
    """A class-conditional U-Net, its schedule, and what its card says."""

    model: GuidedUNet
    process: Process
    schedule: Schedule
    framing: Framing
    card: Card
    identity: Identity = UNSAVED

    @property
    def classes(self) -> int:
        """Labels, with 0 for nothing."""
        return self.model.config.classes

    def eps(self, x_t: Tensor, t: Tensor, label: Tensor) -> Tensor:
        """The noise in x_t (B, C, H, W) under labels (B,) or their vectors; same shape."""
        return self.model(x_t, self.process.told(t), label)[:, : x_t.shape[1]]


@dataclass(frozen=True, eq=False)
class LoadedClassifier:
    """A classifier of noisy slices, and what its card says."""

    model: NoisyClassifier
    process: Process
    framing: Framing
    card: Card
    identity: Identity = UNSAVED

    @property
    def classes(self) -> int:
        """Labels, with 0 for nothing."""
        return self.model.config.classes

    def logits(self, x_t: Tensor, t: Tensor) -> Tensor:
        """(B, C, H, W) and timesteps (B,) -> (B, classes)."""
        return self.model(x_t, self.process.told(t))


def load_diffusion(name: str, context: Context) -> LoadedDiffusion:
    """The diffusion model of a checkpoint given by name or path, kept between jobs.

    Raises:
        CheckpointError: not chosen, missing, damaged, or of another method or role.
    """
    return open_once(
        name, context, open_diffusion, bundled="weak-hippocampus",
        training="--method cdm --stage train-diffusion",
    )  # fmt: skip


def load_classifier(name: str, context: Context) -> LoadedClassifier:
    """The classifier of a checkpoint given by name or path, kept between jobs.

    Raises:
        CheckpointError: missing, damaged, or of another method or role.
    """
    return open_once(
        name, context, open_classifier, bundled="weak-hippocampus-classifier",
        training="--method cdm --stage train-classifier",
    )  # fmt: skip


def open_diffusion(checkpoint: Checkpoint, context: Context) -> LoadedDiffusion:
    """Build network and schedule from card and weights.

    Raises:
        CheckpointError: the card describes no network, or another one than the weights.
    """
    checkpoint.expect(METHOD, DIFFUSION)
    card, name = checkpoint.card, checkpoint.path.name
    model = unet_of(card.config, name)
    load_into(model, checkpoint.tensors, name)
    process = process_of(card, name)
    return LoadedDiffusion(
        prepare(model, context), process, _schedule(process, name),
        Framing.from_card(card.preprocessing), card, checkpoint.identity,
    )  # fmt: skip


def open_classifier(checkpoint: Checkpoint, context: Context) -> LoadedClassifier:
    """Build the network from card and weights.

    Raises:
        CheckpointError: the card describes no network, or another one than the weights.
    """
    checkpoint.expect(METHOD, CLASSIFIER)
    card, name = checkpoint.card, checkpoint.path.name
    model = classifier_of(card.config, name)
    load_into(model, checkpoint.tensors, name)
    return LoadedClassifier(
        prepare(model, context), process_of(card, name), Framing.from_card(card.preprocessing),
        card, checkpoint.identity,
    )  # fmt: skip


Network = TypeVar("Network", bound=nn.Module)


def prepare(model: Network, context: Context) -> Network:
    """Ready for inference: on its device, without gradients, laid out as suits that."""
    model = model.to(context.device, torch.float32).eval().requires_grad_(False)
    if isinstance(model, GuidedUNet):
        lay_out(model)
    else:
        channels_last(model)
    return model


def unet_of(config: dict[str, Any], name: str) -> GuidedUNet:
    """An untrained U-Net of a card's configuration.

    Raises:
        CheckpointError: the configuration is none.
    """
    made = GuidedConfig(**part_of(DiffusionCard, config, name, METHOD).model_dump())
    if made.outputs not in (made.inputs, 2 * made.inputs):
        raise unfit(
            name, METHOD, f"{made.outputs} channels are neither noise nor noise and variance"
        )
    return _built(lambda: GuidedUNet(made), name)


def classifier_of(config: dict[str, Any], name: str) -> NoisyClassifier:
    """An untrained classifier of a card's configuration.

    Raises:
        CheckpointError: the configuration is none.
    """
    made = ClassifierConfig(**part_of(ClassifierCard, config, name, METHOD).model_dump())
    return _built(lambda: make_classifier(made), name)


def card_config(config: GuidedConfig | ClassifierConfig) -> dict[str, Any]:
    """For a card: tuples as JSON has them."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(config).items()}


def process_of(card: Card, name: str) -> Process:
    """The diffusion that a card describes.

    Raises:
        CheckpointError: it describes none.
    """
    return part_of(Process, card.process, name, METHOD)


def class_names(card: Card, classes: int) -> dict[int, str]:
    """Class -> name, with 0; "label 2" where the card names none."""
    named = {int(k): v.get("name", "") for k, v in card.labels.items() if k.isdigit()}
    return {
        value: named.get(value) or (f"label {value}" if value else "normal")
        for value in range(classes)
    }


def _schedule(process: Process, name: str) -> Schedule:
    try:
        return process.make()
    except InputError as error:
        raise unfit(name, METHOD, error.message) from error


def _built(make: Callable[[], Network], name: str) -> Network:
    try:
        return make()
    except (ValueError, RuntimeError) as error:
        raise unfit(name, METHOD, str(error)) from error

"""From checkpoints to MIDiffusion's network, ready on its device."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from pydantic import BaseModel, Field, PositiveInt
from torch import Tensor

from engine.device import Context
from engine.diffusion.local_information import InformationSettings
from engine.diffusion.schedules import Schedule, make_schedule
from engine.errors import InputError
from engine.library.opening import open_once
from engine.methods.midiffusion.looks import Framing
from engine.methods.midiffusion.params import Prediction
from engine.networks.guided_unet import GuidedConfig, GuidedUNet, lay_out
from engine.training.card_parts import part_of, unfit
from engine.training.checkpoint import (
    UNSAVED,
    Card,
    Checkpoint,
    Identity,
    load_into,
)

METHOD, ROLE = "midiffusion", "translator"
MAPS = 2
"""Of the condition: LMI of source and state, and of the source with itself."""
NO_MAP = -1.0
"""What a network sees in their place where it is to do without; bits are never so low."""


class NetworkCard(BaseModel):
    """The U-Net's part of the card; see `GuidedConfig`."""

    inputs: PositiveInt
    outputs: PositiveInt
    width: PositiveInt
    multipliers: tuple[PositiveInt, ...] = Field(min_length=1)
    blocks: PositiveInt
    attention: tuple[PositiveInt, ...]
    heads: PositiveInt
    scale_shift: bool
    block_resampling: bool
    dropout: float = 0.0


class Process(BaseModel):
    """The card's part on the diffusion of images, which lie in [0, 1].

    Attributes:
        bins, sigma, normalized: See `InformationSettings`.
        unguided: Whether the network has learnt to do without the condition.
        prediction: What it tells: the noise, or the velocity.
    """

    schedule: str = "linear"
    timesteps: int = 1000
    beta_start: float = 1e-4
    beta_end: float = 0.02
    bins: int = 27
    sigma: float = 2.0
    normalized: bool = False
    unguided: bool = False
    prediction: Prediction = "eps"

    def make(self) -> Schedule:
        """The schedule.

        Raises:
            InputError: a value is out of range.
        """
        return make_schedule(
            self.schedule, self.timesteps, beta_start=self.beta_start, beta_end=self.beta_end
        )

    @property
    def information(self) -> InformationSettings:
        """How windows are compared.

        Raises:
            InputError: a value is out of range.
        """
        return InformationSettings(self.bins, self.sigma, self.normalized)


@dataclass(frozen=True, eq=False)
class LoadedTranslator:
    """A network of `process.prediction`, its schedule, and what its card says."""

    model: GuidedUNet
    process: Process
    schedule: Schedule
    framing: Framing
    card: Card
    identity: Identity = UNSAVED

    @property
    def divisor(self) -> int:
        """Sides of slices are multiples of it."""
        return self.model.config.divisor

    @property
    def guided(self) -> bool:
        """Whether it takes the condition."""
        return self.model.config.inputs > 1

    @property
    def does_without(self) -> bool:
        """Whether it knows slices without the condition."""
        return not self.guided or self.process.unguided

    def predict(self, x_t: Tensor, t: Tensor, maps: Tensor | None) -> Tensor:
        """What the network says of x_t.

        Args:
            x_t: (B, 1, H, W).
            t: (B,).
            maps: The condition (B, 2, H, W); None to do without.

        Returns:
            (B, 1, H, W) float32.
        """
        if self.guided:
            if maps is None:
                maps = x_t.new_full((len(x_t), MAPS, *x_t.shape[2:]), NO_MAP)
            x_t = torch.cat([x_t, maps.to(x_t.dtype)], dim=1)
        weight = self.model.stem.weight
        memory = (
            torch.channels_last
            if weight.is_contiguous(memory_format=torch.channels_last)
            else torch.contiguous_format
        )
        return self.model(x_t.to(weight.dtype, memory_format=memory), t).float()


def load_translator(name: str, context: Context) -> LoadedTranslator:
    """The network of a checkpoint given by name or path, kept between jobs.

    Raises:
        CheckpointError: not chosen, missing, damaged, or of another method or role.
    """
    return open_once(
        name, context, open_translator, bundled="brain-t1", training="--method midiffusion"
    )


def open_translator(checkpoint: Checkpoint, context: Context) -> LoadedTranslator:
    """Build network and schedule from card and weights.

    Raises:
        CheckpointError: the card describes no network, or another one than the weights.
    """
    checkpoint.expect(METHOD, ROLE)
    card, name = checkpoint.card, checkpoint.path.name
    process = part_of(Process, card.process, name, METHOD)
    try:
        schedule = process.make()
        _ = process.information
    except InputError as error:
        raise unfit(name, METHOD, error.message) from error
    model = network_of(card.config, name)
    load_into(model, checkpoint.tensors, name)
    return LoadedTranslator(
        prepare(model, context), process, schedule, Framing.from_card(card.preprocessing), card,
        checkpoint.identity,
    )  # fmt: skip


def prepare(model: GuidedUNet, context: Context) -> GuidedUNet:
    """Ready for inference: on its device, without gradients, laid out as suits that."""
    model = model.to(context.device, context.dtype).eval().requires_grad_(False)
    lay_out(model)
    return model


def network_of(config: dict[str, Any], name: str) -> GuidedUNet:
    """An untrained network of a card's configuration.

    Raises:
        CheckpointError: the configuration is none.
    """
    values = part_of(NetworkCard, config, name, METHOD).model_dump()
    if values["outputs"] != 1 or values["inputs"] not in (1, 1 + MAPS):
        raise unfit(
            name,
            METHOD,
            f"it takes {values['inputs']} channels and gives {values['outputs']}; mutual "
            "information is of one grey image, with two maps or without",
        )
    try:
        return GuidedUNet(GuidedConfig(**values, classes=0))
    except (ValueError, RuntimeError, AssertionError) as error:
        raise unfit(name, METHOD, str(error)) from error


def card_config(config: GuidedConfig) -> dict[str, Any]:
    """For a card: tuples as JSON has them, and nothing about labels."""
    values = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(config).items()}
    return {name: values[name] for name in NetworkCard.model_fields}

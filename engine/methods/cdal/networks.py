"""From checkpoints to cDAL's networks, ready on their device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, PositiveInt

from engine.device import Context
from engine.diffusion.schedules import Schedule, make_schedule
from engine.errors import InputError
from engine.library.opening import open_once
from engine.methods.cdal.params import VoteRange
from engine.networks.ncsnpp import GeneratorConfig, NCSNpp, channels_last
from engine.training.card_parts import part_of, unfit
from engine.training.checkpoint import (
    UNSAVED,
    Card,
    Checkpoint,
    Identity,
    load_into,
)

METHOD = "cdal"


class GeneratorCard(BaseModel):
    """A generator's part of the card; see `GeneratorConfig`."""

    labels: PositiveInt
    image_channels: PositiveInt
    image_size: PositiveInt
    width: PositiveInt
    multipliers: tuple[PositiveInt, ...] = Field(min_length=2)
    blocks: PositiveInt
    attention: tuple[PositiveInt, ...]
    encoder_layers: int = Field(ge=0)
    encoder_blocks: PositiveInt
    latent: PositiveInt
    style: PositiveInt
    mapping_layers: int = Field(ge=0)


class Process(BaseModel):
    """The card's part on the diffusion of the labels, which lie in [-1, 1].

    `vote_range`: see `sampling.votes_of`.
    """

    schedule: str = "vp"
    timesteps: int
    beta_min: float = 0.1
    beta_max: float = 20.0
    vote_range: VoteRange = "upper"

    def make(self) -> Schedule:
        """The schedule.

        Raises:
            InputError: a value is out of range.
        """
        return make_schedule(
            self.schedule, self.timesteps, beta_min=self.beta_min, beta_max=self.beta_max
        )


@dataclass(frozen=True, eq=False)
class LoadedGenerator:
    """A generator, its schedule, and what its card says."""

    model: NCSNpp
    schedule: Schedule
    card: Card
    identity: Identity = UNSAVED
    vote_range: VoteRange = "upper"

    @property
    def classes(self) -> int:
        """Classes with the background."""
        return max(2, self.model.config.labels)


def load_generator(name: str, context: Context) -> LoadedGenerator:
    """The generator of a checkpoint given by name or path, kept between jobs.

    Raises:
        CheckpointError: not chosen, missing, damaged, or of another method or role.
    """
    return open_once(name, context, open_generator, bundled="hippocampus", training="--method cdal")


def open_generator(checkpoint: Checkpoint, context: Context) -> LoadedGenerator:
    """Build network and schedule from card and weights.

    Raises:
        CheckpointError: the card describes no network, or another one than the weights.
    """
    checkpoint.expect(METHOD, "generator")
    card, name = checkpoint.card, checkpoint.path.name
    try:
        process = part_of(Process, card.process, name, METHOD)
        schedule = process.make()
    except InputError as error:
        raise unfit(name, METHOD, error.message) from error
    model = generator_of(card.config, name)
    prepared = card.preprocessing.get("channels", model.config.image_channels)
    if prepared != model.config.image_channels:
        raise unfit(
            name, METHOD, f"images are prepared with {prepared} channels, the network takes "
            f"{model.config.image_channels}",
        )  # fmt: skip
    load_into(model, checkpoint.tensors, name)
    return LoadedGenerator(
        prepare(model, context), schedule, card, checkpoint.identity,
        process.vote_range,
    )  # fmt: skip


def prepare(model: NCSNpp, context: Context) -> NCSNpp:
    """Ready for inference: on its device, with channels last, which convolutions like best."""
    model = model.to(context.device, context.dtype).eval()
    channels_last(model)
    return model


def generator_of(config: dict[str, Any], name: str) -> NCSNpp:
    """An untrained generator of a card's configuration.

    Raises:
        CheckpointError: the configuration is none.
    """
    values = part_of(GeneratorCard, config, name, METHOD).model_dump()
    return NCSNpp(GeneratorConfig(**values))

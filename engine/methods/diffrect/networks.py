"""From checkpoints to DiffRect's networks, ready on their device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel, Field, PositiveInt, ValidationError

from engine.device import Context
from engine.library.opening import open_once
from engine.methods.diffrect.recipe import Recipe
from engine.networks.label_rectifier import LabelRectifier, RectifierConfig
from engine.networks.level_unet import SegmenterConfig, SegmenterUNet
from engine.networks.ncsnpp import channels_last
from engine.training.card_parts import unfit
from engine.training.checkpoint import (
    UNSAVED,
    Card,
    Checkpoint,
    Identity,
    load_into,
)
from engine.wording import first_fault

METHOD = "diffrect"
SEGMENTER, RECTIFIER = "segmenter", "rectifier"


class SegmenterCard(BaseModel):
    """A segmenter's part of the card; see `SegmenterConfig`."""

    inputs: PositiveInt
    classes: int = Field(ge=2)
    widths: tuple[PositiveInt, ...] = Field(min_length=2)
    dropouts: tuple[float, ...]
    transposed: bool = False


class RectifierCard(BaseModel):
    """A rectifier's part of the card; see `RectifierConfig`."""

    inputs: PositiveInt
    classes: int = Field(ge=2)
    widths: tuple[PositiveInt, ...] = Field(min_length=2)
    dropouts: tuple[float, ...]
    latent_widths: tuple[PositiveInt, ...] = Field(min_length=2)


@dataclass(frozen=True, eq=False)
class LoadedSegmenter:
    """A segmenter, how slices are shown to it, and what its card says."""

    model: SegmenterUNet
    recipe: Recipe
    card: Card
    identity: Identity = UNSAVED

    @property
    def classes(self) -> int:
        """Classes with the background."""
        return self.model.config.classes

    @property
    def names(self) -> dict[int, str]:
        """Class -> name, with the background; "label 2" where the card names none."""
        named = {int(k): v.get("name", "") for k, v in self.card.labels.items() if k.isdigit()}
        return {
            value: named.get(value) or (f"label {value}" if value else "background")
            for value in range(self.classes)
        }


def load_segmenter(name: str, context: Context) -> LoadedSegmenter:
    """The segmenter of a checkpoint given by name or path, kept between jobs.

    Raises:
        CheckpointError: not chosen, missing, damaged, or of another method or role.
    """
    return open_once(name, context, open_segmenter, bundled="heart", training="--method diffrect")


def open_segmenter(checkpoint: Checkpoint, context: Context) -> LoadedSegmenter:
    """Build the network from card and weights.

    Raises:
        CheckpointError: the card describes no network, or another one than the weights.
    """
    checkpoint.expect(METHOD, SEGMENTER)
    card, name = checkpoint.card, checkpoint.path.name
    model = segmenter_of(card.config, name)
    load_into(model, checkpoint.tensors, name)
    recipe = Recipe.from_card(card.preprocessing)
    if recipe.side % model.config.divisor or recipe.channels != model.config.inputs:
        raise unfit(
            name, METHOD, f"{recipe.channels} x {recipe.side} px cannot be what its network takes"
        )
    return LoadedSegmenter(prepare(model, context), recipe, card, checkpoint.identity)


def prepare(model: SegmenterUNet, context: Context) -> SegmenterUNet:
    """Ready for inference: on its device, with channels last, which convolutions like best."""
    model = model.to(context.device, context.dtype).eval()
    channels_last(model)
    return model


def segmenter_of(config: dict[str, Any], name: str) -> SegmenterUNet:
    """An untrained segmenter of a card's configuration.

    Raises:
        CheckpointError: the configuration is none.
    """
    with _describing(name):
        return SegmenterUNet(SegmenterConfig(**SegmenterCard.model_validate(config).model_dump()))


def rectifier_of(config: dict[str, Any], name: str) -> LabelRectifier:
    """An untrained rectifier of a card's configuration.

    Raises:
        CheckpointError: the configuration is none.
    """
    with _describing(name):
        return LabelRectifier(RectifierConfig(**RectifierCard.model_validate(config).model_dump()))


def card_config(config: SegmenterConfig | RectifierConfig) -> dict[str, Any]:
    """For `Card.config`."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(config).items()}


@contextmanager
def _describing(name: str) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise unfit(name, METHOD, first_fault(error)) from error
    except ValueError as error:
        raise unfit(name, METHOD, str(error)) from error

"""Published CDM weights to our checkpoints, by name: U-Nets, EMA files, and both classifiers."""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Mapping
from dataclasses import asdict

from torch import Tensor

from engine.data.weak.frames import Framing
from engine.device import Context
from engine.errors import CheckpointError
from engine.jobs import Job
from engine.methods.cdm.networks import CLASSIFIER, DIFFUSION, METHOD, card_config
from engine.methods.cdm.use_params import ImportParams
from engine.networks.guided_names import classifier_tensors, read_encoder, unet_tensors
from engine.networks.guided_unet import GuidedConfig, GuidedUNet
from engine.networks.noisy_classifier import ClassifierConfig, EncoderClassifier, ResNetClassifier
from engine.provenance import versions
from engine.results import FileResult
from engine.steps import Step
from engine.training.checkpoint import Card, load_into
from engine.training.importing import import_as

PUBLISHED_SIDES = {3: 32, 4: 64, 5: 128, 6: 224}
"""Resolutions of a network -> side of the images that those of such depth are published for."""
PUBLISHED_HEADS = 4
PUBLISHED_HEAD_CHANNELS = 64
RESNET_SIDE = 224
GROWS = re.compile(r"output_blocks\.\d+\.[12]\.(conv|in_layers\.2)\.weight")
"""What enlarges, after a block and perhaps its attention."""
PALETTE = ("#FF0000", "#00FF00", "#0000FF", "#FFFF00", "#00FFFF", "#FF00FF")


def import_weights(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """See `engine.training.importing.import_as`."""
    del context  # weights are only renamed
    params = job.params
    assert isinstance(params, ImportParams)

    def converted(weights: Mapping[str, Tensor], name: str) -> tuple[dict[str, Tensor], Card]:
        return convert(weights, name, params)

    return (yield from import_as(job, params.title, converted))


def convert(
    published: Mapping[str, Tensor], name: str, params: ImportParams | None = None
) -> tuple[dict[str, Tensor], Card]:
    """Published parameters under our names, and a card with the configuration they imply.

    Args:
        published: name -> tensor, a leading "module." is taken off.
        params: What names and shapes leave open.

    Raises:
        CheckpointError: none of the networks; says what is missing or unexpected.
    """
    params = params or ImportParams()
    plain = {k.removeprefix("module."): v for k, v in published.items()}
    card = Card(method=METHOD, role="", title=name, versions=versions())
    try:
        if "output_blocks.0.0.in_layers.0.weight" in plain:
            return _unet(plain, name, card, params)
        if "out.2.positional_embedding" in plain:
            return _encoder(plain, name, card, params)
        if "layer4.2.conv3.weight" in plain and "fc.weight" in plain:
            return _resnet(plain, name, card, params)
    except (LookupError, ValueError, ArithmeticError, RuntimeError) as error:
        raise CheckpointError(
            f"{name} does not tell the size of its network: {error}.",
            "Check that the file is whole and belongs to this method.",
        ) from error
    first = ", ".join(list(plain)[:3]) or "nothing"
    raise CheckpointError(
        f"{name} is no CDM network: its parameters begin with {first}.",
        "Choose a class-conditional U-Net (its EMA file is best), an encoder with attention "
        "pooling, or a ResNet-50.",
    )


def _unet(
    plain: Mapping[str, Tensor], name: str, card: Card, params: ImportParams
) -> tuple[dict[str, Tensor], Card]:
    if "label_emb.weight" not in plain:
        raise CheckpointError(
            f"{name} knows no labels: it was not trained with class_cond.",
            "CDM needs a class-conditional model.",
        )
    ups = sum(bool(GROWS.fullmatch(key)) for key in plain)
    read = read_encoder(plain, ups + 1)
    config = GuidedConfig(
        **asdict(read), outputs=plain["out.2.weight"].shape[0],
        heads=params.heads or PUBLISHED_HEADS, classes=plain["label_emb.weight"].shape[0],
    )  # fmt: skip
    model = GuidedUNet(config)
    tensors = unet_tensors(plain, model)
    load_into(model, tensors, name)
    card.role, card.config = DIFFUSION, card_config(config)
    side = params.image_size or PUBLISHED_SIDES.get(len(read.multipliers), RESNET_SIDE)
    _describe(card, params, side, read.inputs, config.classes)
    return tensors, card


def _encoder(
    plain: Mapping[str, Tensor], name: str, card: Card, params: ImportParams
) -> tuple[dict[str, Tensor], Card]:
    tokens = plain["out.2.positional_embedding"].shape[1]
    pooled = math.isqrt(tokens - 1)
    levels = 0
    if params.image_size:
        levels = 1 + round(math.log2(params.image_size / pooled))
    read = read_encoder(plain, levels)
    channels = plain["out.0.weight"].shape[0]
    head_channels = PUBLISHED_HEAD_CHANNELS
    if params.heads:
        head_channels = channels // params.heads
    config = ClassifierConfig(
        **asdict(read), kind="encoder", classes=plain["out.2.c_proj.weight"].shape[0],
        image_size=pooled * 2 ** (len(read.multipliers) - 1), head_channels=head_channels,
    )  # fmt: skip
    model = EncoderClassifier(config)
    tensors = classifier_tensors(plain, model.encoder)
    load_into(model, tensors, name)
    card.role, card.config = CLASSIFIER, card_config(config)
    _describe(card, params, config.image_size, read.inputs, config.classes)
    return tensors, card


def _resnet(
    plain: Mapping[str, Tensor], name: str, card: Card, params: ImportParams
) -> tuple[dict[str, Tensor], Card]:
    side = params.image_size or RESNET_SIDE
    config = ClassifierConfig(
        kind="resnet50", classes=plain["fc.weight"].shape[0], image_size=side,
        inputs=plain["conv1.weight"].shape[1],
    )  # fmt: skip
    tensors = {f"net.{key}": value for key, value in plain.items()}
    load_into(ResNetClassifier(config), tensors, name)
    card.role, card.config = CLASSIFIER, card_config(config)
    _describe(card, params, side, config.inputs, config.classes)
    return tensors, card


def _describe(card: Card, params: ImportParams, side: int, inputs: int, classes: int) -> None:
    """What the file does not tell: how images were shown, the noise, and the labels' names."""
    card.process = {
        "schedule": params.schedule, "timesteps": params.timesteps, "rescaled": params.rescaled,
        "range": [-1, 1], "prediction": "eps",
    }  # fmt: skip
    if inputs not in (1, 3):
        raise ValueError(f"{inputs} channels")
    card.preprocessing = Framing(side, channels=inputs, range="bytes").card()
    names = [name.strip() for name in params.names.split(",")]
    card.labels = {
        str(value): {
            "name": names[value] if value < len(names) and names[value] else f"label {value}",
            "color": PALETTE[(value - 1) % len(PALETTE)],
        }
        for value in range(1, classes)
    }

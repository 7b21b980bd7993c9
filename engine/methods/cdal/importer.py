"""Published cDAL weights (`lung_*.pth`, `monu_*.pth`) to our checkpoints, by name."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import asdict
from typing import Any

from torch import Tensor

from engine.device import Context
from engine.errors import CheckpointError
from engine.jobs import Job
from engine.methods.cdal.data import recipe
from engine.methods.cdal.names import discriminator_tensors, generator_tensors
from engine.methods.cdal.networks import METHOD
from engine.methods.cdal.params import DataKind, ImportParams
from engine.networks.ncsnpp import GeneratorConfig, NCSNpp
from engine.networks.time_discriminator import (
    BLOCKS,
    DiscriminatorConfig,
    DiscriminatorSize,
    TimeDiscriminator,
)
from engine.provenance import versions
from engine.results import FileResult
from engine.steps import Step
from engine.training.checkpoint import Card, load_into
from engine.training.importing import import_as

PUBLISHED_PROCESS = {
    "schedule": "vp", "timesteps": 2, "beta_min": 0.1, "beta_max": 20.0, "range": [-1, 1],
    "prediction": "x0",
}  # fmt: skip
PUBLISHED_IMAGES: dict[tuple[int, int], tuple[DataKind, int]] = {
    (1, 1): ("cxr", 256), (3, 1): ("monuseg", 256), (1, 3): ("hippocampus", 32),
}  # fmt: skip
"""Channels of image and labels -> the published data set, and the side of its images."""

PUBLISHED_LABELS: dict[DataKind, tuple[tuple[str, str], ...]] = {
    "cxr": (("lung", "#FF0000"),), "monuseg": (("nucleus", "#FF0000"),),
    "hippocampus": (("anterior", "#FF0000"), ("posterior", "#00FF00")),
}  # fmt: skip


def import_weights(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """See `engine.training.importing.import_as`."""
    del context  # weights are only renamed
    params = job.params
    assert isinstance(params, ImportParams)
    process = {**PUBLISHED_PROCESS, "timesteps": params.timesteps}

    def converted(weights: Mapping[str, Tensor], name: str) -> tuple[dict[str, Tensor], Card]:
        return convert(weights, name, process, params.image_size)

    return (yield from import_as(job, params.title, converted))


def convert(
    published: Mapping[str, Tensor],
    name: str,
    process: Mapping[str, object] | None = None,
    image_size: int = 0,
) -> tuple[dict[str, Tensor], Card]:
    """Published parameters under our names, and a card with the configuration they imply.

    Args:
        published: name -> tensor, a leading "module." is taken off.
        process: Of the diffusion, where it is not the published one.
        image_size: Side the network was made for; 0 takes that of the published data set.

    Raises:
        CheckpointError: neither of the two networks; says what is missing or unexpected.
    """
    plain = {k.removeprefix("module."): v for k, v in published.items()}
    card = Card(method=METHOD, role="", title=name, versions=versions())
    try:
        if "all_modules.0.weight" in plain:
            return _generator(plain, name, card, dict(process or PUBLISHED_PROCESS), image_size)
        if "start_conv.weight" in plain:
            return _discriminator(plain, name, card)
    except (LookupError, ValueError, ZeroDivisionError) as error:
        raise CheckpointError(
            f"{name} does not tell the size of its network: {error}.",
            "Check that the file is whole and belongs to this method.",
        ) from error
    first = ", ".join(list(plain)[:3]) or "nothing"
    raise CheckpointError(
        f"{name} is no cDAL network: its parameters begin with {first}.",
        "Choose a generator (lung_*.pth, monu_*.pth) or a discriminator of the release.",
    )


def _generator(
    plain: Mapping[str, Tensor], name: str, card: Card, process: dict[str, Any], size: int
) -> tuple[dict[str, Tensor], Card]:
    config = generator_config(plain, size)
    model = NCSNpp(config)
    tensors = generator_tensors(plain, model)
    load_into(model, tensors, name)
    card.role, card.process = "generator", process
    card.config = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(config).items()}
    kind, _ = _published_images(config.image_channels, config.labels)
    shown = recipe(kind, config.image_size, augmented=False)
    card.preprocessing = {"kind": kind, **shown.card()}
    card.labels = {
        str(value): {"name": name, "color": colour}
        for value, (name, colour) in enumerate(PUBLISHED_LABELS.get(kind, ()), 1)
    }
    return tensors, card


def _discriminator(
    plain: Mapping[str, Tensor], name: str, card: Card
) -> tuple[dict[str, Tensor], Card]:
    count = sum(bool(re.fullmatch(r"conv\d+\.conv1\.0\.weight", key)) for key in plain)
    sizes: dict[int, DiscriminatorSize] = {len(blocks): size for size, blocks in BLOCKS.items()}
    stem = plain["start_conv.weight"]
    config = DiscriminatorConfig(
        sizes[count],
        stem.shape[1] // 2,
        stem.shape[0] // 2,
        plain["t_embed.main.0.weight"].shape[0],
    )
    tensors = discriminator_tensors(plain)
    load_into(TimeDiscriminator(config), tensors, name)
    card.role, card.config = "discriminator", asdict(config)
    return tensors, card


def _published_images(channels: int, labels: int) -> tuple[DataKind, int]:
    return PUBLISHED_IMAGES.get((channels, labels), ("rgb" if channels == 3 else "grey", 256))


def generator_config(plain: Mapping[str, Tensor], image_size: int = 0) -> GeneratorConfig:
    """The configuration that a generator's published names and shapes tell.

    Raises:
        LookupError: they tell none.
    """
    convs, attends, pyramids = (_having(plain, x) for x in ("Conv_0", "NIN_0", "Conv2d_0"))
    encoder = _encoder(plain)
    stem = 3 + len(encoder)
    width = plain[f"all_modules.{stem}.weight"].shape[0]
    labels, channels = (plain[f"all_modules.{i}.weight"].shape[1] for i in (stem, 2))
    size = image_size or _published_images(channels, labels)[1]
    multipliers, attention = [], []
    first = stem + 1
    # A level ends in its pyramid, the last one where the middle of the network begins.
    for level, end in enumerate([*pyramids, None]):
        multipliers.append(plain[f"all_modules.{first}.Conv_0.weight"].shape[0] // width)
        if first + 1 in attends:
            attention.append(size // 2**level)
        first = first if end is None else end + 1
    blocks = sum(i in convs for i in range(stem + 1, pyramids[0])) - 1
    return GeneratorConfig(
        labels=labels, image_channels=channels, image_size=size, width=width,
        multipliers=tuple(multipliers), blocks=blocks, attention=tuple(attention),
        encoder_layers=len(encoder), encoder_blocks=max(encoder, default=1),
        latent=plain["z_transform.1.weight"].shape[1],
        style=plain["z_transform.1.weight"].shape[0],
        mapping_layers=sum(bool(re.fullmatch(r"z_transform\.\d+\.weight", k)) for k in plain) - 1,
    )  # fmt: skip


def _having(plain: Mapping[str, Tensor], layer: str) -> list[int]:
    """Numbers of the modules that have a layer of that name, in order."""
    found = (re.fullmatch(rf"all_modules\.(\d+)\.{layer}\.(?:weight|W)", key) for key in plain)
    return sorted(int(match[1]) for match in found if match)


def _encoder(plain: Mapping[str, Tensor]) -> list[int]:
    """Blocks of each layer of the image's encoder."""
    layers: list[int] = []
    while f"all_modules.{3 + len(layers)}.0.in_layers.0.weight" in plain:
        prefix, count = f"all_modules.{3 + len(layers)}", 0
        while f"{prefix}.{count}.in_layers.0.weight" in plain:
            count += 1
        layers.append(count)
    return layers

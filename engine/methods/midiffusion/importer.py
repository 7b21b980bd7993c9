"""Published MIDiffusion weights to our checkpoints, by name.

The release keeps its training's states in a list, the average of the weights last; what is read is
the average, see `engine.training.foreign`.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import asdict

from torch import Tensor

from engine.device import Context
from engine.errors import CheckpointError
from engine.jobs import Job
from engine.methods.midiffusion.looks import Framing
from engine.methods.midiffusion.networks import METHOD, ROLE, Process, card_config, network_of
from engine.methods.midiffusion.params import Plane
from engine.methods.midiffusion.use_params import ImportParams
from engine.networks.guided_names import read_encoder, unet_tensors
from engine.networks.guided_unet import GuidedConfig
from engine.provenance import versions
from engine.results import FileResult
from engine.steps import Step
from engine.training.checkpoint import Card, load_into
from engine.training.importing import import_as

GROWS = re.compile(r"output_blocks\.\d+\.[12]\.(conv|in_layers\.2)\.weight")
"""What enlarges, after a block and perhaps its attention."""


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
        CheckpointError: another network; says what is missing or unexpected.
    """
    params = params or ImportParams()
    plain = {k.removeprefix("module."): v for k, v in published.items()}
    if "output_blocks.0.0.in_layers.0.weight" not in plain:
        first = ", ".join(list(plain)[:3]) or "nothing"
        raise CheckpointError(
            f"{name} is no MIDiffusion network: its parameters begin with {first}.",
            "Choose a checkpoint of the release's U-Net (ckpt.pth, trained with --use_unet).",
        )
    try:
        read = read_encoder(plain, 1 + sum(bool(GROWS.fullmatch(key)) for key in plain))
        outputs = plain["out.2.weight"].shape[0]
    except (LookupError, ValueError, ArithmeticError) as error:
        raise CheckpointError(
            f"{name} does not tell the size of its network: {error}.",
            "Check that the file is whole and belongs to this method.",
        ) from error
    config = GuidedConfig(**asdict(read), outputs=outputs, heads=params.heads, classes=0)
    card = Card(method=METHOD, role=ROLE, title=name, versions=versions())
    card.config = card_config(config)
    model = network_of(card.config, name)
    tensors = unet_tensors(plain, model)
    load_into(model, tensors, name)
    process = Process(timesteps=params.timesteps, sigma=params.sigma, normalized=params.normalized)
    card.process = {**process.model_dump(), "range": [0, 1]}
    plane: Plane = "axial" if params.pixel_mm else "stored"
    card.preprocessing = Framing(params.image_size, plane, params.pixel_mm).card()
    return tensors, card

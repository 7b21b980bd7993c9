"""Published DiffRect weights (`unet_best_model.pth`, or its rectifier) to our checkpoints."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping

from torch import Tensor

from engine.device import Context
from engine.errors import CheckpointError
from engine.jobs import Job
from engine.methods.diffrect.names import our_names
from engine.methods.diffrect.networks import METHOD, RECTIFIER, SEGMENTER, card_config
from engine.methods.diffrect.params import ImportParams, Known
from engine.methods.diffrect.recipe import Recipe
from engine.methods.diffrect.structures import card_labels
from engine.networks.label_rectifier import CODE_CHANNELS, LabelRectifier, RectifierConfig
from engine.networks.level_unet import DROPOUTS, SegmenterConfig, SegmenterUNet
from engine.provenance import versions
from engine.results import FileResult
from engine.steps import Step
from engine.training.checkpoint import Card, load_into
from engine.training.importing import import_as

STRUCTURES: dict[Known, tuple[str, ...]] = {
    "acdc": ("right ventricle", "myocardium", "left ventricle"),
    "mscmr": (),  # its numbers are not documented
    "prostate": ("peripheral zone", "transition zone"),
    "other": (),
}
PUBLISHED_PROCESS = {
    "schedule": "cosine", "timesteps": 10, "sample_steps": 2, "prediction": "x0", "clip": "x0",
}  # fmt: skip


def import_weights(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """See `engine.training.importing.import_as`."""
    del context  # weights are only renamed
    params = job.params
    assert isinstance(params, ImportParams)

    def converted(weights: Mapping[str, Tensor], name: str) -> tuple[dict[str, Tensor], Card]:
        return convert(weights, name, params.data, params.image_size)

    return (yield from import_as(job, params.title, converted))


def convert(
    published: Mapping[str, Tensor], name: str, data: Known = "other", image_size: int = 256
) -> tuple[dict[str, Tensor], Card]:
    """Published parameters under our names, and a card with the configuration they imply.

    Args:
        published: name -> tensor, a leading "module." is taken off.
        data: What it was trained on, for the names of its structures.
        image_size: Side of the slices that it was trained on.

    Raises:
        CheckpointError: neither of the two networks; says what is missing or unexpected.
    """
    plain = {k.removeprefix("module."): v for k, v in published.items()}
    card = Card(method=METHOD, role="", title=name, versions=versions())
    try:
        if "encoder.in_conv.conv_conv.0.weight" in plain:
            return _segmenter(plain, name, card, data, image_size)
        if "embedder.in_conv.conv0.0.weight" in plain:
            return _rectifier(plain, name, card)
    except (LookupError, ValueError) as error:
        raise CheckpointError(
            f"{name} does not tell the size of its network: {error}.",
            "Check that the file is whole and belongs to this method.",
        ) from error
    first = ", ".join(list(plain)[:3]) or "nothing"
    raise CheckpointError(
        f"{name} is no DiffRect network: its parameters begin with {first}.",
        "Choose a segmenter (unet_best_model.pth) or a rectifier of the release.",
    )


def segmenter_config(plain: Mapping[str, Tensor]) -> SegmenterConfig:
    """The configuration that published names and shapes tell.

    Raises:
        LookupError: they tell none.
    """
    levels = _levels(plain, r"encoder\.down(\d+)\.maxpool_conv\.1\.conv_conv\.0\.weight")
    keys = [f"encoder.down{i}.maxpool_conv.1.conv_conv.0.weight" for i in range(1, levels)]
    first = plain["encoder.in_conv.conv_conv.0.weight"]
    widths = (first.shape[0], *(plain[key].shape[0] for key in keys))
    return SegmenterConfig(
        first.shape[1], plain["decoder.out_conv.weight"].shape[0], widths, DROPOUTS[:levels],
        transposed="decoder.up1.up.weight" in plain,
    )  # fmt: skip


def rectifier_config(plain: Mapping[str, Tensor]) -> RectifierConfig:
    """The configuration that published names and shapes tell.

    Raises:
        LookupError: they tell none.
    """
    levels = _levels(plain, r"encoder\.down(\d+)\.conv\.conv0\.0\.weight")
    keys = [f"encoder.down{i}.conv.conv0.0.weight" for i in range(1, levels)]
    first = plain["encoder.in_conv.conv0.0.weight"]
    widths = (first.shape[0], *(plain[key].shape[0] for key in keys))
    latent_levels = _levels(plain, r"deunet\.model\.down(\d+)\.conv\.conv0\.0\.weight")
    latent = [plain[f"deunet.model.down{i}.conv.conv0.0.weight"] for i in range(1, latent_levels)]
    return RectifierConfig(
        first.shape[1] - CODE_CHANNELS, plain["decoder.out_conv.weight"].shape[0], widths,
        DROPOUTS[:levels], (latent[0].shape[1], *(weight.shape[0] for weight in latent)),
    )  # fmt: skip


def _segmenter(
    plain: Mapping[str, Tensor], name: str, card: Card, data: Known, image_size: int
) -> tuple[dict[str, Tensor], Card]:
    config = segmenter_config(plain)
    tensors = our_names(plain)
    load_into(SegmenterUNet(config), tensors, name)
    card.role, card.config = SEGMENTER, card_config(config)
    card.preprocessing = Recipe(config.inputs, image_size).card()
    found = STRUCTURES[data]
    known = found if len(found) == config.classes - 1 else ("",) * (config.classes - 1)
    card.labels = card_labels(dict(enumerate(known, 1)))
    return tensors, card


def _rectifier(
    plain: Mapping[str, Tensor], name: str, card: Card
) -> tuple[dict[str, Tensor], Card]:
    config = rectifier_config(plain)
    tensors = our_names(plain)
    load_into(LabelRectifier(config), tensors, name)
    card.role, card.config = RECTIFIER, card_config(config)
    card.process = dict(PUBLISHED_PROCESS)
    return tensors, card


def _levels(plain: Mapping[str, Tensor], pattern: str) -> int:
    """One more than the blocks that shrink; those are numbered from 1."""
    found = {int(match[1]) for name in plain if (match := re.fullmatch(pattern, name))}
    return 1 + max(found, default=0)

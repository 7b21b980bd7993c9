"""Published AdaptDiff weights (`diffusion.octa500.pt`, `rUNet.pt`) to our checkpoints, by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from typing import Any

from torch import Tensor

from engine.device import Context
from engine.errors import CheckpointError
from engine.jobs import Job
from engine.methods.adaptdiff.networks import METHOD
from engine.methods.adaptdiff.params import ImportParams
from engine.networks.residual_unet import ResidualUNet
from engine.networks.spade_unet import SpadeUNet
from engine.provenance import versions
from engine.results import FileResult
from engine.steps import Step
from engine.training.checkpoint import Card, load_into
from engine.training.importing import import_as

Rules = tuple[tuple[str, str], ...]
Config = dict[str, Any]

DIFFUSION_NAMES: Rules = (
    (r"^time_mlp\.", "time."),
    (r"^initial\.", "stem."),
    (r"^encoder_resblk\.(\d+)\.main_path", r"encoder.\1.main"),
    (r"^encoder_resblk\.(\d+)\.side_path", r"encoder.\1.side"),
    (r"^encoder_t_linear", "encoder_time"),
    (r"^decoder_t_linear", "decoder_time"),
    (r"^encoder_down_sample", "down"),
    (r"^decoder_up_sample", "up"),
    (r"^decoder_spadeblk", "decoder"),
    (r"SPADE_norm_1", "affine_in"),
    (r"SPADE_norm_2", "affine_mid"),
    (r"SPADE_norm_3", "affine_skip"),
    (r"embedding\.0\.", "embedding."),
    (r"\.conv_1\.", ".conv_in."),
    (r"\.conv_2\.", ".conv_mid."),
    (r"\.conv_3\.", ".conv_skip."),
    (r"^final\.", "head."),
)
SEGMENTER_NAMES: Rules = ((r"\.dualconv\.", ".convs."), (r"^td\.", "down."), (r"^tu\.", "up."))
PUBLISHED_PROCESS = {
    "schedule": "linear", "timesteps": 300, "beta_start": 1e-4, "beta_end": 0.02,
    "range": [-1, 1], "prediction": "eps",
}  # fmt: skip


def import_weights(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """See `engine.training.importing.import_as`."""
    del context  # weights are only renamed
    params = job.params
    assert isinstance(params, ImportParams)
    return (yield from import_as(job, params.title, convert))


def convert(
    published: Mapping[str, Tensor], name: str, process: Mapping[str, object] | None = None
) -> tuple[dict[str, Tensor], Card]:
    """Published parameters under our names, and a card with the configuration they imply.

    Args:
        published: name -> tensor, a leading "module." is taken off.
        process: Of the diffusion model, where it is not the published one.

    Raises:
        CheckpointError: neither of the two networks; says what is missing or unexpected.
    """
    plain = {k.removeprefix("module."): v for k, v in published.items()}
    card = Card(method=METHOD, role="", title=name, versions=versions())
    if "initial.weight" in plain:
        card.role, renamed = "diffusion", rename(plain, DIFFUSION_NAMES)
        card.config = _config(name, renamed, _diffusion_config)
        card.process = dict(process or PUBLISHED_PROCESS)
        load_into(SpadeUNet(tuple(card.config["widths"])), renamed, name)
    elif "encoder.0.align.weight" in plain:
        card.role, renamed = "segmenter", rename(plain, SEGMENTER_NAMES)
        card.config = _config(name, renamed, _segmenter_config)
        card.preprocessing = {"kind": "grey", "range": [0, 1], "vessels": "bright"}
        model = ResidualUNet(
            tuple(card.config["channels"]), card.config["inputs"], card.config["classes"]
        )
        load_into(model, renamed, name)
    else:
        first = ", ".join(list(plain)[:3]) or "nothing"
        raise CheckpointError(
            f"{name} is no AdaptDiff network: its parameters begin with {first}.",
            "Choose diffusion.*.pt or rUNet.pt of the published release.",
        )
    return renamed, card


def rename(tensors: Mapping[str, Tensor], rules: Rules) -> dict[str, Tensor]:
    """Apply every rule, in order, to every name."""
    renamed = {}
    for name, value in tensors.items():
        for pattern, replacement in rules:
            name = re.sub(pattern, replacement, name)
        renamed[name] = value
    return renamed


def _config(
    name: str, tensors: Mapping[str, Tensor], read: Callable[[Mapping[str, Tensor]], Config]
) -> Config:
    """The configuration that the parameters' shapes tell, if they tell one."""
    try:
        return read(tensors)
    except LookupError as error:  # a parameter is missing, or has too few axes
        raise CheckpointError(
            f"{name} does not tell the size of its network: {error}.",
            "Check that the file is whole and belongs to this method.",
        ) from error


def _diffusion_config(tensors: Mapping[str, Tensor]) -> Config:
    """Features at each resolution, read off the stem and the down-sampling layers."""
    widths = [_outputs(tensors["stem.weight"])]
    while (weight := tensors.get(f"down.{len(widths) - 1}.0.weight")) is not None:
        widths.append(_outputs(weight))
    return {"widths": widths}


def _segmenter_config(tensors: Mapping[str, Tensor]) -> Config:
    channels: list[int] = []
    while (weight := tensors.get(f"encoder.{len(channels)}.align.weight")) is not None:
        channels.append(_outputs(weight))
    return {
        "channels": channels,
        "inputs": tensors["encoder.0.align.weight"].shape[1],
        "classes": _outputs(tensors[f"decoder.{len(channels) - 1}.align.weight"]),
    }


def _outputs(weight: Tensor) -> int:
    if not weight.numel():
        raise LookupError("a weight is empty")
    return weight.shape[0]

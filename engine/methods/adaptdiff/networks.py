"""From checkpoints to AdaptDiff's networks, ready on their device."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from engine import library
from engine.device import Context
from engine.diffusion.schedules import Schedule, make_schedule
from engine.networks.residual_unet import ResidualUNet
from engine.networks.spade_inference import CpuSpadeUNet
from engine.networks.spade_unet import SpadeUNet
from engine.training.checkpoint import Card, Checkpoint, load_checkpoint, load_into

METHOD = "adaptdiff"


@dataclass(frozen=True, eq=False)
class LoadedDiffusion:
    """A noise predictor, its schedule, and what its card says of the data."""

    model: SpadeUNet | CpuSpadeUNet
    schedule: Schedule
    card: Card
    name: str
    sha256: str

    @property
    def moments(self) -> tuple[float, float]:
        """Mean and standard deviation of the training images in [-1, 1]; (0, 0) if not known."""
        process = self.card.process
        return float(process.get("data_mean", 0.0)), float(process.get("data_std", 0.0))


def load_diffusion(name: str, context: Context) -> LoadedDiffusion:
    """The noise predictor of a checkpoint given by name or path, kept between jobs.

    Raises:
        CheckpointError: missing, damaged, or of another method or role.
    """
    path = library.find(name)

    def load() -> LoadedDiffusion:
        checkpoint = load_checkpoint(path).expect(METHOD, "diffusion")
        return open_diffusion(checkpoint, context)

    return context.keep((str(path), path.stat().st_mtime_ns, context.dtype), load)


def open_diffusion(checkpoint: Checkpoint, context: Context) -> LoadedDiffusion:
    """Build network and schedule from card and weights."""
    card = checkpoint.card
    model = SpadeUNet(tuple(card.config["widths"]))
    load_into(model, checkpoint.tensors, checkpoint.path.name)
    model = model.to(context.device, context.dtype).eval()
    network = CpuSpadeUNet(model) if context.device.type == "cpu" else model
    process = card.process
    schedule = make_schedule(
        process["schedule"], process["timesteps"],
        beta_start=process["beta_start"], beta_end=process["beta_end"],
    )  # fmt: skip
    return LoadedDiffusion(network, schedule, card, checkpoint.path.stem, checkpoint.sha256)


def load_segmenter(name: str, context: Context) -> tuple[ResidualUNet, Card]:
    """The segmenter of a checkpoint given by name or path, in float32, kept between jobs.

    Raises:
        CheckpointError: missing, damaged, or of another method or role.
    """
    path = library.find(name)

    def load() -> tuple[ResidualUNet, Card]:
        checkpoint = load_checkpoint(path).expect(METHOD, "segmenter")
        model = segmenter_of(checkpoint.card)
        load_into(model, checkpoint.tensors, path.name)
        return model.to(context.device).eval(), checkpoint.card

    return context.keep((str(path), path.stat().st_mtime_ns, "segmenter"), load)


def segmenter_of(card: Card) -> ResidualUNet:
    """An untrained segmenter of a card's configuration."""
    config = card.config
    return ResidualUNet(tuple(config["channels"]), config["inputs"], config["classes"])

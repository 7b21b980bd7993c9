"""cDAL against its straightforward form in one run: 30 votes on an X-ray, and a training step.

The network is the published one for chest X-rays, 256 x 256, T = 2. The straightforward votes are
those of a few, times as many as there are: they come one at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.cdal_plain import PlainStage, plain_layers, plain_votes
from benchmarks.measuring import MEGABYTE, Memory, timed
from benchmarks.rows import Row, table
from engine.device import Context, DeviceSettings, open_context
from engine.methods.cdal.data import TrainingData
from engine.methods.cdal.networks import LoadedGenerator, Process, prepare
from engine.methods.cdal.params import TRAIN_PRESETS, TrainParams
from engine.methods.cdal.sampling import sample_votes
from engine.methods.cdal.stage import DuelStage
from engine.networks.ncsnpp import GeneratorConfig, NCSNpp
from engine.networks.time_discriminator import DiscriminatorConfig, TimeDiscriminator
from engine.training.checkpoint import Card

SIDE = 256
VOTES = 30
PLAIN_VOTES = 3


def measure_cdal() -> list[Row]:
    """Seconds, ratios and memory on this CPU, float32."""
    context = open_context(DeviceSettings(device="cpu", precision="float32"))
    return [*_votes(context), *_training(context)]


def _votes(context: Context) -> list[Row]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = NCSNpp(GeneratorConfig())
        with torch.no_grad():
            for parameter in model.parameters():  # untrained branches contribute nothing
                parameter.add_(0.02 * torch.randn_like(parameter))
        image = torch.rand(1, 1, SIDE, SIDE) * 2 - 1
    card = Card(method="", role="", title="")
    loaded = LoadedGenerator(model.eval(), Process(timesteps=2).make(), card)
    plain_votes(loaded, image, 1, 0)
    plain, plain_seconds = timed(lambda: plain_votes(loaded, image, PLAIN_VOTES, 0))
    prepare(model, context)
    _finish(loaded, image, 2, context)
    with Memory() as memory:
        fast, seconds = timed(lambda: _finish(loaded, image, VOTES, context))
    difference = (fast.samples[:PLAIN_VOTES] - plain.samples).abs().max()
    baseline = plain_seconds * VOTES / PLAIN_VOTES
    return [
        Row(
            f"cDAL, X-ray 256 x 256, {VOTES} votes, T = 2", seconds, "s", baseline,
            baseline / seconds, at_least=4,
        ),
        Row("its largest difference", float(difference), "", at_most=1e-4),
        Row("its memory above the network's", memory.most / MEGABYTE, "MB"),
    ]  # fmt: skip


def _finish(loaded: LoadedGenerator, image: Tensor, count: int, context: Context) -> Any:
    voting = sample_votes(loaded, image, count, 0, context)
    while True:
        try:
            next(voting)
        except StopIteration as end:
            return end.value


class _Pictures(TrainingData):
    """In place of cases: random images with labels."""

    def __init__(self) -> None:
        self.classes = 2

    def batch(self, rng: np.random.Generator, size: int) -> tuple[Tensor, Tensor]:
        image = torch.from_numpy(rng.standard_normal((size, 1, SIDE, SIDE), np.float32))
        return image, 2 * (image > 0).float() - 1


def _training(context: Context) -> list[Row]:
    params = TrainParams.parse(TRAIN_PRESETS["paper-cxr"])

    def seconds(kind: type[DuelStage]) -> float:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model, critic = NCSNpp(GeneratorConfig()), TimeDiscriminator(DiscriminatorConfig())
        stage = kind(model, critic, _Pictures(), Process(timesteps=2).make(), params, context)
        return timed(lambda: _step(stage))[1]

    with plain_layers():
        plain = seconds(PlainStage)
    fast = seconds(DuelStage)
    return [Row("cDAL, training step on one X-ray", fast, "s", plain, plain / fast, at_least=1.5)]


def _step(stage: DuelStage) -> None:
    """What the loop does to both networks, without the optimizers."""
    batch = stage.batch(np.random.default_rng(0), 1)
    stage.critic_loss(stage.critic, batch, 1)["critic"].backward()
    stage.loss(stage.model, batch)["loss"].backward()


if __name__ == "__main__":
    print(table(measure_cdal()))

"""DiffRect against its straightforward form in one run: an iteration of 3 + 3 slices, all steps.

The networks are the published ones, 256 x 256 and four classes. That both forms find the same
losses is tried without dropout, of which each has its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from benchmarks.diffrect_plain import PlainStage, plain_layers
from benchmarks.measuring import timed
from benchmarks.rows import Row, table
from engine.device import Context, DeviceSettings, open_context
from engine.methods.diffrect.growing import GrowingData, Parts
from engine.methods.diffrect.params import TrainParams
from engine.methods.diffrect.rectifying import RectifyingStage
from engine.methods.diffrect.training import networks_of
from engine.methods.diffrect.views import two_views
from engine.networks.label_rectifier import LabelRectifier
from engine.networks.level_unet import SegmenterUNet
from engine.networks.ncsnpp import channels_last

SIDE = 256
CLASSES = 4
LABELLED = (True, False, False, True, False, True)
ITERATION = 2


def measure_diffrect(side: int = SIDE, rounds: int = 2) -> list[Row]:
    """Seconds, ratio and difference on this CPU, float32; the best of some rounds."""
    context = open_context(DeviceSettings(device="cpu", precision="float32"))
    ours, plain = [], []
    for _ in range(rounds):
        ours.append(_iteration(RectifyingStage, context, side)[1])
        with plain_layers():
            plain.append(_iteration(PlainStage, context, side)[1])
    small = min(side, 128)
    found, _ = _iteration(RectifyingStage, context, small, dropout=False)
    with plain_layers():
        wanted, _ = _iteration(PlainStage, context, small, dropout=False)
    apart = max(abs(found[name] - wanted[name]) / max(1.0, abs(wanted[name])) for name in wanted)
    return [
        Row(
            f"DiffRect, an iteration of 3 + 3 slices, {side} x {side}", min(ours), "s", min(plain),
            min(plain) / min(ours), at_least=1.4,
        ),
        Row("largest relative difference of its losses", apart, "", at_most=1e-3),
    ]  # fmt: skip


class _Pictures(GrowingData):
    """In place of cases: random images with labels."""

    def __init__(self, side: int) -> None:
        self._side = side

    def begin(self, iteration: int) -> tuple[str, ...]:
        return ()

    def batch(self, rng: np.random.Generator) -> Parts:
        shape = len(LABELLED), self._side, self._side
        images = torch.from_numpy(rng.random((shape[0], 1, *shape[1:]), np.float32))
        labels = torch.from_numpy(rng.integers(0, CLASSES, shape))
        weak, strong, labels = two_views(images, labels, rng)
        return weak, strong, labels, torch.tensor(LABELLED), torch.arange(len(LABELLED))


def _iteration(
    kind: type[RectifyingStage], context: Context, side: int, *, dropout: bool = True
) -> tuple[Mapping[str, float], float]:
    """The losses of all three steps, and their seconds."""
    params = TrainParams(rectify_after=0)
    of_segmenter, of_rectifier = networks_of(params, CLASSES)
    if not dropout:
        nothing = (0.0,) * len(of_segmenter.widths)
        of_segmenter = replace(of_segmenter, dropouts=nothing)
        of_rectifier = replace(of_rectifier, dropouts=nothing)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, rectifier = SegmenterUNet(of_segmenter), LabelRectifier(of_rectifier)
        if kind is RectifyingStage:
            channels_last(model)
            channels_last(rectifier)
        stage = kind(model, rectifier, _Pictures(side), params, context)
        batch = stage.batch(np.random.default_rng(0), len(LABELLED))
        return timed(lambda: _steps(stage, batch))


def _steps(stage: RectifyingStage, batch: Sequence[Tensor]) -> Mapping[str, float]:
    """What the loop does in an iteration, without the optimizers."""
    torch.manual_seed(1)
    stage.begin(ITERATION)
    told: dict[str, float] = {}
    for turn in stage.turns_of(ITERATION):
        network = stage.model if turn.network == "model" else stage.critic
        losses = turn.loss(network, tuple(batch))
        losses[turn.minimised].backward()
        told.update((name, value.item()) for name, value in losses.items())
        network.zero_grad()
    return told


if __name__ == "__main__":
    print(table(measure_diffrect()))

"""CDM against its straightforward form in one run: a ten-step map at 128 x 128.

One slice and eight of a volume, with a network for such machines, and one slice with the published
network. A few steps are measured, times as many as there are: all steps are alike; both forms by
turns, and the fastest of each counts.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import torch
from torch import Tensor

from benchmarks.cdm_plain import plain_maps
from benchmarks.measuring import MEGABYTE, Memory, in_turn
from benchmarks.rows import Row, table
from engine.data.weak.frames import Framing
from engine.device import Context, DeviceSettings, open_context
from engine.diffusion.noise import NoiseSource
from engine.methods.cdm.networks import LoadedDiffusion, Process, prepare
from engine.methods.cdm.saliency import Evidence, cdm
from engine.networks.guided_unet import GuidedConfig, GuidedUNet
from engine.training.checkpoint import Card

SIDE, LEVEL, ROUNDS, TAU = 128, 400, 10, 0.95
SLICES = 8
FEW, REPEATS = 2, 3
SMALL = GuidedConfig(width=32, multipliers=(1, 2, 3, 4), blocks=1, attention=(8,))


def measure_cdm() -> list[Row]:
    """Seconds, ratios and memory on this CPU, float32."""
    context = open_context(DeviceSettings(device="cpu", precision="float32"))
    return [
        *_compared("CDM, one slice", SMALL, 1, 2 * FEW, context),
        *_compared(f"CDM, {SLICES} slices", SMALL, SLICES, FEW, context),
        *_compared(
            "CDM, one slice, published network", GuidedConfig(), 1, FEW, context, target=True
        ),
    ]


def _compared(
    name: str,
    config: GuidedConfig,
    count: int,
    rounds: int,
    context: Context,
    target: bool = False,
) -> list[Row]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = GuidedUNet(config)
        with torch.no_grad():
            for parameter in model.parameters():  # untrained branches contribute nothing
                parameter.add_(0.02 * torch.randn_like(parameter))
        slices = torch.rand(count, 1, SIDE, SIDE) * 2 - 1
    process, card = Process(timesteps=1000), Card(method="", role="", title="")
    model = model.eval().requires_grad_(False)
    loaded = LoadedDiffusion(model, process, process.make(), Framing(SIDE), card)
    seeds = list(range(count))
    plain_maps(loaded, slices[:1], [0], LEVEL, 1, TAU)
    fast = replace(loaded, model=prepare(deepcopy(model), context))
    _finish(fast, slices[:1], 1)
    jobs = {
        "plain": lambda: plain_maps(loaded, slices, seeds, LEVEL, rounds, TAU),
        "ours": lambda: _finish(fast, slices, rounds),
    }
    found, seconds = in_turn(jobs, REPEATS)
    # Whatever else runs only ever makes it slower.
    ours, baseline = min(seconds["ours"]), min(seconds["plain"])
    with Memory() as memory:
        _finish(fast, slices, 1)
    scale = ROUNDS / rounds
    difference = (found["ours"].maps - found["plain"]).abs().max() * (1 - TAU)
    return [
        Row(
            f"{name}, 128 x 128, R = {ROUNDS}", ours * scale, "s", baseline * scale,
            baseline / ours, at_least=1.6 if target else None,
        ),
        Row(f"{name}: largest difference of the states", float(difference), "", at_most=1e-4),
        Row(f"{name}: memory above the network's", memory.most / MEGABYTE, "MB"),
    ]  # fmt: skip


def _finish(loaded: LoadedDiffusion, slices: Tensor, rounds: int) -> Evidence:
    noise = NoiseSource(list(range(len(slices))))
    labels = torch.ones(len(slices), dtype=torch.long)
    steps = cdm(loaded, slices, labels, noise, level=LEVEL, rounds=rounds, tau=TAU)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Evidence = end.value
            return found


if __name__ == "__main__":
    print(table(measure_cdm()))

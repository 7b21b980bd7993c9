"""MIDiffusion against its straightforward form in one run: the LMI layer, and a whole translation.

The layer is measured on a slice of 128 x 128. A translation has the published network; of the
thousand steps of the straightforward form two are measured, five hundred times as many as there
are: all steps are alike. How near few steps come to all of them is measured with a small network
that learns from phantoms, by the sampler that takes the few.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.measuring import MEGABYTE, Memory, timed
from benchmarks.midiffusion_plain import plain_steps, window_pairs
from benchmarks.rows import Row, table
from engine.data.phantoms.brain import Contrast, make_brain
from engine.device import Context, DeviceSettings, open_context
from engine.diffusion.local_information import InformationSettings, SourceImage
from engine.methods.midiffusion.data import TrainingSlices
from engine.methods.midiffusion.looks import Framing
from engine.methods.midiffusion.networks import LoadedTranslator, Process, prepare
from engine.methods.midiffusion.params import TRAIN_PRESETS, TrainParams
from engine.methods.midiffusion.sampling import Translated, translate_slices, way_of
from engine.methods.midiffusion.stage import TranslatorStage
from engine.methods.midiffusion.training import network_config
from engine.methods.midiffusion.use_params import SampleParams
from engine.metrics.images import structural_similarity
from engine.networks.guided_unet import GuidedUNet
from engine.training.checkpoint import Card

SIDE, SMALL = 128, 48
STEPS, FEW_STEPS, PLAIN_STEPS = 1000, 50, 2
REPEATS = 5
CONTRASTS: tuple[Contrast, Contrast] = ("T2", "T1")
BRAINS, ITERATIONS, BATCH, RATE = 6, 300, 8, 2e-3
SMALL_NETWORK = {"size": SMALL, "width": 32, "multipliers": "1, 2, 2", "blocks": 1, "attention": ""}


def measure_midiffusion() -> list[Row]:
    """Seconds, ratios and memory on this CPU, float32."""
    context = open_context(DeviceSettings(device="cpu", precision="float32"))
    return [*_layer(), *_translation(context), *_few_steps(context)]


def _layer() -> list[Row]:
    source, target = (_cuts(contrast, 0, SIDE)[:1] for contrast in CONTRASTS)
    target = target + 0.3 * torch.randn(target.shape, generator=torch.Generator().manual_seed(0))
    settings = InformationSettings()
    guide = SourceImage(source, settings)
    guide.similarity(target)
    with Memory() as plain_memory:
        plain, baseline = timed(lambda: window_pairs(source, target, settings))
    with Memory() as memory:
        found, seconds = timed(lambda: [guide.similarity(target) for _ in range(REPEATS)][-1])
    seconds /= REPEATS
    # What the process held before is used again: less than that cannot be told.
    used, needed = max(memory.most, MEGABYTE), plain_memory.most
    return [
        Row("LMI of a slice, 128 x 128", seconds, "s", baseline, baseline / seconds, at_least=30),
        Row(
            "its memory", used / MEGABYTE, "MB", needed / MEGABYTE, needed / used, at_least=20
        ),
        Row("its largest difference", float((found - plain).abs().max()), "bit", at_most=1e-4),
    ]  # fmt: skip


def _translation(context: Context) -> list[Row]:
    loaded = _untrained(TrainParams.parse(TRAIN_PRESETS["paper"]))
    source = _cuts("T2", 0, SIDE)[:1]
    loaded.model.eval().requires_grad_(False)
    _, baseline = timed(lambda: plain_steps(loaded, source, PLAIN_STEPS))
    prepare(loaded.model, context)
    params = SampleParams(steps=FEW_STEPS)
    _translated(loaded, source, SampleParams(steps=1))
    _, seconds = timed(lambda: _translated(loaded, source, params))
    whole = baseline * STEPS / PLAIN_STEPS
    return [
        Row(
            f"Translation, 128 x 128, published network, {FEW_STEPS} steps", seconds, "s",
            whole, whole / seconds, at_least=200,
        )
    ]  # fmt: skip


def _few_steps(context: Context) -> list[Row]:
    """SSIM with the true T1 by few steps of DDIM and by all, of a network that learnt T1."""
    params = TrainParams.parse(SMALL_NETWORK)
    loaded = _untrained(params)
    _learn(loaded, params)
    prepare(loaded.model, context)
    # A head that was not learnt from, as another modality shows it.
    source, wanted = (_cuts(contrast, BRAINS)[4:5] for contrast in CONTRASTS)
    truth = wanted[:, 0].numpy()
    body = truth > 0.05

    def ssim(**how: Any) -> float:
        found = _translated(loaded, source, SampleParams.parse(how)).image[:, 0].numpy()
        return structural_similarity(found, truth, body)

    every, few = ssim(steps=0), ssim(steps=FEW_STEPS)
    return [
        Row(f"SSIM of a translated phantom, {FEW_STEPS} steps", few, "", every),
        Row("what it lacks of 1000 steps", every - few, "", at_most=0.01),
    ]


class _Phantoms(TrainingSlices):
    """In place of images on disk: slices of phantoms in T1."""

    def __init__(self, settings: InformationSettings) -> None:
        self.pictures = torch.cat([_cuts("T1", seed) for seed in range(BRAINS)])
        self.maps = SourceImage(self.pictures, settings).similarity(self.pictures)

    def batch(self, rng: np.random.Generator, size: int) -> tuple[Tensor, Tensor, Tensor]:
        chosen = torch.from_numpy(rng.integers(len(self.pictures), size=size))
        squares = self.pictures[chosen]
        return squares, squares, self.maps[chosen]


def _learn(loaded: LoadedTranslator, params: TrainParams) -> None:
    stage = TranslatorStage(loaded, _Phantoms(loaded.process.information), params)
    optimizer = torch.optim.Adam(loaded.model.parameters(), RATE)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, ITERATIONS)
    for i in range(ITERATIONS):
        stage.loss(loaded.model, stage.batch(np.random.default_rng(i), BATCH))["loss"].backward()
        torch.nn.utils.clip_grad_norm_(loaded.model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        falling.step()


def _untrained(params: TrainParams) -> LoadedTranslator:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = GuidedUNet(network_config(params))
    process, card = Process(), Card(method="", role="", title="")
    return LoadedTranslator(model, process, process.make(), Framing(params.size), card)


def _translated(loaded: LoadedTranslator, source: Tensor, params: SampleParams) -> Translated:
    way = way_of(loaded, params)
    steps = translate_slices(loaded, source, way, params, torch.device("cpu"))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Translated = end.value
            return found


def _cuts(contrast: Contrast, seed: int, side: int = SMALL) -> Tensor:
    """Axial slices (n, 1, side, side) in [0, 1] of a phantom's middle."""
    brain = make_brain((24, side, side), (7.0, 180 / side, 180 / side), seed)
    values = torch.from_numpy(brain.image(contrast, seed=seed).array[0, 8:18].astype(np.float32))
    return (values / values.quantile(0.995)).clamp(0, 1)[:, None]


if __name__ == "__main__":
    print(table(measure_midiffusion()))

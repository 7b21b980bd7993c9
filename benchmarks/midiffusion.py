"""MIDiffusion against its straightforward form in one run: the LMI layer, and a whole translation.

The layer is measured on a slice of 128 x 128. A translation has the published network; of the
thousand steps of the straightforward form two are measured, five hundred times as many as there
are: all steps are alike.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from benchmarks.cdal import MEGABYTE, Memory, _timed
from benchmarks.midiffusion_plain import plain_steps, window_pairs
from benchmarks.rows import Row, table
from engine.data.phantoms.brain import Contrast, make_brain
from engine.device import Context, DeviceSettings, open_context
from engine.diffusion.local_information import InformationSettings, SourceImage
from engine.methods.midiffusion.looks import Framing
from engine.methods.midiffusion.networks import LoadedTranslator, Process, prepare
from engine.methods.midiffusion.params import TRAIN_PRESETS, TrainParams
from engine.methods.midiffusion.sampling import Translated, translate_slices, way_of
from engine.methods.midiffusion.training import network_config
from engine.methods.midiffusion.use_params import SampleParams
from engine.networks.guided_unet import GuidedUNet
from engine.training.checkpoint import Card

SIDE = 128
STEPS, FEW_STEPS, PLAIN_STEPS = 1000, 50, 2
REPEATS = 5
CONTRASTS: tuple[Contrast, Contrast] = ("T2", "T1")


def measure_midiffusion() -> list[Row]:
    """Seconds, ratios and memory on this CPU, float32."""
    context = open_context(DeviceSettings(device="cpu", precision="float32"))
    return [*_layer(), *_translation(context)]


def _layer() -> list[Row]:
    source, target = (_cut(contrast) for contrast in CONTRASTS)
    target = target + 0.3 * torch.randn(target.shape, generator=torch.Generator().manual_seed(0))
    settings = InformationSettings()
    guide = SourceImage(source, settings)
    guide.similarity(target)
    with Memory() as plain_memory:
        plain, baseline = _timed(lambda: window_pairs(source, target, settings))
    with Memory() as memory:
        found, seconds = _timed(lambda: [guide.similarity(target) for _ in range(REPEATS)][-1])
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
    source = _cut("T2")
    loaded.model.eval().requires_grad_(False)
    _, baseline = _timed(lambda: plain_steps(loaded, source, PLAIN_STEPS))
    prepare(loaded.model, context)
    params = SampleParams(steps=FEW_STEPS)
    _translated(loaded, source, SampleParams(steps=1))
    _, seconds = _timed(lambda: _translated(loaded, source, params))
    whole = baseline * STEPS / PLAIN_STEPS
    return [
        Row(
            f"Translation, 128 x 128, published network, {FEW_STEPS} steps", seconds, "s",
            whole, whole / seconds, at_least=200,
        )
    ]  # fmt: skip


def _untrained(params: TrainParams) -> LoadedTranslator:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = GuidedUNet(network_config(params))
    process, card = Process(), Card(method="", role="", title="")
    return LoadedTranslator(model, process, process.make(), Framing(params.size), card, "", "")


def _translated(loaded: LoadedTranslator, source: Tensor, params: SampleParams) -> Translated:
    way = way_of(loaded, params)
    steps = translate_slices(loaded, source, way, params, torch.device("cpu"))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Translated = end.value
            return found


def _cut(contrast: Contrast) -> Tensor:
    """The middle slice (1, 1, SIDE, SIDE) of a phantom, in [0, 1]."""
    brain = make_brain((24, SIDE, SIDE), (7.0, 180 / SIDE, 180 / SIDE))
    values = torch.from_numpy(brain.image(contrast).array[0, 12].astype(np.float32))
    return (values / values.quantile(0.995)).clamp(0, 1)[None, None]


if __name__ == "__main__":
    print(table(measure_midiffusion()))

"""Synthesis against the uncached form of the same network, in one run.

The baseline computes what the mask contributes anew at every step, by convolution at every
pixel, and takes all 300 ancestral steps; its time is that of a few such steps, times 300.
"""

from __future__ import annotations

import time
from statistics import median

import numpy as np
import torch

from benchmarks.measuring import in_turn
from engine.data.phantoms.vessels import grow_vessel_tree
from engine.device import Context, DeviceSettings, computes_in_bfloat16, open_context
from engine.diffusion.schedules import make_schedule
from engine.methods.adaptdiff.networks import LoadedDiffusion
from engine.methods.adaptdiff.params import SynthesisParams
from engine.methods.adaptdiff.synthesis import denoise
from engine.networks.spade_inference import CpuSpadeUNet
from engine.networks.spade_unet import SpadeUNet
from engine.training.checkpoint import Card

SIDE = 256
PUBLISHED_STEPS = 300


def measure_synthesis(steps: int = 12, repeats: int = 5) -> dict[str, float]:
    """Seconds and ratios for a 256 x 256 image with the published network on this CPU."""
    context = open_context(DeviceSettings(device="cpu", precision="float32"))
    model = _network()
    mask = grow_vessel_tree(SIDE, SIDE, 0, field="macula").mask()
    tensor = torch.from_numpy(mask.astype(np.float32))[None, None]
    x, t = torch.randn(1, 1, SIDE, SIDE), torch.tensor([150])
    fast = CpuSpadeUNet(model)
    with torch.inference_mode():
        rows = fast.modulation(tensor)
        plain = model(x, t, model.modulation(tensor, plain=True))
        difference = (fast(x, t, rows) - plain).abs().max() / plain.abs().max()
        jobs = {
            "uncached step": lambda: model(x, t, model.modulation(tensor, plain=True)),
            "cached step": lambda: fast(x, t, rows),
            "mask, once": lambda: fast.modulation(tensor),
        }
        in_turn(jobs, 1)
        times = {name: median(taken) for name, taken in in_turn(jobs, repeats)[1].items()}
    result = {f"{name} (s)": value for name, value in times.items()}
    result["cached step, times faster"] = times["uncached step"] / times["cached step"]
    result["largest difference / largest value"] = float(difference)
    whole, image = _image(fast, mask, steps, context)
    baseline = PUBLISHED_STEPS * times["uncached step"]
    result[f"image, {steps} steps (s)"] = whole
    result["image, 300 uncached steps (s)"] = baseline
    result["image, times faster"] = baseline / whole
    if computes_in_bfloat16(context.device):
        result |= _bfloat16(model, mask, steps, image, times["uncached step"])
    return result


def _bfloat16(
    model: SpadeUNet, mask: np.ndarray, steps: int, image: np.ndarray, uncached: float
) -> dict[str, float]:
    context = open_context(DeviceSettings(device="cpu", precision="bfloat16"))
    fast = CpuSpadeUNet(model.to(torch.bfloat16))
    whole, other = _image(fast, mask, steps, context)
    error = float(np.mean((image - other) ** 2))
    return {
        f"image in bfloat16, {steps} steps (s)": whole,
        "image in bfloat16, times faster": PUBLISHED_STEPS * uncached / whole,
        "bfloat16 against float32 (dB)": 10 * np.log10(4.0 / error),
    }


def _image(
    network: CpuSpadeUNet, mask: np.ndarray, steps: int, context: Context
) -> tuple[float, np.ndarray]:
    """Seconds of one image from mask to pixels, and the image in [-1, 1]."""
    loaded = LoadedDiffusion(
        network,
        make_schedule("linear", PUBLISHED_STEPS),
        Card(method="", role="", title=""),
    )
    params = SynthesisParams(sampler="dpm++", steps=steps)
    started = time.perf_counter()
    last = None
    for step in denoise(loaded, mask[None], (0,), params, context):
        last = step
    assert last is not None
    return time.perf_counter() - started, last.x_t.numpy()


def _network() -> SpadeUNet:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return SpadeUNet().eval()


if __name__ == "__main__":
    for name, value in measure_synthesis().items():
        print(f"{name:45s} {value:.6g}")

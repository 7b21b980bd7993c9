"""AdaptDiff's networks and its reverse iteration against the published implementation's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine.diffusion.noise import FixedNoise
from engine.diffusion.process import x0_from_eps
from engine.diffusion.samplers import ancestral
from engine.diffusion.schedules import Schedule, make_schedule
from engine.methods.adaptdiff.importer import convert
from engine.networks import neighbourhoods
from engine.networks.residual_unet import ResidualUNet
from engine.networks.spade_inference import CpuSpadeUNet
from engine.networks.spade_unet import SpadeUNet
from engine.training.checkpoint import load_into
from tests.golden.case import TOLERANCE, GoldenCase

Network = Callable[[Tensor, Tensor, Tensor], Tensor]
"""x_t, t, mask -> eps."""

PUBLISHED_NAMES = {"quad": "quadratic", "const": "constant"}


@torch.no_grad()
def conditional_unet(case: GoldenCase, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """eps, betas, the reverse iteration and x0_hat, by every way there is to run the network."""
    tensors, card = convert(case.published_weights(folder), case.name)
    model = SpadeUNet(tuple(card.config["widths"]))
    load_into(model, tensors, case.name)
    model.eval()
    schedule = _schedule(case)
    if "betas" in case:
        case.compare("betas", schedule.betas)
    mask = case.tensor("mask")
    # A random mask has too few windows that are alike for the lookup to be chosen by itself.
    monkeypatch.setattr(neighbourhoods, "MAX_DISTINCT", 1.0)
    few_levels = len(mask.unique()) <= neighbourhoods.MAX_LEVELS
    assert not few_levels or neighbourhoods.Windows.of(mask) is not None
    in_blocks = CpuSpadeUNet(model)
    ways: dict[str, Network] = {
        "convolved everywhere": lambda x, t, m: model(x, t, model.modulation(m, plain=True)),
        "looked up by neighbourhood": model,
        "arranged for CPUs": lambda x, t, m: in_blocks(x, t, in_blocks.modulation(m)),
    }
    for way, network in ways.items():
        if "eps" in case:
            case.compare("eps", network(case.tensor("x"), case.tensor("t"), mask), way)
        if "trajectory" in case:
            _compare_trajectory(case, network, schedule, way)
        if "pred_x0" in case:
            _compare_one_shot(case, network, schedule, way)


def _schedule(case: GoldenCase) -> Schedule:
    config = case.config
    name = config.get("schedule", "linear")
    return make_schedule(
        PUBLISHED_NAMES.get(name, name),
        config.get("num_timesteps", 300),
        beta_start=config.get("beta_start", 1e-4),
        beta_end=config.get("beta_end", 0.02),
    )


def _compare_trajectory(case: GoldenCase, network: Network, schedule: Schedule, way: str) -> None:
    """The last steps of the reverse iteration, as many as there are draws of noise."""
    start = case.tensor("x_start")
    draws = list(case.tensor("noise"))
    mask = case.tensor("mask")[: len(start)]
    run = ancestral(
        lambda x_t, t: network(x_t, t, mask), schedule, start, FixedNoise(draws),
        timesteps=range(len(draws) - 1, -1, -1), clip="x_t",
    )  # fmt: skip
    case.compare("trajectory", torch.stack([step.x_t for step in run]), way)


def _compare_one_shot(case: GoldenCase, network: Network, schedule: Schedule, way: str) -> None:
    """x0_hat of the first image at the last t of the file; at which t is not written in it.

    Any other t would be off by a hundred times the tolerance, so where that t does not fit,
    the one that does is looked for.
    """
    count = len(case.arrays["pred_x0"])
    x, mask = case.tensor("x")[:count], case.tensor("mask")[:count]

    def x0_hat(t: int) -> Tensor:
        times = torch.full((count,), t)
        return x0_from_eps(schedule, x, times, network(x, times, mask))

    times = case.tensor("t").flip(0).tolist()
    others = [t for t in range(schedule.num_timesteps) if t not in times]
    errors = (case.error("pred_x0", x0_hat(t)) for t in [*times, *others])
    assert any(e <= TOLERANCE for e in errors), f"{case.name}: pred_x0 {way} fits no t"


@torch.no_grad()
def segmenter(case: GoldenCase, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logits and bottleneck."""
    tensors, card = convert(case.published_weights(folder), case.name)
    config = case.config
    for key, ours in (
        ("channels", "channels"),
        ("in_channels", "inputs"),
        ("out_channels", "classes"),
    ):
        assert config.get(key, card.config[ours]) == card.config[ours], (
            f"{key} misread from the names"
        )
    model = ResidualUNet(
        tuple(card.config["channels"]), card.config["inputs"], card.config["classes"]
    )
    load_into(model, tensors, case.name)
    logits, latent = model.eval().features(case.tensor("image"))
    for key, value in (("logits", logits), ("latent", latent)):
        if key in case:
            case.compare(key, value)

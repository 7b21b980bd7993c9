from __future__ import annotations

from typing import Any

import pytest

from engine.errors import InputError
from engine.methods.cdm import METHOD
from engine.methods.cdm.params import (
    CLASSIFIER_PRESETS,
    DIFFUSION_PRESETS,
    ClassifierParams,
    DiffusionParams,
)
from engine.methods.cdm.training import classifier_config, diffusion_config
from engine.methods.cdm.use_params import SegmentParams


def test_every_preset_describes_a_network() -> None:
    for name, values in DIFFUSION_PRESETS.items():
        made = DiffusionParams.parse(values)
        config = diffusion_config(made, 2)
        assert made.size % config.divisor == 0, name
        assert config.outputs == 2 * config.inputs
    for name, values in CLASSIFIER_PRESETS.items():
        made = ClassifierParams.parse(values)
        assert made.size % classifier_config(made, 2).divisor == 0, name


def test_published_values() -> None:
    paper = DiffusionParams.parse(DIFFUSION_PRESETS["paper"])
    config = diffusion_config(paper, 2)
    assert (config.width, config.blocks, config.heads, config.scale_shift) == (128, 3, 4, True)
    assert config.attention == (8, 16), "sides of 16 and 8 px"
    assert (paper.lr, paper.batch, paper.ema_decay, paper.timesteps) == (1e-4, 4, 0.9999, 1000)
    assert ClassifierParams.parse(CLASSIFIER_PRESETS["paper"]).lr == 3e-4
    used = SegmentParams.parse(METHOD.task("segment").preset("paper"))
    assert (used.level, used.rounds, used.tau, used.scale) == (400, 10, 0.95, 10.0)
    assert (used.magnitude, used.smooth, used.draws, used.keep) == ("signed", 0.0, 1, "slice")


def test_both_stages_part_the_patients_alike() -> None:
    """Seed, shares and what slices show have the same defaults."""
    one, other = DiffusionParams(), ClassifierParams()
    for name in (
        "seed",
        "validation",
        "test",
        "hold_out",
        "plane",
        "fov",
        "tail",
        "smallest",
        "each",
    ):
        assert getattr(one, name) == getattr(other, name)
    fast = [presets["fast"] for presets in (DIFFUSION_PRESETS, CLASSIFIER_PRESETS)]
    assert fast[0]["size"] == fast[1]["size"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"multipliers": "1, 1, 1, 1, 1, 1"}, "cannot be halved 5 times"),
        ({"attention": "16"}, "No feature map has a side of 16 px"),
        ({"attention": "12", "heads": 5}, "shared by 5 heads"),
    ],
)
def test_networks_that_cannot_be_built(changes: dict[str, Any], problem: str) -> None:
    made = DiffusionParams.parse({**DIFFUSION_PRESETS["fast"], "size": 48, **changes})
    with pytest.raises(InputError, match=problem) as caught:
        diffusion_config(made, 2)
    assert caught.value.hint


def test_heads_of_a_classifier() -> None:
    made = ClassifierParams.parse({**CLASSIFIER_PRESETS["fast"], "head_channels": 13})
    with pytest.raises(InputError, match="heads of 13"):
        classifier_config(made, 2)


@pytest.mark.parametrize(
    "values", [{"multipliers": ""}, {"multipliers": "1, x"}, {"attention": "0"}, {"timesteps": 1}]
)
def test_values_that_cannot_be_used(values: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(values))):
        DiffusionParams.parse(values)


def test_patients_are_named_with_commas() -> None:
    assert DiffusionParams(hold_out=" A-1, B 2,").held_out == ("A-1", "B 2")

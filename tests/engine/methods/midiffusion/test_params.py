"""Presets and what they ask of the network."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import InputError
from engine.methods.midiffusion import METHOD
from engine.methods.midiffusion.params import TRAIN_PRESETS, TrainParams
from engine.methods.midiffusion.training import network_config, process_of
from engine.methods.midiffusion.use_params import SampleParams, TranslateParams


def test_every_preset_describes_a_network() -> None:
    assert set(TRAIN_PRESETS) == {"paper", "fast", "gpu"}
    for name, values in TRAIN_PRESETS.items():
        made = TrainParams.parse(values)
        config = network_config(made)
        assert made.size % config.divisor == 0, name
        assert (config.inputs, config.outputs) == (3, 1)


def test_published_values() -> None:
    paper = TrainParams.parse(TRAIN_PRESETS["paper"])
    config = network_config(paper)
    assert (config.width, config.multipliers, config.blocks) == (64, (1, 1, 2, 3, 4), 2)
    assert config.attention == (8,), "sides of 16 px"
    assert (paper.lr, paper.batch, paper.ema_decay, paper.clip_norm) == (3e-4, 4, 0.9999, 1.0)
    process = process_of(paper)
    assert (process.timesteps, process.beta_start, process.beta_end) == (1000, 1e-4, 0.02)
    assert (process.bins, process.sigma, process.normalized) == (27, 2.0, False)
    used = TranslateParams.parse(METHOD.task("translate").preset("paper"))
    assert (used.sampler, used.steps, used.repetitions) == ("ddpm", 0, 3)
    assert (used.guidance, used.start) == ("information", "noise")


def test_a_network_for_sdedit_alone_has_no_maps() -> None:
    assert network_config(TrainParams(unguided=1.0)).inputs == 1
    assert process_of(TrainParams(unguided=0.2)).unguided
    assert not process_of(TrainParams()).unguided


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"size": 144, "multipliers": "1, 1, 1, 1, 1, 1"}, "cannot be halved 5 times"),
        ({"heads": 5}, "5 heads do not divide"),
    ],
)
def test_networks_that_cannot_be_built(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        network_config(TrainParams.parse(changes))
    assert caught.value.hint


def test_a_schedule_that_falls() -> None:
    with pytest.raises(InputError, match=r"from beta 0\.5 to 0\.1"):
        process_of(TrainParams(beta_start=0.5, beta_end=0.1))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (TrainParams, {"multipliers": ""}),
        (TrainParams, {"multipliers": "1, x"}),
        (TrainParams, {"attention": "0"}),
        (TrainParams, {"timesteps": 1}),
        (TrainParams, {"sigma": 0.0}),
        (SampleParams, {"level": -1}),
        (SampleParams, {"samples": 0}),
        (SampleParams, {"guidance": "magic"}),
    ],
)
def test_values_that_cannot_be_used(kind: Any, values: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(values))):
        kind.parse(values)


def test_patients_are_named_with_commas() -> None:
    assert TrainParams(hold_out=" A-1, B 2,").held_out == ("A-1", "B 2")

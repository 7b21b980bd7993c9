from __future__ import annotations

from typing import Any

import pytest

from engine.errors import InputError
from engine.methods.cdal import METHOD
from engine.methods.cdal.data import recipe
from engine.methods.cdal.params import TRAIN_PRESETS, TrainParams
from engine.methods.cdal.training import discriminator_config, generator_config
from engine.parameters import describe


def test_every_preset_is_valid_and_buildable() -> None:
    for task in METHOD.tasks:
        for name in task.presets:
            task.params.parse(task.preset(name))
    for name, values in TRAIN_PRESETS.items():
        made = TrainParams.parse(values)
        shown = recipe(made.kind, made.size)
        config = generator_config(made, shown, 3 if made.kind == "hippocampus" else 2)
        assert config.image_size == made.size
        assert discriminator_config(made, config.labels).labels == config.labels, name


def test_published_presets() -> None:
    monuseg, cxr, hippocampus = (
        TrainParams.parse(TRAIN_PRESETS[f"paper-{name}"])
        for name in ("monuseg", "cxr", "hippocampus")
    )
    for made in (monuseg, cxr):
        assert (made.lr_generator, made.lr_discriminator, made.lr_end) == (2e-4, 1e-5, 1e-5)
        assert (made.beta1, made.beta2, made.r1_gamma, made.batch) == (0.5, 0.9, 1.0, 3)
    assert (monuseg.attention_scale, cxr.attention_scale) == (3, 2)
    assert (hippocampus.latent, hippocampus.lazy_r1, hippocampus.ema_decay) == (50, 10, 0.999)


@pytest.mark.parametrize("task", METHOD.tasks, ids=lambda task: task.name)
def test_every_parameter_is_described(task: Any) -> None:
    for info in describe(task.params):
        assert info.label, info.name
        assert info.help.endswith("."), info.name
        task.params.parse({info.name: info.default})


@pytest.mark.parametrize(
    "values",
    [{"multipliers": "1"}, {"multipliers": "1, x"}, {"attention": "0"}, {"timesteps": 9}],
)
def test_values_that_cannot_be_used(values: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(values))):
        TrainParams.parse(values)

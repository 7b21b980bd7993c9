from __future__ import annotations

from typing import Any

import pytest

from engine.errors import InputError
from engine.method import Task
from engine.methods import METHODS, method
from engine.methods.adaptdiff.params import (
    DiffusionParams,
    FineTuneParams,
    SynthesisParams,
    SynthesisSetParams,
)
from engine.parameters import describe

TASKS = [task for m in METHODS for task in m.tasks]


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_every_parameter_is_described_for_people(task: Task) -> None:
    for info in describe(task.params):
        assert info.label[:1].isupper(), info.name
        assert info.help.endswith("."), f"{info.name}: {info.help}"
        if info.kind in ("int", "float", "seed"):
            assert info.minimum is not None, info.name
            assert info.maximum is not None, info.name
            assert info.minimum <= info.default <= info.maximum
        if info.kind == "choice" and info.choices:
            assert info.default in dict(info.choices)


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_every_preset_can_be_used(task: Task) -> None:
    for name in task.presets:
        values = task.preset(name)
        assert values.items() <= task.params.parse(values).model_dump().items()
    with pytest.raises(InputError, match="no preset named 'none'"):
        task.preset("none")


def test_stages_have_the_three_presets() -> None:
    for task in method("adaptdiff").tasks:
        if task.presets:
            assert set(task.presets) == {"paper", "fast", "gpu"}, task.name


@pytest.mark.parametrize(
    ("params", "field", "value"),
    [
        (SynthesisParams, "seed", -1),
        (SynthesisParams, "seed", 2**31),
        (SynthesisParams, "seed", 0.5),
        (SynthesisParams, "steps", 0),
        (SynthesisParams, "steps", 4001),
        (SynthesisParams, "variants", 0),
        (SynthesisParams, "sampler", "euler"),
        (SynthesisParams, "eta", float("nan")),
        (SynthesisParams, "eta", 1.1),
        (SynthesisParams, "no_such", 1),
        (SynthesisSetParams, "crop", 63),
        (SynthesisSetParams, "phantom_share", -0.1),
        (DiffusionParams, "lr", 0.0),
        (DiffusionParams, "lr", float("inf")),
        (DiffusionParams, "timesteps", 1),
        (DiffusionParams, "false_negative_rate", 2),
        (DiffusionParams, "beta_end", 1.0),
        (FineTuneParams, "batch", "many"),
    ],
)
def test_values_out_of_range_are_named(params: Any, field: str, value: object) -> None:
    with pytest.raises(InputError, match=field) as caught:
        params.parse({field: value})
    assert caught.value.hint


@pytest.mark.parametrize("params", [DiffusionParams, SynthesisSetParams])
def test_zoom_ranges_that_contradict_themselves_are_refused(params: Any) -> None:
    with pytest.raises(InputError, match="zoom_min 2 is above zoom_max"):
        params.parse({"zoom_min": 2.0, "zoom_max": 1.5})


def test_unknown_method_and_task() -> None:
    with pytest.raises(InputError, match=r"no method 'x'.*adaptdiff"):
        method("x")
    with pytest.raises(InputError, match=r"no task named 'x'.*synthesize"):
        method("adaptdiff").task("x")

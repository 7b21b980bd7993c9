from __future__ import annotations

import subprocess
import sys

import pytest

from engine.errors import InputError
from engine.methods.diffrect import METHOD
from engine.methods.diffrect.params import TRAIN_PRESETS, TrainParams, names_of
from engine.parameters import describe


def test_saying_what_the_method_offers_loads_no_torch() -> None:
    code = "import sys, engine.methods.diffrect; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", sorted(TRAIN_PRESETS))
def test_presets_can_be_used(name: str) -> None:
    TrainParams.parse(METHOD.task("train").preset(name))


def test_the_defaults_are_the_published_values() -> None:
    made = TrainParams()
    assert (made.size, made.batch, made.lr, made.momentum) == (256, 6, 0.01, 0.9)
    assert (made.weight_decay, made.poly, made.iterations) == (1e-4, 0.9, 30_000)
    assert (made.consistency, made.ramp, made.confidence) == (0.1, 30_000, 0.8)
    assert (made.rectify_after, made.timesteps, made.sample_steps) == (1_000, 10, 2)
    assert (made.contrast, made.resampling, made.validate_every) == ("stored", "nearest", 200)
    for name in ("paper-acdc", "paper-prostate", "paper-mscmr"):
        assert TRAIN_PRESETS[name].keys() == {"labelled_patients"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [({"batch": 5}, "even"), ({"size": 96}, "multiple of 64"), ({"scheme": "x"}, "scheme")],
)
def test_values_that_cannot_be_used(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        TrainParams.parse(changes)


def test_every_task_can_be_shown_as_a_form() -> None:
    for task in METHOD.tasks:
        assert describe(task.params)
        assert set(task.optional) <= set(task.inputs)


def test_names_from_text() -> None:
    assert names_of("a, b;c, a") == ("a", "b", "c")
    assert names_of("a b\na") == ("a", "b")
    assert names_of("patient 1, patient 2") == ("patient 1", "patient 2")
    assert names_of("patient 1,") == ("patient 1",)
    assert names_of("") == ()

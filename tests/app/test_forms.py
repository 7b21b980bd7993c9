"""Parameters as fields, and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import forms
from engine.errors import InputError
from engine.library import Entry
from engine.methods import METHODS
from engine.methods.adaptdiff.params import SynthesisParams
from engine.training.checkpoint import Card


def entry(name: str, title: str) -> Entry:
    return Entry(name, Path(name), Card(method="adaptdiff", role="diffusion", title=title), False)


def test_every_task_of_every_method_makes_fields() -> None:
    for method in METHODS:
        for task in method.tasks:
            specs = forms.field_specs(task.params, {"checkpoint": (("a", "A"),)})
            values = {spec.name: spec.default for spec in specs}
            forms.parse(task.params, values)


def test_models_with_one_title_carry_their_names() -> None:
    choices = forms.model_choices((entry("a", "Eye"), entry("b", "Eye"), entry("c", "Ear")))
    assert choices == (("a", "Eye (a)"), ("b", "Eye (b)"), ("c", "Ear"))


def test_remembered_values_that_do_not_fit_any_more_are_left_out() -> None:
    specs = forms.field_specs(SynthesisParams, {"checkpoint": (("octa", "OCT-A"),)})
    remembered = {
        "checkpoint": "gone", "sampler": "ddim", "steps": 10**9, "seed": 4, "eta": "much",
        "match_histogram": 1, "variants": True, "foreign": 3,
    }  # fmt: skip
    assert forms.usable(specs, remembered) == {"sampler": "ddim", "seed": 4}


def test_no_model_is_said_in_words() -> None:
    specs = forms.field_specs(SynthesisParams, {"checkpoint": forms.model_choices(())})
    with pytest.raises(InputError, match="no model"):
        forms.parse(SynthesisParams, {spec.name: spec.default for spec in specs})

"""Every method that validates can end early, and choose its best weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.methods.adaptdiff import params as adaptdiff
from engine.methods.adaptdiff.stages import fit_settings as adaptdiff_settings
from engine.methods.cdal import params as cdal
from engine.methods.cdal.stage import fit_settings as cdal_settings
from engine.methods.cdm import params as cdm
from engine.methods.cdm.diffusion_stage import fit_settings as cdm_settings
from engine.methods.diffrect import params as diffrect
from engine.methods.diffrect.stage import fit_settings as diffrect_settings
from engine.methods.midiffusion import params as midiffusion
from engine.methods.midiffusion.stage import fit_settings as midiffusion_settings
from engine.parameters import Parameters
from engine.training.stage import FitSettings, last_of_epoch

METHODS: list[tuple[type[Parameters], Callable[[Any], FitSettings]]] = [
    (adaptdiff.SegmenterParams, adaptdiff_settings), (cdal.TrainParams, cdal_settings),
    (cdm.DiffusionParams, cdm_settings), (cdm.ClassifierParams, cdm_settings),
    (diffrect.TrainParams, diffrect_settings), (midiffusion.TrainParams, midiffusion_settings),
]  # fmt: skip


@pytest.mark.parametrize(("params", "settings"), METHODS)
def test_patience_is_off_and_can_be_had(
    params: type[Parameters], settings: Callable[[Any], FitSettings]
) -> None:
    assert settings(params.parse({})).patience == 0
    assert settings(params.parse({"patience": 7})).patience == 7


def test_where_there_are_two_figures_one_is_chosen() -> None:
    assert cdm_settings(cdm.DiffusionParams()).best_by == "noise explained"
    assert cdm_settings(cdm.DiffusionParams(best_by="label gain")).best_by == "label gain"
    assert cdm_settings(cdm.ClassifierParams()).best_by == "balanced accuracy"


def test_a_structure_by_its_name_tells_the_best() -> None:
    names = ["left", "right"]
    assert cdal_settings(cdal.TrainParams(), names).best_by == ""
    made = cdal_settings(cdal.TrainParams(best_by="Right "), names)
    assert made.best_by == "validation Dice, right"
    lowest = diffrect_settings(diffrect.TrainParams(best_by="lowest"), names)
    assert lowest.best_by == "validation Dice, lowest"


def test_epochs_of_samples_that_are_drawn() -> None:
    assert [last_of_epoch(i, 10, 4) for i in (1, 3, 4, 6, 7)] == [3, 3, 6, 6, 9]
    assert last_of_epoch(5, 2, 8) == 5

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.methods.diffrect.cases import Pool, open_pool
from engine.methods.diffrect.data import SliceStore
from engine.methods.diffrect.recipe import Recipe
from engine.methods.diffrect.validating import Validation, dice
from engine.networks.level_unet import SegmenterUNet
from tests.helpers.adaptdiff_models import run
from tests.helpers.diffrect_models import SIDE, TINY, slices_set
from tests.helpers.torch_rules import cpu_context

NAMES = {0: "background", 1: "ring", 2: "disc"}


class ByBrightness(SegmenterUNet):
    """Finds ring and disc by their values, as these were drawn."""

    def forward(self, image: Tensor) -> Tensor:
        levels = torch.tensor([0.2, 0.5, 0.8]).reshape(1, 3, 1, 1)
        return -50 * (image - levels).abs()


def test_dice_of_masks() -> None:
    one, other = np.array([True, True, False]), np.array([True, False, False])
    assert dice(one, one) == 1
    assert dice(one, other) == pytest.approx(2 / 3)
    assert dice(one, ~one) == 0
    assert dice(other & False, other & False) == 1
    assert dice(one, one & False) == 0, "what is missed counts"


def test_whole_volumes_on_their_own_voxels(tmp_path: Path) -> None:
    root = slices_set(tmp_path, patients=2, slices=3)
    pool: Pool = run(open_pool(root))[0]
    cases = [case for case in pool.cases if case.name in pool.lists["validation"]]
    validation = Validation(cases, SliceStore(Recipe(1, SIDE)), NAMES)
    good = validation(ByBrightness(TINY).eval(), cpu_context())
    of_each = ["validation Dice, ring", "validation Dice, disc"]
    assert list(good) == ["validation Dice", "validation Dice, lowest", *of_each]
    assert min(good.values()) > 0.85
    classes = (good["validation Dice, ring"], good["validation Dice, disc"])
    assert good["validation Dice"] == pytest.approx(np.mean(classes))
    assert good["validation Dice, lowest"] == min(classes)
    again = validation(ByBrightness(TINY).eval(), cpu_context())
    assert again == good

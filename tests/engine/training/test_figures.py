"""Figures of several structures, and which one tells the best weights."""

from __future__ import annotations

import pytest

from engine.errors import InputError
from engine.training.figures import best_dice, dice_figures


def test_the_mean_comes_first_and_of_several_the_lowest_and_each() -> None:
    assert dice_figures(0.5, {"disc": 0.5}) == {"validation Dice": 0.5}
    found = dice_figures(0.6, {"left": 0.5, "right": 0.7})
    assert list(found.items()) == [
        ("validation Dice", 0.6), ("validation Dice, lowest", 0.5),
        ("validation Dice, left", 0.5), ("validation Dice, right", 0.7),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "figure"),
    [
        ("", ""), ("lowest", "validation Dice, lowest"), (" LEFT", "validation Dice, Left"),
        ("right", "validation Dice, right"),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_a_figure_that_is_told(asked: str, figure: str) -> None:
    names = ["Left", "right"]
    assert best_dice(asked, names) == figure
    assert not figure or figure in dice_figures(0.5, dict.fromkeys(names, 0.5))


def test_of_one_structure_there_is_one_figure() -> None:
    assert best_dice("disc", ["Disc"]) == ""
    with pytest.raises(InputError, match="no structure lowest"):
        best_dice("lowest", ["Disc"])

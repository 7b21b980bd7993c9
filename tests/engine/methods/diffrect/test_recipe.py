from __future__ import annotations

import json

import numpy as np
import pytest

from engine.errors import CheckpointError
from engine.methods.diffrect.params import Resampling
from engine.methods.diffrect.recipe import Recipe


def test_a_card_and_back_through_json() -> None:
    made = Recipe(3, 128, "percentiles", "linear")
    assert Recipe.from_card(json.loads(json.dumps(made.card()))) == made
    told = made.card()
    assert (told["dims"], told["channels"]) == (2, 3), "what the window says of a checkpoint"


@pytest.mark.parametrize(
    "changes", [{"side": "x"}, {"contrast": "loud"}, {"channels": 2}, {"side": 0}]
)
def test_cards_that_say_nothing_of_use(changes: dict[str, object]) -> None:
    with pytest.raises(CheckpointError) as caught:
        Recipe.from_card(Recipe().card() | changes)
    assert caught.value.hint


def test_a_card_without_one_of_its_values() -> None:
    card = Recipe().card()
    card.pop("resampling")
    with pytest.raises(CheckpointError, match="resampling"):
        Recipe.from_card(card)


@pytest.mark.parametrize("resampling", ["nearest", "linear"])
def test_slices_stay_where_they_are(resampling: Resampling) -> None:
    """A square in the middle is in the middle again after the way there and back."""
    recipe = Recipe(1, 64, "stored", resampling)
    image = np.zeros((1, 2, 40, 100), np.float32)
    image[:, :, 10:30, 20:80] = 1.0
    seen = recipe.slices(image)
    assert seen.shape == (1, 2, 64, 64)
    rows, columns = np.nonzero(seen[0, 0] > 0.5)
    assert (rows.mean(), columns.mean()) == pytest.approx((31.5, 31.5), abs=0.5)
    back = recipe.back(seen, (40, 100))
    assert np.array_equal(back > 0.5, image > 0.5) or resampling == "linear"
    assert ((back > 0.5) != (image > 0.5)).mean() < 0.02
    labels = recipe.labels((image[0] > 0).astype(np.uint8))
    assert labels.dtype == np.uint8
    assert (labels != (seen[0] > 0.5)).mean() < 0.02


def test_nothing_changes_where_sides_are_the_same() -> None:
    image = np.random.default_rng(0).random((1, 1, 64, 64), np.float32)
    assert np.array_equal(Recipe(1, 64).slices(image), image)


def test_each_slice_between_its_own_tails() -> None:
    rng = np.random.default_rng(0)
    image = np.stack([rng.random((64, 64)) * 0.1, rng.random((64, 64)), np.full((64, 64), 0.3)])
    image[1, 0, 0] = 50.0
    seen = Recipe(1, 64, "percentiles").slices(image[np.newaxis].astype(np.float32))[0]
    assert seen[:2].min() == 0.0
    assert seen[:2].max() == 1.0
    assert abs(seen[0].mean() - seen[1].mean()) < 0.05, "one bright pixel darkens nothing"
    assert not seen[2].any()

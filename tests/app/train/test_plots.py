"""Each metric in its plot."""

from __future__ import annotations

import pytest

from app.workspaces.train.compare_page import first_metrics
from app.workspaces.train.plots import CRITIC, JUDGED, LOSS, RATE, plot_of


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("loss", LOSS), ("cross-entropy", LOSS), ("D real", CRITIC), ("critic lr", RATE),
        ("lr", RATE), ("validation Dice, left", JUDGED), ("noise explained", JUDGED),
        ("label gain", JUDGED), ("balanced accuracy, noisy", JUDGED),
    ],
)  # fmt: skip
def test_what_is_measured_on_held_out_cases_is_no_loss(name: str, title: str) -> None:
    assert plot_of(name) == title


def test_loss_and_validation_are_compared_before_rates() -> None:
    counts = {"lr": 2, "noise": 2, "noise explained": 2, "loss": 2, "label gain": 1}
    assert first_metrics(counts) == ("loss", "noise explained", "noise", "lr")

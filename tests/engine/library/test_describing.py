"""What a card says of itself, in the order in which it is read."""

from __future__ import annotations

import pytest

from engine.library.describing import headline, sections
from engine.training.checkpoint import Card


def test_data_begin_with_their_name_and_end_with_what_nobody_reads() -> None:
    data = {"cases": 4, "fingerprint": "ab12", "name": "Scans", "terms": "free"}
    parts = sections(Card(method="cdal", role="generator", title="A", data=[data]))
    (trained,) = (part for part in parts if part.title == "Trained on")
    assert [name for name, _ in trained.lines] == ["name", "cases", "terms", "fingerprint"]


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"Dice": {"mean": 0.8792}}, "Dice 0.879"),
        ({"dice": {"cdm": [0.2701, [0.26, 0.28]]}}, "Dice 0.27"),
        ({"cases": 3, "test": {"mean Dice": 0.5}}, "Mean Dice 0.5"),
        ({"cases": 3}, ""),
    ],
)
def test_the_first_figure_that_says_how_good_it_is_has_a_capital(
    figures: dict[str, object], told: str
) -> None:
    card = Card(
        method="cdal", role="generator", title="A", preprocessing={"size": 8}, figures=figures
    )  # fmt: skip
    assert headline(card) == told

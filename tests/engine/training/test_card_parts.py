from __future__ import annotations

import pytest
from pydantic import BaseModel, Field

from engine.errors import CheckpointError
from engine.training.card_parts import part_of, unfit


class Config(BaseModel):
    widths: tuple[int, ...] = Field(min_length=2)


def test_a_part_is_checked_and_what_it_does_not_know_is_left_out() -> None:
    assert part_of(Config, {"widths": [8, 16], "other": 1}, "a", "cdm").widths == (8, 16)
    with pytest.raises(CheckpointError, match=r"a describes no cdm network: widths\.1: .*integer"):
        part_of(Config, {"widths": [8, "x"]}, "a", "cdm")
    with pytest.raises(CheckpointError, match="widths: Field required"):
        part_of(Config, {}, "a", "cdm")


def test_a_reason_that_is_a_sentence_ends_once() -> None:
    assert unfit("a", "cdm", "T is 0.").message == "The card of a describes no cdm network: T is 0."

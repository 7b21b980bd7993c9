from __future__ import annotations

from typing import Literal

import pytest

from engine.errors import InputError
from engine.parameters import Parameters, describe, parameter, whole_numbers


class Example(Parameters):
    count: int = parameter(3, "Count", "How many.", ge=1, le=9, unit="px", step=2, slider=(1, 5))
    rate: float = parameter(0.5, "Rate", "How fast.", gt=0, le=1, advanced=True)
    mode: Literal["a", "b"] = parameter("a", "Mode", "Which.", choices={"b": "The other"})
    seed: int = parameter(0, "Seed", "From it.", kind="seed", ge=0, le=5, group="Random")
    on: bool = parameter(False, "On", "Whether.")
    name: str = parameter("", "Name", "What it is called.")
    internal: int = parameter(1, "Internal", "Nobody's business.", hidden=True)


def test_description_in_the_order_of_definition() -> None:
    count, rate, mode, seed, on, name = describe(Example)
    assert (count.kind, count.minimum, count.maximum, count.step) == ("int", 1, 9, 2)
    assert (count.unit, count.default, count.label, count.help) == ("px", 3, "Count", "How many.")
    assert (count.slider, rate.slider) == ((1, 5), None)
    assert (rate.kind, rate.minimum, rate.maximum, rate.advanced) == ("float", 0, 1, True)
    assert (mode.kind, mode.choices) == ("choice", (("a", "a"), ("b", "The other")))
    assert (seed.kind, seed.group) == ("seed", "Random")
    assert (on.kind, name.kind) == ("bool", "text")


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        Example.parse({"count": 10, "rate": "fast", "unknown": 1})
    for field in ("count", "rate", "unknown"):
        assert field in caught.value.message


def test_changes_are_validated_and_leave_the_original() -> None:
    original = Example()
    assert original.with_changes(count=5).count == 5
    assert original.count == 3
    with pytest.raises(InputError, match="count"):
        original.with_changes(count=0)
    with pytest.raises(ValueError, match="frozen"):
        original.count = 4


def test_lists_of_numbers() -> None:
    assert whole_numbers("1, 2,2  4") == (1, 2, 2, 4)
    assert whole_numbers("") == ()
    for text in ("1, x", "0", "-1", "1.5", "²"):
        with pytest.raises(ValueError, match="whole numbers from 1 on"):
            whole_numbers(text)

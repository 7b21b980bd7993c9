from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.segmenters import findable, opened, partner, segmenters, step_name
from engine.errors import CheckpointError
from engine.library import Entry
from engine.methods import cdal
from engine.training.checkpoint import Card
from tests.helpers.cdal_models import save_generator
from widgets.paint.labels.table import default_colour


def card(**values: Any) -> Card:
    return Card(**{"method": "cdal", "role": "generator", "title": "T", **values})


def test_methods_that_segment() -> None:
    found = segmenters()
    assert "cdal" in [s.method.id for s in found]
    assert not {"adaptdiff", "midiffusion"} & {s.method.id for s in found}
    assert all(s.roles()["checkpoint"] == s.task.role for s in found)


def test_a_real_checkpoint_says_what_it_takes(tmp_path: Path) -> None:
    path = save_generator(tmp_path / "tiny.safetensors", kind="hippocampus")
    found = opened(path, segmenters())
    assert (found.segmenter.method.id, found.parameter) == ("cdal", "checkpoint")
    told = findable(found.entry.card)
    assert (told.channels, told.slices) == (1, False)
    assert told.facts == ("takes grey volumes turned to LPI", "5 votes by default")
    rgb = opened(save_generator(tmp_path / "rgb.safetensors", kind="rgb"), segmenters())
    assert findable(rgb.entry.card).slices
    assert findable(rgb.entry.card).facts[0] == "takes colour images, slice by slice"


def test_cards_may_say_anything() -> None:
    odd = card(
        labels={"x": {"name": "no"}, "0": {"name": "background"}, "3": {"color": "#12"},
                "2": {"name": "Two", "color": "00ff7F"}, "70000": {}},
        preprocessing={"channels": "many", "dims": None}, data=[{"cases": "ten"}, {}],
        figures={"note": "good", "passed": True, "Dice": 0.5},
    )  # fmt: skip
    told = findable(odd)
    assert [(s.value, s.name, s.colour) for s in told.structures] == [
        (2, "Two", (0, 255, 127)), (3, "Label 3", default_colour(3)),
    ]  # fmt: skip
    assert (told.channels, told.slices, told.facts) == (0, False, ("Dice 0.5",))


def test_where_it_was_trained() -> None:
    data = [{"cases": 3, "name": "A"}, {"cases": 1, "name": "B"}]
    assert findable(card(preprocessing={"votes": 30})).facts == ("30 votes by default",)
    assert findable(card(preprocessing={"votes": 1})).facts == ("1 vote by default",)
    assert not findable(card(preprocessing={"votes": "many"})).facts
    assert findable(card(data=data)).facts == ("trained on 4 cases of A, B",)
    assert findable(card(data=[{"cases": 1}])).facts == ("trained on 1 case",)
    told = findable(card(data=[{"name": "A: half of it"}], summary="Finds A.", licence="CC0"))
    assert told.facts == ("trained on A",)
    assert told.detail == ("Finds A.", "A: half of it", "CC0")


def test_steps_are_named_after_method_and_checkpoint() -> None:
    assert step_name(cdal.METHOD, card(title="Nuclei")) == "cDAL, Nuclei"
    assert step_name(cdal.METHOD, card(title="cDAL, hippocampus")) == "cDAL, hippocampus"


def test_files_of_no_method_here_are_refused(tmp_path: Path) -> None:
    path = save_generator(tmp_path / "tiny.safetensors")
    with pytest.raises(CheckpointError, match="a generator of cdal, which segments nothing"):
        opened(path, ())
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        opened(tmp_path / "gone.safetensors", segmenters())


def test_what_sees_images_alike_belongs_together(tmp_path: Path) -> None:
    def entry(name: str, **seen: int) -> Entry:
        return Entry(name, tmp_path / name, card(preprocessing=seen), bundled=False)

    main, side = entry("d", size=48), entry("c", size=48)
    assert partner(main, [entry("x", size=64), side]) == "c"
    assert partner(main, [side, entry("y", size=48)]) == "", "it cannot be known which"
    assert partner(main, []) == ""
    assert partner(entry("d"), [entry("c")]) == "", "nothing says what they see"

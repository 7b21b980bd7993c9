"""An evaluation as the window shows it; loads no library that reads images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from widgets.panels.data_table import Column, Line
from widgets.plots.box_plots import BoxGroup

if TYPE_CHECKING:
    from engine.scoring.image_scores import ImageScores
    from engine.scoring.memorised import Memorised
    from engine.scoring.scoring import Scores

    Found = Scores | ImageScores | Memorised


@dataclass(frozen=True)
class Key:
    """What a line is about.

    Attributes:
        label: Of label maps; None where there are none.
        other: Whether it is of the other model.
        place: Of copies, which one.
        way: Of images, what they were made by.
    """

    case: str
    label: int | None = None
    other: bool = False
    place: int = -1
    way: str = ""


@dataclass(frozen=True, eq=False)
class Grid:
    """A table."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, eq=False)
class Shown:
    """An evaluation as the window shows it.

    Attributes:
        source: What it was made of.
        facts: How many cases and patients, in one line.
        cases: A line a case and label, or way; `keys` says of what.
        means, pairs: Estimates with intervals, and what the first has over the others; None where
            there is nothing to tell.
        boxes: Title of a measure -> its boxes.
        series: What the colours of boxes stand for.
        rule: By which everything was judged.
        notes: What else there is to know.
        names: Label -> its name.
    """

    source: Found
    kind: Literal["labels", "images", "copies"]
    title: str
    facts: str
    cases: Grid
    keys: tuple[Key, ...]
    means: Grid | None
    pairs: Grid | None
    boxes: Mapping[str, tuple[BoxGroup, ...]]
    series: tuple[str, ...]
    rule: str
    notes: tuple[str, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)

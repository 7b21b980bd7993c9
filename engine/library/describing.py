"""What a card says, in parts with headings, for people: on the command line and in the window."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.training.checkpoint import Card

DEEP = "."
"""Between the names of a value in a value: "test part.Dice.mean"."""
MEAN = "mean"
METRIC = re.compile(r"dice|iou|ssim|psnr|mae|accuracy|sensitivity")
SHORT = 20
"""Longer names tell of something special, not of the model as it is used."""


@dataclass(frozen=True)
class Section:
    """A heading with lines, each a name and what is said of it."""

    title: str
    lines: tuple[tuple[str, str], ...]


def sections(card: Card) -> tuple[Section, ...]:
    """All that a card says but title, summary, notes and terms; parts without anything are left
    out. Of data the name comes first, and last what no one reads."""
    data: dict[str, Any] = {}
    for number, part in enumerate(card.data, 1):
        before = f"{number}. " if len(card.data) > 1 else ""
        names = sorted(part, key=lambda name: (name != "name", name == "fingerprint"))
        data |= {f"{before}{name}": part[name] for name in names}
    parts: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("Labels", {value: about.get("name", "") for value, about in card.labels.items()}),
        ("Trained on", data), ("Figures", card.figures), ("Takes", card.preprocessing),
        ("Training", card.training), ("Diffusion", card.process), ("Network", card.config),
        ("Made with", card.versions),
    )  # fmt: skip
    return tuple(
        Section(title, tuple((name, told(value)) for name, value in flat(part).items()))
        for title, part in parts if part
    )  # fmt: skip


def flat(part: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Values in values by their joined names; lists stay lists, and so does what was measured as a
    mean with its interval."""
    found: dict[str, Any] = {}
    for name, value in part.items():
        if isinstance(value, Mapping) and MEAN not in value:
            found |= flat(value, f"{before}{name}{DEEP}")
        else:
            found[f"{before}{name}"] = value
    return found


def told(value: Any) -> str:
    """A value of a card as people read it."""
    if isinstance(value, Mapping):
        if MEAN in value:
            others = ", ".join(f"{n} {told(v)}" for n, v in value.items() if n != MEAN)
            return told(value[MEAN]) + (f" ({others})" if others else "")
        return ", ".join(f"{name} {told(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        if len(value) == 2 and _number(value[0]) and isinstance(value[1], list | tuple):
            return f"{told(value[0])} ({told(value[1])})"  # a mean and its interval
        if len(value) == 2 and _number(value[0]) and _number(value[1]) and value[0] < value[1]:
            return " to ".join(map(told, value))
        return ", ".join(map(told, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "":
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def text_of(card: Card) -> str:
    """Every word of a card, in small letters, for searching."""
    lines = [f"{name} {value}" for part in sections(card) for name, value in part.lines]
    heads = [card.method, card.role, card.title, card.summary, card.notes, card.licence]
    return "\n".join([*heads, *lines]).casefold()


def headline(card: Card) -> str:
    """The first figure on the card that says how good it is, such as "Dice 0.879", with a capital
    however the card writes it; "" without."""
    if not card.preprocessing:
        return ""  # it takes no image, so the figures are of what others make of its own
    for name, value in flat(card.figures).items():
        if isinstance(value, Mapping):
            number = value[MEAN]
        else:
            number = value[0] if isinstance(value, list | tuple) and value else value
        if not _number(number):
            continue
        for part in reversed(name.split(DEEP)):
            if len(part) <= SHORT and METRIC.search(part.casefold()):
                return f"{part[:1].upper()}{part[1:]} {number:.3g}"
    return ""


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

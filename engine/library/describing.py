"""What a card says, in parts with headings, for people: on the command line and in the window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.training.checkpoint import Card

DEEP = "."
"""Between the names of a value in a value: "test part.Dice.mean"."""


@dataclass(frozen=True)
class Section:
    """A heading with lines, each a name and what is said of it."""

    title: str
    lines: tuple[tuple[str, str], ...]


def sections(card: Card) -> tuple[Section, ...]:
    """All that a card says but title, summary, notes and terms; parts without anything are left
    out."""
    data: dict[str, Any] = {}
    for number, part in enumerate(card.data, 1):
        before = f"{number}. " if len(card.data) > 1 else ""
        data |= {f"{before}{name}": value for name, value in part.items()}
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
    """Values in values by their joined names; lists stay lists."""
    found: dict[str, Any] = {}
    for name, value in part.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{before}{name}{DEEP}")
        else:
            found[f"{before}{name}"] = value
    return found


def told(value: Any) -> str:
    """A value of a card as people read it."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {told(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        if len(value) == 2 and all(isinstance(part, int | float) for part in value):
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

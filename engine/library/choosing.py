"""Which checkpoints of many: by words, method, role and origin, in an order; and side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from engine.library import Entry, Origin
from engine.library.describing import sections, text_of

Order = Literal["name", "method", "newest", "size"]


@dataclass(frozen=True)
class Wanted:
    """What is looked for.

    Attributes:
        text: Words that all have to be on the card, in the name or in the path, in any order.
        method, role, origin: "" takes any.
        order: Names and methods rise, newest and largest come first.
    """

    text: str = ""
    method: str = ""
    role: str = ""
    origin: Origin | Literal[""] = ""
    order: Order = "name"


@dataclass(frozen=True)
class Compared:
    """One thing that is said of several checkpoints.

    Attributes:
        part: Heading that it stands under.
        name: What is said.
        values: Of each in turn, "" where it says nothing.
    """

    part: str
    name: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


def choose(entries: Sequence[Entry], wanted: Wanted) -> tuple[Entry, ...]:
    """Those that are wanted, in the order that is wanted."""
    words = wanted.text.casefold().split()
    kept = [
        entry for entry in entries
        if wanted.method in ("", entry.card.method) and wanted.role in ("", entry.card.role)
        and wanted.origin in ("", entry.origin) and _has(entry, words)
    ]  # fmt: skip
    return tuple(sorted(kept, key=lambda entry: _place(entry, wanted.order)))


def compare(entries: Sequence[Entry]) -> tuple[Compared, ...]:
    """All that is said of any of them, what differs first, each part in the order of the card."""
    heads: dict[str, list[str]] = {
        "Method": [e.card.method for e in entries],
        "Role": [e.card.role for e in entries],
        "Origin": [e.origin for e in entries],
        "Terms": [e.card.licence for e in entries],
        "Notes": [e.card.notes for e in entries],
    }
    rows = [Compared("Card", name, tuple(values)) for name, values in heads.items()]
    said = [
        {(part.title, name): value for part in sections(entry.card) for name, value in part.lines}
        for entry in entries
    ]
    order = _parts(entries)
    names = list(dict.fromkeys(key for one in said for key in one))
    names.sort(key=lambda key: order.index(key[0]))  # stable: within a part as the cards have it
    rows += [Compared(*key, tuple(one.get(key, "") for one in said)) for key in names]
    rows = [row for row in rows if any(row.values)]
    return tuple(sorted(rows, key=lambda row: not row.differs))


def _parts(entries: Sequence[Entry]) -> list[str]:
    """The headings of all, those that several have where the first has them."""
    found: list[str] = []
    for entry in entries:
        place = 0
        for part in sections(entry.card):
            if part.title in found:
                place = found.index(part.title) + 1
            else:
                found.insert(place, part.title)
                place += 1
    return found


def _has(entry: Entry, words: Sequence[str]) -> bool:
    if not words:
        return True
    text = f"{text_of(entry.card)}\n{entry.name}\n{entry.path}\n{entry.origin}".casefold()
    return all(word in text for word in words)


def _place(entry: Entry, order: Order) -> tuple[Any, ...]:
    title = (entry.card.title.casefold(), entry.name)
    if order == "method":
        return entry.card.method, entry.card.role, title
    if order == "newest":
        return -entry.written, title
    if order == "size":
        return -entry.bytes, title
    return title

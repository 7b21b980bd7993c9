"""From entries of the library to what the list and the card show of them. No widgets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from PyQt6.QtGui import QImage

from app.model_uses import ORIGINS, method_title, use_of
from app.segmenters import findable
from engine.library import Entry
from engine.library.choosing import Compared
from engine.library.describing import DEEP, headline, sections
from widgets.panels.compare_table import OTHER, SAME, UNDER, CompareGroup, Row
from widgets.panels.models.model_list import ModelRow
from widgets.panels.wording import file_size

NOT_THERE = "–"
FILE = "File"
FIGURES = "Figures"


def row_of(entry: Entry, picture: QImage | None) -> ModelRow:
    """One row of the list."""
    card, use = entry.card, use_of(entry.card)
    facts = (headline(card), file_size(entry.bytes), _first_data(entry))
    title = method_title(card.method)
    return ModelRow(
        key_of(entry), card.title.strip() or entry.name, f"{title} {card.role}",
        " · ".join(fact for fact in facts if fact), ORIGINS[entry.origin], use.glyph, title,
        picture, colours_of(entry),
    )  # fmt: skip


def key_of(entry: Entry) -> str:
    """What tells entries apart: names may occur twice, files do not."""
    return str(entry.path)


def colours_of(entry: Entry) -> tuple[tuple[str, str], ...]:
    """(colour, name) of what a checkpoint finds."""
    found = findable(entry.card).structures
    return tuple(("#{:02x}{:02x}{:02x}".format(*s.colour), s.name) for s in found)


def about_html(entry: Entry, hashes: tuple[str, str] | None) -> str:
    """Everything a checkpoint says about itself under its head, as rich text.

    Args:
        hashes: Of the file and of the weights alone; None while they are worked out.
    """
    card = entry.card
    file, weights = hashes if hashes is not None else ("…", "…")
    written = datetime.fromtimestamp(entry.written).strftime("%Y-%m-%d %H:%M")
    parts = [
        _section("Terms", (("", card.licence or "Not told: ask whoever made it."),)),
        *(_section(part.title, part.lines) for part in sections(card) if part.title != "Labels"),
        _section(
            FILE,
            (
                ("name", entry.name), ("path", str(entry.path)),
                ("size", f"{file_size(entry.bytes)} ({entry.bytes:,} bytes)"),
                ("written", written), ("SHA-256", file), ("of the weights alone", weights),
            ),
        ),
    ]  # fmt: skip
    return "".join(parts)


def compared(rows: Sequence[Compared]) -> tuple[CompareGroup, ...]:
    """Figures, what else differs, and what is the same."""
    kinds: dict[str, list[Row]] = {FIGURES: [], OTHER: [], SAME: []}
    for row in rows:
        plain = row.part in ("Card", FIGURES)
        label = _plain(row.name if plain else f"{row.part}{DEEP}{row.name}")
        kind = FIGURES if row.part == FIGURES else OTHER if row.differs else SAME
        kinds[kind].append((label, tuple(value or NOT_THERE for value in row.values)))
    nothing = {FIGURES: "None has any on its card", OTHER: "Nothing else"}
    return tuple(
        CompareGroup(title, _gathered(found), title != SAME, nothing.get(title, ""))
        for title, found in kinds.items()
    )


def _gathered(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Rows whose labels begin with the same parts beside each other, else in their order."""
    parts = [label.rpartition(UNDER)[0] for label, _ in rows]
    return tuple(sorted(rows, key=lambda row: parts.index(row[0].rpartition(UNDER)[0])))


def _first_data(entry: Entry) -> str:
    return next((str(data["name"]) for data in entry.card.data if data.get("name")), "")


def _section(title: str, lines: Sequence[tuple[str, str]]) -> str:
    """A heading and a table; names of several parts stand under those that they share."""
    rows, group = [], ""
    for name, value in lines:
        *before, last = name.split(DEEP) if title != FILE else [name]
        if DEEP.join(before) != group:
            group = DEEP.join(before)
            if group:
                rows.append(f"<tr><td colspan='2'><i>{_words(group)}</i></td></tr>")
        if not name:
            rows.append(f"<tr><td colspan='2'>{escape(value)}</td></tr>")
            continue
        indent = "&nbsp;&nbsp;&nbsp;" if group else ""
        rows.append(
            f"<tr><td style='padding: 0 1em 0.2em 0'>{indent}{_words(last)}</td>"
            f"<td style='padding: 0 0 0.2em 0'>{escape(value)}</td></tr>"
        )
    return f"<p style='margin: 0.9em 0 0.2em 0'><b>{title}</b></p><table>{''.join(rows)}</table>"


def _words(name: str) -> str:
    """Names of settings as words, safe in rich text: "beta_min" -> "beta min"; parts of parts by
    arrows."""
    return escape(_plain(name))


def _plain(name: str) -> str:
    return name.replace("_", " ").replace(DEEP, UNDER)

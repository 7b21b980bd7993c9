"""`reverie info CHECKPOINT`: what one checkpoint says of itself, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine import library
from engine.training.checkpoint import Card, read_card
from engine.training.header import sha256_of


def show_checkpoints(names: Sequence[str], *, as_json: bool) -> None:
    """Print the cards of checkpoints given by name or file.

    Raises:
        CheckpointError: there is none of that name, or it cannot be read.
    """
    for place, name in enumerate(names):
        path = library.find(name)
        card = read_card(path)
        if as_json:
            about = {"path": str(path), "bytes": path.stat().st_size, "sha256": sha256_of(path)}
            print(json.dumps({"name": path.stem, **about, "card": card.model_dump()}))
        else:
            print("\n".join([*([""] if place else []), *lines_of(card, path)]))


def lines_of(card: Card, path: Path) -> Iterator[str]:
    """A card for people: what it finds and takes, how good it is, where it comes from."""
    yield f"{path.stem}: {card.title}"
    if card.summary:
        yield f"  {card.summary}"
    yield f"  {card.method} {card.role}, {path.stat().st_size / 1e6:.1f} MB"
    yield f"  {path}, sha256 {sha256_of(path)}"
    finds = [f"{value} {told.get('name', '')}".strip() for value, told in card.labels.items()]
    if finds:
        yield f"  labels      {', '.join(finds)}"
    for name, part in (
        ("takes", card.preprocessing), ("process", card.process), ("network", card.config),
        ("training", _flat(card.training)),
    ):  # fmt: skip
        if part:
            yield f"  {name:<10}  {', '.join(f'{n} {_told(v)}' for n, v in part.items())}"
    for data in card.data:
        told = [f"{n}: {v}" for n, v in data.items() if n != "fingerprint"]
        yield f"  data        {'; '.join(told)}"
    yield from _figures(card.figures)
    yield f"  licence     {card.licence or 'not told'}"
    made = ", ".join(f"{name} {version}" for name, version in card.versions.items())
    yield f"  made with   {made or 'not told'}"


def _flat(training: Mapping[str, Any]) -> dict[str, Any]:
    """How it was trained, with the parameters that most ask for; the card has all."""
    parameters = training.get("parameters")
    wanted = ("kind", "iterations", "batch", "seed")
    shown = parameters if isinstance(parameters, Mapping) else {}
    own = {name: shown[name] for name in wanted if name in shown}
    return {**own, **{n: v for n, v in training.items() if n != "parameters"}}


def _figures(figures: Mapping[str, Any]) -> Iterator[str]:
    if not figures:
        yield "  figures     none on the card"
    for name, value in figures.items():
        yield f"  {name}: {_told(value)}"


def _told(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_told(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return (
            " to ".join(map(_told, value))
            if len(value) == 2
            else f"({' '.join(map(_told, value))})"
        )
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "as it is"}[value]
    return f"{value:.4g}" if isinstance(value, float) else str(value) or '""'

"""What a run folder says about itself, as rich text."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from app.controllers.train.requests import Trainer
from engine.parameters import describe
from engine.training.checkpoint import Card
from engine.training.facts import RunFacts

NOTHING = "The folder says nothing yet."


def about_html(facts: RunFacts | None, trainer: Trainer | None) -> str:
    """Cases, checkpoints, inputs and parameters; those that are not the defaults are bold."""
    if facts is None:
        return escape(NOTHING)
    parts = [f"<p><code>{escape(str(facts.path))}</code></p>"]
    if facts.split is not None:
        counts = {
            "to train on": len(facts.split.train), "to validate": len(facts.split.validation),
            "kept apart for testing": len(facts.split.test),
        }  # fmt: skip
        told = ", ".join(f"{count} {what}" for what, count in counts.items())
        parts.append(f"<p><b>Cases</b><br>{told}</p>")
    parts.append(_checkpoints(facts))
    inputs = facts.request.get("inputs")
    if isinstance(inputs, dict):
        parts.append(_table("Inputs", {n.capitalize(): str(v) for n, v in inputs.items()}))
    parts.append(_parameters(facts, trainer))
    return "".join(parts)


def _checkpoints(facts: RunFacts) -> str:
    rows = {}
    for name, card in (("Best", facts.best), ("Final", facts.final)):
        if card is not None:
            rows[name] = _figures(card)
    if facts.state is not None:
        rows["To continue from"] = f"iteration {facts.saved:,}"
    return _table("Checkpoints", rows)


def _figures(card: Card) -> str:
    told = [f"iteration {card.training.get('iterations_done', '?')}"]
    told += [f"{n} {_plain(v)}" for n, v in card.figures.items()]
    return ", ".join(told)


def _parameters(facts: RunFacts, trainer: Trainer | None) -> str:
    if trainer is None:
        return _table("Parameters", {n: _plain(v) for n, v in facts.parameters.items()})
    rows = []
    for info in describe(trainer.task.params):
        if info.name in facts.parameters:
            value = facts.parameters[info.name]
            label = dict(info.choices).get(str(value), _plain(value))
            unit = f" {info.unit}" if info.unit else ""
            shown = f"{escape(label)}{escape(unit)}"
            rows.append((info.label, shown if value == info.default else f"<b>{shown}</b>"))
    return _rows("Parameters", rows)


def _table(title: str, content: Mapping[str, str]) -> str:
    return _rows(title, [(name, escape(value)) for name, value in content.items()])


def _rows(title: str, rows: list[tuple[str, str]]) -> str:
    if not rows:
        return ""
    lines = "".join(
        f"<tr><td>{escape(name)}&nbsp;&nbsp;&nbsp;</td><td>{value}</td></tr>"
        for name, value in rows
    )
    return f"<p><b>{escape(title)}</b></p><table cellspacing='2'>{lines}</table>"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.4g}" if isinstance(value, float) else str(value)

"""From a task's parameters to the fields of a form, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import InputError
from engine.library import Entry
from engine.parameters import ParameterInfo, Parameters, describe
from widgets.forms.spec import FieldSpec

NO_MODEL = (("", "No model installed"),)


def field_specs(
    params: type[Parameters], choices: Mapping[str, Sequence[tuple[Any, str]]]
) -> list[FieldSpec]:
    """One field for each parameter that users may set.

    Args:
        choices: Parameter -> (value, label), for choices that only the program knows.
    """
    return [_field(info, choices.get(info.name)) for info in describe(params)]


def _field(info: ParameterInfo, known: Sequence[tuple[Any, str]] | None) -> FieldSpec:
    choices = info.choices if known is None else tuple(known)
    values = [value for value, _ in choices]
    default = info.default
    kind = info.kind if known is None else "choice"
    if kind == "choice" and not choices:
        choices, values = NO_MODEL, [""]
    if kind == "choice" and default not in values:
        default = values[0]
    return FieldSpec(
        name=info.name, label=info.label, kind=kind, default=default, minimum=info.minimum,
        maximum=info.maximum, step=info.step, unit=info.unit, help=info.help, choices=choices,
        group=info.group, advanced=info.advanced, slider=info.slider,
    )  # fmt: skip


def model_choices(entries: Sequence[Entry]) -> tuple[tuple[str, str], ...]:
    """(name, title) of the models there are; titles that occur twice carry their name."""
    titles = [entry.card.title for entry in entries]
    choices = []
    for entry in entries:
        title = entry.card.title
        choices.append(
            (entry.name, title if titles.count(title) == 1 else f"{title} ({entry.name})")
        )
    return tuple(choices) or NO_MODEL


def usable(specs: Sequence[FieldSpec], values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of some remembered values that the fields of today can still show."""
    return {s.name: values[s.name] for s in specs if s.name in values and _fits(s, values[s.name])}


def _fits(spec: FieldSpec, value: Any) -> bool:
    if spec.kind == "choice":
        return value in [v for v, _ in spec.choices]
    if spec.kind == "bool":
        return isinstance(value, bool)
    if spec.kind in ("int", "seed", "float"):
        kinds = (int, float) if spec.kind == "float" else (int,)
        low = -float("inf") if spec.minimum is None else spec.minimum
        high = float("inf") if spec.maximum is None else spec.maximum
        return isinstance(value, kinds) and not isinstance(value, bool) and low <= value <= high
    return isinstance(value, str)


def parse(params: type[Parameters], values: Mapping[str, Any]) -> Any:
    """The parameters among a form's values.

    Raises:
        InputError: a value that does not fit.
    """
    if not values.get("checkpoint", True):
        raise InputError(
            "There is no model to make images with.",
            "Import published weights with `reverie import`, or train one.",
        )
    return params.parse({n: v for n, v in values.items() if n in params.model_fields})

"""Parameters told once: the form, the command line and the run file are made from them."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

from engine.errors import InputError

Kind = Literal["int", "float", "bool", "choice", "text", "seed", "path"]
Presets = dict[str, dict[str, Any]]
"""Name -> the values that differ from the defaults."""

MAX_SEED = 2**31 - 1
"""Of what people type and files keep; numpy takes no larger one everywhere."""


class Parameters(BaseModel):
    """Base of every parameter set: frozen, no unknown names, every field described."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Any:
        """Build from untrusted values.

        Raises:
            InputError: names every field that does not fit, with its reason.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, e['loc'])) or cls.__name__}: "
                + e["msg"].removeprefix("Value error, ")
                for e in error.errors()
            )
            raise InputError(
                f"Parameters that cannot be used: {problems}.",
                "Correct the named values; the help of each one gives its range.",
            ) from error

    def with_changes(self, **changes: Any) -> Any:
        """A validated copy with some values replaced."""
        return type(self).parse({**self.model_dump(), **changes})


def whole_numbers(text: str) -> tuple[int, ...]:
    """Positive whole numbers from text such as "1, 2, 2".

    Raises:
        ValueError: it holds something else.
    """
    parts = text.replace(",", " ").split()
    if not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
        raise ValueError("whole numbers from 1 on, separated by commas")
    return tuple(int(part) for part in parts)


def parameter(
    default: Any,
    label: str,
    help: str,
    *,
    unit: str = "",
    ge: float | None = None,
    le: float | None = None,
    gt: float | None = None,
    step: float | None = None,
    slider: tuple[float, float] | None = None,
    choices: dict[str, str] | None = None,
    kind: Kind | None = None,
    group: str = "",
    advanced: bool = False,
    hidden: bool = False,
) -> Any:
    """A field of a `Parameters` class with all that a form or a command line needs to know.

    Args:
        slider: Numbers worth trying, where they are best found by moving; others may be typed.
        choices: value -> label, for Literal fields.
        advanced: folded away in forms.
        hidden: set by the program, never asked of the user.
    """
    extra: JsonDict = {
        "unit": unit, "step": step, "choices": {**choices} if choices else None, "kind": kind,
        "group": group, "advanced": advanced, "hidden": hidden,
        "slider": None if slider is None else [*slider],
    }  # fmt: skip
    return Field(
        default, title=label, description=help, ge=ge, le=le, gt=gt, json_schema_extra=extra
    )


class ParameterInfo(BaseModel):
    """One parameter as a form or a command line sees it."""

    model_config = ConfigDict(frozen=True)

    name: str
    label: str
    help: str
    kind: Kind
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    slider: tuple[float, float] | None = None
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    group: str = ""
    advanced: bool = False


def describe(cls: type[Parameters]) -> tuple[ParameterInfo, ...]:
    """The parameters of a class that users may set, in the order of their definition."""
    infos = []
    for name, field in cls.model_fields.items():
        extra = field.json_schema_extra
        assert isinstance(extra, dict), f"{cls.__name__}.{name} was not made with parameter()"
        if not extra["hidden"]:
            infos.append(_info(name, field, extra))
    return tuple(infos)


def _info(name: str, field: FieldInfo, extra: dict[str, Any]) -> ParameterInfo:
    labels = extra["choices"] or {}
    values = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    bounds = {k: getattr(m, k) for m in field.metadata for k in ("ge", "le", "gt") if hasattr(m, k)}
    return ParameterInfo(
        name=name,
        label=field.title or name,
        help=field.description or "",
        kind=extra["kind"] or _kind(field.annotation, bool(values)),
        default=field.default,
        minimum=bounds.get("ge", bounds.get("gt")),
        maximum=bounds.get("le"),
        step=extra["step"],
        slider=extra["slider"],
        unit=extra["unit"],
        choices=tuple((str(v), labels.get(str(v), str(v))) for v in values),
        group=extra["group"],
        advanced=extra["advanced"],
    )


def _kind(annotation: Any, is_choice: bool) -> Kind:
    if is_choice:
        return "choice"
    kinds: dict[Any, Kind] = {bool: "bool", int: "int", float: "float"}
    return kinds.get(annotation, "text")

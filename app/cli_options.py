"""Command-line options made from what tasks say of their parameters and inputs."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import typer

from app.cli_request import TEXT_INPUTS
from engine.device import DeviceName, Precision
from engine.method import Task
from engine.parameters import ParameterInfo, Parameters, describe

OUTPUT = "Where the result goes: .png, .tif or .npy, or a set of pairs (a folder, .npz or .h5)."


class Described(Protocol):
    """What has parameters that say what they are."""

    @property
    def params(self) -> type[Parameters]: ...


def option(
    name: str, annotation: Any, help: str, *, flag: str = "", **more: Any
) -> inspect.Parameter:
    """One option, None when it is not given.

    Args:
        flag: The flag where it is not the name with dashes.
    """
    flag = flag or f"--{name.replace('_', '-')}"
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=typer.Option(None, flag, help=help, show_default=False, **more),
        annotation=annotation | None,
    )


def switch(name: str, help: str, *, flag: str = "") -> inspect.Parameter:
    """A flag that is off when it is not given."""
    flag = flag or f"--{name.replace('_', '-')}"
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=typer.Option(False, flag, help=help, show_default=False),
        annotation=bool,
    )


def run_file_argument() -> inspect.Parameter:
    """The optional positional run file."""
    return inspect.Parameter(
        "run_file",
        inspect.Parameter.KEYWORD_ONLY,
        default=typer.Argument(
            None,
            metavar="RUN.toml",
            help="A run file (method, task, [parameters], [inputs], output) or a run folder. "
            "Its paths are relative to it; options replace what it says.",
            show_default=False,
        ),
        annotation=Path | None,
    )


def input_options(tasks: Sequence[Task]) -> list[inspect.Parameter]:
    """An option for each input of these tasks, a path but for `TEXT_INPUTS`, and `--output`."""
    helps: dict[str, str] = {}
    for task in tasks:
        for name, help in task.inputs.items():
            helps.setdefault(name, help)
    output = helps.pop(
        "output",
        "Where the result goes: .png, .tif or .npy, or a set of pairs (a folder, .npz or .h5).",
    )
    options = [
        option(name, str, _sentence(help), metavar=TEXT_INPUTS[name])
        if name in TEXT_INPUTS
        else option(name, Path, _sentence(help), metavar="PATH")
        for name, help in helps.items()
    ]
    return [*options, option("output", Path, _sentence(output), metavar="PATH")]


def parameter_options(tasks: Sequence[Described]) -> list[inspect.Parameter]:
    """One option for each parameter that any of these tasks or operations has."""
    infos: dict[str, list[ParameterInfo]] = {}
    for task in tasks:
        for info in describe(task.params):
            infos.setdefault(info.name, []).append(info)
    # Stable: the advanced ones last, each part in the order of the form.
    order = sorted(infos.values(), key=lambda same: all(i.advanced for i in same))
    return [_parameter_option(same) for same in order]


def _parameter_option(same: Sequence[ParameterInfo]) -> inspect.Parameter:
    first = same[0]
    more: dict[str, Any] = {}
    if first.kind in ("int", "float", "seed"):
        lows, highs = [i.minimum for i in same], [i.maximum for i in same]
        number = float if first.kind == "float" else int
        more["metavar"] = "X" if first.kind == "float" else "N"
        more["min"] = None if None in lows else number(min(low for low in lows if low is not None))
        more["max"] = None if None in highs else number(max(h for h in highs if h is not None))
    flag = f"--{first.name.replace('_', '-')}"
    if first.kind == "text" or (first.kind == "choice" and not first.choices):
        more["metavar"] = "TEXT" if first.kind == "text" else "NAME|FILE"
    if first.kind == "bool":
        flag = f"{flag}/--no-{flag[2:]}"
    return option(first.name, _annotation(same), _parameter_help(same), flag=flag, **more)


def _annotation(same: Sequence[ParameterInfo]) -> Any:
    if all(info.choices for info in same):
        # What one method does not know is refused when its parameters are read.
        values = (value for info in same for value, _ in info.choices)
        return Literal[tuple(dict.fromkeys(values))]
    kinds = {"int": int, "seed": int, "float": float, "bool": bool}
    return kinds.get(same[0].kind, str)


def _parameter_help(same: Sequence[ParameterInfo]) -> str:
    told = dict.fromkeys(
        f"{info.label}: {info.help}" + (f" In {info.unit}." if info.unit else "") for info in same
    )
    defaults = {_shown(i.default) for i in same}
    default = defaults.pop() if len(defaults) == 1 else "by stage"
    return " Or: ".join(told) + (f" (default: {default})" if default else "")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def running_options(presets: Iterable[str]) -> list[inspect.Parameter]:
    """What every task takes besides its own."""
    names = ", ".join(dict.fromkeys(presets))
    options = [
        option("device", DeviceName, "Where to compute. (default: auto)"),
        option("precision", Precision, "Of inference; auto is bfloat16 where it is fast."),
        option("threads", int, "CPU threads; 0 takes all cores.", min=0, metavar="N"),
        switch("as_json", "Print events as JSON, one a line, on standard output.", flag="--json"),
        switch("debug", "Show the traceback of a fault of the program."),
    ]
    if names:
        preset = option("preset", str, f"Start from a preset: {names}.", metavar="NAME")
        options.insert(0, preset)
    return options


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")

"""Commands of work without a job and a network, such as looking through files."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import typer

from app.cli_interrupt import Interrupts
from app.cli_options import parameter_options, switch
from app.cli_report import Reporter
from app.cli_run import guarded
from engine.parameters import Parameters, describe
from engine.steps import Step

T = TypeVar("T")
Body = Callable[[Mapping[str, Any], Any, Reporter], int]
"""From options, parameters and where to tell to the exit code."""


class StepCommand:
    """A command whose options are those of a parameter set and a few of its own.

    Args:
        name: Of the command.
        own: Its arguments and options; see `argument` and `cli_options.option`.
        params: The parameter set; or which one of `among`, told from the options.
        body: What it does.
        among: All sets that there may be.
    """

    def __init__(
        self,
        name: str,
        own: Sequence[inspect.Parameter],
        params: type[Parameters] | Callable[[Mapping[str, Any]], type[Parameters]],
        body: Body,
        among: Sequence[type[Parameters]] = (),
    ) -> None:
        self._name, self._body = name, body
        self._choose: Callable[[Mapping[str, Any]], type[Parameters]]
        if isinstance(params, type):
            among, self._choose = (params,), lambda _: params
        else:
            self._choose = params
        self._among = tuple(among)
        parameters = [
            *own,
            *parameter_options([_Described(one) for one in self._among]),
            switch("as_json", "Print what was found as JSON lines.", flag="--json"),
            switch("debug", "Show the traceback of a fault of the program."),
        ]
        self.__signature__ = inspect.Signature(parameters)
        self.__annotations__ = {p.name: p.annotation for p in parameters}

    def __call__(self, **options: Any) -> None:
        reporter = Reporter(as_json=options["as_json"])

        def body() -> int:
            names = {i.name for one in self._among for i in describe(one)}
            # An option of another set is refused by the chosen one, not passed over.
            given = {n: options[n] for n in names if options[n] is not None}
            params = self._choose(options).parse(given)
            return self._body(options, params, reporter)

        name = f"reverie {self._name}"
        raise typer.Exit(guarded(reporter, name, body, debug=options["debug"]))


@dataclass(frozen=True)
class _Described:
    params: type[Parameters]


def argument(
    name: str, kind: Any, about: str, *, metavar: str = "", optional: bool = False
) -> inspect.Parameter:
    """A positional argument."""
    annotation = Annotated[kind, typer.Argument(metavar=metavar or name.upper(), help=about)]
    default = None if optional else inspect.Parameter.empty
    only = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, only, default=default, annotation=annotation)


def driven(start: Callable[[], Generator[Step, None, T]], reporter: Reporter) -> T:
    """The result of a generator of steps, told as it goes; Ctrl+C ends it between two steps.

    Raises:
        KeyboardInterrupt: after Ctrl+C.
    """
    from engine.reporting import StepReporter

    steps = start()
    telling = StepReporter(0, reporter.event)
    try:
        with Interrupts() as interrupts:
            while interrupts.proceed():
                try:
                    telling.report(next(steps))
                except StopIteration as end:
                    result: T = end.value
                    return result
        raise KeyboardInterrupt
    finally:
        steps.close()
        reporter.close()

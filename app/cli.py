"""The command line: the jobs of the window without a window.

Every parameter of every task is an option here, made from the same description as the form.
"""

from __future__ import annotations

import inspect
import os
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from app.cli_control import HELP as RUN_HELP
from app.cli_control import run_command
from app.cli_doctor import HELP as DOCTOR_HELP
from app.cli_doctor import doctor_command
from app.cli_labels import label_commands
from app.cli_models import HELP as MODELS_HELP
from app.cli_models import models
from app.cli_options import (
    input_options,
    option,
    parameter_options,
    run_file_argument,
    running_options,
    switch,
)
from app.cli_report import Reporter
from app.cli_reproduce import HELP as REPRODUCE_HELP
from app.cli_reproduce import reproduce_command
from app.cli_request import Offer, narrowed, offers
from app.cli_run import BAD_INPUT, guarded, run_offer
from app.cli_runs import HELP as RUNS_HELP
from app.cli_runs import runs
from app.cli_score import HELP as SCORE_HELP
from app.cli_score import (
    MEMORISED_HELP,
    REPORT_HELP,
    memorised_command,
    report_command,
    score_command,
)
from app.cli_volumes import volume_commands
from engine.device import DeviceName, Precision
from engine.methods import METHODS

HELP = """Diffusion on medical images: the jobs of the Reverie window, without a window.

Without arguments, or with images only, the window opens.
Exit codes: 0 done, 1 fault of the program, 2 bad input, 3 a training that diverged,
130 interrupted."""

Output = Annotated[Path, typer.Option("--output", metavar="DIR", help="Folder for the results.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a fault.")]


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for; returns the exit code."""
    command = typer.main.get_command(build(arguments))
    try:
        command.main(args=list(arguments), prog_name="reverie")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else BAD_INPUT
    return 0


def build(arguments: Sequence[str] = ()) -> typer.Typer:
    """The program with all its commands.

    Args:
        arguments: What it is asked; help on one method leaves out what others take.
    """
    program = typer.Typer(
        help=HELP, add_completion=False, no_args_is_help=True, rich_markup_mode=None,
        pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    program.callback(invoke_without_command=True)(_root)
    for offer in offers(METHODS):
        shown = narrowed(offer, arguments)
        program.command(offer.command, help=_help(shown))(_Command(shown))
    program.command("runs", help=RUNS_HELP)(runs)
    program.command("run", help=RUN_HELP)(run_command)
    program.command("doctor", help=DOCTOR_HELP)(doctor_command())
    program.command("score", help=SCORE_HELP)(score_command())
    program.command("report", help=REPORT_HELP)(report_command())
    program.command("memorised", help=MEMORISED_HELP)(memorised_command())
    program.command("reproduce", help=REPRODUCE_HELP)(reproduce_command())
    program.command("models", help=MODELS_HELP)(models)
    program.command("info")(_info)
    program.command("demo")(_demo)
    program.command("tour")(_tour)
    program.add_typer(volume_commands(), name="volume")
    program.add_typer(label_commands(), name="labels")
    return program


def options_of(offer: Offer) -> list[inspect.Parameter]:
    """The run file and every option of one command."""
    methods = tuple(dict.fromkeys(m.id for m, _ in offer.choices))
    stages = tuple(dict.fromkeys(t.name for t in offer.tasks))
    options = [run_file_argument()]
    method_help = f"Method: {', '.join(methods)}."
    options.append(option("method", Literal[methods], method_help))
    if offer.staged:
        stage_help = "What to train, in this order."
        options.append(option("stage", Literal[stages], stage_help))
        resume = "Continue the run that --output holds; alone it takes all else from there."
        options.append(switch("resume", resume))
        estimate = "Only measure, by a few iterations, how long it takes and whether it fits."
        options.append(switch("estimate", estimate))
        detach = "Train in a process of its own that outlives the terminal; see `reverie run`."
        options.append(switch("detach", detach))
    options += input_options(offer.tasks)
    if any(task.denoises for task in offer.tasks):
        timeline = "Folder for the denoising steps: strip, GIF and frames."
        options.append(option("timeline", Path, timeline, metavar="DIR"))
    if offer.command == "synthesize":
        mask = "Save the mask beside the image as NAME_mask.png."
        options.append(switch("with_mask", mask))
    if offer.command == "grow":
        side = "Side of the mask in pixels where no strokes are given. (default: 384)"
        options.append(option("size", int, side, min=16, max=4096, metavar="N"))
    options += parameter_options(offer.tasks)
    presets = [name for task in offer.tasks for name in task.presets]
    return [*options, *running_options(presets)]


class _Command:
    """A command whose options typer reads from a signature made at run time."""

    def __init__(self, offer: Offer) -> None:
        parameters = options_of(offer)
        self.__signature__ = inspect.Signature(parameters)
        self.__annotations__ = {p.name: p.annotation for p in parameters}
        self._offer = offer

    def __call__(self, **options: Any) -> None:
        raise typer.Exit(run_offer(self._offer, options))


def _help(offer: Offer) -> str:
    if offer.staged:
        return "Train one stage; every stage writes a run folder that can be resumed."
    return f"{offer.tasks[0].title}."


def _root(
    context: typer.Context,
    info: Annotated[bool, typer.Option("--info", help="The same as the command info.")] = False,
    headless: Annotated[
        bool, typer.Option("--headless", help="Never open the window, whatever follows.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        if info:
            _info()
        print(context.get_help())
        raise typer.Exit(0 if headless else BAD_INPUT)


def _info(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[CHECKPOINT]...", help="Name or file.")
    ] = None,
    as_json: Json = False,
    devices: Annotated[
        bool, typer.Option(help="Ask torch what it can compute on; takes seconds.")
    ] = True,
    debug: Debug = False,
) -> None:
    """Versions, devices, checkpoints and formats; or all that a checkpoint says of itself."""
    from app.cli_info import show

    reporter = Reporter(as_json=False)
    body = partial(show, names or (), as_json=as_json, devices=devices)
    raise typer.Exit(guarded(reporter, "reverie info", body, debug=debug))


def _demo(
    output: Output,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Of mask and image.")] = 0,
    size: Annotated[int, typer.Option(min=16, max=2048, help="Side in pixels.")] = 304,
    checkpoint: Annotated[str | None, typer.Option(help="Name or file.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Network calls.")] = None,
    device: Annotated[DeviceName, typer.Option(help="Where to compute.")] = "auto",
    precision: Annotated[Precision, typer.Option(help="Of inference.")] = "auto",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 takes all cores.")] = 0,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Grow a vessel mask, make an image of it, and leave every step as a file."""
    from app.cli_demo import demo

    options = {
        "seed": seed, "size": size, "checkpoint": checkpoint, "steps": steps, "device": device,
        "precision": precision, "threads": threads,
    }  # fmt: skip
    reporter = Reporter(as_json=as_json)
    body = partial(demo, output, options, reporter)
    raise typer.Exit(guarded(reporter, "reverie demo", body, debug=debug))


def _tour(
    output: Output,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Only pictures of the window, in more states.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Use the real window without a display: draw, synthesize, keep pictures of it."""
    reporter = Reporter(as_json=False)
    body = partial(_take_tour, output, pictures, reporter)
    raise typer.Exit(guarded(reporter, "reverie tour", body, debug=debug))


def _take_tour(output: Path, pictures: bool, reporter: Reporter) -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from app.tour import tour

    begun = time.monotonic()
    files = tour(output, pictures=pictures)
    reporter.finished("The window was toured.", files, time.monotonic() - begun)

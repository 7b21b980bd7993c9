"""`reverie run`: what a run does at the moment, and what it is to do."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli_report import Reporter
from app.cli_run import OK, guarded
from app.run_control import ENDING, ask, change_rate, trains
from engine.errors import EngineError, InputError
from engine.training.commands import HIGHEST_RATE, Command, Word, forget_all, wait_for
from engine.training.facts import RunFacts, look_at
from engine.training.following import MetricsFollower

HELP = """Say how a training run is, or tell it what to do, wherever on this machine it trains.

Commands are done between two iterations. Without any, the state is printed."""
PATIENCE_S = 120.0
WORDS: tuple[Word, ...] = ("save", "sample", "pause", "resume", "stop-after-epoch", "stop")


def run_command(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.")],
    status: Annotated[bool, typer.Option("--status", help="Print how it is.")] = False,
    save: Annotated[bool, typer.Option("--save", help="Keep its state and weights now.")] = False,
    sample: Annotated[bool, typer.Option("--sample", help="Make pictures now.")] = False,
    lr: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            min=0.0,
            max=HIGHEST_RATE,
            help="Learning rate from now on; of a run that stands, from where it is continued.",
        ),
    ] = None,
    pause: Annotated[bool, typer.Option("--pause", help="Hold it.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="End a pause.")] = False,
    stop_after_epoch: Annotated[
        bool, typer.Option("--stop-after-epoch", help="End it when all data had their turn.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End it now; its state is kept.")] = False,
    wait: Annotated[
        float, typer.Option(metavar="S", min=0.0, help="Seconds to wait for an answer.")
    ] = PATIENCE_S,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a fault.")] = False,
) -> None:
    flags = dict(zip(WORDS, (save, sample, pause, resume, stop_after_epoch, stop), strict=True))
    body = partial(
        _control, folder, [word for word in WORDS if flags[word]], lr, wait, status, as_json
    )
    reporter = Reporter(as_json=as_json)
    raise typer.Exit(guarded(reporter, "reverie run", body, debug=debug))


def _control(
    folder: Path, words: list[Word], lr: float | None, wait: float, status: bool, as_json: bool
) -> int:
    run = look_at(folder.expanduser().absolute()).path
    if lr is not None:
        _change(run, lr, wait, as_json)
    for word in words:
        _ask(run, word, wait, as_json)
    if status or (not words and lr is None):
        _tell(look_at(run), as_json)
    return OK


def _change(run: Path, lr: float, wait: float, as_json: bool) -> None:
    sent, told = change_rate(run, lr)
    if told:
        _say(told, as_json)
    else:
        _hear(run, sent, wait, as_json)


def _ask(run: Path, word: Word, wait: float, as_json: bool) -> None:
    sent = ask(run, Command(do=word))
    if sent:
        _hear(run, sent, wait, as_json)
    else:
        _say(ENDING, as_json)


def _hear(run: Path, sent: str, wait: float, as_json: bool) -> None:
    answer = wait_for(run, sent, wait)
    if answer is None:
        forget_all(run)
        raise EngineError(
            f"The run in {run} gave no answer.",
            "It listens between two iterations; look with --status, and wait longer with --wait.",
        )
    if not answer.done:
        raise InputError(answer.text, "Nothing was changed.")
    _say(answer.text, as_json)


def _say(text: str, as_json: bool) -> None:
    print(json.dumps({"event": "answer", "message": text}) if as_json else text)


def _tell(facts: RunFacts, as_json: bool) -> None:
    found = _facts(facts)
    if as_json:
        print(json.dumps({"event": "status", **found}))
        return
    iteration = f"iteration {found['iteration']:,} of {found['iterations']:,}"
    print(f"{facts.path.name}: {found['state']}, {iteration}")
    if found["alive"]:
        kind = "of its own" if found["detached"] else "that runs other things too"
        print(f"  process {found['pid']} on {found['host']}, {kind}")
    for name, value in found["figures"].items():
        print(f"  {name}: {value:.5g}")
    print(f"  can be continued from iteration {found['saved']:,}")
    for text in (found["message"], found["hint"]):
        if text:
            print(f"  {text}")


def _facts(facts: RunFacts) -> dict[str, Any]:
    status = facts.status
    figures, last = _latest(facts.path)
    return {
        "folder": str(facts.path), "method": facts.method, "task": facts.task,
        "state": facts.standing, "alive": trains(facts),
        "pid": status.pid if status is not None else None,
        "host": status.host if status is not None else "",
        "detached": status is not None and status.detached,
        "iteration": max(last, facts.saved), "iterations": facts.iterations,
        "saved": facts.saved, "written_s_ago": round(time.time() - facts.written, 1),
        "message": status.message if status is not None else "",
        "hint": status.hint if status is not None else "",
        "figures": figures,
    }  # fmt: skip


def _latest(run: Path) -> tuple[dict[str, float], int]:
    """The last value of every metric, and the last iteration."""
    follower, last, more = MetricsFollower(run), 0, True
    figures: dict[str, float] = {}
    while more:
        gained = follower.read()
        figures |= {name: float(values[-1]) for name, (_, values) in gained.series.items()}
        last, more = max(last, gained.last), gained.more
    return figures, last

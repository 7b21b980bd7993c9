"""Speaking to a run that trains, from wherever: the command line, the window. Knows no torch."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from engine.errors import InputError
from engine.training.commands import Command, rate_command, send
from engine.training.facts import RunFacts, look_at
from engine.training.rates import change_later
from engine.training.status import LIVE, Status

ENDING = "It was preparing itself, and is asked to end."


def trains(facts: RunFacts) -> bool:
    """Whether somebody trains in the run, as far as can be told from here."""
    status = facts.status
    elsewhere = status is not None and status.state in LIVE and not status.is_here
    return facts.held or elsewhere or (status is not None and status.is_alive)


def ask(folder: Path, command: Command) -> str:
    """Ask a run to do something; returns what its answer will name, "" where there will be none.

    Raises:
        InputError: nobody trains in it.
        DiskError: the folder cannot be written.
    """
    facts = look_at(folder)
    if not trains(facts):
        raise InputError(
            f"Nobody trains in {facts.path}.",
            f"`reverie train --resume --output {facts.path}` continues it.",
        )
    status = facts.status
    if command.do == "stop" and status is not None and _prepares(status):
        # It hears no commands yet, but it has nothing to lose either.
        os.kill(status.pid, signal.SIGTERM)
        return ""
    return send(facts.path, command)


def change_rate(folder: Path, lr: float) -> tuple[str, str]:
    """Set the learning rate of a run, now or for when it goes on.

    Returns:
        What the answer will name, "" where there will be none, and what can be told at once.

    Raises:
        InputError: a rate that none can be, or a run that does not say how it began.
        DiskError: the folder cannot be written.
    """
    command = rate_command(lr)
    facts = look_at(folder)
    if trains(facts):
        return ask(folder, command), ""
    return "", change_later(facts.path, facts.parameters, facts.saved, lr)


def _prepares(status: Status) -> bool:
    return status.state == "preparing" and status.is_alive and status.detached

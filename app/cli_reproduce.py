"""`reverie reproduce`: make an output again from its record, and say how far it is the same."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.cli_options import option
from app.cli_report import Reporter
from app.cli_run import OK, device_settings, run_job
from app.cli_steps import StepCommand, argument
from engine.jobs import Job
from engine.reproducing import INPUTS, METHOD
from engine.reproducing.params import ReproduceParams
from engine.reproducing.report import Reproduction

DIFFERENT = 1
HELP = """Make an output again from what its record says, and compare both.

Bit-equal, within epsilon, or different, with what differs: weights, input, versions, device,
threads. Image and checkpoint are looked for by their hashes. Nothing is written but by --keep.
Exit codes: 0 bit-equal or within epsilon, 1 different, 2 it cannot be made again."""


def reproduce_command() -> StepCommand:
    """The command that makes an output again."""
    own = [
        argument("output", Path, "An output, its record NAME.json, or a folder of outputs."),
        option("input", Path, f"{_sentence('input')}.", metavar="PATH"),
        option("template", Path, f"{_sentence('template')}.", metavar="FILE"),
        option("keep", Path, f"{_sentence('keep')}.", metavar="FILE"),
    ]
    return StepCommand("reproduce", own, ReproduceParams, _reproduce)


def _sentence(name: str) -> str:
    about = INPUTS[name]
    return about[0].upper() + about[1:]


def _reproduce(options: Mapping[str, Any], params: ReproduceParams, reporter: Reporter) -> int:
    begun = time.monotonic()
    given = {n: options[n] for n in ("input", "template", "keep") if options[n] is not None}
    inputs = {"result": options["output"], **given}
    paths = {name: path.expanduser().absolute() for name, path in inputs.items()}
    job = Job(METHOD, METHOD, params, paths, f"{options['output'].name} again")
    found: Reproduction = run_job(job, device_settings({}), reporter)
    files = [outcome.kept for outcome in found.outcomes if outcome.kept is not None]
    figures = {
        "verdict": found.verdict, "outputs": [outcome.to_json() for outcome in found.outcomes],
    }  # fmt: skip
    seconds = time.monotonic() - begun
    if options["as_json"]:
        reporter.finished(found.summary, files, seconds, figures)
    else:
        reporter.close()
        print(f"{found.text()}\n({seconds:.1f} s)")
    return OK if found.same else DIFFERENT

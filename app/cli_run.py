"""Running one job on the command line, from options to files and an exit code."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from app.cli_interrupt import Interrupts
from app.cli_report import Reporter
from app.cli_request import Offer, Request, refuse_second_run, resolve
from engine.device import DeviceSettings, open_context
from engine.errors import DiskError, InputError
from engine.failures import Caught, describe
from engine.jobs import Job
from engine.results import FileResult, SegmentationResult

OK, FAULT, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def guarded(reporter: Reporter, what: str, body: Callable[[], None], *, debug: bool) -> int:
    """Call `body`; returns the exit code and tells what went wrong.

    Args:
        what: The work's name, for faults.
    """
    caught = Caught(BaseException)
    with caught:
        body()
    error = caught.error
    if error is None:
        return OK
    if isinstance(error, KeyboardInterrupt):
        reporter.cancelled(str(error))
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        # Who reads the output has seen enough, as `| head` does; the exit must not trip over it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAULT
    if not isinstance(error, Exception):
        raise error
    reporter.failed(describe(error, what), debug=debug)
    return BAD_INPUT if isinstance(error, InputError | DiskError) else FAULT


def run_offer(offer: Offer, options: Mapping[str, Any]) -> int:
    """Do what the options of one command ask for; returns the exit code."""
    reporter = Reporter(as_json=options["as_json"])
    return guarded(
        reporter, f"reverie {offer.command}", lambda: _run(offer, options, reporter),
        debug=options["debug"],
    )  # fmt: skip


def device_settings(options: Mapping[str, Any]) -> DeviceSettings:
    """Device, precision and threads as asked for."""
    return DeviceSettings(
        options.get("device") or "auto",
        options.get("precision") or "auto",
        options.get("threads") or 0,
    )


def run_job(job: Job, settings: DeviceSettings, reporter: Reporter) -> Any:
    """Run a job in this thread and tell how it goes; returns its result.

    Raises:
        KeyboardInterrupt: after Ctrl+C; what was done is kept, and its text says how to go on.
    """
    from engine import methods
    from engine.execution import Stopped
    from engine.worker import run_inline

    reporter.started(job)
    with Interrupts() as interrupts:
        context = open_context(settings)
        try:
            result = run_inline(
                methods.run, job, context, reporter.event, proceed=interrupts.proceed
            )
        except (Stopped, KeyboardInterrupt) as stop:
            raise KeyboardInterrupt(_kept(job)) from stop
    reporter.close()
    return result


def _kept(job: Job) -> str:
    """What an interrupted job leaves, and how it goes on."""
    folder = job.inputs.get("output")
    if isinstance(folder, Path) and (folder / "run.toml").is_file():
        return f"The run is kept: `reverie train --resume --output {folder}` continues it."
    return ""


def _run(offer: Offer, options: Mapping[str, Any], reporter: Reporter) -> None:
    request = resolve(offer, options)
    if offer.staged and request.job.task != "pseudo-label":
        refuse_second_run(request.job, options["resume"])
    _check_before(request, options)
    for note in request.notes:
        reporter.note(note)
    begun = time.monotonic()
    result = run_job(request.job, device_settings(options), reporter)
    if isinstance(result, FileResult):
        summary, files, figures = result.summary, [result.path], result.figures
    elif isinstance(result, SegmentationResult):
        # The task itself has written what was asked for.
        names = [n for n in request.job.inputs if n not in ("input", "region")]
        summary, files, figures = _found(result), [request.job.path(n) for n in names], {}
    else:
        files = _save(request, result, options, reporter)
        summary, figures = _summary(result), {}
    reporter.finished(summary, files, time.monotonic() - begun, figures)


def _check_before(request: Request, options: Mapping[str, Any]) -> None:
    """Find out before the computation, not after it, that a result has nowhere to go."""
    from app.cli_files import check_target

    if request.output is not None:
        check_target(
            request.output,
            mask_only=request.job.task == "grow",
            with_mask=bool(options.get("with_mask")),
        )


def _save(
    request: Request, result: Any, options: Mapping[str, Any], reporter: Reporter
) -> list[Path]:
    from app.cli_files import save_result
    from app.saving import image_metadata
    from app.timeline_files import frames_of, write_timeline

    assert request.output is not None
    files = save_result(request.output, result, with_mask=bool(options.get("with_mask")))
    if folder := options.get("timeline"):
        write_timeline(folder, frames_of(reporter.previews), image_metadata(result, 0))
        files.append(folder)
    return files


def _found(result: SegmentationResult) -> str:
    """How much of each structure there is."""
    counts = np.bincount(result.labels.ravel(), minlength=len(result.names))
    told = [f"{name} {counts[value]} voxels" for value, name in result.names.items() if value]
    return f"Found: {', '.join(told)}."


def _summary(result: Any) -> str:
    height, width = result.mask.shape
    if not hasattr(result, "seeds"):
        return f"A mask of {width} x {height}, {(result.mask > 0).mean():.1%} vessel."
    images = "One image" if len(result.seeds) == 1 else f"{len(result.seeds)} images"
    return f"{images} of {width} x {height}, seed {result.seeds[0]}."

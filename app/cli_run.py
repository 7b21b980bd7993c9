"""Running one job on the command line, from options to files and an exit code."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from app.cli_interrupt import Interrupts
from app.cli_report import Reporter
from app.cli_request import Offer, Request, refuse_second_run, resolve
from app.command_line import words_of
from app.detaching import LOG, announced, is_apart, launch, refuse_taken
from app.step_frames import check_steps, write_steps
from engine.data.segmentation.figures import told
from engine.data.segmentation.folder_table import TABLE, FolderResult
from engine.device import DeviceSettings, give_way, open_context
from engine.errors import DiskError, Diverged, InputError
from engine.failures import Caught, describe
from engine.jobs import Job
from engine.methods.midiffusion.use_params import MANIFEST
from engine.results import (
    Estimate,
    FileResult,
    SaliencyResult,
    Segmentation,
    SegmentationResult,
    TranslationResult,
)

OK, FAULT, BAD_INPUT, DIVERGED, INTERRUPTED = 0, 1, 2, 3, 130


def guarded(reporter: Reporter, what: str, body: Callable[[], int | None], *, debug: bool) -> int:
    """Call `body`; returns its exit code, or that of what went wrong, which is told.

    Args:
        what: The work's name, for faults.
    """
    caught = Caught(BaseException)
    code = None
    with caught:
        code = body()
    error = caught.error
    if error is None:
        return code or OK
    if isinstance(error, KeyboardInterrupt):
        reporter.cancelled(str(error))
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        # Who reads the output has seen enough, as `| head` does; the exit must not trip over it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAULT
    if not isinstance(error, Exception):
        raise error
    if isinstance(error, Diverged):
        # An ending of its own: what was good is kept, and the run can go on from it.
        reporter.failed(describe(error, what), debug=debug, event="diverged")
        return DIVERGED
    reporter.failed(describe(error, what), debug=debug)
    return BAD_INPUT if isinstance(error, InputError | DiskError) else FAULT


def run_offer(offer: Offer, options: Mapping[str, Any]) -> int:
    """Do what the options of one command ask for; returns the exit code."""
    apart = offer.staged and is_apart()
    reporter = Reporter(as_json=options["as_json"], log=apart, muted=offer.staged and _shares())
    return guarded(
        reporter, f"reverie {offer.command}", lambda: _run(offer, options, reporter, apart),
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
    if isinstance(folder, Path) and any((folder / name).is_file() for name in (TABLE, MANIFEST)):
        return f"What is done is in {folder}; the same command goes on with the rest."
    return ""


def _run(offer: Offer, options: Mapping[str, Any], reporter: Reporter, apart: bool) -> int:
    request = resolve(offer, options)
    makes_run = offer.staged and request.job.task != "pseudo-label" and not request.job.dry
    if makes_run and options.get("detach"):
        refuse_taken(request.job.path("output"))
    if makes_run and not _shares():
        refuse_second_run(request.job, options["resume"])
    _check_before(request, options)
    for note in request.notes:
        reporter.note(note)
    if options.get("detach"):
        return _detach(request.job, options, reporter, makes_run)
    begun = time.monotonic()
    if apart:
        # Nobody waits for it in front of a screen.
        give_way()
    with announced(request.job) if apart and makes_run else nullcontext():
        result = run_job(request.job, device_settings(options), reporter)
    figures: Mapping[str, Any]
    if isinstance(result, Estimate):
        summary, files, figures = result.summary, [], _figures(result)
    elif isinstance(result, FileResult):
        summary, files, figures = result.summary, [result.path], result.figures
    elif isinstance(result, SegmentationResult | SaliencyResult | TranslationResult):
        # The task itself has written what was asked for.
        paths = [p for n, p in request.job.inputs.items() if n != "input" and isinstance(p, Path)]
        summary, files, figures = _found(result), paths, {}
        if folder := options.get("timeline"):
            write_steps(folder, request.job, reporter.previews)
            files = [*files, folder]
    elif isinstance(result, FolderResult):
        summary, files, figures = result.summary, [result.table], {}
    else:
        files = _save(request, result, options, reporter)
        summary, figures = _summary(result), {}
    reporter.finished(summary, files, time.monotonic() - begun, figures)
    return _told_failures(result, reporter) if isinstance(result, FolderResult) else OK


def _shares() -> bool:
    """Whether this process is one of several that `accelerate launch` has started, but not the
    first one, which speaks for all."""
    ranks = (os.environ.get(name) for name in ("RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK"))
    return int(next((rank for rank in ranks if rank), "0")) > 0


def _detach(job: Job, options: Mapping[str, Any], reporter: Reporter, makes_run: bool) -> int:
    """Let the job run as a process of its own; returns once that has begun."""
    if not makes_run:
        raise InputError(
            "Only a training can be a process of its own.", "Leave --detach out, and wait for it."
        )
    folder = job.path("output")
    pid = launch(words_of(job, resume=options["resume"], device=device_settings(options)), folder)
    reporter.detached(pid, folder, folder / LOG)
    return OK


def _figures(found: Estimate) -> dict[str, Any]:
    """What was measured, in seconds and bytes."""
    taken = found.measures
    return {
        "fits": taken.fits, "total_s": found.seconds(), "step_s": taken.step_s,
        "preparation_s": found.preparation_s, "iterations": taken.iterations,
        "batch": taken.batch, "memory_bytes": taken.memory, "available_bytes": taken.available,
        "device": taken.device, "change": dict(found.change),
        "parts": {role: len(names) for role, names in found.split.items()},
    }  # fmt: skip


def _told_failures(result: FolderResult, reporter: Reporter) -> int:
    """What failed, one after the other; returns the exit code."""
    for case in result.cases:
        if case.problem:
            reporter.left_out(case.name, case.problem, case.remedy)
    return BAD_INPUT if result.of("failed") else OK


def _check_before(request: Request, options: Mapping[str, Any]) -> None:
    """Find out before the computation, not after it, that a result has nowhere to go."""
    from app.cli_files import check_target
    from engine.data.atomic import check_folder

    if folder := options.get("timeline"):
        check_steps(request.job)
        check_folder(folder)
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
    from app.timeline_files import frames_of, write_timeline
    from engine.data.synthetic import steps_metadata

    assert request.output is not None
    files = save_result(request.output, result, with_mask=bool(options.get("with_mask")))
    if folder := options.get("timeline"):
        write_timeline(folder, frames_of(reporter.previews), steps_metadata(result, 0))
        files.append(folder)
    return files


def _found(result: Segmentation | TranslationResult) -> str:
    """How much of each structure there is, or what was translated."""
    if isinstance(result, TranslationResult):
        return result.summary
    if figures := result.provenance.get("figures"):
        return told(figures)
    counts = np.bincount(result.labels.ravel(), minlength=len(result.names))
    sizes = [f"{name} {counts[value]} voxels" for value, name in result.names.items() if value]
    return f"Found: {', '.join(sizes)}."


def _summary(result: Any) -> str:
    height, width = result.mask.shape
    if not hasattr(result, "seeds"):
        return f"A mask of {width} x {height}, {(result.mask > 0).mean():.1%} vessel."
    images = "One image" if len(result.seeds) == 1 else f"{len(result.seeds)} images"
    return f"{images} of {width} x {height}, seed {result.seeds[0]}."

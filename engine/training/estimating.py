"""A dry run of a training job: its own task, in a folder that is thrown away, for a few steps."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from engine.data.segmentation.splits import FILE, ROLES
from engine.device import Context, Rehearsal, free_memory
from engine.errors import InputError
from engine.jobs import Job
from engine.parameters import Parameters
from engine.results import Estimate, Measures
from engine.steps import NoteStep, Step, TrainStep

Run = Callable[[Job, Context], Generator[Step, None, Any]]
OUTPUT, ITERATIONS, BATCH = "output", "iterations", "batch"
SIDES = ("size", "crop")
"""Parameters that say how large an image the network sees."""
TRIES = 4
"""Changes that are tried where a training does not fit."""


def estimate(
    job: Job, context: Context, run: Run, available: int = 0
) -> Generator[Step, None, Estimate]:
    """What a training would take; nothing of it stays.

    Args:
        run: The job's task.
        available: Bytes that it may take; 0 asks the device.

    Raises:
        InputError: The job trains nothing, or its data or parameters cannot be used.
        DiskError: There is no room for the run of the trial.
    """
    if ITERATIONS not in type(job.params).model_fields:
        raise InputError(
            f"{job.title} takes no iterations, so there is nothing to measure.",
            "Run it; it tells how long it takes.",
        )
    begun = time.monotonic()
    found, split, notes, first = yield from _tried(job, context, run, available)
    preparation = first - begun
    result = Estimate(found, preparation, split=split[0], patients=split[1], notes=notes)
    if found.fits:
        return result
    for change in islice(changes(job.params, found), TRIES):
        named = ", ".join(f"{name} {value}" for name, value in change.items())
        yield NoteStep(f"It does not fit; trying with {named}.")
        smaller = replace(job, params=job.params.with_changes(**change))
        measured, _, _, _ = yield from _tried(smaller, context, run, found.available)
        if measured.fits:
            return replace(result, change=change, changed=measured)
    return result


def changes(params: Parameters, found: Measures) -> Iterator[dict[str, Any]]:
    """Smaller settings, the one that changes least first; only those that the task takes."""
    values = params.model_dump()
    batch = values[BATCH]
    room = found.largest()
    smallest = batch
    for size in dict.fromkeys((room, room // 2, batch // 4, batch // 8, 2, 1)):
        if 0 < size < batch and _valid(params, {BATCH: size}):
            smallest = min(smallest, size)
            if size <= max(1, room):
                yield {BATCH: size}
    for name in SIDES:
        side = values.get(name)
        if isinstance(side, int):
            half = {name: side // 2} if smallest == batch else {name: side // 2, BATCH: smallest}
            if _valid(params, half):
                yield half


def _valid(params: Parameters, change: Mapping[str, Any]) -> bool:
    try:
        params.with_changes(**change)
    except InputError:
        return False
    return True


Parted = tuple[dict[str, tuple[str, ...]], dict[str, str]]


def _tried(
    job: Job, context: Context, run: Run, available: int
) -> Generator[Step, None, tuple[Measures, Parted, tuple[str, ...], float]]:
    """Measures, split, what was said, and when the first iteration began."""
    rehearsal = Rehearsal(available)
    notes: list[str] = []
    with tempfile.TemporaryDirectory(prefix="reverie-trial-") as name:
        folder = Path(name) / "run"
        folder.mkdir()
        _take_split(job, folder)
        trial = replace(job, inputs={**job.inputs, OUTPUT: folder}, dry=False)
        steps = run(trial, replace(context, rehearsal=rehearsal))
        first = 0.0
        try:
            for step in steps:
                if isinstance(step, NoteStep):
                    notes.append(step.message)
                if not isinstance(step, TrainStep):
                    yield step
                if not first and (folder / "run.toml").exists():
                    first = time.monotonic()
        finally:
            steps.close()
            free_memory()
        split = _split_in(folder)
    assert isinstance(rehearsal.found, Measures), f"{job.title} trained nothing"
    return rehearsal.found, split, tuple(notes), first


def _take_split(job: Job, folder: Path) -> None:
    """A run that is there already goes on with its own split."""
    output = job.inputs.get(OUTPUT)
    if isinstance(output, Path) and (output / FILE).is_file():
        shutil.copyfile(output / FILE, folder / FILE)


def _split_in(folder: Path) -> Parted:
    file = folder / FILE
    if not file.is_file():
        return {}, {}
    told = json.loads(file.read_text(encoding="utf-8"))
    return {role: tuple(told.get(role, ())) for role in ROLES}, dict(told.get("patients", {}))

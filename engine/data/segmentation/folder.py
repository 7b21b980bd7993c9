"""Segmenting all images of a folder: what is done is kept, what fails is listed at the end.

FOLDER/NAME.nii.gz            labels of one image, or another format, and its provenance as .json
FOLDER/NAME_uncertainty.tif   maps, where they are wanted
FOLDER/summary.csv            a row an image; summary.csv.json has the same and what was asked for
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.data.atomic import disk_error
from engine.data.segmentation.folder_params import FolderParams
from engine.data.segmentation.folder_record import check_table, earlier_outcome
from engine.data.segmentation.folder_table import TABLE, FolderResult, Outcome, write_table
from engine.data.segmentation.unlabelled import FoundImage, FoundImages
from engine.data.volumes.write import MAP_ENDINGS
from engine.errors import DiskError, InputError
from engine.failures import Caught, describe
from engine.jobs import Job
from engine.results import Segmentation
from engine.steps import NoteStep, ProgressStep, Step
from engine.wording import sentence

TABLE_EVERY_S = 2.0
PICTURES = {
    ".png": ".png", ".jpg": ".png", ".jpeg": ".png", ".bmp": ".png", ".gif": ".png",
    ".tif": ".tif", ".tiff": ".tif",
}  # fmt: skip
"""Endings of images -> of their labels; of all others they are NIfTI."""
One = Callable[[FoundImage, Mapping[str, Path]], Generator[Step, None, Segmentation]]
"""Segments an image and writes what is asked for: "output" and maps -> files."""


def output_folders(job: Job, maps: Sequence[str]) -> dict[str, Path]:
    """Where labels ("output") and maps of a job are to go; made where they are missing.

    Raises:
        InputError: Labels would lie among the images.
        DiskError: A folder cannot be made.
    """
    named = {"output": job.path("output")}
    named.update((name, path) for name in maps if isinstance(path := job.inputs.get(name), Path))
    images = job.path("input")
    for path in named.values():
        if path.resolve() == images.resolve():
            raise InputError(
                f"{path} holds the images.", "Choose another folder, it may be one inside."
            )
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(path, error) from error
    return named


def segment_each(
    found: FoundImages,
    folders: Mapping[str, Path],
    params: FolderParams,
    one: One,
    made_by: Callable[[FoundImage], Mapping[str, Any]],
    record: Mapping[str, Any],
) -> Generator[Step, None, FolderResult]:
    """Segments images one after the other; what one of them cannot do stops no other.

    Args:
        folders: See `output_folders`.
        made_by: What the record of an image's labels has to say for them to be kept: "method",
            "task", "checkpoint" and "parameters".
        record: What is told of the whole, kept beside the table.

    Yields:
        Progress in images, with the name of the one at work.

    Raises:
        InputError: The folder has results of something else.
        DiskError: The disk is full or has gone; what was done is kept.
    """
    table = folders["output"] / TABLE
    if not params.overwrite:
        check_table(table, record)
    for note in found.notes:
        yield NoteStep(note)
    images = found.images
    targets = [_targets(image, folders, params.ending) for image in images]
    known = yield from _earlier(images, targets, made_by, overwrite=params.overwrite)
    notes: Counter[str] = Counter()
    written = time.monotonic()

    def write() -> tuple[Outcome, ...]:
        outcomes = tuple(known[index] for index in sorted(known))
        write_table(table, outcomes, record, left=len(images) - len(outcomes))
        return outcomes

    try:
        for index, image in enumerate(images):
            if index in known:
                continue
            now = ProgressStep(len(known), len(images), image.name)
            yield now
            known[index] = yield from _made(image, targets[index], one, now, notes)
            if time.monotonic() - written > TABLE_EVERY_S:
                write()
                written = time.monotonic()
        yield ProgressStep(len(images), len(images))
    finally:
        outcomes = write()
    for note, count in notes.items():
        yield NoteStep(f"{count} of {len(images)}: {note}" if len(images) > 1 else sentence(note))
    return FolderResult(folders["output"], table, outcomes)


def _earlier(
    images: Sequence[FoundImage],
    targets: Sequence[Mapping[str, Path]],
    made_by: Callable[[FoundImage], Mapping[str, Any]],
    *,
    overwrite: bool,
) -> Generator[Step, None, dict[int, Outcome]]:
    """Index of an image -> what is to be said of it without segmenting it."""
    known = {}
    for index, image in enumerate(images):
        yield ProgressStep(0, len(images), f"Looking for labels of {image.name}")
        found = earlier_outcome(image, targets[index], made_by(image), overwrite=overwrite)
        if found is not None:
            known[index] = found
    kept = sum(outcome.state == "kept" for outcome in known.values())
    if kept:
        yield NoteStep(
            f"{kept} of {len(images)} were segmented before, with the same checkpoint and "
            "parameters; they are kept."
        )
    return known


def _targets(image: FoundImage, folders: Mapping[str, Path], ending: str) -> dict[str, Path]:
    """Files of an image by "output" and the names of the maps."""
    usual = PICTURES.get(image.path.suffix.lower(), ".nii.gz")
    labels = usual if ending == "auto" else ending
    maps = labels if labels in MAP_ENDINGS else ".nii.gz" if usual == ".nii.gz" else ".tif"
    return {
        name: folder
        / (f"{image.name}{labels}" if name == "output" else f"{image.name}_{name}{maps}")
        for name, folder in folders.items()
    }


def _made(
    image: FoundImage, targets: Mapping[str, Path], one: One, now: ProgressStep,
    notes: Counter[str],
) -> Generator[Step, None, Outcome]:  # fmt: skip
    begun = time.monotonic()
    caught = Caught(Exception)
    result: Segmentation | None = None
    with caught:
        result = yield from _counting(one(image, targets), now)
    outcome = Outcome(image.name, image.path, image.part, "done", seconds=time.monotonic() - begun)
    if isinstance(caught.error, DiskError):
        raise caught.error
    if result is None:
        assert caught.error is not None
        failure = describe(caught.error, image.name)
        return replace(outcome, state="failed", problem=failure.message, remedy=failure.hint)
    notes.update(set(result.notes))
    return replace(outcome, files=dict(targets), figures=result.provenance.get("figures", {}))


def _counting(
    steps: Generator[Step, None, Segmentation], now: ProgressStep
) -> Generator[Step, None, Segmentation]:
    """The result; instead of the steps of one image, how far the whole is."""
    told = now
    try:
        while True:
            step = next(steps)
            if isinstance(step, ProgressStep) and step.total > 1:
                told = replace(now, message=f"{now.message}, {step.done} of {step.total}")
            yield told
    except StopIteration as end:
        result: Segmentation = end.value
        return result
    finally:
        steps.close()

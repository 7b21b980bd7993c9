"""From a record to the job that made an output, and to a file of the same kind made anew."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.data.synthetic import save_image, save_set
from engine.data.volumes.write import IMAGE_ENDINGS, LABEL_ENDINGS, ending_of
from engine.errors import InputError
from engine.jobs import InputValue, Job
from engine.method import Method, Task
from engine.reproducing.finding import (
    Found,
    find_image,
    find_mask,
    find_masks,
    find_template,
    find_weights,
)
from engine.reproducing.params import ReproduceParams
from engine.reproducing.record import Output, Record, Told
from engine.results import SynthesisResult
from engine.steps import DenoiseStep, NoteStep, ProgressStep, Step

if TYPE_CHECKING:
    from engine.device import Context

Steps = Generator[Step, None, Any]
AGAIN = "Making it again"


@dataclass(frozen=True, eq=False)
class Rerun:
    """What is to be run.

    Attributes:
        task: What made the output.
        job: With inputs and weights as they were found, and targets in a folder of ours.
        found: These inputs and weights.
        target: Where the file that is compared will lie.
        notes: What the record lacks.
    """

    task: Task
    job: Job
    found: tuple[Found, ...]
    target: Path
    notes: tuple[str, ...]


def rerun_of(
    output: Output, params: ReproduceParams, given: Mapping[str, Path], folder: Path,
    target: Path | None, methods: Sequence[Method],
) -> Rerun:  # fmt: skip
    """Find what an output was made of, and how.

    Args:
        given: "input" and "template", where the user says where they are.
        folder: Of ours, for what the task writes besides.
        target: Where the file is to go; in the folder by default.

    Raises:
        InputError: No such method or task here, parameters that do not fit, an input that is not
            there any more.
        CheckpointError: A checkpoint that is not there any more.
    """
    record = output.record
    method, task = _task_of(output, methods)
    found: list[Found] = []
    files: dict[str, Path] = {}
    inputs: dict[str, InputValue] = {}
    for name in task.inputs:
        one = _input(name, output, given)
        if one is not None:
            found.append(one)
            inputs[name] = one.path if one.array is None else one.array
            if one.array is not None and one.path is not None:
                files[name] = one.path
    told = record.inputs.get("input")
    if told is not None and told.part and "part" in task.inputs:
        inputs["part"] = told.part
    if record.region and "region" in task.inputs:
        inputs["region"] = record.region
    values, notes = _values(record, task)
    for flag, weights in (("checkpoint", record.checkpoint), ("classifier", record.classifier)):
        if weights is not None and flag in values:
            asked = params.checkpoint if flag == "checkpoint" else params.classifier
            what = "Weights" if flag == "checkpoint" else "Classifier"
            one = find_weights(what, weights, values[flag], asked, output.path)
            found.append(one)
            values[flag] = str(one.path)
    if output.pairs is not None and "count" in values:
        values["count"] = len(output.pairs.names)  # fewer than asked for, where it was broken off
    end, targets = _targets(output, task, folder, target)
    job = Job(
        method.id, task.name, task.params.parse(values), {**inputs, **targets},
        f"{output.path.name} again", files=files,
    )  # fmt: skip
    return Rerun(task, job, tuple(found), end, tuple(notes))


def run(rerun: Rerun, output: Output, context: Context, before: ProgressStep | None) -> Steps:
    """Run it, and write the target.

    Args:
        before: Where the output is one of several: how far these are.

    Yields:
        Progress, and of a single output the notes of its task.
    """
    result = yield from _told(rerun.task.run(rerun.job, context), before)
    if isinstance(result, SynthesisResult):
        if output.pairs is not None:
            save_set(rerun.target, result)
        else:
            save_image(rerun.target, result, output.record.image)


def _task_of(output: Output, methods: Sequence[Method]) -> tuple[Method, Task]:
    record = output.record
    for method in methods:
        for task in method.tasks:
            if (method.id, task.name) == (record.method, record.task):
                # Each file of a folder is made as a single one is.
                single = task.folder_of
                task = method.task(single) if single and output.pairs is None else task
                if task.workspace in ("synthesize", "segment", "translate"):
                    return method, task
    raise InputError(
        f"{output.path.name} was made by {record.method[:40]!r}, task {record.task[:40]!r}, which "
        "this version does not make again.",
        "Take the version of Reverie that made it.",
    )


def _values(record: Record, task: Task) -> tuple[dict[str, Any], list[str]]:
    """Parameters of the task as they are recorded.

    Raises:
        InputError: One that this version does not know.
    """
    own = task.params.model_fields
    values = dict(record.parameters)
    if record.task != task.name:  # of a folder, with what only folders have
        values = {name: value for name, value in values.items() if name in own}
    if unknown := sorted(set(values) - set(own)):
        raise InputError(
            f"The output was made with parameters that this version does not know: "
            f"{', '.join(unknown)[:200]}.",
            "Take the version of Reverie that made it.",
        )
    missing = [name for name in own if name not in values]
    notes = [f"Not recorded, so left as usual: {', '.join(missing)}."] if missing else []
    return values, notes


def _input(name: str, output: Output, given: Mapping[str, Path]) -> Found | None:
    """An input of a task; None for those that the record does not have."""
    told: Told | None = output.record.inputs.get(name)
    if told is None:
        if name != "input":
            return None
        raise InputError(
            f"The record of {output.path.name} does not say which image it was made of.",
            "It is of an older version; run the method on the image anew.",
        )
    place = given.get("template" if name == "template" else "input")
    if name == "mask":
        if output.pairs is not None and not told.packed:
            return _of_set(output, told)
        return find_mask(told, place, output.path)
    if name == "template":
        return find_template(told, place, output.path)
    if name == "masks":
        return find_masks(told, place, output.path)
    return find_image(told, place, output.path) if name == "input" else None


def _of_set(output: Output, told: Told) -> Found:
    """The mask that all pairs of a set have."""
    from engine.provenance import array_hash

    assert output.pairs is not None, "only sets are asked for theirs"
    mask = output.pairs.masks[0]
    return Found("Mask", told, array_hash(mask), None, mask)


def _targets(
    output: Output, task: Task, folder: Path, target: Path | None
) -> tuple[Path, dict[str, InputValue]]:
    """Where the compared file will lie, and what the job is told to write."""
    if output.pairs is not None:
        end = target or folder / f"again{output.path.suffix}"
        return end, {"output": end} if "output" in task.inputs else {}
    ending = ending_of(output.path, (*IMAGE_ENDINGS, *LABEL_ENDINGS))
    end = target or folder / f"again{ending}"
    if "output" not in task.inputs:
        return end, {}
    if output.holds == "output":
        return end, {"output": end}
    name, _, number = output.holds.partition("_")
    if name not in task.inputs:
        raise InputError(
            f"{output.path.name} holds {output.holds!r}, which {task.title} does not make.",
            "Take the version of Reverie that made it.",
        )
    # Of several classes a method adds the number to the name that it is given.
    plain = end.name[: len(end.name) - len(ending)].removesuffix(f"_{number}" if number else "")
    asked = end.with_name(f"{plain}{ending}")
    end = asked.with_name(f"{plain}_{number}{ending}") if number else asked
    return end, {"output": folder / "labels.nii.gz", name: asked}


def _told(steps: Steps, before: ProgressStep | None) -> Steps:
    """The result; steps are told as progress."""
    try:
        while True:
            step = next(steps)
            if before is not None:
                yield before
            elif isinstance(step, DenoiseStep):
                yield ProgressStep(*step.of_job, AGAIN)
            elif isinstance(step, ProgressStep | NoteStep):
                yield step
    except StopIteration as end:
        return end.value
    finally:
        steps.close()

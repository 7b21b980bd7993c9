"""Making outputs again as a job: find what they were made of, run it, compare, say why."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.data.atomic import check_writable, disk_error
from engine.data.pairset import read_pair_set
from engine.errors import DiskError, EngineError, InputError
from engine.jobs import Job
from engine.method import Method
from engine.provenance import content
from engine.reproducing.comparing import compare_labels, compare_values, read_values
from engine.reproducing.conditions import as_recorded, conditions_of, reasons_of
from engine.reproducing.params import ReproduceParams
from engine.reproducing.record import Output, outputs_of
from engine.reproducing.report import (
    CHANGED,
    VERDICTS,
    Comparison,
    Condition,
    Outcome,
    Reproduction,
)
from engine.reproducing.rerunning import Rerun, rerun_of, run
from engine.reproducing.saved import saved_labels
from engine.steps import ProgressStep, Step

if TYPE_CHECKING:
    from engine.device import Context


def reproduce(
    job: Job, context: Context, methods: Sequence[Method]
) -> Generator[Step, None, Reproduction]:
    """Make an output, or all of a folder, again. Inputs: see `engine.reproducing.INPUTS`.

    Args:
        methods: Those that there are.

    Raises:
        InputError: no output, an input or parameter that cannot be used, or nothing to read.
        CheckpointError: weights that are not there any more.
        DiskError: what is to be kept cannot be written.
    """
    params = job.params
    assert isinstance(params, ReproduceParams)
    subject = job.path("result")
    yield ProgressStep(0, 0, "Reading what it says of itself")
    outputs = outputs_of(subject)
    given = {
        name: path for name in ("input", "template")
        if isinstance(path := job.inputs.get(name), Path)
    }  # fmt: skip
    kept = job.inputs.get("keep")
    keep = _targets(outputs, kept) if isinstance(kept, Path) else {}
    outcomes = []
    for place, output in enumerate(outputs):
        before = ProgressStep(place, len(outputs), output.path.name) if len(outputs) > 1 else None
        steps = _outcome(output, params, given, keep.get(output), context, methods, before)
        if before is None:
            outcomes.append((yield from steps))
            continue
        yield before
        try:
            outcomes.append((yield from steps))
        except DiskError:
            raise
        except EngineError as error:
            # What keeps one from being made again says nothing of the others.
            outcomes.append(
                Outcome(output.path, "different", problem=error.message, remedy=error.hint)
            )
    return Reproduction(subject, tuple(outcomes))


def _targets(outputs: Sequence[Output], keep: Path) -> dict[Output, Path]:
    """Where what is made again is to go.

    Raises:
        InputError: it would take the place of what it is compared with, or has another ending.
        DiskError: it cannot be written there.
    """
    if len(outputs) > 1:
        try:
            keep.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(keep, error) from error
        found = {output: keep / output.path.name for output in outputs}
    else:
        found = {outputs[0]: keep}
    for output, path in found.items():
        if path.exists():
            raise InputError(f"{path} is there already.", "Choose another name to keep it under.")
        own, new = (_ending(each, output) for each in (output.path, path))
        if own != new:
            raise InputError(
                f"{path.name} cannot be compared with {output.path.name}: its ending is another.",
                f"End it in {own or 'no dot: it is a folder'}.",
            )
        check_writable(path)
    return found


def _ending(path: Path, output: Output) -> str:
    if output.pairs is not None:
        return path.suffix.lower()
    name = path.name.lower()
    return next((e for e in (".nii.gz", ".seg.nrrd") if name.endswith(e)), path.suffix.lower())


def _outcome(
    output: Output, params: ReproduceParams, given: Mapping[str, Path], keep: Path | None,
    context: Context, methods: Sequence[Method], before: ProgressStep | None,
) -> Generator[Step, None, Outcome]:  # fmt: skip
    if output.record.results:
        return (yield from saved_labels(output, params, given, keep, context, methods, before))
    with tempfile.TemporaryDirectory(prefix="reverie-") as folder:
        rerun = rerun_of(output, params, given, Path(folder), keep, methods)
        with as_recorded(context, output.record, params) as own:
            yield from run(rerun, output, own, before)
            conditions = conditions_of(output.record, own, rerun.found)
        return _compared(output, rerun, params, conditions, keep)


def _compared(
    output: Output, rerun: Rerun, params: ReproduceParams, conditions: Sequence[Condition],
    keep: Path | None,
) -> Outcome:  # fmt: skip
    edited, changed = "", False
    if output.pairs is not None:
        comparisons = _of_pairs(output, rerun.target, params)
    else:
        labels = rerun.task.workspace == "segment" and output.holds == "output"
        old = read_values(output.path, labels=labels)
        new = read_values(rerun.target, labels=labels)
        compare = compare_labels if labels else compare_values
        comparisons = (compare(output.path.name, old, new, params),)
        written = output.record.content
        if written is not None:
            changed = content(old)["sha256"] != written.sha256
            if changed and content(new)["sha256"] == written.sha256:
                edited = CHANGED
    verdict = max((c.verdict for c in comparisons), key=VERDICTS.index)
    reasons: list[str] = []
    if edited:
        verdict = "equal"
    elif verdict != "equal":
        reasons = reasons_of(conditions, changed=changed)
    return Outcome(
        output.path, verdict, comparisons, tuple(conditions), tuple(reasons), edited,
        rerun.notes, rerun.target if keep is not None else None,
    )  # fmt: skip


def _of_pairs(output: Output, again: Path, params: ReproduceParams) -> tuple[Comparison, ...]:
    """Pair by pair; sets are compared as they are read, folders in the 8 bits of their PNGs."""
    assert output.pairs is not None, "only sets have pairs"
    made = read_pair_set(again)
    new = dict(zip(made.names, made.images, strict=True))
    return tuple(
        compare_values(name, image, new[name], params)
        for name, image in zip(output.pairs.names, output.pairs.images, strict=True)
    )

"""Labels that were saved in the window: results laid over each other, and edited by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.data.volumes.read import read_volume
from engine.data.volumes.region import Region
from engine.data.volumes.write import smallest, write_labels
from engine.errors import InputError
from engine.method import Method
from engine.provenance import content
from engine.reproducing.comparing import compare_labels, read_values
from engine.reproducing.conditions import as_recorded, conditions_of, reasons_of
from engine.reproducing.params import ReproduceParams
from engine.reproducing.record import Output
from engine.reproducing.report import BY_HAND, CHANGED, Condition, Outcome
from engine.reproducing.rerunning import rerun_of, run
from engine.steps import ProgressStep, Step

if TYPE_CHECKING:
    from engine.device import Context

MADE = "result.nii.gz"


def saved_labels(
    output: Output, params: ReproduceParams, given: Mapping[str, Path], keep: Path | None,
    context: Context, methods: Sequence[Method], before: ProgressStep | None,
) -> Generator[Step, None, Outcome]:  # fmt: skip
    """Make every result in them again, lay one over the other, and compare with the file.

    Raises:
        InputError: as `rerun_of`; one of the results was cut anew by hand.
    """
    record = output.record
    if record.recut:
        raise InputError(
            f"{output.path.name} holds a result that was cut anew by hand, which its record does "
            "not tell in full.",
            "Run the method on the image anew, and cut it by the same threshold.",
        )
    old = read_values(output.path, labels=True)
    new = np.zeros(old.shape, np.uint32)
    conditions: list[Condition] = []
    notes: list[str] = []
    count = len(record.results)
    for place, each in enumerate(record.results):
        single = Output(output.path.with_name(MADE), each.model_copy(update={"holds": "output"}))
        told = before or (ProgressStep(place, count, "Making it again") if count > 1 else None)
        with tempfile.TemporaryDirectory(prefix="reverie-") as folder:
            rerun = rerun_of(single, params, given, Path(folder), None, methods)
            with as_recorded(context, each, params) as own:
                yield from run(rerun, single, own, told)
                conditions += conditions_of(each, own, rerun.found)
            notes += rerun.notes
            made = read_volume(rerun.target, kind="labels").array[0]
        _lay(new, made, each.region, each.classes)
    found = smallest(new)
    comparison = compare_labels(output.path.name, old, found, params)
    written, left = record.content, record.before_editing
    changed = written is not None and content(old)["sha256"] != written.sha256
    same = left is not None and content(found)["sha256"] == left.sha256
    edited, verdict = "", comparison.verdict
    reasons: list[str] = []
    if same and verdict != "equal":
        edited, verdict = CHANGED if changed else BY_HAND, "equal"
        if record.edited.voxels:
            notes.append(
                f"{record.edited.voxels:,} of {record.edited.of:,} voxels were changed by hand "
                "before it was saved."
            )
    elif verdict != "equal":
        reasons = reasons_of(conditions, changed=changed)
        if record.edited.voxels:
            reasons.append(f"{record.edited.voxels:,} voxels of it were changed by hand.")
    if keep is not None:
        image = next(f.path for f in rerun.found if f.what == "Input" and f.path is not None)
        part = record.results[-1].inputs["input"].part
        write_labels(keep, found, read_volume(image, part=part), provenance={"reproduced": True})
    return Outcome(
        output.path, verdict, (comparison,), tuple(dict.fromkeys(conditions)), tuple(reasons),
        edited, tuple(dict.fromkeys(notes)), keep,
    )  # fmt: skip


def _lay(labels: np.ndarray, made: np.ndarray, region: str, classes: Mapping[int, int]) -> None:
    """Put a result into labels, numbered as they have it; outside of its region nothing changes.

    Raises:
        InputError: It lies on other voxels.
    """
    if made.shape != labels.shape:
        raise InputError(
            f"The image has {made.shape} voxels, the labels {labels.shape}.",
            "Give the image that they were made of.",
        )
    numbers = np.zeros(max(256, int(made.max()) + 1), np.uint32)
    for value, label in classes.items():
        if 0 < value < len(numbers) and 0 < label < 2**16:
            numbers[value] = label
    shape = (int(labels.shape[0]), int(labels.shape[1]), int(labels.shape[2]))
    box = Region.of_text(region, shape) if region else Region.whole(shape)
    index = box.checked(shape).index
    labels[index] = numbers[made[index]]

"""The operations on labels, in one list: menus, dialogs, undo names and commands come from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from engine.data.labels.grow import (
    FloodParams,
    SeedsParams,
    ThresholdParams,
    flood,
    grow_from_seeds,
    threshold,
)  # fmt: skip
from engine.data.labels.interpolate import InterpolateParams, interpolate
from engine.data.labels.islands import IslandParams, islands
from engine.data.labels.logic import (
    ClearParams,
    CopySliceParams,
    LogicParams,
    RemapParams,
    clear,
    copy_slice,
    logic,
    remap,
)  # fmt: skip
from engine.data.labels.morphology import (
    HolesParams,
    MorphologyParams,
    ShellParams,
    fill_holes,
    morphology,
    shell,
)  # fmt: skip
from engine.data.labels.smooth import SmoothParams, smooth
from engine.data.labels.subject import Labels, Subject
from engine.errors import InputError
from engine.parameters import Parameters

Section = Literal["shape", "image", "slices", "numbers"]


@dataclass(frozen=True)
class Operation:
    """One operation as it is offered.

    Attributes:
        name: As on the command line.
        title: As in menus and in the list of steps to undo.
        help: What it does, in one sentence.
        params: Its parameters.
        run: From a subject and parameters to labels of the same shape; use `apply` instead.
        section: The part of the menu that it belongs to.
        needs_image: Whether it looks at the image.
        takes_other: Whether it can use a second label map.
    """

    name: str
    title: str
    help: str
    params: type[Parameters]
    run: Callable[[Subject, Any], Labels]
    section: Section
    needs_image: bool = False
    takes_other: bool = False


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "islands", "Islands", "Keep the largest parts, remove small ones, or number them.",
        IslandParams, islands, "shape",
    ),
    Operation(
        "morphology", "Dilate, erode, open, close", "Grow, shrink or clean by a ball in mm.",
        MorphologyParams, morphology, "shape",
    ),
    Operation(
        "fill-holes", "Fill holes", "Fill what a label encloses.",
        HolesParams, fill_holes, "shape",
    ),
    Operation(
        "shell", "Shell and margin", "Hollow a label out, or make the margin around it.",
        ShellParams, shell, "shape",
    ),
    Operation(
        "smooth", "Smooth", "Round off steps, all labels together, so that no gaps open.",
        SmoothParams, smooth, "shape",
    ),
    Operation(
        "threshold", "Threshold", "Label what lies in a range of the image's values.",
        ThresholdParams, threshold, "image", needs_image=True, takes_other=True,
    ),
    Operation(
        "grow", "Grow from seeds", "Grow all labels up to the edges in the image.",
        SeedsParams, grow_from_seeds, "image", needs_image=True,
    ),
    Operation(
        "flood", "Fill by likeness", "Label what is connected to a voxel and of like value.",
        FloodParams, flood, "image", needs_image=True,
    ),
    Operation(
        "interpolate", "Interpolate slices", "Fill the gaps between painted slices.",
        InterpolateParams, interpolate, "slices",
    ),
    Operation(
        "copy-slice", "Copy slice", "Carry the labels of a slice on to its neighbours.",
        CopySliceParams, copy_slice, "slices",
    ),
    Operation(
        "clear", "Clear", "Remove a label from a slice or from the volume.",
        ClearParams, clear, "slices",
    ),
    Operation(
        "logic", "Combine labels", "Join, cut, copy, exchange, rename or invert labels.",
        LogicParams, logic, "numbers", takes_other=True,
    ),
    Operation(
        "remap", "Renumber", "Give labels other numbers.",
        RemapParams, remap, "numbers",
    ),
)  # fmt: skip


def operation(name: str) -> Operation:
    """The operation of that name.

    Raises:
        InputError: there is none.
    """
    for candidate in OPERATIONS:
        if candidate.name == name:
            return candidate
    names = ", ".join(o.name for o in OPERATIONS)
    raise InputError(f"There is no operation {name!r}.", f"Choose one of: {names}.")


def apply(what: Operation, subject: Subject, params: Parameters) -> Labels:
    """New labels (D, H, W); the subject stays as it is and locked labels keep their voxels.

    The type is that of the labels, or a wider one where a new label asks for it.

    Raises:
        InputError: the parameters do not fit what there is; a locked label was to be changed.
        Exception: what the subject's watch raises, to cancel.
    """
    subject.watch(0.0)
    for name in ("label", "into"):
        value = getattr(params, name, 0)
        if value and value in subject.locked:
            raise InputError(
                f"{what.title} would change label {value}, which is locked.",
                "Unlock it in the table of labels, or choose another label.",
            )
    result = what.run(subject, params)
    if subject.locked:
        _keep_locked(subject, result)
    subject.watch(1.0)
    return result


def _keep_locked(subject: Subject, result: Labels) -> None:
    """Undo, in place, each voxel that a locked label lost or gained."""
    for before, after in zip(subject.labels, result, strict=True):
        changed = before != after
        if changed.any():
            locked = list(subject.locked)
            wrong = changed & (np.isin(before, locked) | np.isin(after, locked))
            after[wrong] = before[wrong]

"""Labels joined, cut, copied, exchanged, renamed and cleared."""

from __future__ import annotations

import re
from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from engine.data.labels.subject import MAX_LABEL, Labels, Subject, able_to_hold
from engine.data.labels.where import (
    AXES,
    GROUP,
    Axis,
    Growing,
    Target,
    axis_number,
    part_of,
    slab,
)  # fmt: skip
from engine.errors import InputError
from engine.parameters import Parameters, parameter

Action = Literal["union", "intersect", "subtract", "copy", "swap", "rename", "invert"]
PAIR = re.compile(r"(\d+)\s*[:=]\s*(\d+)")


class LogicParams(Growing):
    """Combine two labels."""

    action: Action = parameter(
        "union", "Action", "What the label becomes.",
        choices={
            "union": "Label or other", "intersect": "Label and other",
            "subtract": "Label without other", "copy": "A copy of other",
            "swap": "Exchange both", "rename": "Other's number", "invert": "What is free",
        },
    )  # fmt: skip
    with_label: int = parameter(
        2, "Other label", "The second label; of the second map where one is given.",
        ge=0, le=MAX_LABEL,
    )  # fmt: skip

    @model_validator(mode="after")
    def _one_label(self) -> Self:
        if self.label == 0:
            raise ValueError("label 0 is the background; choose one label")
        return self


def logic(subject: Subject, params: LogicParams) -> Labels:
    """Set operations between two labels of one map, or of two maps on one grid.

    Within one map labels never overlap, so there union and copy move the other label's voxels,
    and intersection and subtraction need a second map.

    Raises:
        InputError: the action cannot be done with what is given.
    """
    part = part_of(subject.labels, params)
    result = able_to_hold(subject.labels, max(params.label, params.with_label))
    old, new = subject.labels[part], result[part]
    mask = old == params.label
    if params.action in ("swap", "rename"):
        if params.action == "swap":
            new[old == params.with_label] = params.label
        new[mask] = params.with_label
        return result
    second = old if subject.other is None else subject.other[part]
    if subject.other is None and params.action in ("intersect", "subtract"):
        raise InputError(
            "Labels of one map never overlap, so there is nothing in common.",
            "Give a second label map to intersect with or to subtract.",
        )
    other = second == params.with_label
    free = np.ones_like(mask) if params.overwrite else old == 0
    if subject.other is None and params.with_label:
        free |= other
    wanted = {
        "union": mask | other, "intersect": mask & other, "subtract": mask & ~other,
        "copy": other, "invert": ~mask,
    }[params.action]  # fmt: skip
    new[mask & ~wanted] = 0
    new[wanted & ~mask & free] = params.label
    return result


class RemapParams(Parameters):
    """Give labels other numbers."""

    mapping: str = parameter(
        "", "Numbers", "Old and new number of each label to change, as 1:2, 3:0; 0 removes."
    )

    def pairs(self) -> dict[int, int]:
        """Old number -> new number.

        Raises:
            InputError: the text cannot be read so.
        """
        found: dict[int, int] = {}
        for piece in filter(None, (p.strip() for p in re.split(r"[,;]", self.mapping))):
            match = PAIR.fullmatch(piece)
            if match is None or max(map(int, match.groups())) > MAX_LABEL:
                raise InputError(
                    f"{piece!r} is no pair of label numbers from 0 to {MAX_LABEL}.",
                    "Write old and new number with a colon, as in 1:2, 3:0.",
                )
            found[int(match[1])] = int(match[2])
        if not found:
            raise InputError("No numbers to change are given.", "Write them as in 1:2, 3:0.")
        return found


def remap(subject: Subject, params: RemapParams) -> Labels:
    """All labels renumbered at once, so that 1:2, 2:1 exchanges them."""
    pairs = params.pairs()
    top = int(subject.labels.max(initial=0))
    result = able_to_hold(subject.labels, max(pairs.values()))
    table = np.arange(max(top, 0) + 1, dtype=np.int64)
    for old, new in pairs.items():
        if old <= top:
            table[old] = new
    result[...] = table.astype(result.dtype)[subject.labels]
    return result


class ClearParams(Target):
    """Remove a label from the volume or from a slice."""

    extent: Literal["volume", "slice"] = parameter(
        "slice", "Extent", "All of the volume, or one slice.",
        choices={"volume": "Volume (3D)", "slice": "One slice (2D)"}, group=GROUP,
    )  # fmt: skip


def clear(subject: Subject, params: ClearParams) -> Labels:
    """The chosen label, or all, becomes background."""
    result = subject.labels.copy()
    part = result[part_of(result, params)]
    part[part == params.label if params.label else part > 0] = 0
    return result


class CopySliceParams(Parameters):
    """Carry the labels of one slice on to others."""

    axis: Axis = parameter(
        "d", "Axis", "Axis of the array that slices are counted along.", choices=AXES, group=GROUP
    )
    index: int = parameter(
        0, "Slice", "Number of the slice to copy, from 0.", ge=0, le=1_000_000, group=GROUP
    )
    label: int = parameter(
        1, "Label", "The label to copy; 0 means all labels.", ge=0, le=MAX_LABEL, group=GROUP
    )
    steps: int = parameter(
        1, "Slices", "How many slices to copy to: 2 the next two, -1 the one before.",
        ge=-1_000_000, le=1_000_000, step=1,
    )  # fmt: skip
    replace: bool = parameter(
        False, "Replace", "Clear the copied labels in the other slices first."
    )
    overwrite: bool = parameter(
        False, "Overwrite others", "Take voxels of other labels too, save of locked ones.",
        group=GROUP,
    )  # fmt: skip


def copy_slice(subject: Subject, params: CopySliceParams) -> Labels:
    """The labels of a slice put into the slices after or before it, as far as there are any.

    Raises:
        InputError: there is no such slice, or none to copy to.
    """
    axis, shape = axis_number(params.axis), subject.labels.shape
    source = subject.labels[slab(shape, axis, params.index)]
    mask = source == params.label if params.label else source > 0
    result = subject.labels.copy()
    way = 1 if params.steps > 0 else -1
    last = params.index + params.steps
    targets = [i for i in range(params.index + way, last + way, way) if 0 <= i < shape[axis]]
    if not targets or params.steps == 0:
        raise InputError(
            f"There is no slice to copy slice {params.index} to.", "Choose another slice or way."
        )
    for index in targets:
        target = result[slab(shape, axis, index)]
        if params.replace:
            target[target == params.label if params.label else target > 0] = 0
        free = mask if params.overwrite else mask & (target == 0)
        target[free] = source[free]
    return result

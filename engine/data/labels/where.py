"""Which labels an operation changes and where: the part that most operations share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from engine.data.labels.subject import (
    MAX_LABEL,
    Block,
    Labels,
    Mask,
    Spacing,
    Subject,
    Watch,
    box_of,
    boxes,
    grown,
    stage,
)
from engine.errors import InputError
from engine.parameters import Parameters, parameter

Axis = Literal["d", "h", "w"]
AXES = {"d": "Slices (D)", "h": "Rows (H)", "w": "Columns (W)"}
GROUP = "Where"
Change = Callable[[Mask, Spacing, Watch], Mask]
"""From one label in a block, the voxel size, and whom to tell, to what shall be that label."""


class Part(Parameters):
    """The whole volume or one slice of it."""

    extent: Literal["volume", "slice"] = parameter(
        "volume", "Extent", "All of the volume, or one slice as a picture of its own.",
        choices={"volume": "Volume (3D)", "slice": "One slice (2D)"}, group=GROUP,
    )  # fmt: skip
    axis: Axis = parameter(
        "d", "Axis", "Axis of the array that slices are counted along.", choices=AXES, group=GROUP
    )
    index: int = parameter(
        0, "Slice", "Number of the slice, from 0.", ge=0, le=1_000_000, group=GROUP
    )


class Target(Part):
    """One label or all, in the volume or in a slice."""

    label: int = parameter(
        1, "Label", "The label to change; 0 means all labels.", ge=0, le=MAX_LABEL, group=GROUP
    )


class Growing(Target):
    """An operation that may take voxels from others."""

    overwrite: bool = parameter(
        False, "Overwrite others", "Take voxels of other labels too, save of locked ones.",
        group=GROUP,
    )  # fmt: skip


def axis_number(axis: Axis) -> int:
    """The array's axis of that name."""
    return "dhw".index(axis)


def part_of(labels: Labels, params: Part) -> Block:
    """The block that the parameters speak of.

    Raises:
        InputError: there is no such slice.
    """
    if params.extent == "volume":
        return slice(0, labels.shape[0]), slice(0, labels.shape[1]), slice(0, labels.shape[2])
    return slab(labels.shape, axis_number(params.axis), params.index)


def slab(shape: tuple[int, ...], axis: int, index: int) -> Block:
    """One slice, still of three axes.

    Raises:
        InputError: there is no such slice.
    """
    if not 0 <= index < shape[axis]:
        raise InputError(
            f"There is no slice {index}: along axis {'dhw'[axis]} they go from 0 to "
            f"{shape[axis] - 1}.",
            "Choose one of these.",
        )
    block = [slice(0, length) for length in shape]
    block[axis] = slice(index, index + 1)
    return block[0], block[1], block[2]


def chosen(labels: Labels, label: int) -> dict[int, Block]:
    """The labels to work on with their boxes: one, or all for 0; none that is not there."""
    if label == 0:
        return boxes(labels)
    box = box_of(labels == label)
    return {} if box is None else {label: box}


def change_each(subject: Subject, params: Target, margin_mm: float, change: Change) -> Labels:
    """Each chosen label made anew from its own mask; what it loses becomes background.

    Labels are looked at as they were, and the later one wins where two grow to one voxel.

    Args:
        margin_mm: How far a label may grow.
    """
    part = part_of(subject.labels, params)
    before = subject.labels[part]
    result = subject.labels.copy()
    after = result[part]
    overwrite = isinstance(params, Growing) and params.overwrite
    found = chosen(before, params.label)
    for number, (value, box) in enumerate(found.items()):
        watch = stage(subject.watch, number, len(found))
        watch(0.0)
        block = grown(box, before.shape, margin_mm, subject.spacing_mm)
        old = before[block]
        mask = old == value
        wanted = change(mask, subject.spacing_mm, watch)
        put(after[block], old, mask, wanted, value, overwrite)
    return result


def put(
    after: Labels, old: Labels, mask: Mask, wanted: Mask, value: int, overwrite: bool = False
) -> None:
    """Make a label what is wanted, in place; it loses to 0, and gains from 0 or from all."""
    gained = wanted & ~mask
    if not overwrite:
        gained &= old == 0
    after[mask & ~wanted & (after == value)] = 0
    after[gained] = value

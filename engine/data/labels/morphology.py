"""Dilate, erode, open, close, shells and holes, with radii in millimetres."""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np
import scipy

from engine.data.labels.connected import parts_by
from engine.data.labels.distance import SLACK_MM, dilated, distance_to, eroded
from engine.data.labels.subject import (
    Block,
    Labels,
    Mask,
    Spacing,
    Subject,
    Watch,
    able_to_hold,
    grown,
    stage,
)  # fmt: skip
from engine.data.labels.where import (
    AXES,
    Axis,
    Growing,
    axis_number,
    change_each,
    chosen,
    part_of,
    put,
)  # fmt: skip
from engine.errors import InputError
from engine.parameters import parameter

MAX_RADIUS_MM = 1000.0


class MorphologyParams(Growing):
    """Grow, shrink and smooth by a ball."""

    action: Literal["dilate", "erode", "open", "close"] = parameter(
        "dilate", "Action", "Opening takes off what is thinner than the ball, closing fills gaps.",
        choices={"dilate": "Dilate", "erode": "Erode", "open": "Open", "close": "Close"},
    )  # fmt: skip
    radius_mm: float = parameter(
        2.0, "Radius", "Of the ball; measured between centres of voxels.", unit="mm",
        gt=0, le=MAX_RADIUS_MM, step=0.5,
    )  # fmt: skip


def morphology(subject: Subject, params: MorphologyParams) -> Labels:
    """Dilation, erosion, opening or closing by a ball in mm, exact on voxels of any shape.

    What lies beyond the volume counts as mask when eroding, so labels do not leave its faces.
    """
    radius = params.radius_mm
    if params.action == "dilate":
        return _dilate(subject, params)
    steps = {"erode": [eroded], "open": [eroded, dilated], "close": [dilated, eroded]}

    def change(mask: Mask, spacing_mm: Spacing, watch: Watch) -> Mask:
        todo = steps[params.action]
        for number, step in enumerate(todo):
            mask = step(mask, radius, spacing_mm, stage(watch, number, len(todo)))
        return mask

    # Closing looks a second radius further, to erode from what it dilated.
    margin = {"erode": 0.0, "open": 0.0, "close": 2 * radius}[params.action]
    return change_each(subject, params, margin, change)


def _dilate(subject: Subject, params: MorphologyParams) -> Labels:
    """Where several labels grow, a voxel goes to the nearest."""
    part = part_of(subject.labels, params)
    before = subject.labels[part]
    result = subject.labels.copy()
    after = result[part]
    nearest = np.full(before.shape, np.inf, np.float32)
    found = chosen(before, params.label)
    take_others = params.overwrite and params.label != 0
    for number, (value, box) in enumerate(found.items()):
        watch = stage(subject.watch, number, len(found))
        block = grown(box, before.shape, params.radius_mm, subject.spacing_mm)
        old = before[block]
        distance = distance_to(old == value, subject.spacing_mm, watch)
        wanted = (distance <= params.radius_mm + SLACK_MM) & (distance < nearest[block])
        wanted &= (old != value) if take_others else (old == 0)
        nearest[block][wanted] = distance[wanted]
        after[block][wanted] = value
    return result


class HolesParams(Growing):
    """Fill what a label encloses."""

    mode: Literal["volume", "slices"] = parameter(
        "volume", "Closed", "What counts as a hole: closed on all sides, or within its slice.",
        choices={"volume": "On all sides (3D)", "slices": "Within each slice (2D)"},
    )  # fmt: skip
    across: Axis = parameter(
        "d", "Slices along", "Axis that the slices are counted along.", choices=AXES
    )
    largest_ml: float = parameter(
        0.0, "Largest hole", "Fill only holes up to this volume; 0 fills all.", unit="ml",
        ge=0, le=1e6, step=0.1,
    )  # fmt: skip


def fill_holes(subject: Subject, params: HolesParams) -> Labels:
    """Background that a label encloses becomes that label.

    A hole is a part of the complement, connected over faces, that does not reach the edge of the
    volume or slice.
    """
    across = None if params.mode == "volume" else axis_number(params.across)
    if params.extent == "slice":
        across = axis_number(params.axis)
    largest = params.largest_ml / subject.voxel_ml if params.largest_ml else np.inf

    def change(mask: Mask, _spacing: Spacing, watch: Watch) -> Mask:
        return mask | _holes(mask, across, largest, watch)

    return change_each(subject, params, 0.0, change)


def _holes(mask: Mask, across: int | None, largest: float, watch: Watch) -> Mask:
    """Enclosed voxels; `across` is the axis along which slices do not touch each other."""
    rim = [(1, 1)] * 3
    if across is not None:
        rim[across] = (0, 0)
    outside = np.pad(~mask, rim, constant_values=True)
    touching = scipy.ndimage.generate_binary_structure(3, 1)
    if across is not None:
        touching[tuple([0, 2] if axis == across else 1 for axis in range(3))] = False
    parts = parts_by(outside, touching, watch)
    sizes = np.bincount(parts.ravel())
    hole = sizes <= largest
    hole[0] = False
    for axis in range(3):
        if axis != across:
            hole[np.unique(parts.take([0, -1], axis=axis))] = False
    inner = tuple(slice(before, None if not after else -after) for before, after in rim)
    return hole[parts][inner]


class ShellParams(Growing):
    """Hollow a label out, or make the margin around it."""

    side: Literal["inside", "outside", "middle"] = parameter(
        "inside", "Side", "Where the shell lies of the label's surface.",
        choices={"inside": "Inside", "outside": "Outside", "middle": "Both sides"},
    )  # fmt: skip
    thickness_mm: float = parameter(
        2.0, "Thickness", "Of the shell.", unit="mm", gt=0, le=MAX_RADIUS_MM, step=0.5
    )
    into: int = parameter(
        0, "Into label", "Label that gets the shell, while the rest stays; 0 leaves only the "
        "shell of the label.", ge=0, le=65535,
    )  # fmt: skip


def shell(subject: Subject, params: ShellParams) -> Labels:
    """The shell of each chosen label: instead of the label, or as another label."""
    make = partial(_shell, params=params)
    margin = 0.0 if params.side == "inside" else params.thickness_mm
    if not params.into:
        return change_each(subject, params, margin, make)
    if params.into == params.label:
        raise InputError("The shell cannot go into its own label.", "Choose 0 or another label.")
    part = part_of(subject.labels, params)
    before = subject.labels[part]
    result = able_to_hold(subject.labels, params.into)
    after = result[part]
    found = chosen(before, params.label)
    for number, (value, box) in enumerate(found.items()):
        block: Block = grown(box, before.shape, margin, subject.spacing_mm)
        old = before[block]
        mask = old == value
        wanted = make(mask, subject.spacing_mm, stage(subject.watch, number, len(found)))
        # The label gives its own voxels to its shell.
        after[block][wanted & mask] = params.into
        put(after[block], old, mask | (old == params.into), wanted | mask | (old == params.into),
            params.into, params.overwrite)  # fmt: skip
    return result


def _shell(mask: Mask, spacing_mm: Spacing, watch: Watch, params: ShellParams) -> Mask:
    thickness = params.thickness_mm
    if params.side == "inside":
        return mask & ~eroded(mask, thickness, spacing_mm, watch)
    if params.side == "outside":
        return dilated(mask, thickness, spacing_mm, watch) & ~mask
    half = thickness / 2
    around = dilated(mask, half, spacing_mm, stage(watch, 0, 2))
    return around & ~eroded(mask, half, spacing_mm, stage(watch, 1, 2))

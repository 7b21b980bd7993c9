"""Smooth labels together, so that no gaps open between neighbours."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.labels.blur import box_mean, gaussian
from engine.data.labels.subject import (
    Labels,
    Mask,
    Spacing,
    Subject,
    Watch,
    boxes,
    grown,
    hull,
    stage,
)
from engine.data.labels.where import Target, chosen, part_of
from engine.parameters import parameter

REACH = 4.0
"""Standard deviations after which a Gaussian is cut off."""


class SmoothParams(Target):
    """Round off steps and spikes."""

    method: Literal["gaussian", "median"] = parameter(
        "gaussian", "Method", "Gaussian rounds corners off; median keeps them and drops specks.",
        choices={"gaussian": "Gaussian", "median": "Median"},
    )  # fmt: skip
    size_mm: float = parameter(
        1.5, "Size", "Standard deviation of the Gaussian, or half the width of the median.",
        unit="mm", gt=0, le=100, step=0.5,
    )  # fmt: skip


def smooth(subject: Subject, params: SmoothParams) -> Labels:
    """Each voxel goes to the label, or background, that fills most of its surroundings.

    Surroundings are weighed by a Gaussian, or all alike in a box: for one label the latter is
    the median. Smoothing one label changes only voxels that it gains or loses.
    """
    part = part_of(subject.labels, params)
    before = subject.labels[part]
    result = subject.labels.copy()
    found = chosen(before, params.label)
    if not found:
        return result
    reach = params.size_mm * (REACH if params.method == "gaussian" else 1.0)
    block = grown(hull(found.values()), before.shape, reach, subject.spacing_mm)
    old = before[block]
    winner = _winner(subject, params, old, reach)
    if params.label:
        touched = (old == params.label) ^ (winner == params.label)
        winner = np.where(touched, winner, old)
    result[part][block] = winner
    return result


def _winner(subject: Subject, params: SmoothParams, old: Labels, reach: float) -> Labels:
    winner = np.zeros_like(old)
    found = boxes(old)
    count = len(found) + 1
    best = _share(old == 0, params, subject.spacing_mm, stage(subject.watch, 0, count))
    for number, (value, box) in enumerate(found.items(), 1):
        watch = stage(subject.watch, number, count)
        near = grown(box, old.shape, reach, subject.spacing_mm)
        share = _share(old[near] == value, params, subject.spacing_mm, watch)
        wins = share > best[near]
        best[near][wins] = share[wins]
        winner[near][wins] = value
    return winner


def _share(
    mask: Mask, params: SmoothParams, spacing_mm: Spacing, watch: Watch
) -> NDArray[np.float32]:
    """How much of each voxel's surroundings is mask, 0 to 1; the edge goes on as it is."""
    steps = [params.size_mm / size for size in spacing_mm]
    values = mask.astype(np.float32)
    if params.method == "gaussian":
        return gaussian(values, steps, REACH, watch)
    return box_mean(values, [2 * int(step + 1e-6) + 1 for step in steps], watch)

"""Separate parts of labels: keep, remove, number."""

from __future__ import annotations

from typing import Literal

import numpy as np

from engine.data.labels.connected import parts_of
from engine.data.labels.subject import MAX_LABEL, Labels, Subject, able_to_hold, stage
from engine.data.labels.where import Target, chosen, part_of
from engine.parameters import parameter


class IslandParams(Target):
    """Keep, remove or number the separate parts of a label."""

    action: Literal["keep", "remove", "split"] = parameter(
        "keep", "Action", "What to do with the separate parts.",
        choices={"keep": "Keep the largest", "remove": "Remove small ones",
                 "split": "Split into new labels"},
    )  # fmt: skip
    count: int = parameter(1, "Keep", "How many of the largest to keep.", ge=1, le=MAX_LABEL)
    smallest: float = parameter(
        0.1, "Smallest", "Size below which an island is removed, or is not split off.",
        ge=0, le=1e9, step=0.1,
    )  # fmt: skip
    unit: Literal["ml", "voxels"] = parameter(
        "ml", "Size in", "What the smallest size is measured in.",
        choices={"ml": "ml", "voxels": "voxels"},
    )  # fmt: skip
    touching: Literal["faces", "edges", "corners"] = parameter(
        "corners", "Touching", "What voxels have to share to be of one island.",
        choices={"faces": "Faces (6)", "edges": "Edges (18)", "corners": "Corners (26)"},
        advanced=True,
    )  # fmt: skip
    first_new: int = parameter(
        0, "First new label", "Number of the first label split off; 0 takes the next free one.",
        ge=0, le=MAX_LABEL, advanced=True,
    )  # fmt: skip


TOUCHING = {"faces": 1, "edges": 2, "corners": 3}


def islands(subject: Subject, params: IslandParams) -> Labels:
    """Connected parts of each chosen label, largest first, kept, removed or numbered.

    Split off islands get new labels in order of size; the largest keeps its label, and so do
    those below the smallest size.
    """
    part = part_of(subject.labels, params)
    before = subject.labels[part]
    result = subject.labels.copy()
    smallest = params.smallest
    if params.unit == "ml":
        smallest /= subject.voxel_ml
    free = params.first_new or int(subject.labels.max(initial=0)) + 1
    found = chosen(before, params.label)
    for number, (value, box) in enumerate(found.items()):
        watch = stage(subject.watch, number, len(found))
        parts = parts_of(before[box] == value, TOUCHING[params.touching], watch)
        sizes = np.bincount(parts.ravel())
        becomes = np.full(len(sizes), value, np.int64)
        order = np.argsort(-sizes[1:], kind="stable") + 1
        if params.action == "keep":
            becomes[order[params.count :]] = 0
        elif params.action == "remove":
            becomes[1:][sizes[1:] < smallest] = 0
        else:
            new = [i for i in order[1:] if sizes[i] >= smallest]
            becomes[new] = np.arange(free, free + len(new))
            free += len(new)
        if becomes.max() > np.iinfo(result.dtype).max:
            result = able_to_hold(result, int(becomes.max()))
        inside = parts > 0
        result[part][box][inside] = becomes[parts[inside]]
    return result

"""Results with votes that a test makes up, in the geometry of the head."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.labels.cutoff import cut_off
from engine.data.volumes.region import Region
from engine.events import JobPreview
from engine.jobs import Job
from engine.results import SegmentationResult
from tests.app.segment.driving import SHAPE
from tests.app.segment.methods import Bench
from tests.app.window.driving import settle

VOTES, SIDE, STEPS = 3, 16, 2
SURE = np.s_[4:8, 6:14, 8:16]  # voxels of the structure
RIM = np.s_[4:8, 4:16, 6:18]  # with those around it, which some votes add
FAR = np.s_[10, 2, 3]  # one voxel apart
RIM_P, SURE_P = 0.35, 0.95
NAMES = {0: "background", 1: "Ball", 2: "Rim"}


def shares() -> NDArray[np.float32]:
    """The probability of any structure (D, H, W)."""
    found = np.zeros(SHAPE, np.float32)
    found[RIM], found[FAR], found[SURE] = RIM_P, 0.2, SURE_P
    return found


def with_votes(job: Job, classes: int = 1) -> SegmentationResult:
    """What a task would return; of two classes the second has the right half."""
    foreground = shares()
    given = job.inputs.get("region")
    region = Region.whole(SHAPE)
    if isinstance(given, np.ndarray):
        region = Region.of_array(given)
        outside = np.ones(SHAPE, bool)
        outside[region.index] = False
        foreground[outside] = 0
    parts = [foreground]
    if classes == 2:
        right = np.arange(SHAPE[2]) >= 12
        parts = [foreground * np.where(right, 0.1, 0.9), foreground * np.where(right, 0.9, 0.1)]
    probability = np.stack([1 - foreground, *parts]).astype(np.float32)
    labels = probability.argmax(axis=0).astype(np.uint8)
    variance = (foreground * (1 - foreground)).astype(np.float32)
    votes = np.stack([cut_off(probability[:, 5], t) for t in (0.5, 0.3, 0.5)])
    names = {k: v for k, v in NAMES.items() if k <= classes}
    return SegmentationResult(
        labels, probability, variance, variance, votes, 5, (region.low, region.high), names,
        {"seed": 1},
    )  # fmt: skip


def land(bench: Bench, classes: int = 1, place: str = "all") -> SegmentationResult:
    """Run the chosen method, and find that."""
    job_id = bench.run(place)
    result = with_votes(bench.engine.jobs[job_id], classes)
    bench.engine.finish(job_id, result)
    bench.settle()
    return result


def preview(bench: Bench, job_id: int, index: int, **more: Any) -> JobPreview:
    """A step of all votes; the level of each tells vote and step apart."""
    votes = np.arange(VOTES, dtype=np.float32).reshape(-1, 1, 1)
    state = np.broadcast_to(0.1 * index + 0.01 * votes, (VOTES, SIDE, SIDE)).copy()
    noise = np.full_like(state, -0.5) if index == 0 else None
    event = JobPreview(
        job_id, index, STEPS, STEPS - 1 - index, state, state + 0.5, True, 0, noise, **more
    )  # fmt: skip
    bench.engine.emit(event)
    settle(bench.window, bench.qtbot)
    return event

"""Heat maps that a test makes up, in the geometry of the head, with their evidence a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.workspaces.segment.method_panel import MethodPanel
from engine import library
from engine.events import JobPreview
from engine.jobs import Job
from engine.methods.cdm.cutting import cut
from engine.methods.cdm.use_params import CutParams
from engine.results import SaliencyResult, Squares
from tests.app.segment.driving import SHAPE
from tests.app.segment.methods import Bench, write_card
from tests.app.window.driving import settle

SIDE, ROUNDS = 24, 4
FIRST, LAST = 4, 8  # slices that show something, the last one outside
INNER = np.s_[6:12, 8:14]  # what the first steps find on these slices
OUTER = np.s_[4:14, 6:16]  # what later ones add
NAMES = {0: "normal", 1: "Lesion", 2: "Bleeding"}
LABELS = {"1": {"name": "Lesion", "color": "#FF3030"}, "2": {"name": "Bleeding"}}
FRAMING = {"size": SIDE, "plane": "stored", "channels": 1, "fov_mm": 0.0, "range": "tails",
           "dims": 2}  # fmt: skip


@dataclass(frozen=True)
class Plain:
    """Squares that are the image's slices, cut below."""

    across: tuple[int, bool] = (0, False)

    def back(self, maps: NDArray[np.float32], slices: NDArray[Any]) -> NDArray[np.float32]:
        found = np.zeros((len(maps), *SHAPE), np.float32)
        found[:, slices] = maps[:, :, : SHAPE[1], : SHAPE[2]]
        return found


def evidence() -> NDArray[np.float32]:
    """(n, R, S, S): faint noise and the inner box in each step, the outer one from the third on."""
    random = np.random.default_rng(0)
    maps = 0.02 * random.random((LAST - FIRST, ROUNDS, SIDE, SIDE))
    maps[:, :, *INNER] += 0.2
    maps[:, 2:, *OUTER] += 0.6
    return maps.astype(np.float32)


def squares(classes: int = 1) -> Squares:
    """Of as many findings, each on the same slices."""
    count = LAST - FIRST
    maps = evidence()
    states = np.stack([maps[2, :], 0.5 * maps[2, :]], axis=1)
    return Squares(
        np.zeros((classes * count, SIDE, SIDE), np.float32), np.concatenate([maps] * classes),
        np.tile(np.arange(FIRST, LAST), classes), np.repeat(np.arange(1, classes + 1), count),
        Plain(), np.full((SHAPE[0], classes + 1), np.nan, np.float32), states, 2,
    )  # fmt: skip


def heated(job: Job, classes: int = 1, found: Squares | None = None) -> SaliencyResult:
    """What the task would return."""
    values = job.params.model_dump()
    params = CutParams.parse({name: values[name] for name in CutParams.model_fields})
    whole = ((0, 0, 0), SHAPE)
    made = found or squares(classes)
    labels, heat, thresholds = cut(made, SHAPE, classes + 1, whole, params)
    names = {k: v for k, v in NAMES.items() if k <= classes}
    return SaliencyResult(labels, heat, thresholds, made, whole, names, {"parameters": values})


def write_models() -> None:
    """A diffusion model and a classifier of CDM that can be chosen but not used."""
    for role, title in (("diffusion", "Lesions"), ("classifier", "Telling")):
        write_card(
            library.user_folder() / f"{role}.safetensors", method="cdm", role=role, title=title,
            labels=LABELS, preprocessing=FRAMING, process={"schedule": "linear", "timesteps": 100},
        )  # fmt: skip


def show_cdm(panel: MethodPanel) -> None:
    """Choose the method, with few steps."""
    place = [segmenter.method.id for segmenter in panel.segmenters()].index("cdm")
    panel.method.setCurrentIndex(place)
    panel.method.activated.emit(place)
    panel.setValues({"rounds": ROUNDS, "level": 40, "keep": "all"})


def land(bench: Bench, classes: int = 1, found: Squares | None = None) -> SaliencyResult:
    """Run CDM, and find that."""
    job_id = bench.run()
    result = heated(bench.engine.jobs[job_id], classes, found)
    bench.engine.finish(job_id, result)
    bench.settle()
    return result


def preview(bench: Bench, job_id: int, index: int) -> JobPreview:
    """A step of both ways: that under the label is the brighter one."""
    state = np.stack([np.full((SIDE, SIDE), level, np.float32) for level in (0.5, -0.5)])
    event = JobPreview(job_id, index, ROUNDS, 39 - index, state, state - 0.25, True)
    bench.engine.emit(event)
    settle(bench.window, bench.qtbot)
    return event

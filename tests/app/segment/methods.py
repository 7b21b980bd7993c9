"""Checkpoints that hold a card and no weights, and results that a test makes up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.segment.method_panel import MethodPanel
from app.workspaces.segment.space import SegmentSpace
from engine.data.volumes.region import Region
from engine.jobs import Job
from engine.results import SegmentationResult
from engine.training.checkpoint import CARD_KEY, Card
from tests.app.segment.driving import LEFT, settled
from tests.app.window.driving import clear_jobs, fake, settle
from tests.helpers.fake_engine import FakeEngine

NAMES = {"1": {"name": "Ball", "color": "#0080FF"}, "2": {"name": "Rim", "color": "#FF8000"}}
SEEN = {"dims": 3, "channels": 1, "orientation": "LPI"}


def write_card(path: Path, **changes: Any) -> Path:
    """A checkpoint of cDAL that can be chosen but not used."""
    values: dict[str, Any] = {
        "method": "cdal", "role": "generator", "title": "Balls", "labels": NAMES,
        "preprocessing": SEEN, "data": [{"cases": 12}], "figures": {"validation Dice": 0.87654},
    } | changes  # fmt: skip
    card = Card(**values)
    header = json.dumps({"__metadata__": {CARD_KEY: card.model_dump_json()}}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    return path


def result_of(
    job: Job, labels: NDArray[Any], names: Mapping[int, str] | None = None
) -> SegmentationResult:
    """What the task would return for labels (D, H, W), which are cut to the job's region."""
    names = names or {0: "background", 1: "Ball", 2: "Rim"}
    given = job.inputs.get("region")
    region = Region.whole(labels.shape)
    if isinstance(given, np.ndarray):
        region = Region.of_array(given)
    inside = np.zeros(labels.shape, np.uint8)
    inside[region.index] = labels[region.index]
    probability = np.stack([(inside == value) * np.float32(0.9) for value in sorted(names)])
    variance = (inside > 0) * np.float32(0.1)
    return SegmentationResult(
        inside, probability, variance, variance, np.stack([inside[0]] * 2), 0,
        (region.low, region.high), names, {"seed": 1},
    )  # fmt: skip


class Bench:
    """The workspace with an image, a checkpoint, and an engine that does what a test says."""

    def __init__(self, window: MainWindow, space: SegmentSpace, qtbot: QtBot) -> None:
        self.window, self.space, self.qtbot = window, space, qtbot
        fake(window).ready()
        clear_jobs(window, qtbot)
        space.view.showPanel(space.view.method)

    @property
    def engine(self) -> FakeEngine:
        return fake(self.window)

    @property
    def panel(self) -> MethodPanel:
        return self.space.view.method

    @property
    def labels(self) -> NDArray[Any]:
        return self.space.study.model.array

    def settle(self) -> None:
        """Until all is told and done."""
        settle(self.window, self.qtbot)
        settled(self.window, self.qtbot)

    def place(self, place: str) -> None:
        """Choose what to run on."""
        QTest.mouseClick(self.panel.where.button(place), LEFT)

    def run(self, place: str = "all") -> int:
        """Click on Run; the job's id."""
        self.place(place)
        before = set(self.engine.jobs)
        QTest.mouseClick(self.panel.run, LEFT)
        settle(self.window, self.qtbot)
        (made,) = set(self.engine.jobs) - before
        return made

    def finish(self, job_id: int, labels: NDArray[Any], **more: Any) -> None:
        """The job finds these labels (D, H, W)."""
        self.engine.finish(job_id, result_of(self.engine.jobs[job_id], labels, **more))
        self.settle()

    def land(self, labels: NDArray[Any], place: str = "all", **more: Any) -> None:
        """Run, and find these labels."""
        self.finish(self.run(place), labels, **more)

    def layers(self) -> list[str]:
        """Names of the layers, the lowest first."""
        return [layer.name for layer in self.space.study.stack]

"""Grow a vessel tree on the canvas, by a job of the engine."""

from __future__ import annotations

import secrets

from PyQt6.QtCore import QObject

from app.bridge import Bridge
from app.errors import Teller
from app.session import Session
from app.workspaces.synthesize import SynthesizeView
from engine.events import JobCancelled, JobFailed, JobFinished
from engine.jobs import Job
from engine.method import Method
from engine.results import MaskResult
from engine.worker import EngineLike

SAMPLE_SEED = 7
SAMPLE_NAME = "Sample tree"
WELCOME = (
    "This is a sample mask: draw on it, and the image follows.",
    "Right-drag erases. Clear it to start from nothing, or drop a mask file here.",
)


class GrowController(QObject):
    """One growing tree at a time; it never overwrites strokes drawn meanwhile."""

    def __init__(
        self,
        engine: EngineLike,
        bridge: Bridge,
        session: Session,
        view: SynthesizeView,
        method: Method,
        teller: Teller,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._engine, self._session, self._view = engine, session, view
        self._method, self._teller = method, teller
        self._job_id = 0
        self._job: Job | None = None
        self._is_sample = False
        view.tools.growRequested.connect(self.grow)
        bridge.finished.connect(self._finished)
        bridge.failed.connect(self._ended)
        bridge.cancelled.connect(self._ended)

    def grow(self) -> None:
        """Grow from the strokes, or from nothing."""
        self._submit(secrets.randbelow(2**31), is_sample=False)

    def grow_sample(self) -> None:
        """Put a tree on the empty canvas of a first start."""
        self._submit(SAMPLE_SEED, is_sample=True)

    def _submit(self, seed: int, is_sample: bool) -> None:
        if self._job_id:
            return
        task = self._method.task("grow")
        mask = self._view.canvas.vesselMask()
        job = Job(
            self._method.id, task.name, task.params.parse({"seed": seed}), {"mask": mask},
            "Grow a vessel tree",
        )  # fmt: skip
        busy = self._session.busy_jobs()
        if busy and not is_sample:
            self._teller.say("info", f"The tree grows when {busy[0].title} has ended.")
        self._job, self._is_sample = job, is_sample
        self._job_id = self._engine.submit(job, first=True)
        self._session.unlisted.add(self._job_id)
        self._view.tools.grow_button.setEnabled(False)

    def _finished(self, event: JobFinished) -> None:
        if event.job_id != self._job_id or self._job is None:
            return
        assert isinstance(event.result, MaskResult), "the task's result is documented"
        canvas = self._view.canvas
        before, is_sample = self._job.array("mask"), self._is_sample
        self._done()
        unchanged = canvas.vesselMask().shape == before.shape and not (
            (canvas.vesselMask() != before).any() or canvas.activeHandler() is not None
        )
        if not unchanged:
            if not is_sample:
                self._teller.say(
                    "info", "The mask has changed while the tree grew.", "Grow it again."
                )
            return
        if is_sample:
            self._session.set_mask(SAMPLE_NAME)
            canvas.model.reset(event.result.mask)
            if self._view.isVisible():
                self._teller.say("info", *WELCOME)
        else:
            canvas.applyResult(event.result.mask, "Grow vessel tree")
            self._session.set_mask("Grown tree")

    def _ended(self, event: JobFailed | JobCancelled) -> None:
        if event.job_id == self._job_id:
            self._done()

    def _done(self) -> None:
        self._job_id, self._job = 0, None
        self._view.tools.grow_button.setEnabled(True)

"""Promoting as a job: an unlabelled case of a run gets a label, also while the run trains."""

from __future__ import annotations

from collections.abc import Generator

from engine.device import Context
from engine.jobs import Job
from engine.methods.diffrect.labelled import promote
from engine.methods.diffrect.params import PromoteParams
from engine.results import FileResult
from engine.steps import NoteStep, Step


def promote_case(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """Inputs: labels (label map on the voxels of the case's image), output (run folder).

    Raises:
        InputError: no such run, case or file, or a case that is labelled already.
        DiskError: the run folder cannot be written.
    """
    del context  # nothing is computed
    params = job.params
    assert isinstance(params, PromoteParams)
    run, labels = job.path("output"), job.path("labels")
    yield NoteStep(f"{params.case} gets the labels of {labels.name}.")
    now = promote(run, params.case, labels)
    cases = len(now.chosen) + len(now.promoted)
    return FileResult(run, f"{params.case} is labelled now, one of {cases}.")

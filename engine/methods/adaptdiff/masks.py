"""Growing vessel masks: a quick job of its own, so that the window never computes."""

from __future__ import annotations

from collections.abc import Generator

from engine.data.phantoms.vessels import grow_from_mask
from engine.device import Context
from engine.jobs import Job
from engine.methods.adaptdiff.params import GrowParams
from engine.results import MaskResult
from engine.steps import ProgressStep, Step


def grow(job: Job, context: Context) -> Generator[Step, None, MaskResult]:
    """Sprout a vessel tree from the painted pixels, or a whole one on an empty mask.

    Inputs: mask (H, W), anything above 0 is painted; its size is that of the result.
    """
    del context  # no network is involved
    params = job.params
    assert isinstance(params, GrowParams)
    yield ProgressStep(0, 1, "Growing")
    tree = grow_from_mask(job.array("mask"), params.seed, field=params.field)
    return MaskResult(tree.mask(), ("Grown by Reverie; no patient's vessels.",))

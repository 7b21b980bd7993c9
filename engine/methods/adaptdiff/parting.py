"""Who trains and who validates when the segmenter learns on the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.data.segmentation.patients import patient_of
from engine.data.segmentation.splits import Split, make_split
from engine.methods.adaptdiff.params import SegmenterParams
from engine.methods.adaptdiff.vessels import VesselImage

ENOUGH = 10
"""Patients from which on some are spared for validation, unless folds ask for it."""


@dataclass(frozen=True)
class Owner:
    """A case and its patient."""

    name: str
    patient: str


def owners(cases: Sequence[VesselImage], pattern: str = "") -> tuple[Owner, ...]:
    """The cases with their patients, told from names; see `patients.patient_of`.

    Raises:
        InputError: The pattern does not fit.
    """
    return tuple(Owner(case.name, patient_of(case.name, pattern)) for case in cases)


def split_for(cases: Sequence[Owner], params: SegmenterParams) -> Split:
    """Patients drawn as the parameters ask; of few, none is spared for validation.

    Raises:
        InputError: Fewer patients than parts or folds.
    """
    few = len({case.patient for case in cases}) < ENOUGH and not params.folds
    validation = 0.0 if few else params.validation
    if not (validation or params.test or params.folds):
        return Split(tuple(case.name for case in cases), (), (), params.seed)
    return make_split(
        cases, params.seed, validation, params.test, folds=params.folds, fold=params.fold
    )

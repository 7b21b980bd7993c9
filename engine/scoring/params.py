"""How predictions are judged: what is asked of the user; loads no library that reads images."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import field_validator

from engine.parameters import Parameters, parameter

MAX_LABEL = 65535


class ScoreParams(Parameters):
    """How label maps are judged."""

    classes: str = parameter(
        "", "Labels", "Which are judged, separated by commas; all that occur but 0 where empty."
    )
    tolerance: float = parameter(
        1.0, "Tolerance", "Of the surface Dice: surfaces nearer than this agree. In mm, or in "
        "pixels where an image has no millimetres.", ge=0, le=1000,
    )  # fmt: skip
    missing: Literal["refuse", "empty"] = parameter(
        "refuse", "Missing files", "A reference without a prediction ends the work, or counts as "
        "one in which nothing was found.", choices={"refuse": "Refuse", "empty": "Count as empty"},
    )  # fmt: skip
    patient_pattern: str = parameter(
        "", "Patient pattern", "Regular expression whose first group names the patient; a guess "
        "by usual names where empty.", advanced=True,
    )  # fmt: skip

    @field_validator("classes")
    @classmethod
    def _readable(cls, text: str) -> str:
        _labels(text)
        return text

    @property
    def wanted(self) -> tuple[int, ...]:
        """The labels that are judged; () for all."""
        return _labels(self.classes)


class ImageScoreParams(Parameters):
    """How images are judged by references."""

    scale: Literal["own", "reference", "unit"] = parameter(
        "own", "Intensities", "Of each image by its own percentiles, where units differ or are "
        "arbitrary; of both by the reference's range, where they are the same; or as they are, "
        "where 0 is black and 1 white in both.",
        choices={
            "own": "Each by its own range", "reference": "Both by the reference's range",
            "unit": "As they are, from 0 to 1",
        },
    )  # fmt: skip
    where: Literal["body", "all"] = parameter(
        "body", "Where", "A dark margin agrees with a dark margin: the wider it is, the better "
        "all figures look if it counts.",
        choices={"body": "Where either shows a body", "all": "Everywhere"},
    )  # fmt: skip
    sets: bool = parameter(
        True, "FID and KID", "How alike the two sets of slices are by features; told from 50 "
        "slices on.",
    )  # fmt: skip
    channel: int = parameter(
        0, "Channel", "Which of several that an image has; colours count as grey.", ge=0, le=63,
        advanced=True,
    )  # fmt: skip
    patient_pattern: str = parameter(
        "", "Patient pattern", "Regular expression whose first group names the patient; a guess "
        "by usual names where empty.", advanced=True,
    )  # fmt: skip


class MemorisedParams(Parameters):
    """How copies are looked for."""

    percentile: float = parameter(
        99.0, "Percentile", "A slice is suspicious that is nearer to a training slice than this "
        "share of the training slices is to its nearest one of another patient.", unit="%",
        ge=50, le=100,
    )  # fmt: skip
    patient_pattern: str = parameter(
        "", "Patient pattern", "Regular expression whose first group names the patient of a "
        "training image; a guess by usual names where empty.", advanced=True,
    )  # fmt: skip


def keeping(what: str = "labels") -> Any:
    """Whether an evaluation of a checkpoint keeps what it compares; see `engine.scoring.keeping`.

    Args:
        what: labels or images.
    """
    return parameter(
        True, f"Keep {what}", "References and predictions of all cases are kept in a folder beside "
        "the evaluation (.json), so that errors can be looked at.", advanced=True,
    )  # fmt: skip


def _labels(text: str) -> tuple[int, ...]:
    """Sorted labels from text such as "1, 2".

    Raises:
        ValueError: it holds something else.
    """
    found = sorted({int(word) for word in text.replace(",", " ").split()})
    if any(not 1 <= label <= MAX_LABEL for label in found):
        raise ValueError(f"labels go from 1 to {MAX_LABEL}")
    return tuple(found)

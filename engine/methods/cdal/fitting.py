"""Which data cDAL fits, and why."""

from __future__ import annotations

from typing import Any

from engine.data.doctor.need import Need, few_patients
from engine.method import Suggestion

SMALL_VOLUME = 80
"""Longest side in voxels up to which the published boxes of 32 see enough of a volume."""
ROOMY = 512
"""Longest side of colour pictures from which on patches are cut, as of MoNuSeg."""


def fitting(need: Need) -> Suggestion:
    """cDAL learns from images that all have masks."""
    if need.goal != "segment":
        return Suggestion(0.0, "It segments, and makes no images.")
    if need.modalities:
        return Suggestion(
            0.0,
            "It learns from one kind of image: put one of the patients' images into imagesTr and "
            "its masks into labelsTr.",
        )
    if need.labelled in ("nothing", "whole") or not need.labelled_images:
        return Suggestion(0.0, "It learns from masks, and there are none.")
    values: dict[str, Any] = {"kind": _kind(need)}
    if need.renumber:
        values["renumber"] = True
    inputs = {"images": need.cases}
    if need.masks is not None:
        inputs["masks"] = need.masks
    told = (
        f"{need.labelled_images} images of {need.labelled_patients} patients have masks, which is "
        "all that it needs; it answers in two to four steps, with its uncertainty."
    )
    some = need.labelled == "some"
    if some:
        told += " It would not look at the images without masks."
    shares, few = few_patients(need.labelled_patients)
    values |= shares
    return Suggestion(
        0.5 if some else 0.9, f"{told} {few}".strip(), "train", "fast", inputs, values
    )


def _kind(need: Need) -> str:
    if need.volumes and need.placed and need.longest <= SMALL_VOLUME:
        return "hippocampus"
    if need.colour:
        return "monuseg" if need.longest >= ROOMY else "rgb"
    return "grey"

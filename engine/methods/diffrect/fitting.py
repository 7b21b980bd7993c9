"""Which data DiffRect fits, and why."""

from __future__ import annotations

from typing import Any

from engine.data.doctor.need import Need, few_patients
from engine.data.segmentation.splits import sizes_of
from engine.method import Suggestion
from engine.methods.diffrect.params import TrainParams
from engine.wording import counted

LABELLED = 3
"""Patients whose labels are looked at where all have some, as published."""


def fitting(need: Need) -> Suggestion:
    """DiffRect learns from few labelled patients and many without labels."""
    if need.goal != "segment":
        return Suggestion(0.0, "It segments, and makes no images.")
    if need.modalities:
        return Suggestion(
            0.0,
            "It learns from one kind of image: put one of the patients' images into imagesTr and "
            "its masks into labelsTr.",
        )
    if need.labelled in ("nothing", "whole") or not need.labelled_images:
        return Suggestion(0.0, "It needs the masks of a few patients, and there are none.")
    inputs = {"images": need.source}
    if need.masks is not None:
        inputs["masks"] = need.masks
    values: dict[str, Any] = {"renumber": True} if need.renumber else {}
    shares, few = few_patients(need.labelled_patients)
    parts = (shares.get(p, TrainParams.model_fields[p].default) for p in ("validation", "test"))
    left = max(1, need.labelled_patients - sum(sizes_of(need.labelled_patients, *parts)))
    if need.labelled == "some":
        bare = need.images - need.labelled_images
        told = (
            f"Without a mask: {counted(bare, 'image')}; with one: {need.labelled_images}. It is "
            "made for that, and learns from both."
        )
        values["labelled_patients"] = left
        return Suggestion(0.9, f"{told} {few}".strip(), "train", "fast", inputs, values | shares)
    values["labelled_patients"] = min(LABELLED, left)
    told = (
        f"All {need.labelled_images} images have masks, so that it has no unlabelled ones to learn "
        "from. It shows what few labels would do: it looks at those of "
        f"{counted(values['labelled_patients'], 'patient')}."
    )
    published = need.layout == "ssl4mis"
    if published:
        told = f"The lists are those that it was published with. {told}"
    return Suggestion(
        0.95 if published else 0.6, f"{told} {few}".strip(), "train", "fast", inputs,
        values if published else values | shares,
    )  # fmt: skip

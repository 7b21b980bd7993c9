"""Which data CDM fits, and why."""

from __future__ import annotations

from typing import Any

from engine.data.doctor.need import Need, few_patients
from engine.method import Suggestion

AFTER = "Train its classifier on the same set too; both together find the lesions."


def fitting(need: Need) -> Suggestion:
    """CDM learns from labels of whole images or slices."""
    if need.goal != "segment":
        return Suggestion(0.0, "It finds lesions, and makes no images.")
    if need.modalities:
        return Suggestion(
            0.0,
            "It learns from one kind of image: list those in a table with the columns file, label "
            "(or mask) and patient.",
        )
    inputs = {"images": need.cases}
    if need.masks is not None:
        inputs["masks"] = need.masks
    values: dict[str, Any] = {"plane": "axial"} if need.volumes and need.placed else {}
    shares, few = few_patients(need.patients)
    values |= shares
    if need.labelled == "whole":
        told = (
            f"Of {need.images} images it is known whether something is to be seen, not where: it "
            f"learns to find it from that alone. {few}"
        ).strip()
        return Suggestion(0.95, told, "train-diffusion", "fast", inputs, values, AFTER)
    if need.labelled == "nothing" or not need.labelled_images:
        return Suggestion(
            0.0, "It has to know which images show something: sort them into folders, or make a "
            "table.",
        )  # fmt: skip
    told = (
        "It would only look at which slices show something, not where. Methods that learn from "
        f"masks find more. {few}"
    ).strip()
    return Suggestion(
        0.3 if need.volumes else 0.1, told, "train-diffusion", "fast", inputs, values, AFTER
    )

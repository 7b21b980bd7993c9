"""Which data AdaptDiff fits, and why."""

from __future__ import annotations

from typing import Any

from engine.data.doctor.need import Need
from engine.method import Suggestion


def fitting(need: Need) -> Suggestion:
    """AdaptDiff learns pictures from masks of one structure."""
    if need.goal == "translate":
        return Suggestion(0.0, "It makes images of drawn masks, not of other images.")
    pickled = need.layout == "pickle"
    inputs = {"images": need.source}
    if not pickled:
        reason = _unfit(need)
        if reason:
            return Suggestion(0.0, reason)
        assert need.image_folder is not None
        assert need.mask_folder is not None
        inputs = {"images": need.image_folder, "masks": need.mask_folder}
    values: dict[str, Any] = {"kind": "grey"}
    if need.goal == "synthesize":
        told = (
            f"{need.labelled_images} pictures have masks of one structure: from them it learns to "
            "draw such a picture for any mask. Masks that a segmenter made are good enough."
        )
        return Suggestion(0.9, told, "train-diffusion", "fast", inputs, values)
    told = (
        "It trains a plain segmenter of one structure in pictures. Choose it where another kind "
        "of picture without masks is to follow: that is what the other three stages are for."
    )
    return Suggestion(0.3, told, "train-segmenter", "fast", inputs, values)


def _unfit(need: Need) -> str:
    if need.volumes:
        return "It makes pictures, and these are volumes."
    if need.labelled in ("nothing", "whole") or not need.labelled_images:
        return "It learns how masks look as pictures, and there are no masks."
    if need.classes > 2:
        return f"It knows one structure, and the masks have {need.classes - 1}."
    if need.image_folder is None or need.mask_folder is None:
        return "Its images must lie in one folder, and its masks in another."
    if need.image_folder == need.mask_folder:
        return "Its masks must lie in a folder of their own."
    return ""

"""Which data MIDiffusion fits, and why."""

from __future__ import annotations

from typing import Any

from engine.data.doctor.need import Need, few_patients
from engine.method import Suggestion


def fitting(need: Need) -> Suggestion:
    """MIDiffusion learns the one kind of image that others are to become."""
    if need.goal != "translate":
        return Suggestion(0.0, "It turns images of one kind into another.")
    values: dict[str, Any] = {}
    source = need.source
    told = "It learns one kind of image, without pairs and without labels; any other is then "
    if need.modalities:
        target = need.modality or next(iter(need.modalities))
        values["pattern"] = need.modalities[target]
        told += f"turned into it. Here that is {target}, of {need.patients} patients."
    else:
        # Masks beside the images are no images to learn from.
        source = need.image_folder or need.source
        told += f"turned into it. There are {need.images} images of {need.patients} patients."
    if need.volumes and not need.placed:
        values["plane"] = "stored"
    if need.colour:
        return Suggestion(0.0, "It learns grey images, and these are in colour.")
    shares, few = few_patients(need.patients)
    values |= shares
    return Suggestion(0.9, f"{told} {few}".strip(), "train", "fast", {"images": source}, values)

"""Whether a checkpoint fits an image, before it is run: what its card says it takes, against what
the image is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

from engine.training.checkpoint import Card

if TYPE_CHECKING:
    from engine.data.volumes.volume import Volume

NAMES = {1: "grey", 3: "colour"}
COARSE, FINE = 2.0, 4.0
"""From how many times the pixel that a network knows an image's own counts as another scale:
larger pixels hold too little, smaller ones show far less of the patient at once."""
FIELDS = 1.5
"""How far a patient's part may be from what a network sees at once, as a factor."""
KNOWN = {
    "MR": r"\bmri?\b|\bt[12]w?\b|\bflair\b", "CT": r"\bct\b", "X-ray": r"x-?ray|\bcxr\b",
    "OCT angiography": r"\boct-?a\b", "fundus photography": r"\bfundus\b",
    "histology": r"h&e|\bmonuseg\b|histo", "ultrasound": r"ultrasound|\bsonogra",
}  # fmt: skip
"""Modality -> how cards write of it."""
DICOM = {
    "MR": "MR", "CT": "CT", "CR": "X-ray", "DX": "X-ray", "RG": "X-ray", "US": "ultrasound",
    "OP": "fundus photography", "SM": "histology", "OPT": "OCT angiography",
    "OPTENF": "OCT angiography",
}  # fmt: skip
"""DICOM's codes -> the same modalities."""


@dataclass(frozen=True)
class ImageFacts:
    """What of an image decides whether a network can do something with it.

    Attributes:
        name: For sentences.
        colour: Whether it has red, green and blue.
        shape: (D, H, W).
        spacing_mm: Along (D, H, W); None of a picture without a patient.
        modality: One of the keys of `KNOWN`, "" where nothing says it.
    """

    name: str
    colour: bool
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float] | None = None
    modality: str = ""

    @property
    def deep(self) -> bool:
        """Whether there are several slices."""
        return self.shape[0] > 1


def facts_of(volume: Volume) -> ImageFacts:
    """Of an open image; looks at none of its values."""
    geometry = volume.geometry
    # Hounsfield's units are CT's alone.
    told = DICOM.get(volume.source.modality.upper(), "CT" if volume.unit == "HU" else "")
    spacing = geometry.spacing_mm if geometry.oriented else None
    colour = volume.channels == "rgb"
    return ImageFacts(volume.source.name, colour, geometry.shape, spacing, told)


def misfits(card: Card, image: ImageFacts) -> tuple[str, ...]:
    """Why a checkpoint may do badly on an image, a sentence each; none where it fits as far as
    the card tells."""
    seen = card.preprocessing
    told = (
        _colours(seen, image), _dimension(seen, image), _orientation(seen, image),
        _scale(seen, image), _modality(card, image),
    )  # fmt: skip
    return tuple(sentence for sentence in told if sentence)


def modality_of(card: Card) -> str:
    """What kind of images a checkpoint was trained on, as far as its own words tell; "" where they
    tell none or several."""
    words = " ".join((card.title, card.summary, str(card.preprocessing.get("kind", ""))))
    found = [name for name, how in KNOWN.items() if re.search(how, words.casefold())]
    return found[0] if len(found) == 1 else ""


def _colours(seen: dict[str, Any], image: ImageFacts) -> str:
    channels = seen.get("channels")
    if channels not in NAMES or (channels == 3) == image.colour:
        return ""
    has = NAMES[3 if image.colour else 1]
    return f"It takes {NAMES[channels]} images; {image.name} is a {has} image."


def _dimension(seen: dict[str, Any], image: ImageFacts) -> str:
    dims, plane = seen.get("dims"), seen.get("plane")
    if dims == 3 and not image.deep:
        return f"It takes volumes; {image.name} is a single slice."
    if dims == 2 and image.deep and seen.get("kind") in ("cxr", "monuseg"):
        return (
            f"It was trained on single pictures; {image.name} is a volume of {image.shape[0]} "
            "slices, each of which it would see by itself."
        )
    if plane not in (None, "", "stored") and not image.deep and image.spacing_mm is not None:
        return f"It was trained on {plane} slices of volumes; {image.name} is a single slice."
    return ""


def _orientation(seen: dict[str, Any], image: ImageFacts) -> str:
    turned = seen.get("orientation") or (seen.get("plane") not in (None, "", "stored"))
    if not turned or image.spacing_mm is not None:
        return ""
    return (
        f"It needs to know which way the patient lies, and {image.name} does not tell: its axes "
        "would be taken as they are stored."
    )


def _scale(seen: dict[str, Any], image: ImageFacts) -> str:
    if image.spacing_mm is None:
        return ""
    pixel, size, field = seen.get("pixel_mm"), seen.get("size"), seen.get("fov_mm")
    sides = sorted(n * s for n, s in zip(image.shape, image.spacing_mm, strict=True))
    if _positive(field):
        if sides[-1] * FIELDS < field:
            return f"It sees {field:.3g} mm at once; {image.name} is only {sides[-1]:.3g} mm long."
        if sides[-1] > field * FINE:
            return (
                f"It sees {field:.3g} mm in the middle of a slice; {image.name} is "
                f"{sides[-1]:.3g} mm long, and what lies further out would be left out."
            )
        pixel = field / size if _positive(size) else None
    if not _positive(pixel):
        return ""
    own = min(image.spacing_mm)
    if own > COARSE * pixel:
        return f"Its pixels are {pixel:.3g} mm; those of {image.name} are {own:.3g} mm at best."
    return ""


def _modality(card: Card, image: ImageFacts) -> str:
    known = modality_of(card)
    if not known or not image.modality or known == image.modality:
        return ""
    return f"It was trained on {known}; {image.name} is {image.modality}."


def _positive(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0

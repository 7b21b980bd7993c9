"""What somebody wants and what there is for it: figures from which a method is chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from engine.data.doctor.examining import Examination
    from engine.data.doctor.looking import Look

Goal = Literal["segment", "synthesize", "translate"]
GOALS: Mapping[Goal, str] = {
    "segment": "Find structures in images",
    "synthesize": "Make images of drawn structures",
    "translate": "Turn images of one kind into another",
}
Labelled = Literal["masks", "some", "whole", "nothing"]
LABELLED: Mapping[Labelled, str] = {
    "masks": "Every image has a mask",
    "some": "Some images have masks, others do not",
    "whole": "Of whole images it is known whether something is to be seen",
    "nothing": "Nothing",
}


@dataclass(frozen=True)
class Need:
    """A wish and a set.

    Attributes:
        goal: What is wanted.
        labelled: What is known of the images.
        source, masks: What a training takes as images and masks.
        cases: The same for methods that know no lists of parts: the list to train on.
        image_folder, mask_folder: Where all images, and all masks, lie; None where they lie in
            several folders.
        layout: See `layouts.Kind`.
        images, patients: How many can be read.
        labelled_images, labelled_patients: Of these, with masks.
        volumes: Most images have several slices.
        colour: Most are in colour.
        placed: Most have a place in a patient.
        longest: Of most images, the longest side in voxels.
        classes: Labels in the masks, with the background; 0 without masks.
        renumber: Labels are not 0 to K-1.
        modalities: See `layouts.Layout`.
        modality: Which of them is meant; "" where nobody has said.
    """

    goal: Goal
    labelled: Labelled
    source: Path
    cases: Path
    masks: Path | None = None
    image_folder: Path | None = None
    mask_folder: Path | None = None
    layout: str = "images"
    images: int = 0
    patients: int = 0
    labelled_images: int = 0
    labelled_patients: int = 0
    volumes: bool = False
    colour: bool = False
    placed: bool = False
    longest: int = 0
    classes: int = 0
    renumber: bool = False
    modalities: Mapping[str, str] = field(default_factory=dict)
    modality: str = ""


def few_patients(patients: int) -> tuple[dict[str, float], str]:
    """Shares of the parts where patients are too few for all of them, and a sentence that says so;
    neither where there are enough."""
    if patients == 1:
        return {"validation": 0.0, "test": 0.0}, "With one patient nobody validates or tests it."
    if patients == 2:
        return {"test": 0.0}, "Of two patients one validates it, and nobody is left to test on."
    return {}, ""


def labelled_in(found: Examination) -> Labelled:
    """What a set itself says of its labels."""
    looks = [look for look in found.looks if look.image is not None]
    if any(look.item.labels is not None for look in looks):
        return "whole"
    marked = [look for look in looks if look.mask is not None]
    if not marked:
        return "nothing"
    return "masks" if len(marked) == len(looks) else "some"


def need_of(
    found: Examination, goal: Goal, labelled: Labelled | None = None, modality: str = ""
) -> Need:
    """The figures of a set.

    Args:
        labelled: What is known of the images, where it is not what the set says.
        modality: Which kind of image is meant, where patients have several.
    """
    looks = [look for look in found.looks if look.image is not None and _trains(found, look)]
    marked = [look for look in looks if look.mask is not None]
    values = {value for look in marked if look.mask for value in look.mask.counts}
    sides = sorted(max(look.image.shape) for look in looks if look.image)
    layout = found.layout
    return Need(
        goal,
        labelled or labelled_in(found),
        layout.source,
        layout.lists.get("train", layout.source),
        layout.masks,
        _only({look.item.image.parent for look in looks if look.item.image}),
        _only({look.item.mask.parent for look in marked if look.item.mask}),
        layout.kind,
        len(looks),
        _patients(looks),
        len(marked),
        _patients(marked),
        _most(look.image is not None and look.image.shape[0] > 1 for look in looks),
        _most(look.image is not None and look.image.colour for look in looks),
        _most(look.image is not None and bool(look.image.axes) for look in looks),
        sides[len(sides) // 2] if sides else 0,
        len({0, *values}) if marked else 0,
        bool(values) and sorted({0, *values}) != list(range(len({0, *values}))),
        layout.modalities,
        modality,
    )


def _trains(found: Examination, look: Look) -> bool:
    """Whether a case is trained on, or may be: sets of labelled images are read with all parts."""
    return look.item.role in ("", "train") or found.layout.kind in ("weak", "table")


def _patients(looks: list[Look]) -> int:
    return len({look.item.patient for look in looks if look.item.patient})


def _only(folders: set[Path]) -> Path | None:
    return next(iter(folders)) if len(folders) == 1 else None


def _most(answers: Iterable[bool]) -> bool:
    counts = Counter(answers)
    return counts[True] > counts[False]

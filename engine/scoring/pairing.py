"""Which prediction belongs to which reference: two files, or two folders by names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.data.paired import SUFFIXES, VOLUME_SUFFIXES, PairListing, find_pairs, without_ending
from engine.data.segmentation.patients import patient_of
from engine.errors import InputError
from engine.wording import counted, listed

ENDINGS = (*SUFFIXES, *VOLUME_SUFFIXES)
Cut = tuple[int, int]
"""An axis of (D, H, W), and which slice across it."""


@dataclass(frozen=True)
class ScoredCase:
    """Files of one case.

    Attributes:
        prediction: None where there is none.
        against: Of the other model, if two are compared.
        image: What both are shown on, if there is one.
        part: Which data set or series of the image's file; "" where there is one.
        cut: The slice that alone is judged; None for all.
        ways: Name -> image of everything that is judged, where these are ways to make one and
            not the predictions of one or two models.
    """

    name: str
    patient: str
    reference: Path
    prediction: Path | None
    against: Path | None = None
    image: Path | None = None
    part: str = ""
    cut: Cut | None = None
    ways: Mapping[str, Path] = field(default_factory=dict)

    def record(self, kept: Path | None = None) -> dict[str, Any]:
        """JSON values; paths are whole, so that they hold wherever the program is started.

        Args:
            kept: A folder beside the record; paths in it are told from there, so that they hold
                where both are moved to.
        """
        files = {
            "reference": self.reference, "prediction": self.prediction, "against": self.against,
            "image": self.image,
        }  # fmt: skip
        told = {what: path and _told(path, kept) for what, path in files.items()}
        more: dict[str, Any] = {"image part": self.part} if self.part else {}
        cut = {} if self.cut is None else {"slice": list(self.cut)}
        ways = {way: _told(path, kept) for way, path in self.ways.items()}
        more |= {"ways": ways} if ways else {}
        return {"case": self.name, "patient": self.patient, **told, **more, **cut}


def _told(path: Path, kept: Path | None) -> str:
    if kept is not None and path.is_relative_to(kept):
        return path.relative_to(kept.parent).as_posix()
    return str(path.absolute())


@dataclass(frozen=True)
class Pairing:
    """All cases, and what is to be known of how they were found."""

    cases: tuple[ScoredCase, ...]
    notes: tuple[str, ...] = ()


def pair(
    predictions: Path,
    references: Path,
    *,
    against: Path | None = None,
    images: Path | None = None,
    patient_pattern: str = "",
) -> Pairing:
    """Every reference with its prediction.

    Args:
        predictions, references: Two files or two folders; so are the others.
        against: Predictions of another model for the same references.
        images: What was segmented.

    Raises:
        InputError: A file against a folder, nothing that fits together, or a pattern that names
            no patient.
    """
    others = [place for place in (against, images) if place is not None]
    for place in (predictions, references, *others):
        if not place.exists():
            raise InputError(f"{place} is not there.", "Choose a file or a folder that is.")
    places = [place.resolve() for place in (predictions, references, *others)]
    if len(set(places)) < len(places):
        raise InputError(
            "The same file or folder is given twice.",
            "Choose one each for predictions, references and whatever else is compared or shown.",
        )
    kinds = {place.is_dir() for place in (predictions, references, *others)}
    if len(kinds) > 1:
        raise InputError(
            "A file cannot be compared with a folder.", "Give files only, or folders only."
        )
    if not references.is_dir():
        name = without_ending(references)
        patient = patient_of(name, patient_pattern)
        return Pairing((ScoredCase(name, patient, references, predictions, against, images),))
    return _folders(predictions, references, against, images, patient_pattern)


def _folders(
    predictions: Path, references: Path, against: Path | None, images: Path | None, pattern: str
) -> Pairing:
    found = find_pairs(references, predictions, ENDINGS)
    notes = [f"Predictions and references are paired by {found.rule}."]
    alone = [file.name for file in found.masks_without_image]
    if alone:
        notes.append(
            f"{counted(len(alone), 'prediction')} without a reference cannot be judged: "
            f"{listed(alone)}."
        )
    cases = [
        ScoredCase(without_ending(reference), "", reference, prediction)
        for reference, prediction, _ in found.pairs
    ]
    cases += [ScoredCase(without_ending(p), "", p, None) for p in found.images_without_mask]
    theirs = _beside(references, against)
    shown = _beside(references, images)
    return Pairing(
        tuple(
            replace(
                case,
                patient=patient_of(case.name, pattern),
                against=theirs.get(case.reference),
                image=shown.get(case.reference),
            )
            for case in sorted(cases, key=lambda case: case.name)
        ),
        tuple(notes),
    )


def _beside(references: Path, others: Path | None) -> dict[Path, Path]:
    """Reference -> what belongs to it in another folder."""
    if others is None:
        return {}
    listing: PairListing = find_pairs(references, others, ENDINGS)
    return {reference: other for reference, other, _ in listing.pairs}

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import library
from engine.data.volumes.volume import Geometry, Source, Volume, plain_affine
from engine.library.fitting import ImageFacts, facts_of, misfits, modality_of
from engine.training.checkpoint import Card

BRAIN = ImageFacts("brain", False, (40, 60, 50), (1.0, 1.0, 1.0), "MR")
PICTURE = ImageFacts("tile", True, (1, 512, 512))


def _card(title: str = "A model", **seen: Any) -> Card:
    return Card(method="m", role="r", title=title, preprocessing=seen)


@pytest.mark.parametrize(
    ("card", "image", "said"),
    [
        (_card(channels=3), BRAIN, "takes colour images; brain is a grey image"),
        (_card(channels=1), PICTURE, "takes grey images; tile is a colour image"),
        (_card(dims=3), replace(BRAIN, shape=(1, 9, 9)), "takes volumes; brain is a single slice"),
        (_card(dims=2, kind="cxr"), replace(BRAIN, modality=""), "a volume of 40 slices"),
        (_card(plane="axial"), replace(BRAIN, shape=(1, 9, 9)), "axial slices of volumes"),
        (_card(orientation="LPI"), replace(BRAIN, spacing_mm=None), "which way the patient lies"),
        (_card(plane="sagittal"), replace(BRAIN, spacing_mm=None), "which way the patient lies"),
        (_card(fov_mm=240.0, size=64), BRAIN, "sees 240 mm at once; brain is only 60 mm"),
        (_card(fov_mm=10.0, size=64), BRAIN, "what lies further out would be left out"),
        (_card(fov_mm=62.0, size=256), BRAIN, "Its pixels are 0.242 mm; those of brain are 1 mm"),
        (_card(pixel_mm=0.4), BRAIN, "Its pixels are 0.4 mm"),
        (_card("Lungs, CT"), BRAIN, "trained on CT; brain is MR"),
    ],
)
def test_each_reason_is_told(card: Card, image: ImageFacts, said: str) -> None:
    (sentence,) = misfits(card, image)
    assert said in sentence


@pytest.mark.parametrize(
    ("card", "image"),
    [
        (_card(), BRAIN),
        (_card(channels=1, dims=3, orientation="LPI"), BRAIN),
        (_card(plane="stored", channels=3), PICTURE),
        (_card(channels="many", size=None, fov_mm="wide", pixel_mm=True), BRAIN),
        (_card("Brain, T1 MR", fov_mm=62.0, size=48), BRAIN),
        (_card("MR from CT"), BRAIN),
        (_card("Lungs, CT"), replace(BRAIN, modality="")),
    ],
)
def test_what_fits_or_says_nothing_is_let_be(card: Card, image: ImageFacts) -> None:
    assert misfits(card, image) == ()


def test_an_image_is_known_by_its_header() -> None:
    source = Source(Path("scan.dcm"), "dicom", modality="CR")
    grid = Geometry((1, 8, 6), plain_affine((1.0, 0.5, 0.5)))
    volume = Volume(np.zeros((1, 1, 8, 6), np.uint8), grid, source=source)
    assert facts_of(volume) == ImageFacts("scan", False, (1, 8, 6), (1.0, 0.5, 0.5), "X-ray")
    assert facts_of(replace(volume, source=Source(), unit="HU")).modality == "CT"
    flat = replace(volume, geometry=replace(grid, oriented=False), source=Source())
    assert facts_of(flat) == ImageFacts("untitled", False, (1, 8, 6))


def test_bundled_checkpoints_say_what_they_were_trained_on() -> None:
    told = {e.name: modality_of(e.card) for e in library.entries() if e.bundled}
    assert told["hippocampus"] == told["weak-hippocampus"] == "MR"
    assert told["lungs"] == "X-ray"
    assert told["nuclei"] == "histology"
    assert told["octa"] == "", "two are named: it adapts from one to the other"

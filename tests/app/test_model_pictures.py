"""The pictures of the bundled checkpoints: small, of phantoms alone, and what the command makes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.model_pictures import MAKERS, main, tinted
from app.model_uses import SYNTHESIZE, TRANSLATE, use_of
from engine import library

MOST_BYTES = 40_000
BUNDLED = [entry for entry in library.entries() if entry.bundled]


@pytest.mark.parametrize("entry", BUNDLED, ids=lambda entry: entry.name)
def test_each_bundled_model_has_a_small_picture_of_a_phantom(entry: library.Entry) -> None:
    assert entry.name in MAKERS
    assert entry.picture is not None
    assert entry.picture.parent == library.bundled_folder()
    assert entry.picture.stat().st_size < MOST_BYTES
    with Image.open(entry.picture) as picture:
        picture.load()
        assert picture.info["Phantom"] == "true"
        assert picture.info["Description"]
        made = use_of(entry.card).workspace in (SYNTHESIZE, TRANSLATE)
        assert ("DigitalSourceType" in picture.info) is made
        assert np.asarray(picture.convert("L")).std() > 10


def test_they_can_be_made_again(tmp_path: Path) -> None:
    main([str(tmp_path), "heart", "octa-segmenter"])
    for made in sorted(tmp_path.iterdir()):
        with Image.open(made) as new, Image.open(library.bundled_folder() / made.name) as old:
            one, other = (np.asarray(each.convert("RGB"), float) for each in (new, old))
        # Other processors round otherwise, and a pixel then has another colour of the palette.
        assert (np.abs(one - other).max(axis=2) < 48).mean() > 0.98, made.name
    assert [made.stem for made in sorted(tmp_path.iterdir())] == ["heart", "octa-segmenter"]


def test_labels_tint_what_they_lie_on() -> None:
    labels = np.array([[0, 1]])
    pixels = tinted(np.full((1, 2), 0.5), labels, {1: (255, 0, 0)})
    assert pixels[0, 0].tolist() == [128, 128, 128]
    assert pixels[0, 1].tolist() == [191, 64, 64]

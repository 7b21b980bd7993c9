from __future__ import annotations

from pathlib import Path

import pytest

from engine import library
from tests.helpers.adaptdiff_models import save_segmenter
from tests.helpers.cdal_models import save_generator


@pytest.fixture
def shelves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Folders of bundled and own checkpoints, with a few of each."""
    bundled, own = tmp_path / "bundled", tmp_path / "own"
    for folder in (bundled, own):
        folder.mkdir()
    monkeypatch.setattr(library, "bundled_folder", lambda: bundled)
    monkeypatch.setattr(library, "user_folder", lambda: own)
    save_generator(bundled / "lungs.safetensors", licence="CC BY 4.0")
    save_generator(
        own / "mine.safetensors", training={"parameters": {"seed": 3}},
        data=[{"name": "Scans of the ward", "cases": 12}], figures={"Dice": {"mean": 0.8123}},
    )  # fmt: skip
    save_segmenter(own / "vessels.safetensors")
    return bundled, own

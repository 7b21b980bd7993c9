"""The tour of the window: what `make run` does without a display."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.settings import settings_path
from app.tour import tour
from engine import library
from engine.data.images import read_image, read_mask
from engine.data.png import read_png_metadata
from engine.library import user_folder
from tests.app.cli.conftest import save_tiny_checkpoint
from tests.helpers.cdal_models import save_generator
from tests.helpers.midiffusion_models import save_translator

ENGINES = ("TORCH", "CUBLAS_", "GOMP_", "OMP_")


def environment() -> dict[str, str]:
    """What programs find around them, without what the engine tells torch and its libraries."""
    return {name: value for name, value in os.environ.items() if not name.startswith(ENGINES)}


# Every window makes the offscreen platform say this; it tells nothing about the window.
@pytest.mark.qt_log_ignore("plugin does not support propagateSizeHints")
def test_the_tour_draws_synthesizes_and_leaves_pictures(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "bundled_folder", lambda: tmp_path / "nothing")
    user_folder().mkdir(parents=True)
    save_tiny_checkpoint(user_folder() / "octa.safetensors")
    save_generator(user_folder() / "parts.safetensors", kind="hippocampus")
    save_translator(user_folder() / "t1.safetensors")
    settings_path().parent.mkdir(parents=True)
    settings_path().write_text('{"theme": "light"}')
    before = environment()

    files = tour(tmp_path / "out")

    assert sorted(path.name for path in files) == sorted(os.listdir(tmp_path / "out"))
    mask = read_mask(tmp_path / "out" / "mask.png").mask
    assert 0.02 < mask.mean() < 0.3
    image = tmp_path / "out" / "result.png"
    assert read_image(image).array.shape == mask.shape
    assert "reverie" in read_png_metadata(image)
    empty, drawn, done = (
        read_image(tmp_path / "out" / f"{name}.png").array
        for name in ("window_start", "window_drawn", "window")
    )
    assert np.abs(drawn - empty).max() > 100
    assert np.abs(done - drawn).max() > 100
    named = {"segment.png", "translate_start.png", "train_start.png", "train.png", "evaluate.png"}
    assert named <= {path.name for path in files}
    painted, found = (
        read_image(tmp_path / "out" / f"{name}.png").array for name in ("segment", "segment_run")
    )
    assert np.abs(found - painted).max() > 100
    steps, curtain = (
        read_image(tmp_path / "out" / f"{name}.png").array
        for name in ("translate", "translate_curtain")
    )
    assert np.abs(curtain - steps).max() > 100
    # What belongs to the user is as it was.
    assert environment() == before
    assert settings_path().read_text() == '{"theme": "light"}'

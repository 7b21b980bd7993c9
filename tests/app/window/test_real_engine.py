"""The window with the real engine and a tiny untrained model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot

from app.bootstrap import open_window
from engine import library
from engine.data.images import read_image
from engine.networks.spade_unet import SpadeUNet
from engine.training.checkpoint import Card, save_checkpoint
from tests.app.window.driving import stroke


@pytest.fixture
def real_model(no_bundled: None) -> None:
    """A noise predictor of a few thousand random parameters and 20 noise levels."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = SpadeUNet((8, 8, 16))
    process = {"schedule": "linear", "timesteps": 20, "beta_start": 1e-4, "beta_end": 0.02}
    card = Card(
        method="adaptdiff", role="diffusion", title="Untrained",
        config={"widths": [8, 8, 16]}, process=process,
    )  # fmt: skip
    library.user_folder().mkdir(parents=True)
    save_checkpoint(library.user_folder() / "tiny.safetensors", network.state_dict(), card)


def test_from_a_stroke_to_a_saved_image(real_model: None, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window(device="cpu")
    qtbot.addWidget(window)
    canvas, session = window.view.canvas, window.session
    canvas.resizeMask(64, 64)
    stroke(window)
    qtbot.waitUntil(lambda: session.engine.ready, timeout=60_000)
    # Live is on: the image comes by itself.
    qtbot.waitUntil(lambda: session.result is not None and not session.stale, timeout=60_000)
    assert session.result is not None
    assert np.array_equal(session.result.mask, canvas.vesselMask())
    window.view.inspector.form.setValues({"variants": 2, "steps": 10})
    window.actions_["run"].trigger()
    qtbot.waitUntil(
        lambda: session.result is not None and len(session.result.images) == 2, timeout=60_000
    )
    seeds = session.result.seeds
    assert seeds[1] == seeds[0] + 1
    assert len(window.view.timeline.frames()) == 10
    with qtbot.waitSignal(window.files.saved, timeout=10_000):
        window.files.save_image(tmp_path / "image.png")
    saved = read_image(tmp_path / "image.png").unit()
    assert np.abs(saved - session.result.images[0]).max() <= 0.5 / 255 + 1e-6
    window.actions_["run"].trigger()
    window.close()  # with a job under way
    assert window.engine.shutdown(0.0)

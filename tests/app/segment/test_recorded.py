"""A small hippocampus is segmented by hand in 2D and 3D, saved, opened again and the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from tests.app.segment.driving import write_nifti
from tests.app.segment.recorded import Session

SHAPE = (14, 22, 18)
TILTED = np.array([[-1.0, 0, 0, 8], [0, 1.0, 0.1, -9], [0, -0.1, 1.0, -6], [0, 0, 0, 1]])


def anatomy() -> tuple[np.ndarray, np.ndarray]:
    """An ellipsoid in two parts, head and tail, and an image of it with noise."""
    d, h, w = np.indices(SHAPE, float)
    body = ((d - 6.5) / 4.5) ** 2 + ((h - 10) / 8) ** 2 + ((w - 9 - 0.2 * (h - 10)) / 4.5) ** 2 < 1
    labels = np.where(body, np.where(h < 10, 1, 2), 0).astype(np.uint8)
    noise = np.random.default_rng(0).normal(0, 15, SHAPE)
    return (100 + 80 * body + noise).astype(np.int16), labels


def test_a_hand_segments_a_hippocampus(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    image, labels = anatomy()
    head = write_nifti(tmp_path / "brain.nii.gz", image, TILTED)
    reference = write_nifti(tmp_path / "reference.nii.gz", labels, TILTED)
    found = Session(window, qtbot, head, reference, tmp_path).play()
    np.testing.assert_array_equal(found.reopened, found.labels)
    np.testing.assert_array_equal(found.file, found.labels)
    assert found.file.dtype == np.uint8
    assert min(found.dice.values()) > 0.85, found.dice
    done = {name.split(":")[0] for name in found.steps}
    wanted = {"Polygon", "Brush stroke", "Interpolate slices", "Islands", "Erase", "Fill", "Smooth"}
    assert wanted <= done
    assert found.labels[1, 1, 1] == 0, "the slip is gone"
    assert len(list(tmp_path.glob("*.png"))) > 10

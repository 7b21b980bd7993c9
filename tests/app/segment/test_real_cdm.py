"""The window with the real engine and a tiny untrained CDM: from a click to lesions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.bootstrap import open_window
from app.cli import main
from app.window import MainWindow
from app.workspaces.segment.space import SegmentSpace
from engine import library
from tests.app.segment.driving import (
    AFFINE,
    LEFT,
    open_image,
    phantom,
    read_nifti,
    settled,
    write_nifti,
)
from tests.helpers.cdm_models import save_classifier, save_diffusion

PATIENCE_MS = 120_000
NAMES = {"1": {"name": "Spot", "color": "#FF8000"}}
VALUES = {"level": 20, "rounds": 3, "label": 1, "seed": 5}


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setattr(library, "bundled_folder", lambda: tmp_path / "nothing")
    folder = library.user_folder()
    folder.mkdir(parents=True)
    save_diffusion(folder / "spots.safetensors", labels=NAMES)
    save_classifier(folder / "telling.safetensors", sure=1, labels=NAMES)
    window = open_window(device="cpu")
    qtbot.addWidget(window)
    window.resize(1300, 850)
    window.spaces.show("segment")
    yield window
    window.close()


def opened(window: MainWindow, qtbot: QtBot, image: Path) -> SegmentSpace:
    """An image, and CDM chosen by keys."""
    space = open_image(window, qtbot, image)
    panel = space.view.method
    space.view.showPanel(panel)
    panel.method.setFocus()
    while panel.current().method.id != "cdm":
        place = panel.method.currentIndex()
        QTest.keyClick(panel.method, Qt.Key.Key_Down)
        assert panel.method.currentIndex() != place, "CDM is among the methods"
        panel.method.activated.emit(panel.method.currentIndex())
    panel.setValues(VALUES)
    panel.setSeedKept(True)
    QTest.mouseClick(panel.where.button("all"), LEFT)
    return space


def run(window: MainWindow, space: SegmentSpace, qtbot: QtBot) -> None:
    before = space.findings.current()
    QTest.mouseClick(space.view.method.run, LEFT)
    qtbot.waitUntil(lambda: space.findings.current() is not before, timeout=PATIENCE_MS)
    settled(window, qtbot)


def test_a_volume_as_the_command_line_has_it_and_cut_anew(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    image = write_nifti(tmp_path / "ball.nii.gz", phantom((5, 18, 20)), AFFINE)
    space = opened(window, qtbot, image)
    run(window, space, qtbot)
    model, dock = space.study.model, space.view.dock
    assert model.names() == ["CDM, Tiny"]
    assert [label.name for label in space.study.table.labels()] == ["Spot"]
    assert "Heat map (CDM)" in [layer.name for layer in space.study.stack]
    frames = dock.steps.timeline.frames()
    assert [list(frame.pictures()) for frame in frames] == [["label", "blend", "change"]] * 3
    dock.heat.steps.setFocus()
    QTest.keyClick(dock.heat.steps, Qt.Key.Key_Left)
    settled(window, qtbot)
    out, heat = tmp_path / "out.nii.gz", tmp_path / "heat.nii.gz"
    command = ["segment", "--method", "cdm", "--input", str(image), "--output", str(out)]
    command += ["--checkpoint", "spots", "--label", "1", "--level", "20", "--rounds", "3"]
    command += ["--seed", "5", "--device", "cpu", "--threads", "1", "--heat", str(heat)]
    assert main([*command, "--steps", "2"]) == 0
    assert (read_nifti(out) == model.array).mean() > 0.99, "the same but for rounding"
    shown = space.findings.current().maps[0].array[0]
    np.testing.assert_allclose(read_nifti(heat), shown, atol=0.05)
    assert len(model.names()) == 2
    space.study.editor.undo()
    space.study.editor.undo()
    assert not model.array.any()


def test_refusals_are_told(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    image = write_nifti(tmp_path / "ball.nii.gz", phantom((3, 18, 20)), AFFINE)
    space = opened(window, qtbot, image)
    panel, message = space.view.method, window.message
    for values, told in (
        ({"level": 500}, "Noise level Q is 500; the model has steps 0 to 39"),
        ({"rounds": 30}, "30 steps R do not fit below noise level Q = 20"),
        ({"label": -1}, "there is no classifier"),
        ({"evidence": "grad-cam"}, "needs a classifier"),
    ):
        panel.setValues({**VALUES, "evidence": "cdm", "classifier": "", **values})
        QTest.mouseClick(panel.run, LEFT)
        qtbot.waitUntil(lambda told=told: told in message.message(), timeout=PATIENCE_MS)
        settled(window, qtbot)
        assert "Failed" in panel.status()
    assert space.findings.current() is None
    assert not space.study.model.array.any()


def test_a_constant_image_is_refused(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    flat = np.full((3, 18, 20), 7, np.int16)
    space = opened(window, qtbot, write_nifti(tmp_path / "flat.nii.gz", flat, AFFINE))
    QTest.mouseClick(space.view.method.run, LEFT)
    qtbot.waitUntil(lambda: "all values are 7" in window.message.message(), timeout=PATIENCE_MS)
    assert space.findings.current() is None

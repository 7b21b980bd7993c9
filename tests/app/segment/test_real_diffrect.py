"""The window with the real engine and a tiny untrained DiffRect: from a click to labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.bootstrap import open_window
from app.cli import main
from app.window import MainWindow
from engine import library
from tests.app.segment.driving import (
    AFFINE,
    LEFT,
    go,
    key,
    open_image,
    phantom,
    pick,
    read_nifti,
    settled,
    stroke,
    view_of,
    write_nifti,
)
from tests.helpers.diffrect_models import save_segmenter
from widgets.panels.choice_dialog import ChoiceDialog

PATIENCE_MS = 120_000
NAMES = {"1": {"name": "Ring", "color": "#00FFFF"}, "2": {"name": "Disc", "color": "#FF00FF"}}


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """A window in Segment with an engine that computes."""
    monkeypatch.setattr(library, "bundled_folder", lambda: tmp_path / "nothing")
    folder = library.user_folder()
    folder.mkdir(parents=True)
    save_segmenter(folder / "parts.safetensors", labels=NAMES)
    window = open_window(device="cpu")
    qtbot.addWidget(window)
    window.resize(1300, 850)
    window.spaces.show("segment")
    yield window
    window.close()


def test_a_volume_as_the_command_line_has_it(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    image = write_nifti(tmp_path / "ball.nii.gz", phantom((6, 18, 20)), AFFINE)
    space = open_image(window, qtbot, image)
    panel = space.view.method
    place = panel.method.findText("DiffRect")
    panel.method.setCurrentIndex(place)
    panel.method.activated.emit(place)
    space.choosing.reload()
    box = panel.checkpoint
    box.setCurrentIndex(box.findData("parts"))
    box.activated.emit(box.currentIndex())
    assert "slice by slice" in panel.facts()
    space.view.showPanel(panel)
    QTest.mouseClick(panel.where.button("all"), LEFT)
    dock = space.view.dock
    steps = dock.tabs.indexOf(dock.steps)
    with qtbot.waitSignal(space.findings.began, timeout=PATIENCE_MS):
        QTest.mouseClick(panel.run, LEFT)
    assert not dock.tabs.isTabVisible(steps), "it does not denoise"
    qtbot.waitUntil(lambda: space.findings.current() is not None, timeout=PATIENCE_MS)
    assert not dock.tabs.isTabVisible(steps)
    settled(window, qtbot)
    model, finding = space.study.model, space.findings.current()
    assert finding is not None
    assert finding.result.provenance["method"] == "diffrect"
    np.testing.assert_array_equal(model.array, finding.result.labels)
    assert [label.name for label in space.study.table.labels()] == ["Ring", "Disc"]
    assert "Probability (DiffRect)" in [layer.name for layer in space.study.stack]
    out = tmp_path / "out.nii.gz"
    command = ["segment", "--method", "diffrect", "--input", str(image), "--output", str(out)]
    command += ["--checkpoint", "parts", "--device", "cpu", "--threads", "1"]
    assert main(command) == 0
    agree = (read_nifti(out) == model.array).mean()
    assert agree > 0.999, "the same but for rounding on other threads"
    found = model.array.copy()
    view = view_of(space)
    space.study.table.setActive(1)
    key(view, "b")
    go(view, (3, 9, 9))
    stroke(view, (3, 9, 4), (3, 9, 12))
    mended = model.array.copy()
    assert not np.array_equal(mended, found)
    QTest.mouseClick(panel.run, LEFT)
    qtbot.waitUntil(lambda: window.findChild(ChoiceDialog) is not None, timeout=PATIENCE_MS)
    np.testing.assert_array_equal(model.array, mended, "work by hand is asked for first")
    pick(window, qtbot, "Replace")
    settled(window, qtbot)
    np.testing.assert_array_equal(model.array, found)
    for before in (mended, found, np.zeros_like(found)):
        space.study.editor.undo()
        np.testing.assert_array_equal(model.array, before)

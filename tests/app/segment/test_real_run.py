"""The window with the real engine and a tiny untrained cDAL: from a click to labels and maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.bootstrap import open_window
from app.cli import main
from app.window import MainWindow
from app.workspaces.segment.space import SegmentSpace
from engine import library
from engine.data.volumes.region import Region
from tests.app.segment.driving import (
    AFFINE,
    AXIAL,
    LEFT,
    go,
    open_image,
    phantom,
    read_nifti,
    settled,
    view_of,
    write_nifti,
)
from tests.helpers.cdal_models import TINY, save_generator

PATIENCE_MS = 120_000
NAMES = {
    str(value): {"name": f"Part {value}", "color": colour}
    for value, colour in ((1, "#00FFFF"), (2, "#FF00FF"))
}


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """A window in Segment with an engine that computes."""
    monkeypatch.setattr(library, "bundled_folder", lambda: tmp_path / "nothing")
    folder = library.user_folder()
    folder.mkdir(parents=True)
    network = replace(TINY, labels=3)
    save_generator(folder / "parts.safetensors", network, "hippocampus", labels=NAMES)
    save_generator(folder / "grey.safetensors")
    window = open_window(device="cpu")
    qtbot.addWidget(window)
    window.resize(1300, 850)
    window.spaces.show("segment")
    yield window
    window.close()


def run(window: MainWindow, space: SegmentSpace, qtbot: QtBot, place: str) -> None:
    """Click, and wait until the result is in place."""
    panel = space.view.method
    space.view.showPanel(panel)
    QTest.mouseClick(panel.where.button(place), LEFT)
    before = space.findings.current()
    QTest.mouseClick(panel.run, LEFT)
    qtbot.waitUntil(lambda: space.findings.current() is not before, timeout=PATIENCE_MS)
    settled(window, qtbot)


def choose(space: SegmentSpace, name: str) -> None:
    space.choosing.reload()
    box = space.view.method.checkpoint
    box.setCurrentIndex(box.findData(name))
    box.activated.emit(box.currentIndex())
    space.view.method.setValues({"votes": 2, "seed": 5})
    space.view.method.setSeedKept(True)


def test_a_volume_as_the_command_line_has_it(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    image = write_nifti(tmp_path / "ball.nii.gz", phantom((10, 18, 20)), AFFINE)
    space = open_image(window, qtbot, image)
    choose(space, "parts")
    go(view_of(space, AXIAL), (4, 0, 0))
    run(window, space, qtbot, "slice")
    model, first = space.study.model, space.study.model.array.copy()
    assert first[4].any()
    assert not np.delete(first, 4, axis=0).any()
    assert [label.name for label in space.study.table.labels()] == ["Part 1", "Part 2"]
    assert model.names() == ["cDAL, Tiny"]
    run(window, space, qtbot, "all")
    finding = space.findings.current()
    assert finding is not None
    assert finding.result.provenance["source"] == "ball"
    assert finding.result.provenance["parameters"]["votes"] == 2
    np.testing.assert_array_equal(model.array, finding.result.labels)
    out = tmp_path / "out.nii.gz"
    command = ["segment", "--method", "cdal", "--input", str(image), "--output", str(out)]
    command += ["--checkpoint", "parts", "--votes", "2", "--seed", "5", "--device", "cpu"]
    assert main([*command, "--threads", "1"]) == 0
    agree = (read_nifti(out) == model.array).mean()
    assert agree > 0.999, "the same but for rounding on other threads"
    region = Region.of_slice((10, 18, 20), 0, 4).text()
    assert main([*command, "--threads", "1", "--region", region]) == 0
    part = read_nifti(out)
    assert (part == first).mean() > 0.999
    for _ in range(2):
        space.study.editor.undo()
    assert not model.array.any()


def test_a_colour_picture_with_a_grey_network(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 255, (24, 28, 3), np.uint8)
    Image.fromarray(colours).save(tmp_path / "picture.png")
    space = open_image(window, qtbot, tmp_path / "picture.png")
    choose(space, "grey")
    panel = space.view.method
    space.view.showPanel(panel)
    QTest.mouseClick(panel.run, LEFT)
    from tests.app.segment.driving import answer

    answer(window, qtbot, "Convert")
    qtbot.waitUntil(lambda: space.findings.current() is not None, timeout=PATIENCE_MS)
    settled(window, qtbot)
    assert space.study.model.shape == (1, 24, 28)
    assert "converted to grey" in window.message.message()
    layers = [layer.name for layer in space.study.stack]
    assert "Probability (cDAL)" in layers


def test_an_image_that_cannot_be_segmented(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    flat = np.full((6, 18, 20), 7, np.int16)
    space = open_image(window, qtbot, write_nifti(tmp_path / "flat.nii.gz", flat, AFFINE))
    choose(space, "parts")
    space.view.showPanel(space.view.method)
    QTest.mouseClick(space.view.method.run, LEFT)
    qtbot.waitUntil(lambda: "all values are 7" in window.message.message(), timeout=PATIENCE_MS)
    assert space.findings.current() is None
    assert "Failed" in space.view.method.status()
    assert not space.study.model.array.any()

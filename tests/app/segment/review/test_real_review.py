"""The real engine and a tiny untrained cDAL: its steps, votes and doubt, as they come from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.bootstrap import open_window
from app.window import MainWindow
from app.workspaces.segment.space import SegmentSpace
from engine import library
from engine.data.labels.cutoff import cut_off
from engine.data.labels.doubt import doubtful_regions
from tests.app.segment.driving import AFFINE, LEFT, open_image, phantom, settled, write_nifti
from tests.helpers.cdal_models import TINY, save_generator

PATIENCE_MS = 120_000
VOTES = 3
TURNED = AFFINE[:, [2, 0, 1, 3]]  # the array's axes stand in another order than the network's


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setattr(library, "bundled_folder", lambda: tmp_path / "nothing")
    folder = library.user_folder()
    folder.mkdir(parents=True)
    save_generator(folder / "parts.safetensors", replace(TINY, labels=3), "hippocampus")
    window = open_window(device="cpu")
    qtbot.addWidget(window)
    window.resize(1300, 850)
    window.spaces.show("segment")
    yield window
    window.close()


@pytest.fixture
def space(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> SegmentSpace:
    """A volume of another orientation than the network's, segmented."""
    path = write_nifti(tmp_path / "head.nii.gz", phantom((9, 20, 17)), TURNED)
    space = open_image(window, qtbot, path)
    panel = space.view.method
    panel.setValues({"votes": VOTES, "seed": 5})
    panel.setSeedKept(True)
    QTest.mouseClick(panel.where.button("all"), LEFT)
    QTest.mouseClick(panel.run, LEFT)
    qtbot.waitUntil(lambda: space.findings.current() is not None, timeout=PATIENCE_MS)
    settled(window, qtbot)
    return space


def test_what_is_reviewed_is_what_the_engine_found(
    space: SegmentSpace, window: MainWindow, qtbot: QtBot
) -> None:
    finding = space.findings.current()
    assert finding is not None
    result, dock = finding.result, space.view.dock
    frames = dock.steps.timeline.frames()
    assert [frame.caption() for frame in frames] == ["noise", "t = 1", "t = 0"]
    assert dock.steps.vote.count() == VOTES
    noise = frames[0].x_t
    assert noise is not None
    assert abs(float(noise.std()) - 1) < 0.3

    # Coronal in the network's geometry or not: the slice of the votes lies in the image's array.
    assert dock.votes.sheet.count() == 1 + VOTES
    shape = np.delete(result.labels.shape, result.axis)
    assert result.votes.shape == (VOTES, *shape)
    QTest.mouseClick(dock.votes.go, LEFT)
    view = next(v for v in space.view.volume.views().values() if v.plane().axis == result.axis)
    assert view.index() == result.shown

    least = 0.01
    dock.doubt.least.setValue(least)
    dock.doubt.leastChanged.emit(least)
    settled(window, qtbot)
    regions = doubtful_regions(result.variance, least=least)
    assert [line.voxel for line in dock.doubt.lines()] == [region.peak for region in regions]

    space.reviewing.threshold.cut(0.4)
    settled(window, qtbot)
    classes = cut_off(result.probability, 0.4)
    expected = np.zeros_like(classes)
    for value, label in finding.values.items():
        expected[classes == value] = label
    assert np.array_equal(space.study.model.array, expected)

"""Opening labels of a fresh study brings their names and colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from engine.data.volumes.label_table import LabelEntry
from engine.data.volumes.read import read_volume
from engine.data.volumes.write import write_labels
from tests.app.segment.driving import open_image, phantom, settled


def test_names_come_with_the_labels(
    window: MainWindow, image: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    labels = (phantom() > 300).astype(np.uint8) * 3
    table = (LabelEntry(3, "Ball", (9, 99, 199)),)
    path = write_labels(tmp_path / "a.seg.nrrd", labels, read_volume(image), table)
    space = open_image(window, qtbot, image)
    space.files.openLabels(path)
    settled(window, qtbot)
    np.testing.assert_array_equal(space.study.model.array, labels)
    (row,) = space.study.table.labels()
    assert (row.value, row.name, row.colour) == (3, "Ball", (9, 99, 199))

"""A program that opens an image and paints until it is killed: `painter.py IMAGE FOLDER`.

After each stroke the labels are written to FOLDER, and the number of strokes is printed.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.bootstrap import open_window
from tests.app.segment.driving import go, key, stroke, view_of
from tests.helpers.fake_engine import FakeEngine

ROWS = (4, 9, 14)


def main(image: Path, folder: Path) -> None:
    """Paint for ever; the eraser and undo take turns with the brush."""
    window = open_window(FakeEngine)
    window.spaces.show("segment")
    window.open([image])
    space = window.spaces.segment()
    while space.study.volume is None:
        QTest.qWait(5)
    view, model = view_of(space), space.study.model
    space.study.table.change(1, name="Kept", colour=(4, 5, 6))
    for number in itertools.count(1):
        slice_ = number % model.shape[0]
        key(view, "e" if number % 5 == 0 else "b")
        go(view, (slice_, 0, 0))
        row = ROWS[number % 3]
        stroke(view, (slice_, row, 3), (slice_, row, 3 + number % 15))
        if number % 7 == 0:
            QTest.keyClick(view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        partial = folder / "writing.npy"
        np.save(partial, model.array)
        partial.rename(folder / f"{number:04d}.npy")
        print(number, flush=True)
        QTest.qWait(10)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

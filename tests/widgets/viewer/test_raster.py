from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QRect, QRectF
from PyQt6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from widgets.viewer.raster import Raster


def drawn(raster: Raster, scale: float) -> np.ndarray:
    """What the raster looks like on black, (h, w), grey."""
    height, width = (round(side * scale) for side in raster.base.shape[:2])
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    painter.scale(scale, scale)
    raster.draw(painter, QRectF(raster.rect), scale)
    painter.end()
    bits = image.convertToFormat(QImage.Format.Format_RGB32).constBits()
    assert bits is not None
    flat = np.frombuffer(bits.asstring(image.sizeInBytes()), np.uint8)
    return flat.reshape(height, width, 4)[..., 0]


@pytest.mark.parametrize("scale", [1, 3])
def test_pixels_are_seen_as_they_are(qtbot: QtBot, scale: int) -> None:
    raster = Raster((6, 7))
    raster.base[...] = np.arange(42).reshape(6, 7) * 6
    expected = np.kron(raster.base, np.ones((scale, scale), np.uint8))
    np.testing.assert_array_equal(drawn(raster, scale), expected)


@pytest.mark.parametrize("shape", [(64, 64), (61, 47)])
def test_thin_lines_survive_zooming_out(qtbot: QtBot, shape: tuple[int, int]) -> None:
    raster = Raster(shape, QColor("white"))
    raster.base[:, ::8] = 255
    shown = drawn(raster, 0.25)
    assert shown.mean() == pytest.approx(raster.base.mean(), rel=0.15)
    assert (shown.max(axis=0) > 0).all() or (shown[:, ::2] > 0).all()


@pytest.mark.parametrize("tint", [None, QColor("white")])
def test_touching_a_part_equals_touching_everything(qtbot: QtBot, tint: QColor | None) -> None:
    rng = np.random.default_rng(0)
    partly, wholly = Raster((61, 47), tint), Raster((61, 47), tint)
    for scale in (1.0, 0.5, 0.25, 1.0, 0.125):
        drawn(partly, scale)
        for _ in range(5):
            x, y = int(rng.integers(0, 40)), int(rng.integers(0, 50))
            block = rng.integers(0, 256, (7, 5), dtype=np.uint8)
            partly.base[y : y + 7, x : x + 5] = block
            partly.touch(QRect(x, y, 5, 7))
        wholly.base[...] = partly.base
        wholly.touch()
        np.testing.assert_array_equal(drawn(partly, scale), drawn(wholly, scale))


def test_a_tint_needs_a_coverage() -> None:
    with pytest.raises(ValueError, match="tinted"):
        Raster((4, 4, 3), QColor("red"))


@pytest.mark.parametrize("shape", [(64, 64, 4), (61, 47, 4)])
def test_crisp_colours_keep_their_strength_at_every_size(
    qtbot: QtBot, shape: tuple[int, int, int]
) -> None:
    raster = Raster(shape, crisp=True)
    raster.base[:, 21] = 255
    for scale in (0.2, 0.35, 0.6, 1.0, 1.7):
        shown = drawn(raster, scale)
        assert set(np.unique(shown)) == {0, 255}
        assert (shown.max(axis=1) == 255).all()
    raster.base[...] = 0
    raster.touch(QRect(21, 0, 1, shape[0]))
    assert not drawn(raster, 0.2).any()


def test_only_colours_are_crisp() -> None:
    with pytest.raises(ValueError, match="crisp"):
        Raster((4, 4), crisp=True)

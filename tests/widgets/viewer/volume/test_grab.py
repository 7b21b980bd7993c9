"""Pictures of views."""

from __future__ import annotations

import numpy as np
from pytestqt.qtbot import QtBot

from tests.widgets.viewer.volume.stage import image, slice_view
from widgets.viewer.volume.decorations import Decorations
from widgets.viewer.volume.grab import grab, scroll, through_time

SHADES = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((1, 6, 6), np.uint8)
LPS_DOWN = np.diag([1.0, 1.0, -1.0, 1.0])


def test_a_picture_with_and_without_decorations(qtbot: QtBot) -> None:
    view = slice_view(qtbot, image(SHADES, high=255 / 50))
    view.setDecorations(Decorations())
    decorated, plain = grab(view), grab(view, decorated=False)
    assert decorated == view.grab().toImage()
    assert decorated.size() == plain.size()
    assert decorated != plain
    assert plain.pixelColor(0, 120) == plain.pixelColor(0, 0)
    assert view.decorations() == Decorations()
    view.zoomBy(3)
    view.setIndex(4)
    assert grab(view, decorated=False).pixelColor(1, 1).red() == 200


def test_a_scroll_goes_from_foot_to_head_and_leaves_the_view_alone(qtbot: QtBot) -> None:
    for affine, expected in ((np.eye(4), [0, 100, 200]), (LPS_DOWN, [200, 100, 0])):
        view = slice_view(qtbot, image(SHADES, affine, high=255 / 50))
        with qtbot.assertNotEmitted(view.indexChanged):
            frames = list(scroll(view, step=2, decorated=False))
        assert [frame.pixelColor(120, 120).red() for frame in frames] == expected
        assert view.index() == 2


def test_a_series_is_shown_through_time(qtbot: QtBot) -> None:
    layer = image(SHADES[:, None], high=255 / 50)
    layer.channels = "time"
    view = slice_view(qtbot, layer)
    shades = [frame.pixelColor(120, 120).red() for frame in through_time(view)]
    assert shades == [0, 50, 100, 150, 200]
    assert view.stack().time() == 0


def test_without_an_image_there_is_no_scroll(qtbot: QtBot) -> None:
    assert list(scroll(slice_view(qtbot))) == []

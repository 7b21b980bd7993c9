from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.helpers.pointer import CONTROL, click, double_click, drag
from widgets.viewer.image_view import ImageView


@pytest.fixture
def view(qtbot: QtBot) -> ImageView:
    view = ImageView()
    qtbot.addWidget(view)
    view.resize(412, 412)
    view.show()
    return view


def colour(view: ImageView, x: float, y: float) -> tuple[int, int, int]:
    """The painted colour at an image position."""
    spot = view.grab().toImage().pixelColor(view.imageToView(QPointF(x, y)).toPoint())
    return spot.red(), spot.green(), spot.blue()


def ramp(low: float = -1.0, high: float = 1.0) -> np.ndarray:
    return np.tile(np.linspace(low, high, 100, dtype=np.float32), (100, 1))


def test_the_value_range_is_black_to_white(view: ImageView) -> None:
    view.setImage(ramp(), (-1, 1))
    assert colour(view, 0.5, 20)[0] <= 3
    assert colour(view, 50, 20)[0] == pytest.approx(127, abs=3)
    assert colour(view, 99.5, 20)[0] >= 252
    assert view.windowLevel() == (2.0, 0.0)


def test_what_lies_outside_is_clipped_and_nan_is_black(view: ImageView) -> None:
    image = ramp()
    image[:50] = 7.0
    image[80:] = np.nan
    view.setImage(image, (-1, 1))
    assert colour(view, 20, 20) == (255, 255, 255)
    assert colour(view, 20, 90) == (0, 0, 0)


def test_rgb_bytes_are_shown_as_they_are(view: ImageView) -> None:
    view.setImage(np.full((50, 40, 3), (200, 30, 90), np.uint8))
    assert colour(view, 20, 20) == (200, 30, 90)


@pytest.mark.parametrize("shape", [(4,), (4, 4, 2), (4, 4, 3, 1), (0, 4)])
def test_other_shapes_are_refused(view: ImageView, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        view.setImage(np.zeros(shape))


def test_an_empty_range_is_refused_and_the_old_image_stays(view: ImageView) -> None:
    view.setImage(ramp(), (-1, 1))
    with pytest.raises(ValueError, match="range"):
        view.setImage(np.zeros((5, 5)), (1, 1))
    assert view.imageSize().width() == 100


def test_a_drag_changes_window_and_level(view: ImageView, qtbot: QtBot) -> None:
    view.setImage(ramp(), (-1, 1))
    scale = view.scale()
    with qtbot.waitSignal(view.windowLevelChanged):
        drag(view, (50, 50), (50 + 60 / scale, 50 + 30 / scale))
    window, level = view.windowLevel()
    assert window == pytest.approx(2 + 2 * 60 / 300)
    assert level == pytest.approx(2 * 30 / 300)
    assert colour(view, 50, 20)[0] < 127
    view.setImage(ramp(), (-1, 1))
    assert view.windowLevel() == (window, level), "the next preview keeps what was chosen"
    double_click(view, (50, 50), CONTROL)
    assert view.windowLevel() == (2.0, 0.0)
    view.setImage(ramp(0, 9), (0, 9))
    assert view.windowLevel() == (9.0, 4.5)


def test_the_window_never_closes(view: ImageView) -> None:
    view.setImage(ramp(), (-1, 1))
    drag(view, (90, 50), (10, 50), (-900, 50))
    assert 0 < view.windowLevel()[0] < 0.01


def test_without_window_level_a_drag_pans(view: ImageView) -> None:
    view.setImage(ramp(), (-1, 1))
    view.setWindowLevelMode(False)
    view.zoomBy(3)
    drag(view, (50, 50), (45, 50), (40, 50))
    assert view.windowLevel() == (2.0, 0.0)
    assert view.view().cx > 0.5


def test_a_click_probes_and_a_drag_does_not(view: ImageView, qtbot: QtBot) -> None:
    view.setImage(ramp(), (-1, 1))
    with qtbot.waitSignal(view.pixelClicked) as told:
        click(view, (12.7, 30.2))
    assert told.args == [12, 30]
    with qtbot.assertNotEmitted(view.pixelClicked):
        drag(view, (12, 30), (60, 30))
        click(view, (-1, 20))


def test_the_marker_points_at_the_pixel(view: ImageView) -> None:
    view.setImage(ramp() * 0, (-1, 1))
    plain = colour(view, 50.5, 20.5), colour(view, 53.5, 20.5)
    view.setMarker(50, 20)
    assert colour(view, 50.5, 20.5) == plain[0], "the probed pixel itself stays in sight"
    assert colour(view, 53, 20.5) != plain[1]
    view.clearMarker()
    assert colour(view, 53, 20.5) == plain[1]


def test_the_outline_follows_the_mask_the_view_and_its_opacity(view: ImageView) -> None:
    view.setImage(ramp() * 0, (-1, 1))
    mask = np.zeros((100, 100), np.uint8)
    mask[30:60, 30:60] = 1
    view.setOutlineColour(QColor(0, 255, 0))
    view.setOutlineOpacity(1.0)
    view.setOutline(mask)
    for _ in range(2):
        _, green, blue = colour(view, 30, 45)
        assert green > 180 > 60 + blue
        assert colour(view, 45, 45) == (128, 128, 128)
        view.zoomBy(1.5)
    view.fit()
    view.setOutlineOpacity(0.0)
    assert colour(view, 30, 45) == (128, 128, 128)
    view.setOutlineOpacity(1.0)
    view.setOutline(None)
    assert colour(view, 30, 45) == (128, 128, 128)


def test_a_stale_image_stays_in_sight(view: ImageView) -> None:
    view.setImage(ramp(), (-1, 1))
    before = view.grab().toImage()
    fresh = colour(view, 50, 60)
    view.setStale(True)
    assert view.isStale()
    assert colour(view, 50, 60) == fresh
    assert view.grab().toImage() != before
    view.setStale(False)
    assert view.grab().toImage() == before


def test_the_badge_is_legible_on_white_and_on_black(view: ImageView) -> None:
    view.setBadge("SYNTHETIC")
    for value in (0.0, 1.0):
        view.setImage(np.full((100, 100), value, np.float32), (0, 1))
        picture = view.grab().toImage()
        greys = [picture.pixelColor(x, y).lightness() for x in range(16, 90) for y in range(16, 34)]
        assert max(greys) - min(greys) > 120


def test_the_empty_view_says_what_to_do(view: ImageView) -> None:
    bare = view.grab().toImage()
    view.setPlaceholder("Draw vessels to see an image")
    assert view.grab().toImage() != bare
    view.setImage(ramp(), (-1, 1))
    view.setImage(None)
    assert view.image() is None
    assert view.imageSize().isEmpty()


def test_the_shown_image_is_a_copy(view: ImageView) -> None:
    image = ramp()
    view.setImage(image, (-1, 1))
    image[...] = -1
    view.resetWindowLevel()
    view.setWindowLevel(2.0, 0.001)
    assert colour(view, 99.5, 20)[0] > 250

"""The timeline, scrubbed, played and stepped with real events."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from widgets.theme import theme_of
from widgets.timeline.frame import Frame
from widgets.timeline.strip import SMALLEST_THUMB, Strip
from widgets.timeline.timeline import Timeline

SIDE = 32


def _frame(index: int, total: int = 10, value: float = 0.0) -> Frame:
    grey = np.full((SIDE, SIDE), value, np.float32)
    return Frame(index, total, float(total - index), grey, grey)


@pytest.fixture
def timeline(qtbot: QtBot) -> Timeline:
    timeline = Timeline()
    qtbot.addWidget(timeline)
    timeline.resize(600, 260)
    timeline.show()
    qtbot.waitExposed(timeline)
    return timeline


@pytest.fixture
def full(timeline: Timeline) -> Timeline:
    for index in range(1, 11):
        timeline.addFrame(_frame(index))
    return timeline


def _strip(timeline: Timeline) -> Strip:
    strip = timeline.findChild(Strip)
    assert strip is not None
    return strip


def _centre(timeline: Timeline, position: int) -> QPoint:
    return _strip(timeline).columnRect(position).center()


def _button(timeline: Timeline, hint: str) -> QToolButton:
    return next(b for b in timeline.findChildren(QToolButton) if b.toolTip().startswith(hint))


def test_empty_timeline_can_do_nothing(timeline: Timeline, qtbot: QtBot) -> None:
    assert timeline.frames() == ()
    assert timeline.current() == -1
    assert not _button(timeline, "Save").isEnabled()
    with qtbot.assertNotEmitted(timeline.currentChanged):
        QTest.mouseClick(
            _strip(timeline).viewport(), Qt.MouseButton.LeftButton, pos=QPoint(200, 50)
        )
        QTest.keyClick(_strip(timeline), Qt.Key.Key_Right)
        QTest.keyClick(_strip(timeline), Qt.Key.Key_Space)
    assert not timeline.isPlaying()


def test_new_frames_are_followed(timeline: Timeline, qtbot: QtBot) -> None:
    with qtbot.waitSignals([timeline.currentChanged] * 3):
        for index in (1, 2, 3):
            timeline.addFrame(_frame(index))
    assert timeline.current() == 2
    frame = timeline.currentFrame()
    assert frame is not None
    assert frame.index == 3


def test_going_back_stops_following_and_the_end_takes_it_up(full: Timeline) -> None:
    strip = _strip(full)
    full.setCurrent(9)
    QTest.keyClick(strip, Qt.Key.Key_Home)
    assert full.current() == 0
    assert not full.isFollowing()
    full.addFrame(_frame(11))
    assert full.current() == 0
    QTest.keyClick(strip, Qt.Key.Key_End)
    assert full.isFollowing()
    full.addFrame(_frame(12))
    assert full.current() == 11


def test_follow_button_jumps_to_the_newest(full: Timeline) -> None:
    QTest.keyClick(_strip(full), Qt.Key.Key_Home)
    QTest.mouseClick(_button(full, "Follow"), Qt.MouseButton.LeftButton)
    assert full.current() == 9


def test_clicking_and_dragging_scrub(full: Timeline, qtbot: QtBot) -> None:
    view = _strip(full).viewport()
    QTest.keyClick(_strip(full), Qt.Key.Key_Home)
    seen: list[int] = []
    full.currentChanged.connect(seen.append)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=_centre(full, 1))
    QTest.mouseMove(view, _centre(full, 2))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=_centre(full, 2))
    assert seen[0] == 1
    assert full.current() == 2


def test_arrow_keys_step_and_stop_at_the_ends(full: Timeline) -> None:
    strip = _strip(full)
    QTest.keyClick(strip, Qt.Key.Key_Left)
    assert full.current() == 8
    QTest.keyClick(strip, Qt.Key.Key_Right)
    QTest.keyClick(strip, Qt.Key.Key_Right)
    assert full.current() == 9


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_P])
def test_playing_runs_through_the_frames_and_repeats(
    full: Timeline, qtbot: QtBot, key: Qt.Key
) -> None:
    full.setSpeed(50)
    seen: list[int] = []
    full.currentChanged.connect(seen.append)
    QTest.keyClick(_strip(full), key)
    qtbot.waitUntil(lambda: len(seen) > 11)
    assert full.isPlaying()
    QTest.keyClick(_strip(full), key)
    assert not full.isPlaying()
    assert seen[:12] == [*range(10), 0, 1]


def test_playing_once_stops_at_the_end(full: Timeline, qtbot: QtBot) -> None:
    full.setSpeed(50)
    QTest.mouseClick(_button(full, "Repeat"), Qt.MouseButton.LeftButton)
    QTest.mouseClick(_button(full, "Play"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not full.isPlaying())
    assert full.current() == 9


def test_frames_keep_their_arrays_and_their_order(timeline: Timeline) -> None:
    late, early = _frame(5), _frame(2)
    timeline.addFrame(late)
    timeline.addFrame(early)
    assert [f.index for f in timeline.frames()] == [2, 5]
    assert timeline.frames()[1].x_t is late.x_t


def test_a_frame_of_the_same_step_replaces_the_earlier(full: Timeline, qtbot: QtBot) -> None:
    better = _frame(10, value=1.0)
    with qtbot.waitSignal(full.currentChanged):
        full.addFrame(better)
    assert len(full.frames()) == 10
    assert full.frames()[-1] is better


def test_an_earlier_frame_added_late_does_not_move_the_view(full: Timeline) -> None:
    full.addFrame(_frame(20, 20))
    full.setCurrent(10)
    full.setFollowing(False)
    full.addFrame(_frame(15, 20))
    frame = full.currentFrame()
    assert frame is not None
    assert frame.index == 20


def test_clear_forgets_everything(full: Timeline, qtbot: QtBot) -> None:
    QTest.keyClick(_strip(full), Qt.Key.Key_Home)
    with qtbot.waitSignal(full.currentChanged, check_params_cb=lambda p: p == -1):
        full.clear()
    assert full.frames() == ()
    assert full.isFollowing()


def test_export_menu_names_the_kind(full: Timeline, qtbot: QtBot) -> None:
    menu = _button(full, "Save").menu()
    assert menu is not None
    kinds = []
    full.exportRequested.connect(kinds.append)
    for action in menu.actions():
        action.trigger()
    assert kinds == ["strip", "gif", "frames"]


def test_value_range_and_rows_change_what_is_painted(timeline: Timeline) -> None:
    white, black = np.full((SIDE, SIDE), 255, np.uint8), np.full((SIDE, SIDE), -1, np.float32)
    timeline.addFrame(Frame(1, 1, 0, white, black))

    def colours() -> list[str]:
        strip = _strip(timeline)
        image, rect = strip.viewport().grab().toImage(), strip.columnRect(0)
        heights = (rect.height() * 2 // 5, rect.height() * 4 // 5)
        ratio = image.devicePixelRatio()
        return [
            image.pixelColor(round(rect.center().x() * ratio), round(y * ratio)).name()
            for y in heights
        ]

    assert colours() == ["#ffffff", "#000000"]
    timeline.setValueRange(-3, 1)
    assert colours() == ["#ffffff", "#808080"] or colours() == ["#ffffff", "#7f7f7f"]
    timeline.setRows(("x0_hat",))
    assert colours()[0] in ("#808080", "#7f7f7f")
    with pytest.raises(ValueError, match="has rows"):
        timeline.setRows(())


def test_ways_are_shown_in_rows_of_their_names(timeline: Timeline) -> None:
    white, black = (np.full((SIDE, SIDE), value, np.float32) for value in (1, -1))
    timeline.setRows(("label", "blend"))
    frame = Frame(1, 1, 0, None, None, ways={"label": white, "blend": black})
    timeline.addFrame(frame)
    assert list(frame.pictures()) == ["label", "blend"]
    strip = _strip(timeline)
    image, rect = strip.viewport().grab().toImage(), strip.columnRect(0)
    ratio = image.devicePixelRatio()
    seen = [
        image.pixelColor(round(rect.center().x() * ratio), round(rect.height() * y * ratio)).name()
        for y in (2 / 5, 4 / 5)
    ]
    assert seen == ["#ffffff", "#000000"]


def test_a_step_without_an_array_leaves_a_gap(timeline: Timeline) -> None:
    timeline.addFrame(Frame(1, 1, 0, None, np.zeros((SIDE, SIDE), np.float32)))
    strip = _strip(timeline)
    rect = strip.columnRect(0)
    image = strip.viewport().grab().toImage()
    ratio = image.devicePixelRatio()
    colour = image.pixelColor(
        round(rect.center().x() * ratio), round(rect.height() * 2 / 5 * ratio)
    )
    assert colour.name() == theme_of(strip).raised


def test_a_wrong_shape_is_refused_and_nothing_is_added(timeline: Timeline) -> None:
    with pytest.raises(ValueError, match=r"\(H, W\)"):
        timeline.addFrame(Frame(1, 1, 0, np.zeros((3, 4, 4), np.float32), None))
    assert timeline.frames() == ()


def test_many_frames_scroll_and_thumbs_stay_large(timeline: Timeline) -> None:
    for index in range(1, 101):
        timeline.addFrame(_frame(index, 100))
    strip = _strip(timeline)
    bar = strip.horizontalScrollBar()
    assert bar is not None
    assert bar.maximum() > 0
    assert strip.columnRect(0).width() >= SMALLEST_THUMB
    assert strip.viewport().rect().contains(strip.columnRect(99).center())
    QTest.keyClick(strip, Qt.Key.Key_Home)
    assert bar.value() == 0


def test_hiding_stops_the_clock(full: Timeline) -> None:
    full.play()
    full.hide()
    assert not full.isPlaying()


def test_a_title_stands_in_place_of_the_time(timeline: Timeline) -> None:
    grey = np.zeros((8, 8), np.float32)
    timeline.addFrame(Frame(0, 2, 1.0, grey, None, "noise"))
    timeline.addFrame(Frame(1, 2, 1.0, grey, grey))
    assert [frame.caption() for frame in timeline.frames()] == ["noise", "t = 1"]
    timeline.setRows(("x0_hat",))
    timeline.grab()


def test_words_about_a_step_widen_nothing(timeline: Timeline) -> None:
    before = timeline.minimumSizeHint().width()
    timeline.addFrame(Frame(1000, 1000, 999.0, np.zeros((SIDE, SIDE), np.float32), None))
    assert timeline.minimumSizeHint().width() == before

"""The panel below the views: when it comes, how it goes, and how large it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from tests.app.segment.driving import LEFT, choose, key, open_image, view_of
from tests.app.segment.methods import Bench
from tests.app.segment.review.made import land, preview

K = Qt.Key


def test_it_comes_with_a_run_and_goes_with_the_image(bench: Bench, image: Path) -> None:
    view = bench.space.view
    assert not view.isDockShown()
    land(bench)
    assert view.isDockShown()
    assert view.header.dock.isChecked()
    bench.space.study.close()
    bench.settle()
    open_image(bench.window, bench.qtbot, image)
    assert not view.isDockShown()


def test_a_key_the_button_and_the_menu(bench: Bench) -> None:
    view = bench.space.view
    QTest.keyClick(view_of(bench.space), K.Key_F8)
    assert view.isDockShown()
    QTest.mouseClick(view.header.dock, LEFT)
    assert not view.isDockShown()
    choose(bench.window, "View", "Panel below the views")
    assert view.isDockShown()
    QTest.mouseClick(view.dock.hide_button, LEFT)
    assert not view.isDockShown()
    assert not view.header.dock.isChecked()


def test_who_hides_it_is_not_shown_it_again(bench: Bench) -> None:
    view = bench.space.view
    land(bench)
    view.hideDock()
    job_id = bench.run()
    preview(bench, job_id, 0)
    assert not view.isDockShown()
    view.showPanel(view.dock.doubt)
    assert view.isDockShown()
    assert view.dock.tabs.currentWidget() is view.dock.doubt
    bench.run()
    assert view.dock.tabs.currentWidget() is view.dock.doubt, "the tab in use stays"


def test_jobs_and_their_number(bench: Bench) -> None:
    tabs = bench.space.view.dock.tabs
    place = tabs.indexOf(bench.space.view.dock.jobs)
    first, _ = bench.run(), bench.run()
    assert tabs.tabText(place) == "Jobs (2)"
    bench.engine.cancel(first)
    bench.settle()
    assert tabs.tabText(place) == "Jobs (1)"


@pytest.mark.parametrize("size", [(1100, 720), (1440, 900)])
def test_the_views_keep_more_than_half_of_the_room(bench: Bench, size: tuple[int, int]) -> None:
    bench.window.resize(*size)
    view = bench.space.view
    view.showDock()
    bench.qtbot.wait(10)
    assert view.volume.height() > view.dock.height()
    for panel in (view.dock.steps, view.dock.votes, view.dock.threshold, view.dock.doubt):
        view.showDock(panel)
        bench.qtbot.wait(1)
        assert view.volume.height() > view.dock.height()


def test_its_height_is_remembered(
    checkpoint: None, start: Callable[[], MainWindow], image: Path, qtbot: QtBot
) -> None:
    first = start()
    view = open_image(first, qtbot, image).view
    view.showDock()
    whole = sum(view.rows.sizes())
    view.rows.setSizes([whole - 150, 150])
    kept = view.rows.sizes()[1]
    view.toggleDock()
    view.toggleDock()
    assert view.rows.sizes()[1] == kept
    first.close()
    view = open_image(start(), qtbot, image).view
    assert not view.isDockShown()
    view.showDock()
    assert view.rows.sizes()[1] == pytest.approx(kept, abs=2)
    view.resetLayout()
    assert view.rows.sizes()[1] != pytest.approx(kept, abs=2)


def test_keys_of_the_views_work_in_the_dock_and_typing_does_not_trigger_them(bench: Bench) -> None:
    land(bench)
    dock = bench.space.view.dock
    bench.space.view.showDock(dock.doubt)
    key(dock.doubt.view, K.Key_J)
    assert "Doubtful place 1 " in bench.window.status.currentMessage()
    field = dock.doubt.least.lineEdit()
    assert field is not None
    field.setFocus()
    QTest.keyClick(field, K.Key_J)
    assert "Doubtful place 1 " in bench.window.status.currentMessage()


def test_a_message_moves_with_the_views(bench: Bench) -> None:
    window, view = bench.window, bench.space.view
    window.teller.say("warning", "Something to read.")
    assert window.message.isVisible()
    before = window.message.geometry().bottom()
    view.showDock()
    bench.qtbot.waitUntil(lambda: window.message.geometry().bottom() < before)
    area = view.dock.mapTo(window, view.dock.rect().topLeft())
    assert window.message.geometry().bottom() <= area.y()
    view.hideDock()
    bench.qtbot.waitUntil(lambda: window.message.geometry().bottom() == before)

"""The votes side by side, and one of them outlined on its slice."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.controllers.segment.review.pictures import coloured, part_of
from app.controllers.segment.review.votes import captions
from app.workspaces.segment.dock import VotesPanel
from tests.app.segment.driving import AXIAL, CORONAL, LEFT, go, view_of
from tests.app.segment.methods import Bench
from tests.app.segment.review.made import VOTES, land
from widgets.viewer.volume.arrangement import ViewLayout
from widgets.viewer.volume.slice_view import SliceView


@pytest.fixture
def panel(bench: Bench) -> VotesPanel:
    bench.space.view.showDock(bench.space.view.dock.votes)
    return bench.space.view.dock.votes


def click(panel: VotesPanel, place: int) -> None:
    QTest.mouseClick(panel.sheet.viewport(), LEFT, pos=panel.sheet.cellRect(place).center())


def picture(view: SliceView) -> bytes:
    bits = view.grab().toImage().constBits()
    assert bits is not None
    bits.setsize(view.grab().toImage().sizeInBytes())
    return bytes(bits)


def test_the_majority_comes_first_and_votes_say_how_far_they_agree(
    bench: Bench, panel: VotesPanel
) -> None:
    land(bench)
    assert panel.sheet.count() == 1 + VOTES
    # The second vote has the rim, too: 2 * 64 / (64 + 144).
    assert captions((1.0, 128 / 208)) == ["majority", "vote 1 · 100 %", "vote 2 · 62 %"]
    assert "3 votes on axial slice 6 of 12" in panel.where.text()


def test_a_vote_is_outlined_on_its_slice_and_on_no_other(bench: Bench, panel: VotesPanel) -> None:
    land(bench)
    view = view_of(bench.space, AXIAL)
    go(view, (5, 0, 0))
    plain = picture(view)
    click(panel, 2)
    outlined = picture(view)
    assert outlined != plain
    click(panel, 1)
    assert picture(view) not in (plain, outlined)
    QTest.mouseClick(panel.outline, LEFT)
    assert picture(view) == plain
    QTest.mouseClick(panel.outline, LEFT)
    assert picture(view) != plain
    go(view, (6, 0, 0))
    QTest.mouseClick(panel.outline, LEFT)
    without = picture(view)
    QTest.mouseClick(panel.outline, LEFT)
    assert picture(view) == without


def test_going_to_the_slice_keeps_the_other_coordinates(bench: Bench, panel: VotesPanel) -> None:
    land(bench)
    view, image = view_of(bench.space, AXIAL), bench.space.study.image()
    assert image is not None
    volume = bench.space.view.volume
    volume.setCrosshair(image.grid.world((1, 3, 4)))
    QTest.mouseClick(panel.go, LEFT)
    assert view.index() == 5
    assert np.allclose(image.grid.voxel(volume.crosshair()), (5, 3, 4))
    volume.setViewLayout(ViewLayout.ONE, CORONAL)
    QTest.keyClick(panel.sheet, Qt.Key.Key_Home)
    QTest.keyClick(panel.sheet, Qt.Key.Key_Return)
    assert volume.shownViews() == [view]


def test_other_colours_keep_the_chosen_vote(bench: Bench, panel: VotesPanel) -> None:
    land(bench)
    click(panel, 2)
    before = panel.sheet.viewport().grab().toImage()
    bench.space.study.table.change(1, colour=(250, 0, 250))
    bench.qtbot.waitUntil(lambda: panel.sheet.viewport().grab().toImage() != before)
    bench.settle()
    assert panel.sheet.current() == 2


def test_without_a_result_there_is_nothing_to_compare(bench: Bench, panel: VotesPanel) -> None:
    assert panel.sheet.count() == 0
    assert not panel.go.isEnabled()
    land(bench)
    bench.space.study.close()
    bench.settle()
    assert panel.sheet.count() == 0
    assert panel.where.text() == ""


# --- pictures


def test_what_is_shown_holds_all_votes_and_something_around_them() -> None:
    votes = np.zeros((2, 50, 60), np.uint8)
    votes[0, 20:30, 5:15] = 1
    votes[1, 25:40, 10:12] = 2
    rows, columns = part_of(votes)
    assert (rows.start, rows.stop) == (12, 48)
    assert (columns.start, columns.stop) == (0, 23)
    assert part_of(votes * 0) == (slice(0, 50), slice(0, 60))


def test_labels_lie_in_their_colours_over_the_slice() -> None:
    under = np.full((1, 2, 3), 100, np.uint8)
    colours = np.array([[0, 0, 0], [200, 0, 100]], np.uint8)
    found = coloured(under, np.array([[0, 1]], np.uint8), colours)
    assert found[0, 0].tolist() == [100, 100, 100]
    assert found[0, 1].tolist() == [155, 45, 100]

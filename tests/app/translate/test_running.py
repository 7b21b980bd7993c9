"""What the window does with runs, with an engine that does what the test says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.translate.space import TranslateSpace
from app.workspaces.translate.views import SOURCE, STEPS, TIES, X_T
from tests.app.segment.driving import AXIAL, choose, menu_action, settled
from tests.app.segment.methods import result_of as labels_of
from tests.app.segment.methods import write_card
from tests.app.translate.driving import click, open_scan, preview_of, result_of
from tests.app.window.driving import fake, settle
from tests.helpers.midiffusion_models import heads

Start = Callable[..., MainWindow]


def run(window: MainWindow, space: TranslateSpace, qtbot: QtBot, *, alone: bool = False) -> int:
    """Click on Translate or Preview; the job's id."""
    before = set(fake(window).jobs)
    click(space.view.panel.preview if alone else space.view.panel.run)
    settle(window, qtbot)
    (made,) = set(fake(window).jobs) - before
    return made


def finish(window: MainWindow, qtbot: QtBot, job_id: int) -> None:
    engine = fake(window)
    engine.finish(job_id, result_of(engine.jobs[job_id]))
    settle(window, qtbot)
    settled(window, qtbot)


def test_steps_are_seen_as_they_come(start: Start, scan: Path, qtbot: QtBot) -> None:
    window = start()
    space = open_scan(window, qtbot, scan)
    views, timeline = space.view.views, space.view.dock.timeline
    assert not space.view.isDockShown()
    job_id = run(window, space, qtbot, alone=True)
    job = fake(window).jobs[job_id]
    assert job.params.model_dump()["slices"] == "2"
    assert "axial slice 3" in job.title
    for index in range(3):
        fake(window).emit(preview_of(job_id, index))
        settle(window, qtbot)
        assert len(timeline.frames()) == index + 2, "and the noise"
        assert f"t = {3 - index}" in views.captions[X_T].title
    assert space.view.isDockShown()
    assert views.view(TIES).plane() is not None
    # Looking back does not stop what comes.
    timeline.setFollowing(False)
    timeline.setCurrent(0)
    fake(window).emit(preview_of(job_id, 3))
    settle(window, qtbot)
    assert "noise" in views.captions[X_T].title
    assert not space.view.header.button(AXIAL).isEnabled(), "steps have their plane"
    finish(window, qtbot, job_id)
    assert views.mode() == STEPS
    assert space.showing.landed() is not None
    assert not menu_action(window, "Run", "Segment the result").isEnabled()


def test_of_several_runs_each_says_which_it_is(start: Start, scan: Path, qtbot: QtBot) -> None:
    window = start()
    space = open_scan(window, qtbot, scan)
    timeline = space.view.dock.timeline
    job_id = run(window, space, qtbot, alone=True)
    for number in range(2):
        for index in range(2):
            step = preview_of(job_id, index, 2)
            later = {"before": None, "guide": None, "affine": None, "key": index == 1}
            more = later if number else {}
            fake(window).emit(replace(step, run=number, runs=2, **more))
    settle(window, qtbot)
    captions = [frame.caption() for frame in timeline.frames()]
    assert captions == ["noise", "t = 1", "t = 0", "run 2, t = 0"]
    assert "run 2, t = 0" in space.view.views.captions[X_T].title
    fake(window).emit(replace(preview_of(job_id, 0, 2), runs=2))
    settle(window, qtbot)
    assert len(timeline.frames()) == 2, "after a shortage of memory it begins anew"


def test_a_run_is_cancelled_and_retried(start: Start, scan: Path, qtbot: QtBot) -> None:
    window = start()
    space = open_scan(window, qtbot, scan)
    job_id = run(window, space, qtbot)
    fake(window).emit(preview_of(job_id, 0))
    settle(window, qtbot)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    settle(window, qtbot)
    assert "Cancelled" in space.view.panel.status()
    assert len(space.view.dock.timeline.frames()) == 2, "what there was can be looked at"
    window.jobs.retry(job_id)
    settle(window, qtbot)
    finish(window, qtbot, max(fake(window).jobs))
    assert space.showing.landed() is not None
    assert space.view.dock.result.save.isEnabled()


def test_another_image_ends_what_is_under_way(
    start: Start, scan: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    window = start()
    space = open_scan(window, qtbot, scan)
    job_id = run(window, space, qtbot)
    open_scan(window, qtbot, heads(tmp_path / "other", 1) / "patient0_t1.nii.gz")
    settle(window, qtbot)
    assert fake(window).states[job_id] == "cancelled"
    assert "Translating patient0_t2 was cancelled" in window.message.message()
    window.jobs.retry(job_id)
    settle(window, qtbot)
    assert "not open any more" in window.message.message()
    assert space.showing.landed() is None
    choose(window, "File", "Close image")
    assert space.view.pages.currentWidget() is space.view.start


def test_without_a_checkpoint_it_says_where_they_come_from(
    start: Start, checkpoint: Path, scan: Path, qtbot: QtBot
) -> None:
    checkpoint.unlink()
    window = start()
    space = window.spaces.translate()
    panel = space.view.panel
    assert panel.none.isVisibleTo(panel)
    assert "reverie train --method midiffusion" in panel.none.text()
    assert not panel.run.isEnabled()
    open_scan(window, qtbot, scan)
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert "no checkpoint to translate with" in window.message.message()


def test_what_was_chosen_is_there_at_the_next_start(start: Start, scan: Path, qtbot: QtBot) -> None:
    window = start()
    open_scan(window, qtbot, scan).view.panel.setValues({"steps": 7, "guidance": "none"})
    window.close()
    values = start().spaces.translate().view.panel.values()
    assert (values["steps"], values["guidance"]) == (7, "none")


def test_labels_of_the_result_go_onto_the_source(
    start: Start, scan: Path, checkpoint: Path, qtbot: QtBot
) -> None:
    write_card(checkpoint.parent / "balls.safetensors")
    window = start()
    space = open_scan(window, qtbot, scan)
    finish(window, qtbot, run(window, space, qtbot))
    view = space.view
    view.showDock(view.dock.result)
    click(view.dock.result.segment)
    settled(window, qtbot)
    assert window.spaces.current() == "segment"
    segment = window.spaces.segment()
    assert segment.study.volume is space.study.volume, "painted on the source"
    panel = segment.view.method
    assert panel.image.box.currentText() == "patient0_t2 as Tiny (synthetic)"
    assert [layer.look.visible for layer in segment.study.stack] == [True, False, True]
    click(panel.where.button("all"))
    click(panel.run)
    settle(window, qtbot)
    job_id = max(fake(window).jobs)
    job = fake(window).jobs[job_id]
    source = np.asarray(nibabel.load(scan).dataobj).T
    np.testing.assert_allclose(job.array("input")[0], source.max() - source, atol=1e-3)
    labels = np.zeros(source.shape, np.uint8)
    labels[2, 4:9, 3:8] = 1
    fake(window).finish(job_id, labels_of(job, labels))
    settle(window, qtbot)
    settled(window, qtbot)
    np.testing.assert_array_equal(segment.study.model.array > 0, labels > 0)
    assert segment.study.model.canUndo(), "an editable step"
    # The session of the exit brings both images back.
    window.close()
    again = start()
    again.spaces.show("segment")
    settled(again, qtbot)
    card = again.spaces.segment().view.start.cards()[0]
    assert card.item.name == "Last session"
    click(card)
    study = again.spaces.segment().study
    qtbot.waitUntil(lambda: study.volume is not None)
    settled(again, qtbot)
    assert len(list(study.stack)) >= 3
    assert again.spaces.segment().view.method.image.box.count() == 2
    assert study.model.array.sum() == labels.sum()


def test_the_help_lists_the_keys_of_the_workspace(start: Start, qtbot: QtBot) -> None:
    window = start()
    window.spaces.translate()
    from app.help import sections

    texts = [row.what for _, rows in sections(window.actions_) for row in rows]
    assert "Handle towards the result" in texts
    assert "Preview slice" in texts
    assert "Drag on the curtain's edge" not in texts
    assert any("More of the source" in text for text in texts)
    names = {command.name for command in window.actions_.here()}
    clashes = [
        (name, other.name)
        for name in names
        for key in window.actions_.keymap.keys(name)
        for other in window.actions_.keymap.clashes(name, key)
        if other.name in names
    ]
    assert not clashes
    assert window.spaces.translate().view.views.view(SOURCE).plane() is None

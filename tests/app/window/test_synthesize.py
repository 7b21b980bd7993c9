"""Runs on demand: from the key to the picture, the list, and back."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from tests.app.window.driving import LEFT, clear_jobs, fake, result_of, settle, stroke

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def still(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window with live images off and a stroke on the canvas."""
    window.view.inspector.live.setChecked(False)
    stroke(window)
    clear_jobs(window, qtbot)
    return window


def run(window: MainWindow, qtbot: QtBot, **values: object) -> int:
    """Set form values, press Ctrl+Enter; the id of the job that runs."""
    window.view.inspector.form.setValues(values)
    QTest.keyClick(window.view.canvas, Qt.Key.Key_Return, CTRL)
    settle(window, qtbot)
    current = fake(window).current
    assert current is not None
    return current


def test_ctrl_enter_runs_what_the_form_says(still: MainWindow, qtbot: QtBot) -> None:
    job = fake(still).jobs[run(still, qtbot, steps=33, sampler="ddim", variants=3)]
    values = job.params.model_dump()
    assert (values["steps"], values["sampler"], values["variants"]) == (33, "ddim", 3)
    assert values["checkpoint"] == "octa"
    assert np.array_equal(job.array("mask"), still.view.canvas.vesselMask())
    assert not job.live


def test_a_seed_is_new_for_every_run_unless_it_is_kept(still: MainWindow, qtbot: QtBot) -> None:
    seeds = [fake(still).jobs[run(still, qtbot)].params.model_dump()["seed"]]
    still.view.inspector.form.setSeedKept("seed", True)
    for _ in range(2):
        clear_jobs(still, qtbot)
        seeds.append(fake(still).jobs[run(still, qtbot)].params.model_dump()["seed"])
    assert seeds[0] == seeds[1] == seeds[2]
    still.view.inspector.form.setSeedKept("seed", False)
    clear_jobs(still, qtbot)
    assert fake(still).jobs[run(still, qtbot)].params.model_dump()["seed"] != seeds[0]


def test_the_image_denoises_in_place_and_ends_finished(still: MainWindow, qtbot: QtBot) -> None:
    job_id = run(still, qtbot)
    engine, image = fake(still), still.view.image
    for index in range(10):
        engine.progress(job_id, index + 1, 10)
        engine.preview(job_id, index, 10, side=384)
        settle(still, qtbot)
        shown = image.image()
        assert shown is not None
        assert float(shown[0, 0]) == pytest.approx(index / 9)
    assert len(still.view.timeline.frames()) == 10
    still.view.header.setShown("x0_hat")
    shown = image.image()
    assert shown is not None
    assert float(shown[0, 0]) == pytest.approx(0.0)
    still.view.header.setShown("result")
    engine.finish(job_id, result_of(engine.jobs[job_id], 0.4))
    settle(still, qtbot)
    shown = image.image()
    assert shown is not None
    assert float(shown[0, 0]) == pytest.approx(0.4)
    assert still.session.jobs[job_id].state == "done"
    still.view.timeline.setFollowing(False)
    still.view.timeline.setCurrent(2)
    shown = image.image()
    assert shown is not None
    assert float(shown[0, 0]) == pytest.approx(2 / 9)


def test_variants_are_chosen_and_recalled(still: MainWindow, qtbot: QtBot) -> None:
    job_id = run(still, qtbot, variants=4, steps=20)
    engine = fake(still)
    engine.preview(job_id, 0, 10, batch=4, side=384)
    settle(still, qtbot)
    assert still.view.sheet.count() == 4
    engine.finish(job_id, result_of(engine.jobs[job_id]))
    settle(still, qtbot)
    still.view.tabs.setCurrentWidget(still.view.sheet)
    QTest.mouseClick(still.view.sheet.viewport(), LEFT, pos=still.view.sheet.cellRect(2).center())
    assert still.session.selected == 2
    shown = still.view.image.image()
    assert shown is not None
    assert float(shown[0, 0]) == pytest.approx(0.52)
    form = still.view.inspector.form
    form.setValues({"steps": 5, "seed": 1, "variants": 1})
    QTest.keyClick(still.view.sheet, Qt.Key.Key_S)
    first = engine.jobs[job_id].params.model_dump()["seed"]
    assert form.values()["seed"] == first + 2
    assert form.isSeedKept("seed")
    assert form.values()["steps"] == 5
    QTest.keyClick(still.view.sheet, Qt.Key.Key_A)
    assert form.values()["steps"] == 20


def test_esc_cancels_and_the_last_image_comes_back(still: MainWindow, qtbot: QtBot) -> None:
    engine = fake(still)
    first = run(still, qtbot)
    engine.preview(first, 9, 10, side=384)
    engine.finish(first, result_of(engine.jobs[first], 0.3))
    settle(still, qtbot)
    second = run(still, qtbot)
    engine.preview(second, 0, 10, side=384)
    settle(still, qtbot)
    QTest.keyClick(still.view.canvas, Qt.Key.Key_Escape)
    settle(still, qtbot)
    assert engine.states[second] == "cancelled"
    assert still.session.jobs[second].state == "cancelled"
    shown = still.view.image.image()
    assert shown is not None
    assert float(shown[0, 0]) == pytest.approx(0.3)


def test_ctrl_shift_enter_runs_before_what_waits(still: MainWindow, qtbot: QtBot) -> None:
    engine = fake(still)
    run(still, qtbot)
    run(still, qtbot)
    QTest.keyClick(still.view.canvas, Qt.Key.Key_Return, CTRL | SHIFT)
    settle(still, qtbot)
    assert engine.waiting == [max(engine.jobs), max(engine.jobs) - 1]
    assert [row.id for row in still.view.jobs.rows()][1] == max(engine.jobs)


def test_a_failure_says_why_and_can_be_retried(still: MainWindow, qtbot: QtBot) -> None:
    engine = fake(still)
    failed = run(still, qtbot)
    engine.fail(failed, "Too few noise levels.", "Choose fewer steps.", "Traceback")
    settle(still, qtbot)
    assert still.message.isVisible()
    assert still.message.message() == "Too few noise levels."
    row = still.session.jobs[failed]
    assert (row.state, row.hint, row.detail) == ("failed", "Choose fewer steps.", "Traceback")
    still.view.jobs.retryRequested.emit(failed)
    settle(still, qtbot)
    again = engine.current
    assert again is not None
    assert engine.jobs[again] is engine.jobs[failed]
    assert failed not in still.session.jobs
    engine.finish(again, result_of(engine.jobs[again], 0.6))
    settle(still, qtbot)
    assert still.session.result is not None
    assert float(still.session.result.images[0, 0, 0]) == pytest.approx(0.6)


def test_a_clicked_pixel_is_followed_through_time(still: MainWindow, qtbot: QtBot) -> None:
    engine = fake(still)
    job_id = run(still, qtbot)
    for index in range(10):
        engine.preview(job_id, index, 10, side=384)
    engine.finish(job_id, result_of(engine.jobs[job_id]))
    settle(still, qtbot)
    assert not still.view.hasTrace()
    QTest.mouseClick(still.view.image, LEFT, pos=still.view.image.rect().center())
    assert still.view.hasTrace()
    assert "191" in still.view.trace().header() or "192" in still.view.trace().header()


def test_match_histogram_without_a_template_is_refused(still: MainWindow, qtbot: QtBot) -> None:
    count = len(fake(still).jobs)
    still.view.inspector.form.setValues({"match_histogram": True})
    QTest.keyClick(still.view.canvas, Qt.Key.Key_Return, CTRL)
    settle(still, qtbot)
    assert len(fake(still).jobs) == count
    assert "template" in still.message.message()


def test_presets_fill_the_form_and_are_recognised(still: MainWindow) -> None:
    inspector = still.view.inspector
    place = inspector.preset.findText("Paper")
    inspector.preset.setCurrentIndex(place)
    inspector.preset.activated.emit(place)
    assert inspector.form.values()["steps"] == 300
    inspector.setValues({"steps": 17})
    assert inspector.preset.currentText() == "Custom"


def test_growing_a_tree_is_one_step_that_can_be_undone(still: MainWindow, qtbot: QtBot) -> None:
    from engine.results import MaskResult

    engine, canvas = fake(still), still.view.canvas
    before = canvas.vesselMask()
    still.actions_["grow"].trigger()
    settle(still, qtbot)
    grow = engine.current
    assert grow is not None
    assert engine.jobs[grow].task == "grow"
    engine.finish(grow, MaskResult(np.ones((384, 384), np.uint8)))
    settle(still, qtbot)
    assert canvas.vesselMask().all()
    QTest.keyClick(canvas, Qt.Key.Key_Z, CTRL)
    assert np.array_equal(canvas.vesselMask(), before)
    QTest.keyClick(canvas, Qt.Key.Key_Z, CTRL | SHIFT)
    assert canvas.vesselMask().all()

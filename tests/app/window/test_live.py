"""An image follows the drawing."""

from __future__ import annotations

import numpy as np
from pytestqt.qtbot import QtBot

from app.controllers.live import LONGEST_STROKE_S, LiveScheduler
from app.window import MainWindow
from engine.jobs import Job
from engine.parameters import Parameters
from tests.app.window.driving import fake, live_stroke, next_live, result_of, settle, stroke


def test_a_stroke_asks_for_an_image_of_that_mask(window: MainWindow, qtbot: QtBot) -> None:
    live = live_stroke(window, qtbot)
    job = fake(window).jobs[live]
    assert np.array_equal(job.array("mask"), window.view.canvas.vesselMask())
    assert job.array("mask").any()
    assert job.params.model_dump()["steps"] == 8
    assert live not in window.session.jobs, "live jobs are not listed"


def test_the_old_image_stays_and_is_marked_until_the_new_one_is_there(
    window: MainWindow, qtbot: QtBot
) -> None:
    engine = fake(window)
    first = live_stroke(window, qtbot)
    engine.finish(first, result_of(engine.jobs[first], 0.25))
    settle(window, qtbot)
    assert not window.view.image.isStale()
    stroke(window, 0.6)
    assert window.view.image.isStale()
    second = next_live(window, qtbot, first)
    engine.preview(second, 0, 8, side=384)
    settle(window, qtbot)
    shown = window.view.image.image()
    assert shown is not None
    assert float(shown[0, 0]) == 0.25, "noise never replaces a finished image while drawing"
    engine.finish(second, result_of(engine.jobs[second], 0.75))
    settle(window, qtbot)
    shown = window.view.image.image()
    assert shown is not None
    assert float(shown[0, 0]) == 0.75
    assert not window.view.image.isStale()


def test_one_live_job_at_a_time_and_the_newest_mask_wins(window: MainWindow, qtbot: QtBot) -> None:
    engine = fake(window)
    first = live_stroke(window, qtbot)
    qtbot.wait(250)  # past the half of a run, in which a newer mask would cancel it
    stroke(window, 0.5)
    stroke(window, 0.6)
    qtbot.wait(300)
    assert max(engine.jobs) == first
    assert engine.states[first] == "running"
    engine.finish(first, result_of(engine.jobs[first]))
    newest = next_live(window, qtbot, first)
    mask = engine.jobs[newest].array("mask")
    assert np.array_equal(mask, window.view.canvas.vesselMask())


def test_live_waits_for_other_work_and_says_so(window: MainWindow, qtbot: QtBot) -> None:
    engine = fake(window)
    window.actions_["run"].trigger()
    settle(window, qtbot)
    asked = engine.current
    assert asked is not None
    stroke(window)
    qtbot.wait(450)
    assert not any(job.live for i, job in engine.jobs.items() if i > asked)
    engine.progress(asked, 1, 12)
    settle(window, qtbot)
    engine.finish(asked, result_of(engine.jobs[asked]))
    next_live(window, qtbot, asked)


def test_turning_live_off_drops_the_run_and_asks_no_more(window: MainWindow, qtbot: QtBot) -> None:
    engine = fake(window)
    live = live_stroke(window, qtbot)
    window.view.inspector.live.click()
    settle(window, qtbot)
    assert engine.states[live] == "cancelled"
    count = len(engine.jobs)
    stroke(window, 0.6)
    qtbot.wait(450)
    assert len(engine.jobs) == count


def test_a_failing_live_image_is_told_once_and_live_goes_off(
    window: MainWindow, qtbot: QtBot
) -> None:
    live = live_stroke(window, qtbot)
    fake(window).fail(live, "The model is damaged.")
    settle(window, qtbot)
    assert window.message.message() == "The model is damaged."
    assert not window.view.inspector.live.isChecked()
    assert window.session.jobs[live].state == "failed"


def test_scheduler_asks_during_a_long_stroke(qtbot: QtBot) -> None:
    now = [0.0]
    live = LiveScheduler(clock=lambda: now[0])
    live.setEnabled(True)
    asked: list[float] = []
    live.due.connect(lambda: asked.append(now[0]))
    live.strokeStarted()
    for _ in range(70):
        now[0] += 0.1
        live.strokeMoved()
    assert len(asked) == 2
    assert asked[0] >= LONGEST_STROKE_S


def test_scheduler_overtakes_young_runs_only(qtbot: QtBot) -> None:
    now = [0.0]
    live = LiveScheduler(clock=lambda: now[0])
    live.due.connect(live.started)
    live.setEnabled(True)
    live.ended(10.0)
    overtaken: list[float] = []
    live.overtaken.connect(lambda: overtaken.append(now[0]))
    live.maskEdited()
    qtbot.waitUntil(lambda: not live._wanted)
    live.maskEdited()
    qtbot.waitUntil(lambda: bool(overtaken))
    now[0] += 100.0
    live.maskEdited()
    qtbot.wait(live.graceMs() + 100)
    assert len(overtaken) == 1


def test_scheduler_takes_an_old_run_for_no_young_one_because_of_a_new_stroke(qtbot: QtBot) -> None:
    now = [0.0]
    live = LiveScheduler(clock=lambda: now[0])
    live.due.connect(live.started)
    live.setEnabled(True)
    overtaken: list[float] = []
    live.overtaken.connect(lambda: overtaken.append(now[0]))
    now[0] += 10.0
    live.strokeStarted()
    live.maskEdited()
    live.strokeEnded()
    qtbot.wait(live.graceMs() + 100)
    assert not overtaken


def test_scheduler_grace_follows_the_run_time() -> None:
    live = LiveScheduler()
    shortest = live.graceMs()
    for _ in range(20):
        live.started()
        live.ended(2.0)
    assert 150 <= shortest < live.graceMs() == 400


def test_work_of_another_workspace_does_not_wait_for_a_live_image(
    window: MainWindow, qtbot: QtBot
) -> None:
    engine = fake(window)
    live = live_stroke(window, qtbot)
    asked = engine.submit(Job("cdal", "segment", Parameters(), title="Segment"))
    qtbot.waitUntil(lambda: engine.current == asked)
    assert engine.states[live] == "cancelled"
    engine.finish(asked)
    assert next_live(window, qtbot, asked), "the image of the mask comes after it"

"""From the panel to a job and from its events to the panel: what is asked, and how it goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QDialog, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from engine import library
from engine.events import JobImages, JobNote, JobPreview
from engine.jobs import Job
from engine.methods.cdal.params import SegmentParams
from tests.app.segment.driving import (
    AFFINE,
    AXIAL,
    CORONAL,
    LEFT,
    SHAPE,
    answer,
    no_dialog,
    open_image,
    phantom,
    settled,
    view_of,
    write_nifti,
)
from tests.app.segment.methods import Bench, write_card
from tests.app.window.driving import fake


@pytest.fixture
def checkpoint() -> Path:
    return write_card(library.user_folder() / "balls.safetensors")


@pytest.fixture
def bench(checkpoint: Path, window: MainWindow, image: Path, qtbot: QtBot) -> Bench:
    return Bench(window, open_image(window, qtbot, image), qtbot)


def opened(window: MainWindow, qtbot: QtBot, path: Path) -> Bench:
    return Bench(window, open_image(window, qtbot, path), qtbot)


# --- what is asked


def test_a_job_has_the_open_image_as_it_is_stored(bench: Bench) -> None:
    volume = bench.space.study.volume
    assert volume is not None
    job = bench.engine.jobs[bench.run()]
    assert (job.method, job.task) == ("cdal", "segment")
    assert np.shares_memory(job.array("input"), volume.array), "no copy of a large volume"
    assert not job.array("input").flags.writeable
    np.testing.assert_array_equal(job.array("affine"), volume.affine)
    told = {name: job.inputs[name] for name in ("slope", "intercept", "channels", "name")}
    assert told == {"slope": 1.0, "intercept": 0.0, "channels": "single", "name": "head"}
    assert job.inputs["region"] is None
    assert job.title == "cDAL, Balls: head, the whole image"
    assert isinstance(job.params, SegmentParams)
    assert job.params.checkpoint == "balls"


def test_the_slice_is_that_of_the_view_in_use(bench: Bench) -> None:
    line = bench.panel.where.line
    bench.place("slice")
    assert line() == "Axial slice 7 of 12 (k = 6)."
    job = bench.engine.jobs[bench.run("slice")]
    np.testing.assert_array_equal(job.array("region"), [[6, 0, 0], [7, 20, 24]])
    view = view_of(bench.space, CORONAL)
    view.setFocus()
    view.step(3)
    assert line() == f"Coronal slice {view.index() + 1} of 20 (j = {view.index()})."
    job = bench.engine.jobs[bench.run("slice")]
    np.testing.assert_array_equal(
        job.array("region"), [[0, view.index(), 0], [12, view.index() + 1, 24]]
    )


def test_a_picture_has_no_slice_to_choose(
    checkpoint: Path, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    grey = np.arange(20 * 30, dtype=np.uint8).reshape(20, 30)
    Image.fromarray(grey).save(tmp_path / "picture.png")
    bench = opened(window, qtbot, tmp_path / "picture.png")
    where = bench.panel.where
    assert not where.button("slice").isVisible()
    assert where.place() == "all"
    assert where.button("all").text() == "Whole image"
    bench.place("region")
    assert [field.isVisible() for field in where.ends()["k"]] == [False, False]
    job = bench.engine.jobs[bench.run()]
    assert "affine" not in job.inputs
    assert job.array("input").shape == (1, 1, 20, 30)


def test_scaled_values_are_left_to_the_engine(
    checkpoint: Path, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    import nibabel as nib

    image = nib.nifti1.Nifti1Image(phantom().T, AFFINE)
    image.header.set_slope_inter(0.5, -10)
    nib.save(image, tmp_path / "scaled.nii.gz")
    bench = opened(window, qtbot, tmp_path / "scaled.nii.gz")
    job = bench.engine.jobs[bench.run()]
    volume = bench.space.study.volume
    assert volume is not None
    assert (job.inputs["slope"], job.inputs["intercept"]) == (volume.slope, volume.intercept)
    assert job.array("input").dtype == volume.array.dtype


def test_of_a_series_the_point_in_time_on_show_is_taken(
    checkpoint: Path, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    series = np.stack([phantom(seed=s) for s in range(3)])
    bench = opened(window, qtbot, write_nifti(tmp_path / "series.nii.gz", series, AFFINE))
    bench.panel.form.setFieldVisible("channel", True)
    bench.space.study.stack.setTime(2)
    assert bench.panel.values()["channel"] == 2
    job = bench.engine.jobs[bench.run()]
    assert job.inputs["channels"] == "time"
    assert job.params.model_dump()["channel"] == 2


def test_a_seed_that_is_not_kept_is_drawn_anew(bench: Bench) -> None:
    seeds = [bench.engine.jobs[bench.run()].params.model_dump()["seed"] for _ in range(2)]
    assert seeds[0] != seeds[1]
    bench.panel.setSeedKept(True)
    assert bench.engine.jobs[bench.run()].params.model_dump()["seed"] == seeds[1]


def test_a_wrong_value_is_told_where_it_is(bench: Bench, window: MainWindow) -> None:
    field = bench.panel.form.control("votes").editor()
    field.setFocus()
    QTest.keyClicks(field, "x")
    before = len(bench.engine.jobs)
    QTest.mouseClick(bench.panel.run, LEFT)
    assert len(bench.engine.jobs) == before
    assert "cannot be used" in window.message.message()
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    bench.run()
    assert not window.message.isVisible(), "it can be used now"


def test_without_an_image_it_says_so(
    checkpoint: Path, window: MainWindow, image: Path, qtbot: QtBot
) -> None:
    window.spaces.segment().running.run()
    assert window.message.message() == "There is no image to segment."
    assert window.message.isVisible()
    open_image(window, qtbot, image)
    assert not window.message.isVisible(), "there is one now"


def test_other_messages_stay_when_a_run_begins(bench: Bench, window: MainWindow) -> None:
    bench.engine.fail(bench.run(), "The image cannot be segmented.", "Repair it.")
    bench.settle()
    window.teller.say("error", "The disk is full.")
    bench.run()
    assert window.message.isVisible()


# --- colours


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    colours = np.zeros((20, 30, 3), np.uint8)
    colours[5:15, 5:15] = (200, 80, 10)
    Image.fromarray(colours).save(tmp_path / "tissue.png")
    return tmp_path / "tissue.png"


def test_colours_are_converted_after_asking_once(
    checkpoint: Path, window: MainWindow, qtbot: QtBot, picture: Path
) -> None:
    bench = opened(window, qtbot, picture)
    before = len(bench.engine.jobs)
    QTest.mouseClick(bench.panel.run, LEFT)
    asked = answer(window, qtbot, "Cancel")
    assert "Balls takes grey images; tissue is a colour image." in asked
    assert len(bench.engine.jobs) == before
    QTest.mouseClick(bench.panel.run, LEFT)
    answer(window, qtbot, "Convert")
    assert len(bench.engine.jobs) == before + 1
    assert bench.engine.last.inputs["channels"] == "rgb"
    bench.run()
    assert no_dialog(window), "the answer holds until the program ends"


def test_grey_for_a_network_of_colours_is_asked_for_too(
    window: MainWindow, qtbot: QtBot, image: Path
) -> None:
    seen = {"dims": 2, "channels": 3}
    write_card(library.user_folder() / "colour.safetensors", title="Tissue", preprocessing=seen)
    bench = opened(window, qtbot, image)
    bench.space.choosing.reload()
    QTest.mouseClick(bench.panel.run, LEFT)
    assert "red, green and blue" in answer(window, qtbot, "Convert")


def test_a_colour_file_of_a_grey_picture_is_no_question(
    checkpoint: Path, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    grey = np.arange(20 * 30, dtype=np.uint8).reshape(20, 30)
    Image.fromarray(np.stack([grey] * 3, axis=2)).save(tmp_path / "grey.png")
    bench = opened(window, qtbot, tmp_path / "grey.png")
    bench.run()
    assert no_dialog(window)


def test_a_network_of_slices_says_so(window: MainWindow, qtbot: QtBot, image: Path) -> None:
    seen = {"dims": 2, "channels": 1}
    write_card(library.user_folder() / "slices.safetensors", preprocessing=seen)
    bench = opened(window, qtbot, image)
    bench.space.choosing.reload()
    line = bench.panel.where.line
    bench.place("all")
    assert line() == "24 × 20 × 12 voxels. Each of 12 slices along k is seen by itself."
    bench.place("slice")
    assert line() == "Axial slice 7 of 12 (k = 6)."
    view_of(bench.space, CORONAL).setFocus()
    assert "knows no other plane" in line()
    seen = {"plane": "coronal", "channels": 1}
    write_card(library.user_folder() / "slices.safetensors", preprocessing=seen)
    bench.space.choosing.reload()
    settled(window, qtbot)
    assert line().startswith("Coronal slice")
    assert "seen by itself" not in line(), "this plane is the network's"
    bench.place("all")
    assert "coronal slices is seen by itself." in line()
    bench.place("slice")
    view_of(bench.space, AXIAL).setFocus()
    assert line().endswith("coronal slices is seen by itself: the checkpoint knows no other plane.")


# --- how it goes


def test_progress_and_the_end_are_shown(bench: Bench) -> None:
    job = bench.run()
    panel = bench.panel
    assert panel.cancel.isEnabled()
    bench.engine.progress(job, 3, 12, rate=2.0)
    bench.settle()
    assert "3 of 12" in panel.status()
    assert "2.0 steps/s" in panel.status()
    assert "5 s left" in panel.status()
    bench.finish(job, np.zeros(SHAPE, np.uint8))
    assert "Done" in panel.status()
    assert not panel.cancel.isEnabled()


def test_a_second_run_waits_behind_the_first(bench: Bench) -> None:
    first, second = bench.run(), bench.run()
    assert bench.panel.status() == f"Waits behind {bench.engine.jobs[first].title}"
    bench.finish(first, np.zeros(SHAPE, np.uint8))
    assert bench.engine.current == second
    assert "Running" in bench.panel.status()


def test_before_the_engine_is_there_it_says_what_it_waits_for(
    checkpoint: Path, window: MainWindow, image: Path, qtbot: QtBot
) -> None:
    space = open_image(window, qtbot, image)
    space.running.run()
    qtbot.waitUntil(lambda: "Loading torch" in space.view.method.status())


def test_steps_are_handed_to_whoever_shows_them(bench: Bench) -> None:
    findings = bench.space.findings
    begun: list[Job] = []
    seen: list[JobPreview] = []
    abandoned: list[bool] = []
    findings.began.connect(begun.append)
    findings.previewed.connect(seen.append)
    findings.abandoned.connect(lambda: abandoned.append(True))
    job = bench.run()
    assert begun == [bench.engine.jobs[job]]
    step = bench.engine.preview(job, 0, 2)
    bench.settle()
    assert seen == [step]
    QTest.mouseClick(bench.panel.cancel, LEFT)
    bench.settle()
    assert abandoned == [True]
    assert findings.current() is None


def test_a_failure_is_told_and_can_be_retried(bench: Bench, window: MainWindow) -> None:
    job = bench.run()
    bench.engine.fail(job, "The image cannot be segmented: it has NaN.", "Repair it.")
    bench.settle()
    assert window.message.message() == "The image cannot be segmented: it has NaN."
    assert bench.space.findings.current() is None
    jobs = bench.space.view.jobs
    jobs.retryRequested.emit(job)
    bench.settle()
    again = max(bench.engine.jobs)
    assert again > job
    assert not window.message.isVisible(), "it may go well this time"
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:5] = 1
    bench.finish(again, labels)
    assert bench.space.study.model.count(1) == labels.sum()


def test_notes_of_the_engine_reach_the_user(bench: Bench, window: MainWindow) -> None:
    job = bench.run()
    bench.engine.emit(JobNote(job, "channel 0 of 3 used"))
    bench.engine.emit(JobImages(job, {}))
    bench.settle()
    assert window.message.message() == "channel 0 of 3 used"


def named(parent: QWidget, name: str) -> QToolButton:
    """The button of this name for screen readers."""
    return next(b for b in parent.findChildren(QToolButton) if b.accessibleName() == name)


def test_all_lists_of_jobs_show_the_same(bench: Bench, window: MainWindow) -> None:
    job = bench.run()
    lists = window.view.jobs, bench.space.view.jobs
    for each in lists:
        assert job in [row.id for row in each.rows()]
    QTest.mouseClick(named(bench.space.view.jobs.view(job), "Cancel"), LEFT)
    bench.settle()
    assert [next(r.state for r in each.rows() if r.id == job) for each in lists] == [
        "cancelled", "cancelled",
    ]  # fmt: skip
    bench.space.view.jobs.show()
    QTest.mouseClick(named(bench.space.view.jobs, "Clear finished jobs"), LEFT)
    assert all(job not in [row.id for row in each.rows()] for each in lists)


# --- another image meanwhile


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return write_nifti(tmp_path / "other.nii.gz", phantom(seed=3), AFFINE)


def replace_image(bench: Bench, path: Path, qtbot: QtBot) -> None:
    """Close the image and open another one, as the menu does."""
    before = bench.space.study.volume
    bench.space.study.close()
    bench.window.open([path])
    study = bench.space.study
    qtbot.waitUntil(lambda: study.volume is not None and study.volume is not before)
    bench.settle()


def test_a_run_ends_with_its_image(bench: Bench, other: Path, qtbot: QtBot) -> None:
    running, waiting = bench.run(), bench.run()
    replace_image(bench, other, qtbot)
    assert {bench.engine.states[i] for i in (running, waiting)} == {"cancelled"}
    assert "head was cancelled" in bench.window.message.message()
    bench.space.view.jobs.retryRequested.emit(running)
    bench.settle()
    assert bench.engine.current is None
    assert "not open any more" in bench.window.message.message()


def test_a_result_that_comes_too_late_lands_nowhere(
    bench: Bench, other: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bench.run()
    # An engine that is past its last step when it is asked to stop.
    monkeypatch.setattr(bench.engine, "cancel", lambda _job: None)
    replace_image(bench, other, qtbot)
    found = np.ones(SHAPE, np.uint8)
    bench.finish(job, found)
    assert not bench.labels.any()
    assert bench.layers() == ["other", "Labels"]
    assert bench.space.study.model.names() == []
    said = bench.window.message.message()
    assert said == "The result of cDAL, Balls was let go: head is not open any more."


def test_closing_the_window_with_a_run_under_way(
    checkpoint: Path, start: Callable[[], MainWindow], image: Path, qtbot: QtBot
) -> None:
    window = start()
    bench = opened(window, qtbot, image)
    job = bench.run()
    window.close()
    assert fake(window).states[job] == "cancelled"
    assert not any(dialog.isVisible() for dialog in window.findChildren(QDialog))

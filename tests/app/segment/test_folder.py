"""A folder from its dialog to a job, and from the job's table to the open image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QFileDialog, QToolButton
from pytestqt.qtbot import QtBot

from app.controllers.segment.foldering import Foldering
from app.window import MainWindow
from app.workspaces.segment.folder_dialog import FolderDialog
from engine import library
from engine.data.segmentation.folder_table import TABLE, FolderResult, Outcome, write_table
from engine.data.volumes.label_table import LabelEntry
from engine.data.volumes.read import read_volume
from engine.data.volumes.write import write_labels, write_map
from tests.app.segment.driving import (
    AFFINE,
    LEFT,
    answer,
    choose,
    dialog,
    phantom,
    settled,
    stroke,
    view_of,
    write_nifti,
)
from tests.app.segment.methods import write_card
from tests.app.window.driving import clear_jobs, fake, settle

FOUND = {"structures": {"1": {"name": "Ball", "voxels": 1200, "mm3": 3600.0}}}


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two heads and a file that is none."""
    folder = tmp_path / "images"
    folder.mkdir()
    for seed, name in enumerate(("a", "b")):
        write_nifti(folder / f"{name}.nii.gz", phantom(seed=seed), AFFINE)
    (folder / "c.nii.gz").write_text("none")
    return folder


def outcomes(images: Path, out: Path) -> tuple[Outcome, ...]:
    """Results as the job writes them: labels and a map of both heads, a failure of the third."""
    out.mkdir(exist_ok=True)
    found = []
    for name in ("a", "b"):
        image = read_volume(images / f"{name}.nii.gz")
        labels = (image.array[0] > 300).astype(np.uint8)
        table = (LabelEntry(1, "Ball", (0, 128, 255)),)
        files = {"output": out / f"{name}.nii.gz", "uncertainty": out / f"{name}_u.nii.gz"}
        write_labels(files["output"], labels, image, table, {"made by": "a test"})
        write_map(files["uncertainty"], labels * np.float32(0.2), image, {})
        found.append(Outcome(name, images / f"{name}.nii.gz", "", "done", files, FOUND, 2.0))
    path = images / "c.nii.gz"
    failed = Outcome("c", path, "", "failed", problem=f"{path} is damaged.", remedy="Copy it.")
    return (*found, failed)


class Desk:
    """The dialog in the window, with a checkpoint to choose and two folders to fill in."""

    def __init__(self, window: MainWindow, qtbot: QtBot, images: Path) -> None:
        self.window, self.qtbot, self.images = window, qtbot, images
        self.out = images.parent / "out"
        self.space = window.spaces.segment()
        self.engine = fake(window)
        self.engine.ready()
        clear_jobs(window, qtbot)
        choose(window, "Run", "Segment a folder")
        shown = dialog(window, qtbot, FolderDialog)
        assert isinstance(shown, FolderDialog)
        self.dialog = shown

    @property
    def control(self) -> Foldering:
        return self.space.foldering

    def type(self, field: str, path: Path) -> None:
        """Type a path, as a user does."""
        line = self.dialog.form.control(field).editor()
        line.setFocus()
        QTest.keyClick(line, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(line, str(path))
        settled(self.window, self.qtbot)

    def run(self) -> int:
        """Fill both folders in and click; the job's id."""
        self.type("input", self.images)
        self.type("output", self.out)
        before = set(self.engine.jobs)
        QTest.mouseClick(self.dialog.run, LEFT)
        settle(self.window, self.qtbot)
        (made,) = set(self.engine.jobs) - before
        return made

    def told(self) -> list[tuple[str, str, str]]:
        return [(line.name, line.state, line.told) for line in self.dialog.list.cases()]

    def click(self, row: int) -> None:
        view = self.dialog.list.view
        item, port = view.topLevelItem(row), view.viewport()
        assert item is not None
        assert port is not None
        QTest.mouseClick(port, LEFT, pos=view.visualItemRect(item).center())


@pytest.fixture
def desk(window: MainWindow, qtbot: QtBot, images: Path) -> Desk:
    write_card(library.user_folder() / "balls.safetensors")
    window.spaces.segment().choosing.reload()
    return Desk(window, qtbot, images)


ALL = [
    ("a", "done", "Ball 3.6 ml"),
    ("b", "done", "Ball 3.6 ml"),
    ("c", "failed", "c.nii.gz is damaged."),
]


def test_a_job_has_what_the_dialog_shows(desk: Desk) -> None:
    desk.dialog.setValues({"votes": 4, "ending": ".mha", "map.uncertainty": True})
    job = desk.engine.jobs[desk.run()]
    assert (job.method, job.task) == ("cdal", "segment-folder")
    assert dict(job.inputs) == {"input": desk.images, "output": desk.out, "uncertainty": desk.out}
    values = job.params.model_dump()
    assert (values["votes"], values["ending"], values["overwrite"]) == (4, ".mha", False)
    assert values["checkpoint"] == "balls"
    assert job.title == "cDAL: folder images"
    assert not desk.dialog.run.isEnabled(), "one folder at a time"


def test_results_are_listed_as_they_come(desk: Desk, qtbot: QtBot) -> None:
    job_id = desk.run()
    cases = outcomes(desk.images, desk.out)
    write_table(desk.out / TABLE, cases[:1], {}, left=2)
    desk.engine.progress(job_id, 1, 3)
    qtbot.waitUntil(lambda: desk.told() == ALL[:1])
    assert "1 of 3" in desk.dialog.status()
    assert desk.dialog.cancel.isVisible()
    write_table(desk.out / TABLE, cases, {})
    desk.engine.finish(job_id, FolderResult(desk.out, desk.out / TABLE, cases))
    settle(desk.window, qtbot)
    settled(desk.window, qtbot)
    assert desk.told() == ALL
    assert desk.dialog.status() == "2 segmented, 1 failed of 3 images."
    assert desk.dialog.run.isEnabled()
    assert not desk.dialog.cancel.isVisible()


def test_a_click_opens_image_labels_and_map(desk: Desk, qtbot: QtBot) -> None:
    write_table_of(desk)
    desk.click(1)
    study = desk.space.study
    qtbot.waitUntil(lambda: bool(study.model.used()), timeout=15_000)
    settled(desk.window, qtbot)
    assert study.name() == "b"
    assert [layer.name for layer in study.stack][:2] == ["b", "b_u"]
    assert [(label.value, label.name) for label in study.table.labels()] == [(1, "Ball")]
    assert study.isSaved()
    assert study.label_file is not None
    assert study.label_file.path == desk.out / "b.nii.gz"
    desk.click(0)
    qtbot.waitUntil(lambda: study.name() == "a", timeout=15_000)
    settled(desk.window, qtbot)
    assert [layer.name for layer in study.stack][:2] == ["a", "a_u"], "opened alone, without asking"


def test_labels_that_are_not_saved_are_asked_for(desk: Desk, qtbot: QtBot) -> None:
    write_table_of(desk)
    desk.click(0)
    qtbot.waitUntil(lambda: bool(desk.space.study.model.used()), timeout=15_000)
    settled(desk.window, qtbot)
    desk.space.showing.setTool("brush")
    stroke(view_of(desk.space), (6, 4, 4), (6, 4, 8))
    assert not desk.space.study.isSaved()
    desk.click(1)
    answer(desk.window, qtbot, "Cancel")
    settled(desk.window, qtbot)
    assert desk.space.study.name() == "a"
    desk.click(1)
    answer(desk.window, qtbot, "Discard")
    qtbot.waitUntil(lambda: desk.space.study.name() == "b", timeout=15_000)
    settled(desk.window, qtbot)


def test_one_that_failed_says_why(desk: Desk, qtbot: QtBot) -> None:
    write_table_of(desk)
    desk.click(2)
    settled(desk.window, qtbot)
    assert "c.nii.gz" in desk.window.message.message()
    assert desk.space.study.volume is None


def write_table_of(desk: Desk) -> None:
    """A folder with results of earlier, chosen in the dialog."""
    write_table(desk.out / TABLE, outcomes(desk.images, desk.out), {})
    desk.type("output", desk.out)
    desk.qtbot.waitUntil(lambda: len(desk.told()) == 3, timeout=15_000)


def test_folders_that_are_missing_are_asked_for(desk: Desk) -> None:
    QTest.mouseClick(desk.dialog.run, LEFT)
    assert "Choose the folder of the images" in desk.dialog.status()
    assert desk.dialog.form.control("input").editor().hasFocus()
    assert not [j for j in desk.engine.jobs.values() if j.task == "segment-folder"]


def test_a_job_is_cancelled_fails_and_runs_again(desk: Desk, qtbot: QtBot) -> None:
    first = desk.run()
    desk.engine.progress(first, 0, 3)
    qtbot.waitUntil(desk.dialog.cancel.isVisible)
    QTest.mouseClick(desk.dialog.cancel, LEFT)
    settle(desk.window, qtbot)
    assert desk.engine.states[first] == "cancelled"
    assert desk.dialog.run.isEnabled()
    QTest.mouseClick(desk.dialog.run, LEFT)
    settle(desk.window, qtbot)
    second = max(desk.engine.jobs)
    desk.engine.fail(second, "out holds the results of another checkpoint.", "Choose another.")
    settle(desk.window, qtbot)
    assert desk.dialog.status() == "out holds the results of another checkpoint. Choose another."
    desk.window.jobs.retry(second)
    settle(desk.window, qtbot)
    third = max(desk.engine.jobs)
    desk.engine.progress(third, 1, 3)
    qtbot.waitUntil(lambda: "1 of 3" in desk.dialog.status())


def test_it_comes_back_as_it_was_left(
    desk: Desk, qtbot: QtBot, start: Callable[[], MainWindow]
) -> None:
    desk.dialog.setValues({"map.entropy": True, "ending": ".nrrd"})
    desk.run()
    desk.dialog.close()
    desk.window.close()
    again = start()
    choose(again, "Run", "Segment a folder")
    shown = dialog(again, qtbot, FolderDialog)
    assert isinstance(shown, FolderDialog)
    assert shown.folder("input") == desk.images
    assert shown.maps() == ("entropy",)
    assert shown.parameters()["ending"] == ".nrrd"
    settled(again, qtbot)


def test_a_folder_is_browsed_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(desk.images))
    browse = desk.dialog.form.control("input").findChild(QToolButton)
    assert browse is not None
    QTest.mouseClick(browse, LEFT)
    assert desk.dialog.folder("input") == desk.images

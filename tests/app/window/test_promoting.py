"""Pseudo-labels of a run that another process trains: watched, mended in the editor, accepted."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.segment.space import SegmentSpace
from app.workspaces.train.run_view import RunView
from engine.data.segmentation.cases import Case
from engine.data.volumes.read import read_volume
from engine.data.volumes.write import write_labels
from engine.methods.diffrect.labelled import (
    Labelled,
    begin_run,
    promote,
    proposal_of,
    read_labelled,
)
from engine.methods.diffrect.structures import table_of
from engine.training.runs import RunFolder
from tests.app.segment.driving import key, stroke, view_of
from tests.helpers.diffrect_models import slices_set
from tests.helpers.training_runs import CARD

LEFT = Qt.MouseButton.LeftButton
PATIENCE_MS = 20_000
NAMES = [f"patient00{number}_frame01_slice_0" for number in (1, 2, 3)]
ONE, TWO, THREE = NAMES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run in which one case is labelled, and another of two others has a pseudo-label."""
    images = slices_set(tmp_path / "hearts", patients=3, slices=1) / "data" / "slices"
    folder = tmp_path / "few"
    run = RunFolder(folder, CARD.model_copy(deep=True))
    asked = {"method": "diffrect", "task": "train", "parameters": {"iterations": 400}}
    run.write_request({**asked, "inputs": {"images": str(images), "output": str(folder)}})
    run.close()
    cases = [Case(n, n[:10], images / f"{n}.h5", images / f"{n}.h5", "image") for n in NAMES]
    begin_run(folder, cases[:1], cases[1:], "", ("background", "ring", "disc"))
    labels = np.zeros((1, 40, 36), np.uint8)
    labels[0, 10:20, 10:20] = 1
    target = proposal_of(folder, TWO)
    target.parent.mkdir()
    record = {"source": str(cases[1].image), "part": "image"}
    table = table_of({0: "background", 1: "ring", 2: "disc"})
    write_labels(target, labels, read_volume(cases[1].image, part="image"), table, record)
    for file in folder.rglob("*"):
        os.utime(file, (0, 0))  # else it seems to be trained by somebody
    return folder


@pytest.fixture
def view(window: MainWindow, folder: Path, qtbot: QtBot) -> RunView:
    """The run, opened from its folder."""
    window.spaces.show("train")
    space = window.spaces.train()
    space.openRun(folder)
    qtbot.waitUntil(lambda: (run := space.run()) is not None and run.watching is not None)
    found = space.view.findChild(RunView)
    assert found is not None
    return found


def labelled_in(folder: Path) -> Labelled:
    found = read_labelled(folder)
    assert found is not None
    return found


def editor_of(window: MainWindow, view: RunView, qtbot: QtBot) -> SegmentSpace:
    """The editor, with the pseudo-label that is chosen."""
    QTest.mouseClick(view.watch.mend, LEFT)
    assert window.spaces.current() == "segment"
    space = window.spaces.segment()
    qtbot.waitUntil(lambda: space.mending.proposal() is not None, timeout=PATIENCE_MS)
    return space


def test_cases_and_what_can_be_done_with_them(view: RunView, folder: Path, qtbot: QtBot) -> None:
    watch = view.watch
    assert watch.isVisible()
    assert [watch.case.itemText(i) for i in range(watch.case.count())] == [TWO, THREE]
    assert watch.current() == TWO
    assert watch.mend.isEnabled()
    watch.case.setFocus()
    QTest.keyClick(watch.case, Qt.Key.Key_Down)
    assert watch.current() == THREE
    assert not watch.mend.isEnabled()
    assert watch.state() == "Nothing is proposed for it: the run does not train."
    assert labelled_in(folder).pinned == "", "nobody would make pictures of it"


def test_another_case_is_watched_where_the_run_trains(
    window: MainWindow, view: RunView, folder: Path, qtbot: QtBot
) -> None:
    run = window.spaces.train().run()
    assert run is not None
    assert run.watching is not None
    view.watch.showWatching(run.watching, trains=True)
    view.watch.case.setFocus()
    QTest.keyClick(view.watch.case, Qt.Key.Key_Down)
    assert view.watch.state() == "Shown with the next pictures."
    qtbot.waitUntil(lambda: labelled_in(folder).pinned == THREE, timeout=PATIENCE_MS)


def test_names_of_classes_that_come_after_the_pictures(
    window: MainWindow, view: RunView, folder: Path
) -> None:
    space = window.spaces.train()
    run = space.run()
    assert run is not None
    watching = run.watching
    run.takeWatching(None)
    space.loader.put(folder, 100, {"Class correlation": np.eye(3, dtype=np.float32)})
    run.takeIterations((100,))
    matrix = view.pictures.row.matrix("Class correlation")
    assert [matrix.name(i) for i in range(3)] == ["0", "1", "2"]
    run.takeWatching(watching)
    assert [matrix.name(i) for i in range(3)] == ["background", "ring", "disc"]


def test_accepted_as_it_is(view: RunView, folder: Path, qtbot: QtBot) -> None:
    QTest.mouseClick(view.watch.accept, LEFT)
    qtbot.waitUntil(lambda: view.watch.state() == "Labelled by now.", timeout=PATIENCE_MS)
    (promotion,) = labelled_in(folder).promoted
    assert promotion.case == TWO
    taken = read_volume(folder / promotion.label, kind="labels").array
    assert np.array_equal(taken, read_volume(proposal_of(folder, TWO), kind="labels").array)
    assert not view.watch.accept.isEnabled()


def test_mended_and_accepted(window: MainWindow, view: RunView, folder: Path, qtbot: QtBot) -> None:
    space = editor_of(window, view, qtbot)
    bar, study = space.view.mending, space.study
    assert bar.isVisible()
    assert bar.text().startswith(f"Pseudo-label of {TWO}, from few")
    assert [row.name for row in study.table.labels()] == ["ring", "disc"]
    assert study.model.count(1) == 100
    assert study.isSaved()
    proposal = proposal_of(folder, TWO).read_bytes()
    study.table.setActive(2)
    pane = view_of(space)
    key(pane, "b")
    stroke(pane, (0, 30, 8), (0, 30, 28))
    assert study.model.count(2) > 10
    painted = study.model.array.copy()
    QTest.mouseClick(bar.accept, LEFT)
    qtbot.waitUntil(lambda: "is labelled now, one of 2" in bar.text(), timeout=PATIENCE_MS)
    assert study.isSaved(), "the run has them"
    (promotion,) = labelled_in(folder).promoted
    taken = read_volume(folder / promotion.label, kind="labels").array[0]
    assert np.array_equal(taken, painted)
    assert proposal_of(folder, TWO).read_bytes() == proposal, "what was proposed stays"
    QTest.mouseClick(bar.back, LEFT)
    assert window.spaces.current() == "train"
    qtbot.waitUntil(lambda: view.watch.state() == "Labelled by now.", timeout=PATIENCE_MS)


def test_a_label_that_the_run_does_not_know_is_refused(
    window: MainWindow, view: RunView, folder: Path, qtbot: QtBot
) -> None:
    space = editor_of(window, view, qtbot)
    space.study.table.add("scar", value=3)
    space.study.table.setActive(3)
    pane = view_of(space)
    key(pane, "b")
    stroke(pane, (0, 30, 8), (0, 30, 28))
    QTest.mouseClick(space.view.mending.accept, LEFT)
    qtbot.waitUntil(window.message.isVisible, timeout=PATIENCE_MS)
    assert window.message.message() == "The training knows no scar."
    assert not labelled_in(folder).promoted
    assert space.view.mending.accept.isEnabled(), "they can be mended and accepted still"


def test_what_cannot_be_opened_or_accepted_is_told(
    window: MainWindow, view: RunView, folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    space = editor_of(window, view, qtbot)
    promote(folder, TWO, proposal_of(folder, TWO))  # by somebody else meanwhile
    QTest.mouseClick(space.view.mending.accept, LEFT)
    qtbot.waitUntil(window.message.isVisible, timeout=PATIENCE_MS)
    assert "labelled already" in window.message.message()
    window.message.dismiss()
    space.mending.leave()
    image = tmp_path / "hearts" / "data" / "slices" / f"{TWO}.h5"
    with h5py.File(image, "a") as file:
        del file["image"]
        file["image"] = np.zeros((5, 6), np.float32)
    space.mending.open(folder, TWO)
    qtbot.waitUntil(window.message.isVisible, timeout=PATIENCE_MS)
    assert "does not lie on the voxels" in window.message.message()
    window.message.dismiss()
    image.unlink()
    space.mending.open(folder, TWO)
    qtbot.waitUntil(window.message.isVisible, timeout=PATIENCE_MS)
    assert f"{TWO}.h5" in window.message.message()


def test_another_image_ends_it(
    window: MainWindow, view: RunView, folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    space = editor_of(window, view, qtbot)
    space.study.close()
    assert space.mending.proposal() is None
    assert not space.view.mending.isVisible()

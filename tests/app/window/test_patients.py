"""Who is labelled and who validates, chosen in the window and run as the command line would."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.train.patients_page import PatientsPage
from app.workspaces.train.space import TrainSpace
from tests.app.window.driving import fake
from tests.helpers.diffrect_models import slices_set
from widgets.panels.patients.column import PatientColumn

LEFT = Qt.MouseButton.LeftButton
PATIENCE_MS = 20_000


@pytest.fixture
def space(window: MainWindow) -> TrainSpace:
    """Train, with DiffRect's form."""
    QTest.mouseClick(window.rail.button("train"), LEFT)
    found = window.spaces.train()
    keys = [trainer.key for trainer in found.setting_up.trainers()]
    found.view.setup.trainer.activated.emit(keys.index("diffrect/train"))
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Patients 001 to 003 to train on, 004 and 005 to validate."""
    return slices_set(tmp_path / "hearts", patients=3, slices=2)


def page_of(space: TrainSpace, root: Path, qtbot: QtBot) -> PatientsPage:
    """The page with the patients of a set."""
    setup = space.view.setup
    setup.setInput("images", root)
    QTest.mouseClick(setup.patients, LEFT)
    page = space.view.findChild(PatientsPage)
    assert page is not None
    assert page.isVisible()
    qtbot.waitUntil(lambda: not page.isBusy(), timeout=PATIENCE_MS)
    return page


def drag(source: PatientColumn, name: str, target: PatientColumn) -> None:
    port, aim = source.viewport(), target.viewport()
    assert port is not None
    assert aim is not None
    start = source.visualItemRect(source.item(source.names().index(name))).center()
    end = port.mapFromGlobal(aim.mapToGlobal(QPoint(aim.width() // 2, aim.height() - 10)))
    QTest.mousePress(port, LEFT, pos=start)
    QTest.mouseMove(port, (start + end) / 2)
    QTest.mouseMove(port, end)
    QTest.mouseRelease(port, LEFT, pos=end)


def test_what_was_dragged_is_what_runs(
    window: MainWindow, space: TrainSpace, root: Path, qtbot: QtBot
) -> None:
    setup = space.view.setup
    setup.setValues({"labelled_patients": 1, "test": 0.0})
    page = page_of(space, root, qtbot)
    board = page.board
    labelled, others = board.column("labelled"), board.column("unlabelled")
    assert labelled.names() == ["patient001"]
    assert board.column("validation").names() == ["patient004", "patient005"]
    drag(others, "patient003", labelled)
    drag(labelled, "patient001", others)
    drag(board.column("validation"), "patient005", board.column("test"))
    QTest.mouseClick(page.use, LEFT)
    assert space.view.isStart()
    chosen = {n: v for n, v in setup.parameters().items() if n.endswith("_cases")}
    assert chosen == {
        "labelled_cases": "patient003", "validation_cases": "patient004",
        "test_cases": "patient005",
    }  # fmt: skip
    with qtbot.waitSignal(space.training.begun, timeout=PATIENCE_MS):
        QTest.mouseClick(setup.start, LEFT)
    params = fake(window).last.params.model_dump()
    assert {name: params[name] for name in chosen} == chosen
    again = page_of(space, root, qtbot)
    assert again.board.places() == {
        "patient001": "unlabelled", "patient002": "unlabelled", "patient003": "labelled",
        "patient004": "validation", "patient005": "test",
    }  # fmt: skip


def test_back_changes_nothing(space: TrainSpace, root: Path, qtbot: QtBot) -> None:
    setup = space.view.setup
    page = page_of(space, root, qtbot)
    others, labelled = page.board.column("unlabelled"), page.board.column("labelled")
    drag(others, "patient003", labelled)
    port = others.viewport()
    assert port is not None
    QTest.mousePress(port, LEFT, pos=QPoint(30, 20))
    QTest.mouseMove(port, QPoint(30, 90))
    QTest.keyClick(others, Qt.Key.Key_Escape)
    assert not others.isDragging()
    assert page.isVisible(), "first the drag, then the page"
    QTest.keyClick(labelled, Qt.Key.Key_Escape)
    assert space.view.isStart()
    assert setup.parameters()["labelled_cases"] == ""


def test_somebody_must_be_labelled_and_somebody_validate(
    space: TrainSpace, root: Path, qtbot: QtBot
) -> None:
    space.view.setup.setValues({"labelled_patients": 9})
    page = page_of(space, root, qtbot)
    assert "9 labelled patients are asked for; there are 3" in page.told()
    assert not page.use.isEnabled()
    assert page.hint().startswith("Nobody is labelled")
    others = page.board.column("unlabelled")
    others.setFocus()
    others.setCurrentRow(0)
    QTest.keyClick(others, Qt.Key.Key_L)
    assert page.use.isEnabled()
    checked = page.board.column("validation")
    checked.setFocus()
    QTest.keyClick(checked, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(checked, Qt.Key.Key_U)
    assert not page.use.isEnabled()
    assert page.hint().startswith("Nobody validates")


def test_a_set_that_cannot_be_read_is_told(
    window: MainWindow, space: TrainSpace, root: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    setup = space.view.setup
    QTest.mouseClick(setup.patients, LEFT)
    assert setup.form.errors()["input.images"] == "Choose a folder."
    assert space.view.isStart()
    (root / "train_slices.list").write_text("patient001_frame01_slice_0\nlost_slice_1\n")
    setup.setInput("images", root)
    QTest.mouseClick(setup.patients, LEFT)
    qtbot.waitUntil(window.message.isVisible, timeout=PATIENCE_MS)
    assert "lost_slice_1" in window.message.message()
    assert space.view.isStart()


def test_a_list_is_a_file(space: TrainSpace) -> None:
    form = space.view.setup.form
    fields = {name: form.control(f"input.{name}").editor() for name in ("images", "labelled")}
    told = {name: field.placeholderText() for name, field in fields.items()}
    assert told == {"images": "Folder", "labelled": "File"}


def test_only_who_parts_patients_offers_it(space: TrainSpace) -> None:
    setup = space.view.setup
    assert setup.patients.isVisible()
    keys = [trainer.key for trainer in space.setting_up.trainers()]
    setup.trainer.activated.emit(keys.index("cdal/train"))
    assert not setup.patients.isVisible()

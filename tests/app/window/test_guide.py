"""A new training, question by question, by mouse and keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.controllers.train.guide.guide import LOOKING, MISSING, Guide
from app.window import MainWindow
from app.workspaces.train.guide.answer_pages import FITS, KIND, LABELS, NONE_FITS
from app.workspaces.train.guide.view import GuideView, Page
from app.workspaces.train.space import TrainSpace
from engine.results import Estimate, Measures
from tests.app.window.driving import clear_jobs, fake, settle
from tests.engine.data.doctor.sets import brains
from tests.engine.data.segmentation.sets import folder_set

LEFT = Qt.MouseButton.LeftButton
GIB = 2**30


@pytest.fixture
def space(window: MainWindow, qtbot: QtBot) -> TrainSpace:
    clear_jobs(window, qtbot)
    QTest.mouseClick(window.rail.button("train"), LEFT)
    found = window.spaces.train()
    QTest.mouseClick(found.view.start.guided, LEFT)
    assert found.view.isGuide()
    assert not found.view.setup.isVisible()
    return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = folder_set(tmp_path / "set", [f"p{i}" for i in range(8)])
    (root / "masks" / "p7.png").unlink()
    return root


def drop(view: GuideView, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(view.data, QDragEnterEvent(QPoint(9, 9), copy, mime, LEFT, none))
    QApplication.sendEvent(view.data, QDropEvent(QPointF(9, 9), copy, mime, LEFT, none))


def click(view: GuideView, key: str) -> None:
    """Take an answer of the page in sight."""
    pages = {Page.GOAL: view.goal, Page.LABELS: view.labels, Page.METHOD: view.method}
    button = pages[Page(view.frame.place())].choices.button(key)
    QTest.mouseClick(button, LEFT, pos=QPoint(8, button.height() // 2))


def said(view: GuideView) -> list[str]:
    """All words in sight."""
    return [label.text() for label in view.frame.findChildren(QLabel) if label.isVisible()]


def to_data(guide: Guide, data: Path, qtbot: QtBot, goal: str = "segment") -> None:
    click(guide.view, goal)
    QTest.mouseClick(guide.view.frame.next, LEFT)
    with qtbot.waitSignal(guide.examining.found, timeout=20_000):
        drop(guide.view, data)


def estimate(*, fits: bool = True) -> Estimate:
    measures = Measures(
        900, 8, 0.5, 10.0, 2 * GIB, 8 * GIB if fits else GIB, 8, (0.0, GIB / 4), "cpu"
    )
    return Estimate(
        measures, 2.0, {} if fits else {"batch": 4}, None,
        {"train": ("a", "b"), "validation": ("c",), "test": ("d",)},
        {"a": "p1", "b": "p1", "c": "p2", "d": "p3"}, ("2 cases to train on.",),
    )  # fmt: skip


def test_from_the_first_question_to_the_start(
    window: MainWindow, space: TrainSpace, data: Path, qtbot: QtBot
) -> None:
    guide = space.guide()
    view, frame = guide.view, guide.view.frame
    assert not frame.next.isEnabled()
    to_data(guide, data, qtbot)
    assert frame.next.isEnabled()
    QTest.mouseClick(frame.next, LEFT)
    assert view.labels.choices.choice() == "some", "one image has no mask"
    click(view, "masks")
    QTest.mouseClick(frame.next, LEFT)
    assert view.method.choices.choice() == "cdal"
    assert not view.method.choices.button("midiffusion").isEnabled()
    QTest.mouseClick(frame.next, LEFT)
    view.settings.change({"iterations": 900})
    QTest.mouseClick(frame.next, LEFT)
    settle(window, qtbot)
    trial = fake(window).last
    assert trial.dry
    assert (trial.method, trial.task, trial.params.iterations) == ("cdal", "train", 900)
    fake(window).finish(len(fake(window).jobs), estimate())
    settle(window, qtbot)
    assert view.trial.parts.topLevelItemCount() == 3
    first = view.trial.parts.topLevelItem(0)
    assert first is not None
    assert [first.text(column) for column in range(3)] == ["Training", "1", "2"]
    QTest.mouseClick(view.trial.copy, LEFT)
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    assert "--iterations 900" in clipboard.text()
    with qtbot.waitSignal(space.training.begun, timeout=10_000):
        QTest.mouseClick(view.trial.start, LEFT)
    assert not space.view.isGuide()
    assert space.view.setup.isVisible()
    settle(window, qtbot)
    job = fake(window).last
    assert not job.dry
    assert job.params == trial.params
    assert job.path("images") == data
    QTest.mouseClick(window.rail.button("train"), LEFT)
    space.openGuide()
    assert frame.place() == Page.GOAL, "the next one begins with the first question"
    assert view.goal.choices.choice() == "segment"


def test_back_keeps_answers_and_what_was_typed(
    window: MainWindow, space: TrainSpace, data: Path, qtbot: QtBot
) -> None:
    guide = space.guide()
    view, frame = guide.view, guide.view.frame
    to_data(guide, data, qtbot, "synthesize")
    for _ in range(3):
        QTest.keyClick(view, Qt.Key.Key_Return)
    assert frame.place() == Page.SETTINGS
    view.settings.change({"iterations": 77})
    for _ in range(4):
        QTest.mouseClick(frame.back, LEFT)
    assert frame.place() == Page.GOAL
    assert view.goal.choices.choice() == "synthesize"
    assert space.escape()
    assert space.view.isStart()
    QTest.mouseClick(space.view.start.guided, LEFT)
    assert frame.place() == Page.GOAL
    frame.goTo(Page.SETTINGS)
    assert view.settings.parameters()["iterations"] == 77
    frame.goTo(Page.GOAL)
    click(view, "translate")
    frame.goTo(Page.SETTINGS)
    trainer = view.settings.trainer()
    assert trainer is not None
    assert trainer.method.id == "midiffusion"


def test_faults_are_mended_in_a_copy_that_is_used_from_then_on(
    window: MainWindow, space: TrainSpace, data: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    guide = space.guide()
    to_data(guide, data, qtbot)
    page = guide.view.data
    assert not page.mend.isEnabled()
    QTest.mouseClick(page.findings.buttons()[0], LEFT)
    assert page.mend.isEnabled()
    with qtbot.waitSignal(guide.examining.found, timeout=20_000):
        guide.examining.mend(tmp_path / "copy")
    assert page.paths() == (tmp_path / "copy", None)
    assert not page.findings.canMend()
    assert (data / "images" / "p7.png").exists()
    with qtbot.waitSignal(guide.told, timeout=10_000):
        guide.examining.report(tmp_path / "report.html")
    assert "All checks passed" in (tmp_path / "report.html").read_text()


def test_the_focus_goes_down_the_page(space: TrainSpace, data: Path, qtbot: QtBot) -> None:
    guide = space.guide()
    to_data(guide, data, qtbot)
    page = guide.view.data
    page.report.setFocus()
    (mend, *_) = page.findings.buttons()
    QTest.keyClick(page.report, Qt.Key.Key_Tab)
    assert mend.hasFocus()


def test_looking_leaves_the_focus_where_it_was(space: TrainSpace, data: Path, qtbot: QtBot) -> None:
    guide = space.guide()
    to_data(guide, data, qtbot)
    look = guide.view.data.look
    look.setFocus()
    with qtbot.waitSignal(guide.examining.found, timeout=20_000):
        QTest.keyClick(look, Qt.Key.Key_Space)
    assert look.hasFocus()


def test_what_is_no_set_says_so(space: TrainSpace, tmp_path: Path, qtbot: QtBot) -> None:
    guide = space.guide()
    click(guide.view, "segment")
    QTest.mouseClick(guide.view.frame.next, LEFT)
    (tmp_path / "empty").mkdir()
    drop(guide.view, tmp_path / "empty")
    assert MISSING[Page.DATA] not in said(guide.view)
    assert LOOKING in said(guide.view)
    problem = guide.view.data.problem
    qtbot.waitUntil(lambda: "no set of images" in problem.text(), timeout=10_000)
    assert problem.isVisible()
    assert not guide.view.frame.next.isEnabled()
    assert MISSING[Page.DATA] in said(guide.view)


def test_another_path_is_looked_at_by_enter_and_the_old_findings_go(
    space: TrainSpace, data: Path, qtbot: QtBot
) -> None:
    guide = space.guide()
    to_data(guide, data, qtbot)
    page, frame = guide.view.data, guide.view.frame
    line = page.form.control("images").focusProxy()
    assert line is not None
    QTest.keyClick(line, Qt.Key.Key_End)
    QTest.keyClicks(line, "/images")
    assert not frame.next.isEnabled()
    assert not page.findings.isVisible()
    with qtbot.waitSignal(guide.examining.found, timeout=20_000):
        QTest.keyClick(line, Qt.Key.Key_Return)
    assert frame.next.isEnabled()
    QTest.mouseClick(frame.next, LEFT)
    assert guide.view.labels.choices.choice() == "nothing"


def test_a_trial_that_does_not_fit_offers_what_does(
    window: MainWindow, space: TrainSpace, data: Path, qtbot: QtBot
) -> None:
    guide = space.guide()
    to_data(guide, data, qtbot)
    guide.view.frame.goTo(Page.TRIAL)
    settle(window, qtbot)
    assert space.escape()
    assert fake(window).current is None, "nobody waits for the trial any more"
    space.openGuide()
    QTest.mouseClick(guide.view.trial.again, LEFT)
    settle(window, qtbot)
    fake(window).finish(len(fake(window).jobs), estimate(fits=False))
    settle(window, qtbot)
    assert guide.view.trial.change.isVisible()
    QTest.mouseClick(guide.view.trial.change, LEFT)
    assert fake(window).last.params.batch == 4
    assert "--batch 4" in guide.view.trial.command.text()
    fake(window).fail(len(fake(window).jobs), "No foreground.", "Look at the masks.")
    settle(window, qtbot)
    assert "No foreground" in guide.view.trial.told.text()
    assert not window.message.isVisible(), "once is enough"


def test_to_translate_a_kind_is_chosen_and_labels_are_not_asked_for(
    space: TrainSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    guide = space.guide()
    view, frame = guide.view, guide.view.frame
    to_data(guide, brains(tmp_path, patients=2), qtbot, "translate")
    QTest.mouseClick(frame.next, LEFT)
    assert KIND in said(view)
    assert not view.labels.choices.isVisible()
    assert view.labels.modality.hasFocus()
    QTest.keyClicks(view.labels.modality, "t2")
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert FITS in said(view)
    told = next(text for text in said(view) if "Here that is t2" in text)
    assert "nobody is left to test on" in told
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert view.settings.parameters()["pattern"].endswith("_t2.nii.gz")
    assert view.settings.parameters()["test"] == 0
    frame.goTo(Page.GOAL)
    click(view, "segment")
    frame.goTo(Page.LABELS)
    assert LABELS in said(view)
    frame.goTo(Page.METHOD)
    assert NONE_FITS in said(view)
    assert not frame.next.isEnabled()

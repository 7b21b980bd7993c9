"""From the menu to a job, and from what came of it to the dialog."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from engine.reproducing import METHOD
from engine.reproducing.params import ReproduceParams
from engine.reproducing.report import Comparison, Condition, Outcome, Reproduction
from tests.app.window.driving import fake, settle
from widgets.panels.reproduction import ReproductionDialog

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def dialog(window: MainWindow) -> ReproductionDialog:
    window.actions_["reproduce"].trigger()
    found = window.findChild(ReproductionDialog)
    assert found is not None
    assert found.isVisible()
    return found


def test_it_is_in_the_palette(window: MainWindow) -> None:
    assert str(window.actions_["reproduce"].data()) == "Reproduce"
    assert window.actions_["reproduce"] in window.actions_.specificFirst()


def test_an_output_becomes_a_job_and_a_report(
    window: MainWindow, dialog: ReproductionDialog, qtbot: QtBot, tmp_path: Path
) -> None:
    engine = fake(window)
    QTest.mouseClick(dialog.run, LEFT)
    assert dialog.status() == "Choose an output first."
    dialog.setPath(tmp_path / "found.nii.gz")
    QTest.mouseClick(dialog.run, LEFT)
    settle(window, qtbot)
    job = engine.last
    assert (job.method, job.params) == (METHOD, ReproduceParams())
    assert dict(job.inputs) == {"result": tmp_path / "found.nii.gz"}
    assert dialog.cancel.isVisible()
    outcome = Outcome(
        tmp_path / "found.nii.gz", "different",
        (Comparison("found.nii.gz", "different", 900, 12, dice={1: 0.9, 2: 0.99}),),
        (Condition("torch", "2.13", "2.13", True), Condition("Weights", "a 1", "a 2", False)),
        ("Weights are not what was used: a 1 then, a 2 now.",),
    )  # fmt: skip
    assert engine.current is not None
    engine.finish(engine.current, Reproduction(tmp_path / "found.nii.gz", (outcome,)))
    settle(window, qtbot)
    assert "12 of 900 values differ; least Dice 0.90000 (label 1)" in dialog.summary()
    assert dialog.conditions.item(0, 0).text() == "Weights", "what differs comes first"
    assert not dialog.cancel.isVisible()


def test_cancelled_and_failed(
    window: MainWindow, dialog: ReproductionDialog, qtbot: QtBot, tmp_path: Path
) -> None:
    engine = fake(window)
    dialog.setPath(tmp_path / "found.png")
    QTest.mouseClick(dialog.run, LEFT)
    settle(window, qtbot)
    QTest.mouseClick(dialog.cancel, LEFT)
    settle(window, qtbot)
    assert dialog.run.isEnabled()
    QTest.mouseClick(dialog.run, LEFT)
    settle(window, qtbot)
    failed = engine.current
    assert failed is not None
    engine.fail(failed, "The record is damaged.", "Give another.")
    settle(window, qtbot)
    assert dialog.summary() == "The record is damaged.\nGive another."
    window.jobs.retry(failed)
    settle(window, qtbot)
    assert dialog.cancel.isVisible(), "a retried run is followed as well"

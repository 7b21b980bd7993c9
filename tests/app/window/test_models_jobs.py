"""Import and export from the Models workspace: what is asked of the engine, and what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.models.job_dialog import JobDialog
from engine import library
from engine.events import JobFailed
from engine.jobs import JobState
from engine.library.export_params import ExportParams
from engine.results import FileResult
from engine.training.checkpoint import Card, save_checkpoint
from tests.app.window.driving import LEFT, fake, settle


@pytest.fixture
def shown(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window in the Models workspace, with one model."""
    window.rail.button("models").click()
    qtbot.waitUntil(lambda: window.models.list.count() == 1)
    return window


def _type(dialog: JobDialog, field: str, text: str) -> None:
    line = dialog.form.control(field).findChild(QLineEdit) or dialog.form.control(field)
    line.setFocus()
    QTest.keyClick(line, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(line, text)


def _save(path: Path, parameters: int) -> FileResult:
    import torch

    card = Card(method="diffrect", role="segmenter", title="Hearts", config={"classes": 4})
    save_checkpoint(path, {"weight": torch.ones(2)}, card)
    figures = {"role": "segmenter", "parameters": parameters}
    return FileResult(path, "12 parameters imported.", figures)


def test_published_weights_are_imported_with_a_report(
    shown: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    QTest.mouseClick(shown.models.bring, LEFT)
    importing = shown.spaces.models.importing
    dialog, method = importing.dialog, importing.method
    assert dialog is not None
    assert method is not None
    QTest.mouseClick(dialog.run, LEFT)
    assert "No file is chosen" in dialog.said()
    QTest.keyClicks(method, "DiffRect")
    _type(dialog, "weights", str(tmp_path / "unet best.pth"))
    assert dialog.form.values()["name"] == "unet-best"
    _type(dialog, "name", "octa")
    QTest.mouseClick(dialog.run, LEFT)
    assert "a model named octa already" in dialog.said()
    _type(dialog, "name", "hearts")
    QTest.mouseClick(dialog.run, LEFT)
    engine = fake(shown)
    assert dialog.isRunning()
    assert (engine.last.method, engine.last.task) == ("diffrect", "import")
    output = library.user_folder() / "hearts.safetensors"
    assert dict(engine.last.inputs) == {"weights": tmp_path / "unet best.pth", "output": output}
    job = len(engine.jobs)
    report = "10 of the network's 12 parameters matched.\nmissing: head.weight (4, 2)"
    engine._end(JobFailed(job, "It does not fit.", "Check.", "", True, report), JobState.FAILED)
    settle(shown, qtbot)
    assert not dialog.isRunning()
    assert "It does not fit" in dialog.said()
    assert dialog.run.hasFocus(), "to try again; not the button that closes"
    assert dialog.report() == report
    assert not shown.message.isVisible(), "the dialog says it, and the window would keep it"
    QTest.mouseClick(dialog.run, LEFT)
    engine.finish(len(engine.jobs), _save(output, 12))
    settle(shown, qtbot)
    assert "matched by name and shape: 12 of 12" in dialog.report()
    assert "classes: 4" in dialog.report()
    QTest.mouseClick(dialog.after, LEFT)
    qtbot.waitUntil(lambda: "Hearts" in shown.models.text())


def test_a_model_is_exported_and_the_difference_is_told(
    shown: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    QTest.mouseClick(shown.models.detail.export, LEFT)
    dialog = shown.spaces.models.exporting.dialog
    assert dialog is not None
    assert not dialog.form.control("any_size").isEnabled(), "weights have no size"
    choice = dialog.form.control("format").editor()
    choice.setFocus()
    QTest.keyClicks(choice, "ONNX")
    assert dialog.form.control("any_size").isEnabled()
    _type(dialog, "folder", str(tmp_path))
    _type(dialog, "name", "for-others")
    QTest.mouseClick(dialog.run, LEFT)
    engine = fake(shown)
    assert (engine.last.method, engine.last.task) == ("adaptdiff", "export")
    assert engine.last.inputs["output"] == tmp_path / "for-others.onnx"
    params = engine.last.params
    assert isinstance(params, ExportParams)
    assert params.checkpoint == str(library.user_folder() / "octa.safetensors")
    engine.progress(len(engine.jobs), 1, 4)
    QTest.mouseClick(dialog.shut, LEFT)  # which cancels
    settle(shown, qtbot)
    assert "nothing was written" in dialog.said()
    assert dialog.isVisible()
    QTest.mouseClick(dialog.run, LEFT)
    path = tmp_path / "for-others.onnx"
    found = FileResult(path, "It is written.", {"largest difference": 2e-6, "bytes": 2048})
    engine.finish(len(engine.jobs), found)
    settle(shown, qtbot)
    assert dialog.said() == "It is written."
    assert "largest difference: 2e-06" in dialog.report()
    assert f"reverie export --output {path} --checkpoint {params.checkpoint}" in dialog.report()
    path.touch()
    QTest.mouseClick(dialog.run, LEFT)
    assert "is there already" in dialog.said()
    QTest.mouseClick(dialog.shut, LEFT)
    assert not dialog.isVisible()

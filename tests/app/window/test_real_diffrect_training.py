"""A real DiffRect training in the window that is given a mended label while it goes on."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.bootstrap import open_window
from app.settings import Settings, save_settings, settings_path
from app.workspaces.train.run_view import RunView
from tests.helpers.diffrect_models import TINY_TRAINING, slices_set

LEFT = Qt.MouseButton.LeftButton
PATIENCE_MS = 120_000


def test_a_label_joins_a_training_that_goes_on(
    no_bundled: None, qtbot: QtBot, tmp_path: Path
) -> None:
    root = slices_set(tmp_path / "hearts", patients=4, slices=1)
    save_settings(settings_path(), Settings(threads=1, live=False))
    window = open_window(device="cpu")
    qtbot.addWidget(window)
    qtbot.waitUntil(lambda: window.session.engine.ready, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not window.session.busy_jobs(), timeout=PATIENCE_MS)
    window.message.dismiss()
    window.spaces.show("train")
    space = window.spaces.train()
    setup = space.view.setup
    keys = [trainer.key for trainer in space.setting_up.trainers()]
    setup.trainer.activated.emit(keys.index("diffrect/train"))
    setup.setInput("images", root)
    setup.setInput("output", tmp_path / "few")
    values = {"iterations": 100_000, "preview_every": 3, "batch": 2, "validate_every": 1000}
    setup.setValues({**TINY_TRAINING, **values, "labelled_patients": 1})
    QTest.mouseClick(setup.start, LEFT)
    qtbot.waitUntil(lambda: space.run() is not None, timeout=PATIENCE_MS)
    run, view = space.run(), space.view.findChild(RunView)
    assert run is not None
    assert view is not None
    watch = view.watch
    qtbot.waitUntil(watch.mend.isEnabled, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: bool(view.pictures.row.pictures()), timeout=PATIENCE_MS)
    titles = [picture.title for picture in view.pictures.row.pictures()]
    assert titles == ["Image", "Pseudo-label", "Rectified", "Difference", "Class correlation"]
    matrix = view.pictures.row.matrix("Class correlation")
    names = ["background", "label 1", "label 2"]
    qtbot.waitUntil(lambda: [matrix.name(i) for i in range(3)] == names, timeout=PATIENCE_MS)
    assert {"Loss", "Rectifier", "Pseudo-labels"} <= view.curves.plots().keys()
    case = watch.current()
    QTest.mouseClick(watch.mend, LEFT)
    editor = window.spaces.segment()
    qtbot.waitUntil(lambda: editor.mending.proposal() is not None, timeout=PATIENCE_MS)
    QTest.mouseClick(editor.view.mending.accept, LEFT)
    wanted = f"Now labelled: {case}; 2 cases in all."
    qtbot.waitUntil(lambda: wanted in run.notes, timeout=PATIENCE_MS)
    assert run.isOurs(), "it has not been begun again"
    QTest.mouseClick(editor.view.mending.back, LEFT)
    qtbot.waitUntil(lambda: watch.state() == "Labelled by now.", timeout=PATIENCE_MS)
    QTest.mouseClick(view.header.stop, LEFT)
    qtbot.waitUntil(lambda: run.state() == "cancelled", timeout=PATIENCE_MS)
    window.close()
    assert window.engine.shutdown(0.0)

"""A real training of tiny networks through the window: begun, stopped, continued, used."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.bootstrap import open_window
from app.settings import Settings, save_settings, settings_path
from app.window import MainWindow
from app.workspaces.train.run_view import RunView
from engine import library
from engine.training.runs import read_metrics
from tests.helpers.cdal_models import TINY_TRAINING, disc_folders

LEFT = Qt.MouseButton.LeftButton
PATIENCE_MS = 120_000


def window_of_one_thread(qtbot: QtBot) -> MainWindow:
    if not settings_path().exists():
        save_settings(settings_path(), Settings(threads=1, live=False))
    window = open_window(device="cpu")
    qtbot.addWidget(window)
    qtbot.waitUntil(lambda: window.session.engine.ready, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not window.session.busy_jobs(), timeout=PATIENCE_MS)
    window.message.dismiss()
    return window


def test_from_two_folders_to_a_segmenter(no_bundled: None, qtbot: QtBot, tmp_path: Path) -> None:
    data = disc_folders(tmp_path / "discs")
    window = window_of_one_thread(qtbot)
    window.spaces.show("train")
    space = window.spaces.train()
    setup = space.view.setup
    setup.setValues({**TINY_TRAINING, "iterations": 100_000, "preview_every": 3})
    for name in ("images", "masks"):
        setup.setInput(name, data / name)
    with qtbot.waitSignal(space.training.begun, timeout=PATIENCE_MS):
        QTest.mouseClick(setup.start, LEFT)
    run = space.run()
    assert run is not None
    view = space.view.findChild(RunView)
    assert view is not None
    qtbot.waitUntil(lambda: run.curves.last() >= 7, timeout=PATIENCE_MS)
    told = "\n".join(view.log.shown())
    assert "3 cases to train on, 1 to validate, 1 kept apart for testing." in told
    qtbot.waitUntil(lambda: bool(view.pictures.row.pictures()), timeout=PATIENCE_MS)
    titles = [picture.title for picture in view.pictures.row.pictures()]
    assert titles == ["Image", "Labels", "Segmentation", "Foreground", "Attention of D"]

    QTest.mouseClick(view.header.stop, LEFT)
    qtbot.waitUntil(lambda: run.state() == "cancelled", timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: view.header.canGoOn(), timeout=PATIENCE_MS)
    stopped = run.curves.last()
    qtbot.waitUntil(
        lambda: run.facts is not None and run.facts.saved == stopped, timeout=PATIENCE_MS
    )
    assert f"saved at {stopped:,}" in view.header.status()

    view.header.until.setValue(stopped + 5)
    QTest.mouseClick(view.header.go_on, LEFT)
    qtbot.waitUntil(lambda: run.state() == "done", timeout=PATIENCE_MS)
    assert f"Continuing at iteration {stopped} of {stopped + 5}." in "\n".join(view.log.shown())
    loss = run.curves["loss"]
    assert loss.steps.tolist() == list(range(1, stopped + 6))
    written = read_metrics(run.folder)
    assert loss.values.tolist() == [v for _, name, v in written if name == "loss"]
    assert run.curves["lr"].values.tolist() == [v for _, name, v in written if name == "lr"]
    assert {"Loss", "Discriminator", "Validation", "Learning rate"} == set(view.curves.plots())

    qtbot.waitUntil(view.header.use.isVisible, timeout=PATIENCE_MS)
    with qtbot.waitSignal(space.modelsChanged, timeout=PATIENCE_MS):
        QTest.mouseClick(view.header.keep, LEFT)
    assert [entry.name for entry in library.entries("cdal")] == [run.title]
    QTest.mouseClick(view.header.use, LEFT)
    panel = window.spaces.segment().view.method
    weights = str(run.folder / "checkpoints" / "final.safetensors")
    qtbot.waitUntil(lambda: panel.checkpointName() == weights, timeout=PATIENCE_MS)
    window.close()
    assert window.engine.shutdown(0.0)


def test_a_window_that_is_closed_while_it_trains_can_go_on_next_time(
    no_bundled: None, qtbot: QtBot, tmp_path: Path
) -> None:
    data = disc_folders(tmp_path / "discs")
    window = window_of_one_thread(qtbot)
    window.spaces.show("train")
    space = window.spaces.train()
    setup = space.view.setup
    setup.setValues({**TINY_TRAINING, "iterations": 100_000})
    for name in ("images", "masks"):
        setup.setInput(name, data / name)
    QTest.mouseClick(setup.start, LEFT)
    qtbot.waitUntil(
        lambda: (run := space.run()) is not None and run.curves.last() >= 3, timeout=PATIENCE_MS
    )
    run = space.run()
    assert run is not None
    window.close()

    again = window_of_one_thread(qtbot)
    again.spaces.show("train")
    page = again.spaces.train().view.start
    qtbot.waitUntil(lambda: bool(page.cards()), timeout=PATIENCE_MS)
    assert page.cards()[0].item.name == run.title
    QTest.mouseClick(page.cards()[0], LEFT)
    qtbot.waitUntil(lambda: again.spaces.train().run() is not None, timeout=PATIENCE_MS)
    found = again.spaces.train().run()
    assert found is not None
    assert found.facts is not None
    assert found.facts.saved >= 3
    assert not found.facts.held
    again.close()

"""Masks come in, results go out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent
from PyQt6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from engine.data.images import read_image, read_png_metadata
from engine.data.pairset import read_pair_set
from engine.data.png import write_png
from tests.app.window.driving import clear_jobs, fake, result_of, settle, stroke


@pytest.fixture
def made(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window with three finished variants, the second of them selected."""
    window.view.inspector.live.setChecked(False)
    stroke(window)
    clear_jobs(window, qtbot)
    window.view.inspector.form.setValues({"variants": 3})
    window.actions_["run"].trigger()
    settle(window, qtbot)
    engine = fake(window)
    job_id = engine.current
    assert job_id is not None
    for index in range(10):
        engine.preview(job_id, index, 10, batch=3, side=384)
    engine.finish(job_id, result_of(engine.jobs[job_id], 0.25))
    settle(window, qtbot)
    window.session.select(1)
    return window


def drop(window: MainWindow, path: Path, on_canvas: bool) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    target = window.view.canvas if on_canvas else window
    event = QDropEvent(
        QPointF(20, 20), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    target.dropEvent(event)


@pytest.mark.parametrize("on_canvas", [True, False])
def test_a_dropped_mask_is_drawn_and_can_be_undone(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, on_canvas: bool
) -> None:
    mask = np.zeros((64, 96), bool)
    mask[10:20] = True
    path = tmp_path / "my vessels.png"
    write_png(path, mask)
    with qtbot.waitSignal(window.files.opened):
        drop(window, path, on_canvas)
    canvas = window.view.canvas
    assert np.array_equal(canvas.vesselMask(), mask)
    assert "my vessels" in window.windowTitle()
    assert window.settings.recent == [str(path)]
    menu = QMenu()
    window.fillRecent(menu)
    assert [action.text() for action in menu.actions()] == [str(path)]
    canvas.undo()
    assert canvas.vesselMask().shape == (384, 384)


def test_a_file_that_is_no_mask_is_told_and_changes_nothing(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "notes.png"
    path.write_text("no image")
    before = window.view.canvas.vesselMask()
    window.settings.remember(path)
    with qtbot.waitSignal(window.teller.told) as told:
        window.files.open_mask(path)
    assert told.args is not None
    assert told.args[0] == "error"
    assert "notes.png" in told.args[1]
    assert np.array_equal(window.view.canvas.vesselMask(), before)
    assert str(path) not in window.settings.recent


def test_what_was_done_to_a_mask_is_told(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    write_png(path, np.tile(np.arange(256, dtype=np.uint8), (64, 1)))
    with qtbot.waitSignal(window.teller.told) as told:
        window.files.open_mask(path)
    assert told.args is not None
    assert "Otsu" in told.args[1]


def test_a_saved_png_is_the_selected_image_and_says_how_it_was_made(
    made: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "out.png"
    with qtbot.waitSignal(made.files.saved):
        made.files.save_image(path)
    assert made.session.result is not None
    assert read_image(path).array[0, 0] == round(0.26 * 255)
    text = read_png_metadata(path)
    record = json.loads(text["reverie"])
    assert record["seed"] == made.session.result.seeds[1]
    assert record["checkpoint"]["name"] == "octa"
    assert "trainedAlgorithmicMedia" in text["DigitalSourceType"]


@pytest.mark.parametrize("ending", ["tif", "npy"])
def test_other_formats_keep_the_values_and_have_the_record_beside(
    made: MainWindow, qtbot: QtBot, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"out.{ending}"
    with qtbot.waitSignal(made.files.saved):
        made.files.save_image(path)
    image = np.load(path) if ending == "npy" else tifffile.imread(path)
    assert image.dtype == np.float32
    assert image[0, 0] == np.float32(0.26)
    record = json.loads(path.with_name(f"{path.name}.json").read_text())
    assert record["synthetic"] is True


def test_an_unknown_format_and_a_missing_folder_are_told(
    made: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    for path, part in ((tmp_path / "out.docx", ".docx"), (tmp_path / "no" / "out.png", "folder")):
        with qtbot.waitSignal(made.teller.told) as told:
            made.files.save_image(path)
        assert told.args is not None
        assert part in told.args[1]
        assert told.args[3] == "", "the user's mistakes come without a traceback"


def test_pair_and_set_hold_the_mask_that_was_used(
    made: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    used = made.view.canvas.vesselMask()
    made.view.canvas.clear()
    with qtbot.waitSignal(made.files.saved):
        made.files.save_pair(tmp_path / "pair.png")
    assert np.array_equal(read_image(tmp_path / "pair_mask.png").array > 0, used > 0)
    with qtbot.waitSignal(made.files.saved):
        made.files.save_set(tmp_path / "set.npz")
    assert len(read_pair_set(tmp_path / "set.npz").manifest.pairs) == 3


def test_the_timeline_is_exported_in_three_ways(
    made: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    for kind, name in (("strip", "s.png"), ("gif", "g.gif"), ("frames", "frames")):
        with qtbot.waitSignal(made.files.saved):
            made.files.export(kind, tmp_path / name)
    with Image.open(tmp_path / "s.png") as strip, Image.open(tmp_path / "g.gif") as gif:
        assert strip.width > 10 * 100
        assert getattr(gif, "is_animated", False)
    names = sorted(path.name for path in (tmp_path / "frames").iterdir())
    assert names[0] == "step0001_x0_hat.png"
    assert len(names) == 20


def test_nothing_can_be_saved_before_there_is_a_result(window: MainWindow) -> None:
    for name in ("save_image", "save_pair", "save_set", "copy"):
        assert not window.actions_[name].isEnabled()


def test_a_window_remembers_files_form_and_theme(
    made: MainWindow, qtbot: QtBot, tmp_path: Path, open_fake: Callable[[], MainWindow], model: Path
) -> None:
    shutil.copy(model, model.with_name("z-second.safetensors"))
    with qtbot.waitSignal(made.spaces.models.found):
        made.spaces.models.reload()
    write_png(tmp_path / "m.png", np.eye(64, dtype=bool))
    with qtbot.waitSignal(made.files.opened):
        made.files.open_mask(tmp_path / "m.png")
    made.view.inspector.form.setValues({"steps": 21, "sampler": "ddim", "checkpoint": "z-second"})
    made.actions_["theme"].trigger()
    made.close()
    again = open_fake()
    values = again.view.inspector.form.values()
    assert (values["steps"], values["sampler"], values["checkpoint"]) == (21, "ddim", "z-second")
    assert again.settings.theme == "light"
    assert again.settings.recent == [str(tmp_path / "m.png")]
    assert not again.view.inspector.live.isChecked()
    assert np.array_equal(again.view.canvas.vesselMask(), np.eye(64, dtype=np.uint8))
    assert not again.message.isVisible(), "a clean end needs no word"
    again.toggleTheme()

"""A tour of the real window without a display: it draws with the mouse and keeps pictures.

Needs no one at the screen: every stroke and click is sent to the widgets as a mouse event.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QCheckBox, QWidget

from app.bootstrap import open_window
from app.controllers.grow import SAMPLE_NAME
from app.saving import save_mask
from app.timeline_files import frames_of, strip_picture, write_gif
from app.tour_evaluate import tour_evaluate
from app.tour_segment import tour_segment
from app.tour_train import tour_train
from app.tour_translate import tour_translate
from app.window import MainWindow
from engine.data.atomic import atomic_path, make_folder
from engine.data.phantoms import grow_vessel_tree
from engine.data.png import write_png
from engine.data.synthetic import save_image, steps_metadata
from engine.errors import EngineError, InputError
from engine.events import JobFailed, JobPreview
from engine.results import SynthesisResult
from widgets.paint.tools.base import Tool

# PyQt6's stubs call its functions methods.
mouse: Any = QTest
LEFT = Qt.MouseButton.LeftButton
PATIENCE_S = 600.0
SETTLE_MS = 400

TREE_SEED = 14
SEED = 1
POINTS_A_STROKE = 16


def tour(folder: Path, *, pictures: bool = False) -> list[Path]:
    """Draw a vessel tree, make an image of it, and keep what is seen; returns the files.

    Leaves the user's settings and last mask alone.

    Args:
        folder: Made if it is missing.
        pictures: Only pictures of the window, and of more of its states.

    Raises:
        InputError: there is no checkpoint to make an image with.
        EngineError: a job failed, or took longer than ten minutes.
        DiskError: the folder cannot be written.
    """
    make_folder(folder)
    with _own_settings():
        window = open_window()
        try:
            return _Tour(window, folder).run(pictures=pictures)
        finally:
            window.close()


class _Tour:
    def __init__(self, window: MainWindow, folder: Path) -> None:
        self._window, self._view, self._folder = window, window.view, folder
        self._files: list[Path] = []
        self._previews: list[JobPreview] = []
        self._failed: list[JobFailed] = []
        window.bridge.previewed.connect(self._previewed)
        window.bridge.failed.connect(self._failed.append)

    def run(self, *, pictures: bool) -> list[Path]:
        self._start()
        self._grab("window_start")
        self._draw()
        self._grab("window_drawn")
        self._synthesize()
        self._grab("window")
        if pictures:
            self._pictures()
        else:
            self._results()
        tour_segment(self._window, self._wait, self._grab, layouts=pictures)
        tour_translate(self._window, self._wait, self._grab)
        tour_train(self._window, self._wait, self._grab, longer=pictures)
        tour_evaluate(self._window, self._wait, self._grab)
        return self._files

    def _start(self) -> None:
        session = self._window.session
        self._wait(lambda: session.looked_for)
        if not session.checkpoints:
            raise InputError(
                "There is no checkpoint to make an image with.",
                "Train one, or import published weights: reverie import --help.",
            )
        self._wait(lambda: session.engine.ready and session.mask_name == SAMPLE_NAME)
        self._set_checked(self._view.inspector.live, on=False)
        self._wait(lambda: not session.busy_jobs())
        self._window.message.dismiss()
        # The same pictures every time.
        self._view.inspector.setValues({"seed": SEED})
        self._view.inspector.form.setSeedKept("seed", True)

    def _draw(self) -> None:
        """The vessels, stroke by stroke, with the vessel tool."""
        canvas, tools = self._view.canvas, self._view.tools
        mouse.mouseClick(tools.clear_button, LEFT)
        mouse.mouseClick(tools.button(Tool.VESSEL), LEFT)
        size = canvas.imageSize()
        tree = grow_vessel_tree(size.height(), size.width(), TREE_SEED, field="macula")
        for vessel in tree.segments:
            tools.size_box.setValue(max(1, round(2 * vessel.radii[0])))
            tools.end_box.setValue(max(1, round(2 * vessel.radii[-1])))
            chosen = np.linspace(0, len(vessel.points) - 1, POINTS_A_STROKE).round().astype(int)
            path = [self._on_canvas(row, column) for row, column in vessel.points[chosen]]
            mouse.mousePress(canvas, LEFT, pos=path[0])
            for place in path[1:]:
                mouse.mouseMove(canvas, place)
            mouse.mouseRelease(canvas, LEFT, pos=path[-1])

    def _on_canvas(self, row: float, column: float) -> QPoint:
        """Where an image point lies on the canvas; points beyond its border come back inside."""
        canvas = self._view.canvas
        size = canvas.imageSize()
        x = min(max(float(column), 0.0), size.width() - 1.0)
        y = min(max(float(row), 0.0), size.height() - 1.0)
        return canvas.imageToView(QPointF(x + 0.5, y + 0.5)).toPoint()

    def _synthesize(self) -> None:
        session = self._window.session
        self._set_checked(self._view.inspector.live, on=False)
        self._wait(lambda: not session.busy_jobs())
        before = session.result
        self._previews.clear()
        mouse.mouseClick(self._view.inspector.run, LEFT)
        self._wait(lambda: session.result is not before and not session.busy_jobs())

    def _results(self) -> None:
        result = self._result()
        frames, source = frames_of(self._previews), steps_metadata(result, 0)
        save_mask(self._file("mask.png"), result.mask)
        save_image(self._file("result.png"), result)
        write_png(self._file("timeline.png"), strip_picture(frames), source)
        write_gif(self._file("timeline.gif"), frames)

    def _pictures(self) -> None:
        view = self._view
        view.inspector.form.setValues({"variants": 6})
        self._synthesize()
        view.tabs.setCurrentWidget(view.sheet)
        self._grab("window_variants")
        view.tabs.setCurrentWidget(view.steps)
        view.timeline.setCurrent(len(view.timeline.frames()) // 2)
        middle = view.image.imageSize()
        place = QPointF(middle.width() * 0.4, middle.height() * 0.4)
        mouse.mouseClick(view.image, LEFT, pos=view.image.imageToView(place).toPoint())
        self._grab("window_timeline")
        self._window.toggleTheme()
        self._grab("window_light")
        self._window.toggleTheme()

    # --- means

    def _previewed(self, event: JobPreview) -> None:
        if event.offset == 0:
            self._previews.append(event)

    def _result(self) -> SynthesisResult:
        result = self._window.session.result
        assert result is not None, "a run has ended well"
        return result

    def _set_checked(self, box: QCheckBox, *, on: bool) -> None:
        if box.isChecked() != on:
            # A check box takes clicks on its square and text, which need not fill its width.
            mouse.mouseClick(box, LEFT, pos=QPoint(8, box.height() // 2))

    def _wait(self, until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not until():
            if self._failed:
                failure = self._failed[0]
                kind = InputError if failure.user_error else EngineError
                raise kind(failure.message, failure.hint)
            if time.monotonic() > deadline:
                raise EngineError("The window did not get there in ten minutes.")
            mouse.qWait(20)

    def _file(self, name: str) -> Path:
        self._files.append(self._folder / name)
        return self._files[-1]

    def _grab(self, name: str) -> None:
        mouse.qWait(SETTLE_MS)
        _save_picture(self._window, self._file(f"{name}.png"))


def _save_picture(widget: QWidget, path: Path) -> None:
    picture = widget.grab()
    with atomic_path(path) as beside:
        if not picture.save(str(beside), "PNG"):
            raise OSError(f"Qt could not write {beside}")


@contextmanager
def _own_settings() -> Iterator[None]:
    """Settings and journal in a folder that goes away; checkpoints stay the user's."""
    names = ("XDG_CONFIG_HOME", "XDG_STATE_HOME")
    before = {name: os.environ.get(name) for name in names}
    with tempfile.TemporaryDirectory(prefix="reverie-tour-") as folder:
        os.environ.update(dict.fromkeys(names, folder))
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name)
                else:
                    os.environ[name] = value

"""The Evaluate workspace as a whole: what it consists of, and what its commands do."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QWidget

from app.background import Background
from app.controllers.evaluate.exporting import Exporting
from app.controllers.evaluate.kinds import evaluations_folder, kinds
from app.controllers.evaluate.running import Running
from app.recent import age
from app.workspaces.evaluate.view import EvaluateView
from engine.data.trash import move_to_trash
from engine.scoring import tasks as scoring
from widgets.panels.recent_card import RecentItem

if TYPE_CHECKING:
    from app.controllers.evaluate.looking import Looking
    from app.controllers.evaluate.pages import Shown
    from app.workspaces.evaluate.result import ResultView
    from app.workspaces.train.around import Surroundings

MOST_RECENT = 24


class EvaluateSpace(QObject):
    """View and controllers, by name.

    `changed` tells that other commands may be of use now.
    """

    titleChanged = pyqtSignal()
    statusChanged = pyqtSignal(str)
    changed = pyqtSignal()

    def __init__(self, around: Surroundings, parent: QWidget) -> None:
        super().__init__(parent)
        self._teller = around.teller
        # Its own: a long read elsewhere must not hold up the next case.
        self.background = Background(self, name="evaluate")
        self.view = EvaluateView(kinds(), parent)
        self.running = Running(
            around.engine, around.bridge, around.session, self.view.setup, self.background,
            around.teller, self,
        )  # fmt: skip
        self.exporting = Exporting(self.view, self.background, around.teller, self)
        self._looking: Looking | None = None
        self._shown: Shown | None = None
        around.jobs.retried.connect(self.running.adopt)
        self.running.shown.connect(self._show)
        self.exporting.told.connect(self.statusChanged)
        start = self.view.start
        start.openRequested.connect(self.askOpen)
        start.dropped.connect(self.open)
        start.recentRequested.connect(lambda key: self.running.open(Path(key)))
        start.removeRequested.connect(lambda key: self._remove(Path(key)))

    # --- what every workspace can do

    def title(self) -> str:
        """For the window's title."""
        return self._shown.title if self._shown is not None else "Evaluate"

    def open(self, paths: Sequence[Path]) -> None:
        """Take what was dropped: an evaluation is opened, others fill the form."""
        if not self.view.isStart():
            self.leave()
        self.running.take(paths)

    def escape(self) -> bool:
        """Leave the evaluation; False where none is open."""
        if self.view.isStart():
            return False
        self.leave()
        return True

    def shown(self) -> None:
        """The workspace came to the front."""
        if self.view.isStart():
            self._list()
            self.view.start.open_file.setFocus(Qt.FocusReason.OtherFocusReason)

    def close(self) -> None:
        """End the work in the background."""
        self.background.cancelAll()
        self.background.close()

    # --- evaluations

    def current(self) -> Shown | None:
        """The evaluation that is open."""
        return self._shown

    def askOpen(self) -> None:
        """Let the user choose a stored evaluation."""
        path, _ = QFileDialog.getOpenFileName(
            self.view, "Open evaluation", str(evaluations_folder()), "Evaluations (*.json)"
        )
        if path:
            self.running.open(Path(path))

    def leave(self) -> None:
        """Back to the start page."""
        self._shown = None
        self.view.showStart()
        self._list()
        self.titleChanged.emit()
        self.changed.emit()

    def export(self, kind: str) -> None:
        """Ask where to, and write; `kind` is the ending."""
        if self._shown is not None:
            self.exporting.ask(self._shown, kind)

    def lookForCopies(self) -> None:
        """Ask for the training images of what was judged."""
        shown, setup = self._shown, self.view.setup
        if shown is None or shown.kind != "images":
            return
        predictions = setup.inputs().get("predictions")
        tasks = [kind.task.name if kind.scores else "" for kind in setup.kinds()]
        self.leave()
        setup.showKind(tasks.index(scoring.MEMORISED))
        if predictions is not None:
            setup.setInput("synthetic", predictions)
        setup.setErrors({"training": "Choose the images that the model was trained on."})

    # --- inside

    def _show(self, shown: Shown, file: Path | None) -> None:
        self._shown = shown
        made = self.view.has_result()
        result = self.view.result()
        if not made:
            self._connect(result)
        assert self._looking is not None, "it is made with the view"
        self._looking.setShown(shown)
        result.setShown(shown)
        self.view.showResult()
        if file is not None:
            self.statusChanged.emit(f"Kept as {file}")
        self.titleChanged.emit()
        self.changed.emit()

    def _connect(self, result: ResultView) -> None:
        from app.controllers.evaluate.looking import Looking

        self._looking = Looking(result.case, self.background, self)
        result.table.chosen.connect(self._looking.show)
        result.back.clicked.connect(self.leave)
        result.exportRequested.connect(self.export)
        result.copiesRequested.connect(self.lookForCopies)

    def _list(self) -> None:
        """Look in the background which evaluations are kept."""
        self.background.run(
            "Looking at recent evaluations", partial(_recent, time.time()),
            self.view.start.setRecent, self._teller.failure,
        )  # fmt: skip

    def _remove(self, file: Path) -> None:
        """Take an evaluation off the list; its file goes to the trash."""
        self.background.run(
            f"Deleting {file.name}", partial(_to_trash, file), lambda _: self._list(),
            self._teller.failure,
        )  # fmt: skip


def _to_trash(file: Path) -> None:
    """With the label maps that belong to it; for a thread.

    Raises:
        DiskError: there is no trash for it.
    """
    from engine.scoring.keeping import kept_folder

    folder = kept_folder(file)
    for path in (file, folder):
        if path is not None:
            move_to_trash(path)


def _recent(now: float) -> list[RecentItem]:
    """The kept evaluations, the newest first; for a thread."""
    folder = evaluations_folder()
    dated = []
    for file in folder.glob("*.json") if folder.is_dir() else ():
        try:
            dated.append((file.stat().st_mtime, file))
        except FileNotFoundError:
            continue  # taken away meanwhile
    dated.sort(reverse=True)
    return [
        RecentItem(str(file), file.stem, str(folder), age(written, now), "evaluation")
        for written, file in dated[:MOST_RECENT]
    ]

"""The table of runs: found and read off the window's thread, sorted out, thrown away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, Qt, QTimer, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices, QGuiApplication
from PyQt6.QtWidgets import QFileDialog, QMessageBox

from app.background import Background, Work
from app.controllers.train.recent_runs import RecentRuns
from app.controllers.train.requests import runs_folder
from app.controllers.train.run_items import item_of, waiting_item
from app.controllers.train.training import TrainingController
from app.errors import Teller
from app.run_settings import command_of
from app.settings import Settings
from app.workspaces.train.runs_page import RunsPage
from engine.data.trash import move_to_trash
from engine.errors import DiskError, EngineError, InputError
from engine.training.facts import is_held
from engine.training.listing import RunSummary, find_runs, is_run, summarise
from engine.training.notes import write_notes

FOLDER = "runs_folder"
EVERY_MS = 2000
LOOKING = "Looking for runs …"
EMPTY = "There are no runs in this folder, and none was opened before.\nChoose a folder that has."


class RunsTable(QObject):
    """Fills the page and does what its buttons say.

    `opened` names a run, `compared` brings those to be laid over each other, and `removed` names
    one that was thrown away.
    """

    opened = pyqtSignal(Path)
    compared = pyqtSignal(list)  # of RunSummary
    removed = pyqtSignal(Path)
    told = pyqtSignal(str)

    def __init__(
        self, page: RunsPage, recent: RecentRuns, training: TrainingController,
        settings: Settings, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._page, self._recent, self._training = page, recent, training
        self._settings, self._teller = settings, teller
        # Its own: a folder on a network may take long, and nothing else should wait for it.
        self.background = Background(self, name="table")
        self._runs: dict[str, RunSummary] = {}
        self._work: Work | None = None
        self._clock = QTimer(self)
        self._clock.setInterval(EVERY_MS)
        self._clock.timeout.connect(self._look_at_live)
        page.choose.clicked.connect(self.choose)
        page.refresh.clicked.connect(self.refresh)
        page.openRequested.connect(self._open)
        page.compareRequested.connect(self._compare)
        page.deleteRequested.connect(self.askDelete)
        page.folderRequested.connect(self._show_folder)
        page.commandRequested.connect(self._copy_command)
        page.noted.connect(self._note)
        page.seen.connect(self._seen)
        for signal in (training.begun, training.trains, training.ended):
            signal.connect(lambda _: self._show())

    def folder(self) -> Path:
        """Whose runs are listed beside those opened before."""
        kept = self._settings.train.get(FOLDER)
        return Path(kept) if isinstance(kept, str) and kept else runs_folder()

    def summaries(self, keys: Sequence[str]) -> list[RunSummary]:
        """Those of the runs named that can be read."""
        found = (self._runs[key] for key in keys if key in self._runs)
        return [run for run in found if not run.problem]

    def all(self) -> list[RunSummary]:
        """All that are listed."""
        return list(self._runs.values())

    def setFolder(self, folder: Path) -> None:
        """List the runs of another folder."""
        self._settings.train = {**self._settings.train, FOLDER: str(folder.absolute())}
        self.refresh()

    def choose(self) -> None:
        """Let the user choose the folder."""
        path = QFileDialog.getExistingDirectory(self._page, "Folder of runs", str(self.folder()))
        if path:
            self.setFolder(Path(path))

    def refresh(self) -> None:
        """Look for runs and at all of them."""
        folder, recent = self.folder(), self._recent.folders()
        if self._work is not None:
            self._work.cancel()
        self._page.setWhere(f"in {folder}, and those opened before")
        self._page.table.setEmptyText(LOOKING)

        def look(watch: Callable[[float], None]) -> list[RunSummary]:
            return _found(folder, recent, watch)

        self._work = self.background.watched("Looking for runs", look, self._take, self._failed)

    def close(self) -> None:
        """End the work in the background."""
        self._page.keepNotes()
        self._clock.stop()
        if self._work is not None:
            self._work.cancel()
        self.background.close()

    # --- what is done with runs

    def askDelete(self) -> None:
        """Ask whether the runs that are selected shall go to the trash."""
        items = [item for item in self._page.chosen() if not item.live]
        if not items:
            return
        self._page.keepNotes()
        box = QMessageBox(self._page)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Move to the trash")
        what = items[0].name if len(items) == 1 else f"{len(items)} runs"
        box.setText(f"Move {what} to the trash?")
        names = "\n".join(item.key for item in items[:10])
        more = f"\nand {len(items) - 10} more" if len(items) > 10 else ""
        box.setInformativeText(f"With all checkpoints and pictures in them:\n{names}{more}")
        move = box.addButton("Move to the trash", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        folders = [Path(item.key) for item in items]
        box.buttonClicked.connect(
            lambda pressed: self._delete(folders) if pressed is move else None
        )
        box.open()

    def _delete(self, folders: Sequence[Path]) -> None:
        busy = {run.folder for run in self._training.known() if run.isOurs()}

        def done(found: tuple[list[Path], EngineError | None]) -> None:
            gone, error = found
            for folder in gone:
                self._runs.pop(str(folder), None)
                self._recent.remove(folder)
                self.removed.emit(folder)
            if gone:
                what = gone[0].name if len(gone) == 1 else f"{len(gone)} runs"
                self.told.emit(f"Moved {what} to the trash")
            self._show()
            if error is not None:
                self._teller.error(error)
                self.refresh()

        self.background.run(
            "Moving to the trash", lambda: _throw_away(folders, busy), done, self._teller.failure
        )

    def _open(self, key: str) -> None:
        run = self._runs.get(key)
        if run is not None and run.problem:
            self._teller.say("error", run.problem)
            return
        self.opened.emit(Path(key))

    def _compare(self) -> None:
        self.compared.emit(self.summaries(self._page.keys()))

    def _show_folder(self) -> None:
        for key in self._page.keys()[:1]:
            QDesktopServices.openUrl(QUrl.fromLocalFile(key))

    def _copy_command(self) -> None:
        clipboard = QGuiApplication.clipboard()
        for run in self.summaries(self._page.keys()[:1]):
            try:
                text = command_of(run)
            except InputError as error:
                self._teller.error(error)
                return
            if clipboard is not None:
                clipboard.setText(text)
                self.told.emit("Copied the command line")

    def _note(self, key: str, text: str) -> None:
        def done(run: RunSummary) -> None:
            self._runs[key] = run
            self._show()

        def keep() -> RunSummary:
            write_notes(Path(key), text)
            return summarise(Path(key))

        self.background.run("Keeping the notes", keep, done, self._teller.failure)

    # --- looking

    def _seen(self, seen: bool) -> None:
        if seen:
            self.refresh()
            self._clock.start()
        else:
            self._clock.stop()

    def _look_at_live(self) -> None:
        if self._work is not None:
            return
        keys = [item.key for item in self._page.table.items() if item.live]
        if not keys:
            return

        def look(watch: Callable[[float], None]) -> list[RunSummary]:
            return _summaries([Path(key) for key in keys if is_run(Path(key))], watch)

        def done(runs: list[RunSummary]) -> None:
            self._work = None
            self._runs |= {str(run.path): run for run in runs}
            self._show()

        self._work = self.background.watched("Looking at runs", look, done, self._failed)

    def _take(self, runs: list[RunSummary]) -> None:
        self._work = None
        self._page.table.setEmptyText(EMPTY)
        self._runs = {str(run.path): run for run in runs}
        self._show()

    def _failed(self, failure: Any) -> None:
        self._work = None
        self._page.table.setEmptyText(EMPTY)
        self._teller.failure(failure)

    def _show(self) -> None:
        if not self._page.isVisible():
            return
        ours = {str(run.folder): run for run in self._training.known()}
        items = [item_of(run, ours.get(key)) for key, run in self._runs.items()]
        # One of ours that has to look at its data first has no folder yet.
        items += [
            waiting_item(run) for key, run in ours.items() if run.isOurs() and key not in self._runs
        ]
        self._page.setItems(items)


def _found(
    folder: Path, recent: Sequence[Path], watch: Callable[[float], None]
) -> list[RunSummary]:
    """For a thread: the runs in a folder, and the others that are there."""
    paths = [path.absolute() for path in find_runs(folder)] if folder.is_dir() else []
    known = set(paths)
    paths += [path for path in recent if path not in known and is_run(path)]
    return _summaries(paths, watch)


def _summaries(paths: Sequence[Path], watch: Callable[[float], None]) -> list[RunSummary]:
    found = []
    for place, path in enumerate(paths):
        watch(place / len(paths))
        found.append(summarise(path))
    return found


def _throw_away(folders: Sequence[Path], busy: set[Path]) -> tuple[list[Path], EngineError | None]:
    """For a thread: move runs to the trash, up to the first that will not go.

    Returns:
        Those that are gone, and why the next one is not.
    """
    gone: list[Path] = []
    for folder in folders:
        if folder in busy or is_held(folder):
            return gone, InputError(f"{folder.name} is being trained.", "Stop it first.")
        try:
            move_to_trash(folder)
        except DiskError as error:
            return gone, error
        gone.append(folder)
    return gone, None

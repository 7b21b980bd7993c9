"""The Train workspace as a whole: what it consists of, and what its commands do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QFileDialog, QWidget

from app.background import Background
from app.controllers.train.apart import Apart
from app.controllers.train.end_teller import EndTeller
from app.controllers.train.following import Follower, Look
from app.controllers.train.load_watch import LoadWatch
from app.controllers.train.patients import PatientChoice
from app.controllers.train.pictures import PictureLoader, dressed
from app.controllers.train.promoting import Promoting
from app.controllers.train.recent_runs import RecentRuns
from app.controllers.train.requests import Trainer, runs_folder, trainers
from app.controllers.train.run import TrainingRun
from app.controllers.train.setting_up import SettingUp
from app.controllers.train.steering import Steering
from app.controllers.train.thumbs import ThumbLoader
from app.controllers.train.training import TrainingController
from app.workspaces.train.around import Surroundings
from app.workspaces.train.control import RunControl
from app.workspaces.train.preloading import preload
from app.workspaces.train.result import RunResult
from app.workspaces.train.tables import RunTables
from app.workspaces.train.view import TrainView
from engine.failures import Failure
from engine.training.facts import RunFacts, look_at
from widgets.viewer.picture_row import Picture

if TYPE_CHECKING:
    from app.controllers.train.guide.guide import Guide
    from app.workspaces.train.run_view import RunView


class TrainSpace(QObject):
    """View and controllers, by name.

    `changed` tells that other commands may be of use now, `segmentRequested`,
    `translateRequested` and `synthesizeRequested` say what to work with, `mendRequested` names a
    pseudo-label to be mended in the editor, and `modelsChanged` tells that the library has one
    more.
    """

    titleChanged = pyqtSignal()
    statusChanged = pyqtSignal(str)
    segmentRequested = pyqtSignal(Path)
    translateRequested = pyqtSignal(Path)
    synthesizeRequested = pyqtSignal(str)  # name among the models
    mendRequested = pyqtSignal(Path, str)  # run, case
    modelsChanged = pyqtSignal()
    changed = pyqtSignal()

    def __init__(self, around: Surroundings, parent: QWidget) -> None:
        super().__init__(parent)
        self._teller = around.teller
        self._around = around
        self._trainers = trainers()
        # Its own: a long read elsewhere must not hold up the curves.
        self.background = Background(self, name="runs")
        self.view = TrainView(self._trainers, parent)
        self.apart = Apart(around.settings, around.teller, self)
        self.apart.begun.connect(self.openRun)
        self.apart.told.connect(self.statusChanged)
        self.training = TrainingController(
            around.engine, around.bridge, around.session, around.jobs, self.background,
            around.teller, self.apart, self,
        )  # fmt: skip
        self.steering = Steering(self.background, around.teller, self)
        self.steering.told.connect(self.statusChanged)
        self.recent = RecentRuns(around.settings, self.background, around.teller, self)
        self.setting_up = SettingUp(
            self.view.setup, self._trainers, self.training, around.settings, self.background,
            around.teller, self,
        )  # fmt: skip
        # Sets are large: while one is read, nothing else should wait.
        self.reading = Background(self, name="patients")
        self.patients = PatientChoice(self.view, self.reading, around.teller, self)
        self.follower = Follower(self.background, self)
        self.loader = PictureLoader(self.background, self)
        self.promoting = Promoting(self.background, around.teller, self)
        self.promoting.told.connect(self.statusChanged)
        self.tables = RunTables(
            self.view, self.recent, self.training, around, self.background, self
        )
        self.control = RunControl(self.run, self.training, self.steering, self)
        self.ends = EndTeller(
            self.view, self.training, self.recent, around.settings, self.background, self
        )
        self.ends.asked.connect(self.openRun)
        self.result = RunResult(self.run, self._trainer_of, self.background, around.teller, self)
        self._jobs = around.jobs
        self._run: TrainingRun | None = None
        self._guide: Guide | None = None
        self._lost = False
        self._connect()
        self.recent.refresh()
        preload(self.background, around.teller)

    # --- what every workspace can do

    def title(self) -> str:
        """For the window's title."""
        return self._run.title if self._run is not None else "Train"

    def open(self, paths: Sequence[Path]) -> None:
        """Open run folders, as if they were dropped; the last one stays in sight."""
        for path in paths:
            self.openRun(path)

    def focus(self) -> None:
        """Let keys go to where one begins."""
        if self.view.isStart() and self.view.isVisible():
            self.view.start.guided.setFocus(Qt.FocusReason.OtherFocusReason)

    def escape(self) -> bool:
        """Leave what is no run and not the start page; False where one of these is in sight."""
        if self.patients.escape() or self.tables.escape():
            return True
        if self.view.isGuide():
            self.leaveGuide()
            return True
        return False

    def shown(self) -> None:
        """The workspace came to the front; others may have changed files meanwhile."""
        self.setting_up.reload()
        if self.view.isStart():
            self.recent.refresh()
        self.focus()

    def close(self) -> None:
        """Keep what the form says, and end the work in the background."""
        self.setting_up.remember()
        if self._guide is not None:
            self._guide.close()
        self.tables.close()
        self.ends.stop()
        self.follower.stop()
        self.apart.close()
        for background in (self.background, self.reading):
            background.cancelAll()
            background.close()

    # --- a new run, question by question

    def guide(self) -> Guide:
        """Who asks; made on first use."""
        if self._guide is None:
            from app.controllers.train.guide.guide import Guide

            around = self._around
            view = self.view.guide(self._trainers[0])
            self._guide = Guide(
                view, self._trainers, self.training, around.engine, around.bridge, around.session,
                around.teller, self,
            )  # fmt: skip
            view.left.connect(self.leaveGuide)
            self._guide.told.connect(self.statusChanged)
        return self._guide

    def openGuide(self) -> None:
        """Ask the questions, where they were left."""
        guide = self.guide()
        self._leave_run()
        self.view.showGuide()
        guide.begin()

    def leaveGuide(self) -> None:
        """Back to the start page; the answers are kept."""
        self.guide().rest()
        self._home()

    # --- runs

    def run(self) -> TrainingRun | None:
        """The run that is open."""
        return self._run

    def askOpen(self) -> None:
        """Let the user choose a run's folder."""
        recent = self.recent.folders()
        start = recent[0].parent if recent else runs_folder()
        path = QFileDialog.getExistingDirectory(self.view, "Open a run folder", str(start))
        if path:
            self.openRun(Path(path))

    def openRun(self, folder: Path) -> None:
        """Look at the run in a folder, and at what becomes of it."""

        def done(facts: RunFacts) -> None:
            run = self.training.run(facts.path)
            run.takeFacts(facts)
            self._show(run)

        self.background.run(
            f"Opening {folder.name}", lambda: look_at(folder.absolute()), done,
            self._teller.failure,
        )  # fmt: skip

    def showRuns(self) -> None:
        """All runs in a table."""
        self._leave_run()
        self.tables.showTable()

    def compare(self) -> None:
        """Lay other runs over the one that is open."""
        if self._run is not None:
            self.tables.compareWith(self._run.folder)

    def closeRun(self) -> None:
        """Back to where the run was opened; a training goes on."""
        if self._run is None:
            return
        self._leave_run()
        if self.tables.comesBack():
            self.tables.showTable()
        else:
            self._home()

    def _home(self) -> None:
        """To the start page."""
        self.tables.forget()
        self.view.showStart()
        self.recent.refresh()

    def _leave_run(self) -> None:
        if self._run is None:
            return
        self.follower.stop()
        self._run_view().leave()
        self.training.release(self._run)
        self._run = None
        self.titleChanged.emit()
        self.changed.emit()

    def goOn(self) -> None:
        """Continue the run up to the iteration that its head says."""
        if self._run is not None:
            self.training.goOn(self._run, int(self._run_view().header.until.value()))

    def canGoOn(self) -> bool:
        """Whether `goOn` would do something."""
        return self._run is not None and self._run_view().header.canGoOn()

    def showAll(self) -> None:
        """All iterations in the plots."""
        if self._run is not None:
            self._run_view().curves.fit()

    def showFolder(self) -> None:
        """Open the run's folder in the platform's file manager."""
        if self._run is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._run.folder)))

    # --- inside

    def _show(self, run: TrainingRun) -> None:
        before, self._run, self._lost = self._run, run, False
        self._run_view().show_run(run)
        if before is not None and before is not run:
            self.training.release(before)
        self.view.showRun()
        self.follower.follow(run.folder)
        if run.facts is not None:
            self.recent.add(run.folder)
        self.titleChanged.emit()
        self.changed.emit()

    def _run_view(self) -> RunView:
        made = self.view.has_run_view()
        view = self.view.run_view(self._trainer_of)
        if not made:
            header = view.header
            header.back.clicked.connect(self.closeRun)
            self.control.take(header)
            header.go_on.clicked.connect(self.goOn)
            header.use.clicked.connect(self.result.use)
            header.keep.clicked.connect(self.result.keep)
            header.folder.clicked.connect(self.showFolder)
            view.like_this.clicked.connect(self._like_this)
            view.compare.clicked.connect(self.compare)
            view.shown.connect(self.changed)
            view.pictures.wanted.connect(self._want_pictures)
            view.watch.pinned.connect(lambda case: self._with_run(self.promoting.pin, case))
            view.watch.accepted.connect(lambda case: self._with_run(self.promoting.accept, case))
            view.watch.mended.connect(lambda case: self._with_run(self.mendRequested.emit, case))
            view.watched.connect(lambda watched: self.follower.setResting(not watched))
            self._jobs.addPanel(view.jobs)
            self.load = LoadWatch(view, self.background, self)
            self.thumbs = ThumbLoader(view, self.background, self)
        return view

    def _with_run(self, act: Callable[[Path, str], object], case: str) -> None:
        if self._run is not None and case:
            act(self._run.folder, case)

    def _connect(self) -> None:
        start = self.view.start
        start.openRequested.connect(self.askOpen)
        start.guideRequested.connect(self.openGuide)
        start.runsRequested.connect(self.showRuns)
        self.tables.opened.connect(self.openRun)
        self.tables.left.connect(self._home)
        self.tables.removed.connect(self._removed)
        self.tables.told.connect(self.statusChanged)
        start.dropped.connect(self.openRun)
        start.recentRequested.connect(lambda key: self.openRun(Path(key)))
        start.removeRequested.connect(lambda key: self.recent.remove(Path(key)))
        self.recent.listed.connect(start.setRecent)
        self.training.begun.connect(self._begun)
        self.training.trains.connect(lambda run: self.recent.add(run.folder))
        self.training.ended.connect(self._ended)
        self.result.segmentRequested.connect(self.segmentRequested)
        self.result.translateRequested.connect(self.translateRequested)
        self.result.synthesizeRequested.connect(self.synthesizeRequested)
        self.result.kept.connect(self._kept)
        self.follower.looked.connect(self._looked)
        self.follower.failed.connect(self._not_looked)
        self.loader.loaded.connect(self._show_pictures)
        self.loader.failed.connect(self._teller.failure)

    def _begun(self, run: TrainingRun) -> None:
        self.loader.forget(run.folder)
        if run is not self._run:
            self._show(run)
        self.setting_up.reload()

    def _removed(self, folder: Path) -> None:
        self.loader.forget(folder)
        self.setting_up.reload()

    def _kept(self, name: str) -> None:
        self.statusChanged.emit(f"Added to the models as {name}")
        self.modelsChanged.emit()

    def _ended(self, run: TrainingRun) -> None:
        if run is self._run:
            self.follower.setResting(False)

    def _looked(self, folder: Path, look: Look) -> None:
        run = self._run
        if run is None or run.folder != folder:
            return
        self._lost = False
        run.takeLook(look)
        self.steering.hear(look.facts)

    def _not_looked(self, folder: Path, failure: Failure) -> None:
        run = self._run
        # A job of ours makes the folder only after it has looked at the data.
        if run is None or run.facts is None or self._lost:
            return
        self._lost = True
        self._teller.failure(failure)

    def _want_pictures(self, iteration: int) -> None:
        run = self._run
        if run is None:
            return
        if run.newest is not None and run.newest[0] == iteration:
            self.loader.put(run.folder, *run.newest)
        self.loader.load(run.folder, iteration)

    def _show_pictures(self, folder: Path, iteration: int, pictures: list[Picture]) -> None:
        if self._run is not None and self._run.folder == folder:
            watching = self._run.watching
            classes = watching.labelled.classes if watching is not None else ()
            self._run_view().pictures.setPictures(iteration, dressed(pictures, classes))

    def _like_this(self) -> None:
        if self._run is not None and self._run.facts is not None:
            self.setting_up.takeOver(self._run.facts)

    def _trainer_of(self, run: TrainingRun) -> Trainer | None:
        facts = run.facts
        asked = (facts.method, facts.task) if facts is not None else run.asked
        known = (t for t in self._trainers if (t.method.id, t.task.name) == asked)
        return next(known, None)

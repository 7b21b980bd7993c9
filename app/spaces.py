"""The workspaces of the window: which is shown, and those that are made when first needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QRect, pyqtSignal
from PyQt6.QtWidgets import QStackedWidget, QWidget

from app.arguments import is_volume
from app.background import Background
from app.errors import Teller
from app.recent import RecentFiles
from app.settings import Settings
from app.volume_journal import VolumeJournal
from app.workspaces.models.space import ModelsSpace
from app.workspaces.models.view import ModelsView

if TYPE_CHECKING:
    from app.actions import Actions
    from app.bridge import Bridge
    from app.controllers.jobs import JobsController
    from app.controllers.translate.runs import Landed
    from app.session import Session
    from app.study import Study
    from app.volume_log import Recovered
    from app.workspaces.evaluate.space import EvaluateSpace
    from app.workspaces.segment.space import SegmentSpace, Surroundings
    from app.workspaces.train.around import Surroundings as WithJobs
    from app.workspaces.train.space import TrainSpace
    from app.workspaces.translate.space import TranslateSpace
    from engine.library import Entry
    from engine.library.fitting import ImageFacts
    from engine.worker import EngineLike
    from widgets.panels.rail import Rail

    Space = SegmentSpace | TranslateSpace | TrainSpace | EvaluateSpace

SYNTHESIZE, SEGMENT, TRANSLATE = "synthesize", "segment", "translate"
TRAIN, EVALUATE, MODELS = "train", "evaluate", "models"


class Spaces(QObject):
    """Switches between workspaces; all but those of `pages` are made on their first use.

    Args:
        window: Parent of what is made.
        rail, stack: Where workspaces are chosen and shown.
        pages: Those that are there already, by key.
        background: For files.
        engine, bridge, session: For methods.
    """

    shown = pyqtSignal(str)  # key
    titleChanged = pyqtSignal()
    statusChanged = pyqtSignal(str)
    segmentMade = pyqtSignal()
    translateMade = pyqtSignal()
    trainMade = pyqtSignal()
    evaluateMade = pyqtSignal()
    modelsChanged = pyqtSignal()
    modelTaken = pyqtSignal(str)  # to synthesize with

    def __init__(
        self, window: QWidget, rail: Rail, stack: QStackedWidget, pages: dict[str, QWidget],
        settings: Settings, background: Background, teller: Teller, engine: EngineLike,
        bridge: Bridge, session: Session,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self._window, self._rail, self._stack = window, rail, stack
        self._pages, self._settings, self._teller = pages, settings, teller
        self._background = background
        self._works = engine, bridge, session
        self._segment: SegmentSpace | None = None
        self._translate: TranslateSpace | None = None
        self._train: TrainSpace | None = None
        self._evaluate: EvaluateSpace | None = None
        self._jobs: JobsController | None = None
        self._actions: Actions | None = None
        self._current = SYNTHESIZE
        self._looked_at = SEGMENT
        self.computing = Background(self, name="computing")
        folder = Path(settings.autosave_folder) if settings.autosave_folder else None
        self.journal = VolumeJournal(folder, self)
        self.recent = RecentFiles(settings, background, parent=self)
        rail.currentChanged.connect(self.show)
        shelf = pages[MODELS]
        assert isinstance(shelf, ModelsView), "the window makes it"
        self.models = ModelsSpace(
            shelf, self.openImage, background, teller, engine, bridge, session, self
        )
        self.models.useRequested.connect(self._use)
        self.models.modelsChanged.connect(self.modelsChanged)
        self.models.statusChanged.connect(self.statusChanged)

    def setActions(self, actions: Actions) -> None:
        """Whose commands follow the workspace."""
        from app.workspaces.models.commands import add_commands

        self._actions = actions
        add_commands(actions, self.models)
        actions.showSpace(self._current)

    def setJobs(self, jobs: JobsController) -> None:
        """Who keeps the lists of jobs."""
        self._jobs = jobs

    def current(self) -> str:
        return self._current

    def show(self, key: str) -> None:
        """Bring a workspace to the front."""
        if key == SEGMENT:
            self.segment()
        elif key == TRANSLATE:
            self.translate()
        elif key == TRAIN:
            self.train()
        elif key == EVALUATE:
            self.evaluate()
        self._current = key
        self._rail.setCurrent(key)
        self._stack.setCurrentWidget(self._pages[key])
        if self._actions is not None:
            self._actions.showSpace(key)
        if key == SEGMENT:
            # Checkpoints may have been trained or imported meanwhile.
            self.segment().choosing.reload()
            self.segment().focus()
        elif key == TRANSLATE:
            self.translate().shown()
        elif key == TRAIN:
            self.train().shown()
        elif key == EVALUATE:
            self.evaluate().shown()
        elif key == MODELS:
            self.models.shown()
        if key in (SEGMENT, TRANSLATE):
            self._looked_at = key
        self.shown.emit(key)

    def segment(self) -> SegmentSpace:
        """The Segment workspace, made now if it was not."""
        if self._segment is None:
            self._segment = self._make_segment()
            self.segmentMade.emit()
        return self._segment

    def translate(self) -> TranslateSpace:
        """The Translate workspace, made now if it was not."""
        if self._translate is None:
            self._translate = self._make_translate()
            self.translateMade.emit()
        return self._translate

    def train(self) -> TrainSpace:
        """The Train workspace, made now if it was not."""
        if self._train is None:
            self._train = self._make_train()
            self.trainMade.emit()
        return self._train

    def evaluate(self) -> EvaluateSpace:
        """The Evaluate workspace, made now if it was not."""
        if self._evaluate is None:
            self._evaluate = self._make_evaluate()
            self.evaluateMade.emit()
        return self._evaluate

    def open(self, paths: Sequence[Path]) -> list[Path]:
        """Open what the other workspaces are for; returns the rest."""
        runs = [path for path in paths if (path / "run.toml").is_file()]
        if runs:
            self.show(TRAIN)
            self.train().open(runs)
        paths = [path for path in paths if path not in runs]
        if self._current == SEGMENT:
            self.segment().open(paths)
            return []
        if self._current == TRANSLATE:
            self.translate().open(paths)
            return []
        if self._current == EVALUATE and paths:
            self.evaluate().open(paths)
            return []
        volumes = [path for path in paths if is_volume(path)]
        if volumes:
            self.show(SEGMENT)
            self.segment().open(volumes)
        return [path for path in paths if path not in volumes]

    def escape(self) -> bool:
        """Abandon the stroke or drag under way, or leave a page; False when there is none."""
        if self._current == TRAIN:
            return self.train().escape()
        if self._current == EVALUATE:
            return self.evaluate().escape()
        if self._current != SEGMENT:
            return False
        return self.segment().escape()

    def cancelRun(self) -> bool:
        """Cancel the newest run of the workspace shown; False where it has none."""
        if self._current == TRANSLATE:
            return self.translate().running.cancel()
        if self._current == EVALUATE:
            return self.evaluate().running.cancel()
        return self._current == SEGMENT and self.segment().running.cancel()

    def adopt(self, old: int, new: int) -> None:
        """A job runs again under a new id, perhaps one of ours."""
        if self._segment is not None:
            self._segment.running.adopt(old, new)
            self._segment.foldering.adopt(old, new)
        if self._translate is not None:
            self._translate.running.adopt(old, new)

    def isKept(self) -> bool:
        """After `close` and the end of the background work: whether the labels are in a file."""
        return self._segment is None or self._segment.isKept()

    def messageArea(self) -> QRect | None:
        """What messages may cover of the workspace shown; None where the window knows better."""
        spaces = {
            SEGMENT: self._segment, TRANSLATE: self._translate, TRAIN: self._train,
            EVALUATE: self._evaluate, MODELS: self.models,
        }  # fmt: skip
        space = spaces.get(self._current)
        return None if space is None else space.view.messageArea()

    def openImage(self) -> ImageFacts | None:
        """What is open in Segment or Translate, where it was looked at last, if anything is."""
        from engine.library.fitting import facts_of

        found: dict[str, Study] = {}
        if self._segment is not None:
            found[SEGMENT] = self._segment.study
        if self._translate is not None:
            found[TRANSLATE] = self._translate.study
        order = sorted(found, key=lambda key: key != self._looked_at)
        volumes = [found[key].volume for key in order]
        volume = next((volume for volume in volumes if volume is not None), None)
        return None if volume is None else facts_of(volume)

    def title(self) -> str:
        """The title of the workspace shown; "" where the window knows better."""
        if self._current == TRAIN:
            return self.train().title()
        if self._current == TRANSLATE:
            return self.translate().title()
        if self._current == EVALUATE:
            return self.evaluate().title()
        return self.segment().title() if self._current == SEGMENT else ""

    def isSaved(self) -> bool:
        return self._segment is None or self._segment.isSaved()

    def close(self) -> None:
        """Keep what is open; the background work has to be closed after this."""
        self.computing.cancelAll()
        self.computing.close()
        if self._evaluate is not None:
            self._evaluate.close()
        if self._train is not None:
            self._train.close()
        if self._translate is not None:
            self._translate.close()
        if self._segment is not None:
            self._segment.close()

    # --- after a crash

    def lookForLost(self) -> None:
        """Look in the background whether a crash left work, and offer it."""
        self._background.run(
            "Looking for unsaved labels", self.journal.recover, self._offer, self._teller.failure
        )

    def _offer(self, found: list[Recovered]) -> None:
        from app.recovering import offer_lost

        offer_lost(self._window, found, self._restore, self.journal.discard)

    def _restore(self, lost: Recovered) -> None:
        self.show(SEGMENT)
        self.segment().keeping.restore(lost)

    # --- making

    def _make_segment(self) -> SegmentSpace:
        from app.workspaces.segment.commands import add_commands
        from app.workspaces.segment.space import SegmentSpace

        space = SegmentSpace(self._around(), self._window)
        self._add_viewer(SEGMENT, space, lambda a: add_commands(a, space, self.recent))
        space.mending.backRequested.connect(lambda: self.show(TRAIN))
        return space

    def _around(self) -> Surroundings:
        from app.workspaces.segment.space import Surroundings

        return Surroundings(
            self._settings, self._background, self.computing, self.journal, self.recent,
            self._teller, *self._works,
        )  # fmt: skip

    def _make_translate(self) -> TranslateSpace:
        from app.workspaces.translate.commands import add_commands
        from app.workspaces.translate.space import TranslateSpace

        space = TranslateSpace(self._around(), self._window)
        self._add_viewer(TRANSLATE, space, lambda a: add_commands(a, space, self.recent))
        space.segmentRequested.connect(self._segment_result)
        return space

    def _segment_result(self, landed: Landed) -> None:
        name = f"{landed.name} (synthetic)"
        self.segment().receiving.receive(landed.volume, landed.synthetic(), name)
        self.show(SEGMENT)

    def _make_train(self) -> TrainSpace:
        from app.workspaces.train.commands import add_commands
        from app.workspaces.train.space import TrainSpace

        space = TrainSpace(self._around_jobs(), self._window)
        self._add(TRAIN, space, lambda actions: add_commands(actions, space))
        space.modelsChanged.connect(self.modelsChanged)
        space.segmentRequested.connect(lambda weights: self._work_with(SEGMENT, weights))
        space.translateRequested.connect(lambda weights: self._work_with(TRANSLATE, weights))
        space.synthesizeRequested.connect(self._synthesize_soon)
        space.mendRequested.connect(self._mend)
        return space

    def _make_evaluate(self) -> EvaluateSpace:
        from app.workspaces.evaluate.commands import add_commands
        from app.workspaces.evaluate.space import EvaluateSpace

        space = EvaluateSpace(self._around_jobs(), self._window)
        self._add(EVALUATE, space, lambda actions: add_commands(actions, space))
        return space

    def _around_jobs(self) -> WithJobs:
        from app.workspaces.train.around import Surroundings

        assert self._jobs is not None, "the window has its lists of jobs by now"
        return Surroundings(self._settings, self._teller, *self._works, self._jobs)

    def _add_viewer(
        self, key: str, space: SegmentSpace | TranslateSpace, add: Callable[[Actions], None]
    ) -> None:
        """As `_add`, with the keys of a viewer."""
        from app.keymap_keys import ViewerKeys

        def commands(actions: Actions) -> None:
            add(actions)
            ViewerKeys(space.view, actions.keymap, actions.slots(key))

        self._add(key, space, commands)

    def _add(self, key: str, space: Space, commands: Callable[[Actions], None]) -> None:
        """Show a workspace's page, its commands, and what it tells."""
        self._pages[key] = space.view
        self._stack.addWidget(space.view)
        if self._actions is not None:
            commands(self._actions)
            self._actions.showSpace(self._current)
        space.titleChanged.connect(self.titleChanged)
        space.statusChanged.connect(self.statusChanged)

    def _mend(self, run: Path, case: str) -> None:
        self.show(SEGMENT)
        self.segment().mending.open(run, case)

    def _use(self, entry: Entry, workspace: str) -> None:
        """Open a workspace with a checkpoint of the library chosen."""
        if workspace == SYNTHESIZE:
            self._synthesize_with(entry.name)
        else:
            self._work_with(workspace, entry.path)

    def _synthesize_with(self, name: str) -> None:
        self.show(SYNTHESIZE)
        self.modelTaken.emit(name)

    def _synthesize_soon(self, name: str) -> None:
        """With a checkpoint that comes to the library now."""

        def take(found: Sequence[Entry]) -> None:
            if any(entry.name == name for entry in found):  # a look may have begun before it came
                self.models.found.disconnect(take)
                self._synthesize_with(name)

        self.models.found.connect(take)

    def _work_with(self, workspace: str, weights: Path) -> None:
        self.show(workspace)
        space = self.segment() if workspace == SEGMENT else self.translate()
        space.choosing.open(weights)

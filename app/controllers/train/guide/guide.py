"""From answers to a training: which method fits, with which settings; and its start."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QApplication

from app import forms
from app.bridge import Bridge
from app.command_line import training_command
from app.controllers.train.guide.examining import Examining
from app.controllers.train.guide.trial import Trial
from app.controllers.train.requests import (
    CHECKPOINT,
    OUTPUT,
    Trainer,
    WrongInputs,
    check_inputs,
    new_job,
    suggested_folder,
)
from app.controllers.train.training import TrainingController
from app.errors import Teller
from app.session import Session
from app.workspaces.train.guide.view import GuideView, Page
from engine import library, methods
from engine.data.doctor.examining import Examination
from engine.data.doctor.need import GOALS, LABELLED, labelled_in, need_of
from engine.errors import InputError
from engine.failures import Failure
from engine.jobs import Job
from engine.library import Entry
from engine.method import Suggestion
from engine.parameters import describe
from engine.worker import EngineLike

if TYPE_CHECKING:
    from engine.method import Method

MISSING = {Page.GOAL: "Choose one.", Page.DATA: "Drop a folder, or choose one and look at it."}
LOOKING = "It is being looked at."


class Guide(QObject):
    """Asks the questions of a `GuideView` and does what follows from the answers.

    `told` has a line for the status bar.
    """

    told = pyqtSignal(str)

    def __init__(
        self, view: GuideView, trainers: Sequence[Trainer], training: TrainingController,
        engine: EngineLike, bridge: Bridge, session: Session, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.view = view
        self.examining = Examining(view.data, teller, self)
        self.trial = Trial(view.trial, engine, bridge, session, self)
        self._trainers, self._training, self._teller = tuple(trainers), training, teller
        self._found: Examination | None = None
        self._suggested: tuple[tuple[Method, Suggestion], ...] = ()
        self._shown: tuple[str, str, Path] | None = None
        self._picked = ""  # the method that the user took, where it is not the best one
        self._connect()

    def begin(self) -> None:
        """The questions come into sight, where they were left."""
        self.view.focusPage(self.view.frame.place())

    def rest(self) -> None:
        """Nobody looks: a trial would only take the engine's time."""
        self.trial.stop()

    def tryIt(self) -> None:
        """Measure a few iterations of the training."""
        trainer, params = self._trainer(), self._params()
        if trainer is None or params is None:
            return
        inputs: dict[str, Any] = self._inputs()
        title = f"Trial of {trainer.method.title}"
        self.trial.begin(Job(trainer.method.id, trainer.task.name, params, inputs, title, dry=True))

    def start(self) -> None:
        """Check the inputs and queue the training."""
        trainer, params = self._trainer(), self._params()
        if trainer is None or params is None:
            return
        inputs = self.view.settings.inputs(self._inputs())
        estimate = self.trial.found()
        seconds = estimate.seconds() if estimate is not None else None
        self.trial.stop()
        self.view.trial.start.setEnabled(False)

        def check() -> dict[str, Path] | WrongInputs:
            try:
                return check_inputs(trainer, inputs)
            except WrongInputs as error:
                return error  # it belongs under the field, not into the banner

        def done(found: dict[str, Path] | WrongInputs) -> None:
            self.view.trial.start.setEnabled(True)
            if isinstance(found, WrongInputs):
                self._refuse(found)
                return
            self._training.start(new_job(trainer, params, found), seconds)
            self._shown = None  # the next run gets a folder of its own
            self.view.frame.goTo(Page.GOAL)

        self.examining.background.run("Checking the inputs", check, done, self._not_started)

    def copyCommand(self) -> None:
        """Put the command line that starts the same run on the clipboard."""
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.view.trial.command.text())
            self.told.emit("Copied the command line")

    def close(self) -> None:
        """End the work in the background."""
        self.trial.stop()
        self.examining.close()

    # --- the answers

    def _forgotten(self) -> None:
        self._found = None
        why = LOOKING if self.examining.isLooking() else MISSING[Page.DATA]
        self.view.frame.setReady(Page.DATA, False, why)

    def _looked(self, found: Examination) -> None:
        self._found = found
        labels, frame = self.view.labels, self.view.frame
        labels.choices.setChosen(labelled_in(found))
        frame.setReady(Page.DATA, True)
        frame.setReady(Page.LABELS, True)
        self._suggest()

    def _answered_goal(self) -> None:
        self.view.frame.setReady(Page.GOAL, True)
        self._suggest()

    def _suggest(self) -> None:
        """Ask the methods, when all that they need is known."""
        labels = self.view.labels
        goal = next((g for g in GOALS if g == self.view.goal.choices.choice()), None)
        labelled = next((k for k in LABELLED if k == labels.choices.choice()), None)
        if self._found is None or goal is None or labelled is None:
            return
        if goal == "translate":
            kinds = tuple(self._found.layout.modalities)
            labels.askForKind(kinds, labels.modality.currentText())
        else:
            labels.askForLabels(_said(self._found))
        need = need_of(self._found, goal, labelled, labels.modality.currentText())
        self._suggested = methods.suggestions(need)
        taken = self.view.method.showSuggestions(self._suggested, self._picked)
        self.view.frame.setReady(Page.METHOD, bool(taken), "No method fits.")
        self._settle()

    def _pick(self, method: str) -> None:
        self._picked = method
        self._settle()

    def _settle(self) -> None:
        """Fill in the settings of the method that was taken, unless they are there already."""
        told, trainer = self._suggestion(), self._trainer()
        if told is None or trainer is None:
            return
        source = next(iter(told.inputs.values()))
        key = (trainer.key, repr(sorted(told.values.items())), source)
        if key != self._shown:
            self._shown = key
            values = {**trainer.task.preset(told.preset), **told.values}
            folder = suggested_folder(trainer, source)

            def show(entries: Sequence[Entry]) -> None:
                if self._shown == key:
                    self.view.settings.showTrainer(trainer, values, folder, entries)
                    self._changed()

            if all(info.name != CHECKPOINT for info in describe(trainer.task.params)):
                show(())
                return
            self.view.frame.setReady(Page.SETTINGS, False, "Looking for models …")
            method, role = trainer.method.id, trainer.task.role or None
            self.examining.background.run(
                "Looking for models",
                lambda: library.entries(method, role),
                show,
                self._teller.failure,
            )

    def _changed(self) -> None:
        """The settings are others."""
        self.trial.forget()
        wrong = self.view.settings.form.errors()
        self.view.frame.setReady(Page.SETTINGS, not wrong, next(iter(wrong.values()), ""))
        if not wrong:
            self._show_command()

    def _went(self, place: int) -> None:
        page = Page(place)
        self.view.focusPage(place)
        if page is Page.SETTINGS:
            self._settle()
        elif page is Page.TRIAL and self.trial.isNeeded():
            self.tryIt()

    # --- what follows from them

    def _suggestion(self) -> Suggestion | None:
        taken = self.view.method.choices.choice()
        return next((t for method, t in self._suggested if method.id == taken and t.fit), None)

    def _trainer(self) -> Trainer | None:
        taken, told = self.view.method.choices.choice(), self._suggestion()
        if told is None:
            return None
        fitting = (t for t in self._trainers if (t.method.id, t.task.name) == (taken, told.task))
        return next(fitting, None)

    def _inputs(self) -> dict[str, Path]:
        told = self._suggestion()
        return {} if told is None else dict(told.inputs)

    def _params(self) -> Any:
        trainer = self._trainer()
        if trainer is None:
            return None
        try:
            return forms.parse(trainer.task.params, self.view.settings.parameters())
        except InputError as error:
            self._teller.error(error)
            return None

    def _show_command(self) -> None:
        trainer, told, params = self._trainer(), self._suggestion(), self._params()
        if trainer is None or told is None or params is None:
            return
        folder = self.view.settings.folder()
        inputs = {**told.inputs, **({OUTPUT: folder} if folder is not None else {})}
        line = training_command(trainer.method, trainer.task, params, inputs, told.preset)
        self.view.trial.command.setText(line)
        self.view.trial.command.setCursorPosition(0)

    def _take_change(self) -> None:
        found = self.trial.found()
        if found is not None and found.change:
            self.view.settings.change(found.change)
            self.tryIt()

    def _refuse(self, wrong: WrongInputs) -> None:
        text = wrong.found.get(OUTPUT)
        if text is not None:
            self.view.frame.goTo(Page.SETTINGS)
            self.view.settings.setFolderError(text)
            return
        name, reason = next(iter(wrong.found.items()))
        self._teller.say("error", f"The {name} cannot be used: {reason}", "Look at the data again.")

    def _not_started(self, failure: Failure) -> None:
        self.view.trial.start.setEnabled(True)
        self._teller.failure(failure)

    def _connect(self) -> None:
        view = self.view
        for page, why in MISSING.items():
            view.frame.setReady(page, False, why)
        view.frame.setReady(Page.TRIAL, True)
        view.frame.wentTo.connect(self._went)
        view.goal.answered.connect(lambda _: self._answered_goal())
        view.labels.answered.connect(lambda _: self._suggest())
        view.labels.modalityChosen.connect(lambda _: self._suggest())
        view.method.answered.connect(self._pick)
        self.examining.found.connect(self._looked)
        self.examining.forgotten.connect(self._forgotten)
        self.examining.told.connect(self.told)
        view.settings.edited.connect(self._changed)
        view.trial.tryRequested.connect(self.tryIt)
        view.trial.changeRequested.connect(self._take_change)
        view.trial.startRequested.connect(self.start)
        view.trial.copyRequested.connect(self.copyCommand)


def _said(found: Examination) -> str:
    """What the set says of its labels."""
    looks = [look for look in found.looks if look.image is not None]
    marked = sum(look.mask is not None for look in looks)
    whole = sum(look.item.labels is not None for look in looks)
    if whole:
        return f"The set says: {whole} of {len(looks)} images are labelled as a whole."
    return f"The set says: {marked} of {len(looks)} images have masks."

"""The form of a new training: what it remembers, what it suggests, and how it becomes a job."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject

from app import forms
from app.background import Background
from app.controllers.train.requests import (
    OUTPUT,
    Trainer,
    WrongInputs,
    check_inputs,
    new_job,
    suggested_folder,
)
from app.controllers.train.training import TrainingController
from app.errors import Teller
from app.settings import Settings
from app.workspaces.inputs_form import PREFIX
from app.workspaces.train.setup import TrainSetup
from engine import library
from engine.errors import InputError
from engine.library import Entry
from engine.training.facts import RunFacts

SEED, KEEP_SEED = "seed", "keep_seed"


class SettingUp(QObject):
    """Fills the form and starts what it says.

    Args:
        trainers: Those that the form offers, in its order.
    """

    def __init__(
        self, setup: TrainSetup, trainers: Sequence[Trainer], training: TrainingController,
        settings: Settings, background: Background, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._setup, self._trainers, self._training = setup, tuple(trainers), training
        self._settings, self._background, self._teller = settings, background, teller
        kept = settings.train
        known = kept.get("forms")
        self._forms: dict[str, dict[str, Any]] = {
            key: dict(values)
            for key, values in (known if isinstance(known, dict) else {}).items()
            if isinstance(values, dict)
        }
        self._suggested: Path | None = None
        setup.trainerChosen.connect(self._chosen)
        setup.edited.connect(self._edited)
        setup.start.clicked.connect(self.start)
        setup.where.setWhere(training.apart.where())
        setup.where.chosen.connect(training.apart.choose)
        keys = [trainer.key for trainer in self._trainers]
        wanted = kept.get("trainer")
        self._show(keys.index(wanted) if wanted in keys else self._first())

    def trainers(self) -> tuple[Trainer, ...]:
        """What the form offers, in its order."""
        return self._trainers

    # --- what the user asks

    def start(self) -> None:
        """Check what the form says and queue the job."""
        setup, form = self._setup, self._setup.form
        wrong = {n: text for n, text in form.errors().items() if not n.startswith(PREFIX)}
        if wrong:
            form.control(next(iter(wrong))).setFocus()
            self._teller.say("error", "Some values cannot be used.", next(iter(wrong.values())))
            return
        if SEED in setup.parameters() and not form.isSeedKept(SEED):
            form.rollSeeds()
        trainer, inputs = setup.current(), setup.inputs()
        try:
            params = forms.parse(trainer.task.params, setup.parameters())
        except InputError as error:
            self._teller.error(error)
            return
        setup.start.setEnabled(False)

        def check() -> dict[str, Path] | WrongInputs:
            try:
                return check_inputs(trainer, inputs)
            except WrongInputs as error:
                return error  # it belongs under the fields, not into the banner

        def done(found: dict[str, Path] | WrongInputs) -> None:
            setup.start.setEnabled(True)
            if isinstance(found, WrongInputs):
                setup.setErrors(found.found)
                return
            self._training.start(new_job(trainer, params, found))
            self._keep()

        self._background.run("Checking the inputs", check, done, self._failed)

    def takeOver(self, facts: RunFacts) -> bool:
        """Show the values of a run, to begin another like it; False if nothing here trains so."""
        for place, trainer in enumerate(self._trainers):
            if (trainer.method.id, trainer.task.name) == (facts.method, facts.task):
                self._keep()
                self._show(place)
                inputs = facts.request.get("inputs")
                given = inputs if isinstance(inputs, dict) else {}
                paths = {PREFIX + n: v for n, v in given.items() if n != OUTPUT}
                self._setup.setValues({**paths, **facts.parameters})
                self._suggest(force=True)
                return True
        return False

    def reload(self) -> None:
        """Look again which checkpoints there are, and whether the suggested folder is taken."""
        self._setup.setCheckpoints(self._entries(self._setup.current()))
        self._suggest()

    def remember(self) -> None:
        """Take the forms over into the settings."""
        self._keep()
        self._settings.train = {
            **self._settings.train, "trainer": self._setup.current().key, "forms": self._forms,
        }  # fmt: skip

    # --- inside

    def _first(self) -> int:
        """The first whose checkpoints segment: most come to train one."""
        for place, trainer in enumerate(self._trainers):
            if trainer.segments:
                return place
        return 0

    def _chosen(self, place: int) -> None:
        if self._trainers[place] is not self._setup.current():
            self._keep()
            self._show(place)

    def _show(self, place: int) -> None:
        trainer = self._trainers[place]
        self._setup.showTrainer(place, self._entries(trainer))
        values = self._forms.get(trainer.key, {})
        self._setup.setValues({n: v for n, v in values.items() if n != PREFIX + OUTPUT})
        if SEED in self._setup.parameters():
            self._setup.form.setSeedKept(SEED, values.get(KEEP_SEED) is not False)
        self._suggest(force=True)

    def _keep(self) -> None:
        setup = self._setup
        values = setup.values()
        if SEED in values:
            values[KEEP_SEED] = setup.form.isSeedKept(SEED)
        self._forms[setup.current().key] = {
            n: v for n, v in values.items() if isinstance(v, str | int | float | bool)
        }

    def _edited(self, name: str) -> None:
        if name.startswith(PREFIX) and name != PREFIX + OUTPUT:
            self._suggest()

    def _suggest(self, force: bool = False) -> None:
        """A folder for the run, unless the user has named one."""
        inputs = self._setup.inputs()
        if force or inputs[OUTPUT] in (None, self._suggested):
            data = (path for name, path in inputs.items() if name != OUTPUT and path is not None)
            self._suggested = suggested_folder(self._setup.current(), next(data, None))
            self._setup.setInput(OUTPUT, self._suggested)

    def _failed(self, failure: Any) -> None:
        self._setup.start.setEnabled(True)
        self._teller.failure(failure)

    @staticmethod
    def _entries(trainer: Trainer) -> tuple[Entry, ...]:
        return library.entries(trainer.method.id, trainer.task.role or None)

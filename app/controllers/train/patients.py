"""Choosing by hand who is labelled: reads the patients, and writes the choice into the form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject

from app import forms
from app.background import Background, Work
from app.errors import Teller
from app.workspaces.inputs_form import PREFIX
from app.workspaces.train.patients_page import LABELLED, TEST, VALIDATION, PatientsPage
from app.workspaces.train.view import TrainView
from engine.errors import InputError
from engine.failures import Failure
from engine.steps import ProgressStep
from widgets.panels.patients.card import PatientCard, Structure, picture_of

if TYPE_CHECKING:
    from engine.methods.diffrect.roster import Patient, Roster

FIELDS = {LABELLED: "labelled_cases", VALIDATION: "validation_cases", TEST: "test_cases"}
"""Column -> the parameter that names those in it."""
LIST, IMAGES = "labelled", "images"
MOST_NOTES = 3


@dataclass(frozen=True, eq=False)
class _Read:
    """A roster with its pictures made."""

    roster: Roster
    cards: tuple[PatientCard, ...]
    structures: tuple[Structure, ...]


class PatientChoice(QObject):
    """Opens the page of patients and takes over what was chosen there.

    Args:
        background: Of its own: sets are large, and nothing else should wait for them.
    """

    def __init__(
        self, view: TrainView, background: Background, teller: Teller, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._view, self._setup = view, view.setup
        self._background, self._teller = background, teller
        self._page: PatientsPage | None = None
        self._work: Work | None = None
        self._setup.patients.clicked.connect(self.open)

    def open(self) -> None:
        """Read the patients of the images in the form, and show them."""
        setup = self._setup
        if self._work is not None:
            self._view.showPatients()
            return
        inputs = setup.inputs()
        images = inputs[IMAGES]
        if images is None:
            setup.setErrors({IMAGES: "Choose a folder."})
            return
        try:
            params = forms.parse(setup.current().task.params, setup.parameters())
        except InputError as error:
            self._teller.error(error)
            return
        self._show_page(f"Patients of {images.name}")

        def read(watch: Callable[[float], None]) -> _Read:
            return _read(images, inputs, params, watch)

        self._work = self._background.watched(
            "Reading the patients", read, lambda found: self._show(images.name, found), self._fail
        )
        self._work.progressed.connect(self._told)

    def escape(self) -> bool:
        """Call off the drag under way, else leave the page; False where it is not in sight."""
        page = self._page
        if page is None or not page.isVisible():
            return False
        if not page.board.callOff():
            self.close()
        return True

    def close(self) -> None:
        """Leave the form as it is."""
        if self._work is not None:
            self._work.cancel()
            self._work = None
        self._view.leavePatients()

    def take(self) -> None:
        """Write the names of the columns into the form."""
        if self._page is None or self._page.isBusy():
            return
        places = self._page.board.places()
        values: dict[str, Any] = {
            field: listed([name for name, place in places.items() if place == column])
            for column, field in FIELDS.items()
        }
        self._setup.setValues(values)
        for name in values:
            self._setup.edited.emit(name)
        # A list would say the same or something else; the names go before it anyway.
        self._setup.form.setValues({PREFIX + LIST: None})
        self.close()

    def _show_page(self, title: str) -> None:
        if self._page is None:
            self._page = self._view.patients_page()
            self._page.left.connect(self.close)
            self._page.use.clicked.connect(self.take)
        self._view.showPatients()
        self._page.showBusy(title)

    def _told(self, share: float) -> None:
        if self._page is not None:
            self._page.showProgress(share)

    def _show(self, name: str, found: _Read) -> None:
        self._work = None
        page, roster = self._page, found.roster
        if page is None:
            return
        count = len(roster.patients)
        who = "1 patient" if count == 1 else f"{count} patients"
        page.showPatients(
            f"{who} of {name}", found.cards, {p.name: p.part for p in roster.patients},
            found.structures, roster.told[:MOST_NOTES], roster.problem,
        )  # fmt: skip

    def _fail(self, failure: Failure) -> None:
        self._work = None
        self.close()
        self._teller.failure(failure)


def listed(names: list[str]) -> str:
    """Names for a field; with a comma even after a single one that has a space in it."""
    text = ", ".join(names)
    return f"{text}," if " " in text and "," not in text else text


def _read(
    images: Path, inputs: dict[str, Path | None], params: Any, watch: Callable[[float], None]
) -> _Read:
    """For a thread."""
    from engine.methods.diffrect.roster import read_roster

    steps = read_roster(
        images, inputs.get("masks"), inputs.get("unlabelled"), inputs.get(LIST),
        params,
    )  # fmt: skip
    roster = None
    while roster is None:
        try:
            step = next(steps)
        except StopIteration as end:
            roster = end.value
        else:
            if isinstance(step, ProgressStep):
                watch(step.done / max(1, step.total))
    structures = tuple(Structure(v, *about) for v, about in roster.structures.items())
    return _Read(roster, tuple(_card(p, structures) for p in roster.patients), structures)


def _card(patient: Patient, structures: tuple[Structure, ...]) -> PatientCard:
    slices = "1 slice" if patient.slices == 1 else f"{patient.slices} slices"
    cases = len(patient.cases)
    if patient.bare and patient.has_labels:
        told = f"{slices}, {patient.bare} of {cases} cases bare"
    else:
        told = slices
    names = [s.name for s in structures if s.value in patient.structures]
    labels = ", ".join(names) if names else "nothing but background"
    tip = f"{patient.name}: {told}, {'1 case' if cases == 1 else f'{cases} cases'}\n"
    tip += f"Labels: {labels}" if patient.has_labels else "No label"
    marked = None
    if patient.marked is not None:
        marked = picture_of(patient.picture, patient.marked, structures)
    return PatientCard(
        patient.name, told, patient.structures, patient.has_labels, picture_of(patient.picture),
        marked, tip,
    )  # fmt: skip

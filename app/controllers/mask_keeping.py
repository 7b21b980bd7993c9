"""The mask of Synthesize is kept while it is drawn, and comes back at the next start."""

from __future__ import annotations

from PyQt6.QtCore import QObject

from app.actions import Actions
from app.autosave import Journal, Saved
from app.controllers.grow import SAMPLE_NAME, GrowController
from app.errors import Teller
from app.session import Session
from app.workspaces.synthesize import SynthesizeView


class MaskKeeping(QObject):
    """Writes every stroke to the journal, and names in the menu what can be undone.

    Args:
        journal: Keeps the mask against a crash.
        grow: Makes the first mask where nothing was kept.
    """

    def __init__(
        self, session: Session, view: SynthesizeView, journal: Journal, grow: GrowController,
        actions: Actions, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._session, self._canvas, self._journal = session, view.canvas, journal
        self._grow, self._actions, self._teller = grow, actions, teller
        self._canvas.maskEdited.connect(self._record)
        self._canvas.model.historyChanged.connect(self._show_history)

    def catchUp(self) -> None:
        """Keep what was drawn before anybody kept it."""
        model = self._canvas.model
        if model.canUndo():
            self._show_history(True, model.canRedo(), "", "")
            self._canvas.maskEdited.emit()

    def restore(self, saved: Saved | None) -> None:
        """Put back the mask of the last time, or begin with a sample."""
        model = self._canvas.model
        if model.canUndo() or model.isEditing():
            return  # the user was faster
        if saved is None or not saved.mask.any():
            self._grow.grow_sample()
            return
        self._session.set_mask(saved.name or "Drawn mask")
        model.reset(saved.mask)
        if not saved.clean:
            self._teller.say(
                "info", "The mask was restored: the program had not been closed.",
                "At most the last stroke is missing.",
            )  # fmt: skip

    def close(self) -> None:
        """Write the mask for the next start."""
        self._journal.record(self._canvas.vesselMask(), self._session.mask_name, clean=True)
        self._journal.close()

    def _record(self) -> None:
        if self._session.mask_name == SAMPLE_NAME and self._canvas.model.canUndo():
            self._session.set_mask("Drawn mask")
        self._journal.record(self._canvas.vesselMask(), self._session.mask_name)

    def _show_history(self, can_undo: bool, can_redo: bool, undo: str, redo: str) -> None:
        for name, can, what in (("undo", can_undo, undo), ("redo", can_redo, redo)):
            action = self._actions[name]
            action.setEnabled(can)
            action.setText(f"{name.capitalize()} {what}".rstrip())

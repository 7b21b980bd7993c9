"""What several workspaces ask about files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QFileDialog, QWidget

from widgets.panels.choice_dialog import Choice, ChoiceDialog

if TYPE_CHECKING:
    from engine.data.volumes.choices import Part


def ask_steps_target(parent: QWidget, kind: str, name: str) -> Path | None:
    """Where the steps of a run go.

    Args:
        kind: strip, gif or frames.
        name: Of what the run was on.
    """
    if kind == "frames":
        path = QFileDialog.getExistingDirectory(parent, "Folder for the steps")
    else:
        ending, what = ("gif", "GIF (*.gif)") if kind == "gif" else ("png", "PNG (*.png)")
        start = f"{name or 'steps'}_steps.{ending}"
        path, _ = QFileDialog.getSaveFileName(parent, "Export the steps", start, what)
    return Path(path) if path else None


def ask_part(
    parent: QWidget, path: Path, parts: Sequence[Part], then: Callable[[str], None]
) -> None:
    """Let the user choose one of the images that a file or folder holds; `then` takes its id."""
    choices = [
        Choice(
            part.id, part.title, part.detail,
            "mdi6.database-outline" if part.thumbnail is None else part.thumbnail,
        )
        for part in parts
    ]  # fmt: skip
    dialog = ChoiceDialog(
        path.name, f"{path.name} holds {len(parts)} images. Which one do you want to open?",
        choices, parent,
    )  # fmt: skip
    dialog.chosen.connect(then)
    dialog.open()

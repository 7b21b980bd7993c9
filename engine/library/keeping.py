"""Changing the user's own checkpoints: title and notes, and away with them. Bundled ones stay."""

from __future__ import annotations

from pathlib import Path

from engine.data.trash import move_to_trash
from engine.errors import CheckpointError
from engine.library import PICTURE, Entry, entry_of, is_bundled
from engine.training.cards import rewrite_card

LONGEST_TITLE = 120
LONGEST_NOTES = 20_000


def edit(path: Path, title: str, notes: str) -> Entry:
    """Give a checkpoint another title and other notes; its weights and its name stay.

    Raises:
        CheckpointError: a bundled one, a text that is too long or empty, or a file that cannot be
            read.
        DiskError: it cannot be written; it is as it was.
    """
    _refuse_bundled(path, "changed")
    title = " ".join(title.split())
    if not title or len(title) > LONGEST_TITLE:
        raise CheckpointError(
            "A title is needed." if not title
            else f"The title has {len(title)} characters; {LONGEST_TITLE} are the most.",
            "Give it a short one.",
        )  # fmt: skip
    if len(notes) > LONGEST_NOTES:
        raise CheckpointError(
            f"The notes have {len(notes):,} characters; {LONGEST_NOTES:,} are the most.",
            "Keep long texts in a file of their own.",
        )
    card = entry_of(path).card
    rewrite_card(path, card.model_copy(update={"title": title, "notes": notes.strip()}))
    return entry_of(path)


def to_trash(path: Path) -> None:
    """Move a checkpoint, and the picture beside it, to the system's trash.

    Raises:
        CheckpointError: a bundled one, or none that is there.
        DiskError: there is no trash for it.
    """
    _refuse_bundled(path, "deleted")
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint file {path}.", "It may be gone already.")
    picture = path.with_suffix(PICTURE)
    for file in (path, *([picture] if picture.is_file() else [])):
        move_to_trash(file)


def _refuse_bundled(path: Path, what: str) -> None:
    if is_bundled(path):
        raise CheckpointError(
            f"{path.stem} came with the program and cannot be {what}.",
            "Copy its file to the folder of your own models to have one that can.",
        )

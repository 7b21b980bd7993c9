"""What the user has written of a run: notes.txt in its folder. Loads no torch."""

from __future__ import annotations

from pathlib import Path

from engine.data.atomic import disk_error, write_atomic
from engine.errors import InputError

NOTES = "notes.txt"
MOST_BYTES = 100_000


def read_notes(run: Path) -> str:
    """What the user has written of a run, "" where nothing or nothing readable."""
    try:
        with (run / NOTES).open("rb") as file:
            return file.read(MOST_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""


def write_notes(run: Path, text: str) -> None:
    """Keep what the user says of a run in a text file of its folder; "" removes it.

    Raises:
        InputError: there is no run, or the text is too long.
        DiskError: the folder cannot be written.
    """
    if not (run / "run.toml").is_file():
        raise InputError(f"{run} holds no training run.", "Choose a folder that has a run.toml.")
    content = text.strip().encode("utf-8")
    if len(content) >= MOST_BYTES:
        raise InputError("The notes are too long.", f"Keep them below {MOST_BYTES // 1000} kB.")
    try:
        if not content:
            (run / NOTES).unlink(missing_ok=True)
            return
    except OSError as error:
        raise disk_error(run / NOTES, error) from error
    write_atomic(run / NOTES, content + b"\n")

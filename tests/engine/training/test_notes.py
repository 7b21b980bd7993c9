"""What the user writes of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InputError
from engine.training.listing import summarise
from engine.training.notes import NOTES, read_notes, write_notes
from tests.helpers.training_runs import make_run


def test_notes_are_a_text_file_of_the_run(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", done=0)
    assert read_notes(run) == ""
    write_notes(run, "  Größer als sonst.\nSecond line ")
    assert (run / NOTES).read_text(encoding="utf-8") == "Größer als sonst.\nSecond line\n"
    assert summarise(run).notes == "Größer als sonst.\nSecond line\n"
    write_notes(run, " ")
    assert not (run / NOTES).exists()
    with pytest.raises(InputError, match="too long"):
        write_notes(run, "x" * 200_000)
    with pytest.raises(InputError, match="no training run"):
        write_notes(tmp_path, "x")

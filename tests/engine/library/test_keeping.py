from __future__ import annotations

from pathlib import Path

import pytest
import send2trash

from engine import library
from engine.errors import CheckpointError, DiskError
from engine.library.keeping import LONGEST_NOTES, LONGEST_TITLE, edit, to_trash
from engine.training.checkpoint import load_checkpoint
from engine.training.header import weights_sha256


def test_title_and_notes_change_and_the_weights_do_not(shelves: tuple[Path, Path]) -> None:
    path = shelves[1] / "mine.safetensors"
    before, weights = load_checkpoint(path), weights_sha256(path)
    entry = edit(path, "  My\nlungs ", "Better than the first.\n")
    assert (entry.name, entry.card.title) == ("mine", "My lungs")
    assert entry.card.notes == "Better than the first."
    assert weights_sha256(path) == weights
    after = load_checkpoint(path)
    assert all((before.tensors[name] == value).all() for name, value in after.tensors.items())
    assert after.card == before.card.model_copy(
        update={"title": "My lungs", "notes": "Better than the first."}
    )
    assert [file.name for file in sorted(shelves[1].iterdir())] == [
        "mine.safetensors", "vessels.safetensors",
    ]  # fmt: skip


def test_what_cannot_be_changed_is_left_as_it_is(shelves: tuple[Path, Path]) -> None:
    bundled, own = shelves
    before = (bundled / "lungs.safetensors").read_bytes()
    for change in (lambda p: edit(p, "Mine", ""), to_trash):
        with pytest.raises(CheckpointError, match="came with the program"):
            change(bundled / "lungs.safetensors")
    assert (bundled / "lungs.safetensors").read_bytes() == before
    for title, notes in (
        (" ", ""),
        ("x" * (LONGEST_TITLE + 1), ""),
        ("x", "y" * LONGEST_NOTES * 2),
    ):
        with pytest.raises(CheckpointError):
            edit(own / "mine.safetensors", title, notes)
    with pytest.raises(CheckpointError, match="no checkpoint file"):
        to_trash(own / "absent.safetensors")


def test_a_checkpoint_goes_to_the_trash_with_its_picture(
    shelves: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shelves[1] / "mine.safetensors"
    path.with_suffix(".png").touch()
    gone: list[Path] = []
    monkeypatch.setattr(send2trash, "send2trash", lambda file: gone.append(file) or file.unlink())
    to_trash(path)
    assert gone == [path, path.with_suffix(".png")]
    assert [entry.name for entry in library.entries()] == ["lungs", "vessels"]

    def full(file: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(send2trash, "send2trash", full)
    with pytest.raises(DiskError, match="trash: No space left"):
        to_trash(shelves[1] / "vessels.safetensors")

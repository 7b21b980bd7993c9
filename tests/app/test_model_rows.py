"""What is said of several checkpoints side by side."""

from __future__ import annotations

from app.workspaces.models.rows import compared
from engine.library.choosing import Compared


def test_what_belongs_together_stands_together() -> None:
    rows = (
        Compared("Figures", "test.Dice", ("0.8", "0.9")),
        Compared("Figures", "baseline.Dice", ("0.7", "0.8")),
        Compared("Figures", "test.hd95_px", ("", "12")),
        Compared("Card", "Terms", ("free", "")),
        Compared("Takes", "pixel_mm", ("1", "2")),
    )
    figures, other, same = compared(rows)
    assert [label for label, _ in figures.rows] == [
        "test › Dice", "test › hd95 px", "baseline › Dice",
    ]  # fmt: skip
    assert [label for label, _ in other.rows] == ["Terms", "Takes › pixel mm"]
    assert not same.rows

from __future__ import annotations

import pytest

from widgets.paint.labels import history
from widgets.paint.labels.history import History
from widgets.paint.labels.step import Delta, Step
from widgets.viewer.volume.box import Box


def step(name: str, size: int) -> Step:
    return Step(name, (Delta(Box((0, 0, 0), (1, 1, 1)), bytes(size)),))


def test_old_steps_go_when_they_take_too_much_but_enough_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(history, "MAX_BYTES", 100_000)
    monkeypatch.setattr(history, "SURE_STEPS", 5)
    kept = History()
    for n in range(60):
        kept.add(step(str(n), 2_000))
    assert kept.bytes <= 100_000
    assert kept.names() == [str(n) for n in range(60 - len(kept.names()), 60)]
    assert 30 < kept.position == len(kept.names()) < 60
    for n in range(8):
        kept.add(step(f"large {n}", 90_000))
    assert kept.names() == [f"large {n}" for n in range(3, 8)]


def test_bytes_follow_what_is_forgotten() -> None:
    kept = History()
    for n in range(4):
        kept.add(step(str(n), 100 * n))
    one = step("x", 0).cost
    assert kept.bytes == 4 * one + 600
    for name in ("3", "2", "1"):
        undone = kept.back()
        assert undone is not None
        assert undone.name == name
    kept.add(step("new", 50))
    assert kept.names() == ["0", "new"]
    assert kept.bytes == 2 * one + 50
    assert kept.forth() is None
    kept.clear()
    assert (kept.bytes, kept.position, kept.back()) == (0, 0, None)

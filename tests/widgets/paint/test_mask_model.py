from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QRect
from pytestqt.qtbot import QtBot

from widgets.paint.mask_model import MaskModel


def square(model: MaskModel, x: int, y: int, side: int = 4, value: int = 1) -> bool:
    model.begin(f"Square {x} {y}")
    model.paint(QRect(x, y, side, side), np.ones((side, side), bool), value)
    return model.commit()


def test_many_steps_undo_and_redo_to_the_same_masks(qtbot: QtBot) -> None:
    model = MaskModel((64, 80))
    rng = np.random.default_rng(0)
    states = [model.mask()]
    for _ in range(250):
        model.begin("Noise")
        x, y = int(rng.integers(0, 70)), int(rng.integers(0, 54))
        model.paint(QRect(x, y, 10, 10), rng.random((10, 10)) < 0.5, int(rng.integers(0, 2)))
        if model.commit():
            states.append(model.mask())
    assert len(states) > 200
    for state in reversed(states[:-1]):
        assert model.undo()
        np.testing.assert_array_equal(model.mask(), state)
        assert model.count() == state.sum()
    assert not model.undo()
    for state in states[1:]:
        assert model.redo()
        np.testing.assert_array_equal(model.mask(), state)
    assert not model.redo()


def test_a_step_that_changes_nothing_leaves_no_trace(qtbot: QtBot) -> None:
    model = MaskModel((32, 32))
    assert not square(model, 3, 3, value=0)
    assert square(model, 3, 3)
    assert not square(model, 3, 3)
    assert not model.replace(model.mask(), "Same")
    assert model.clear()
    assert not model.clear()
    assert model.steps() == ["Square 3 3", "Clear"]
    model.undo()
    assert not square(model, 3, 3)
    assert model.canRedo(), "a no-op must not cut off what could be redone"


def test_a_new_step_forgets_the_undone_ones(qtbot: QtBot) -> None:
    model = MaskModel((32, 32))
    square(model, 0, 0)
    model.undo()
    square(model, 8, 8)
    assert not model.canRedo()
    assert model.steps() == ["Square 8 8"]


def test_memory_grows_with_what_changed_and_not_with_the_mask(qtbot: QtBot) -> None:
    model = MaskModel((2048, 2048))
    for index in range(100):
        square(model, 10 * index, 10 * index, side=6)
    assert model.historyBytes() < 100 * 64


def test_signals_tell_rectangle_names_and_possibilities(qtbot: QtBot) -> None:
    model = MaskModel((32, 32))
    with qtbot.waitSignals([model.changed, model.stepAdded, model.historyChanged]) as seen:
        square(model, 5, 7)
    assert [tuple(event.args) for event in seen.all_signals_and_args] == [
        (QRect(5, 7, 4, 4),),
        ("Square 5 7",),
        (True, False, "Square 5 7", ""),
    ]
    with qtbot.waitSignal(model.historyChanged) as told:
        model.undo()
    assert told.args == [False, True, "", "Square 5 7"]


def test_replacing_by_another_size_can_be_undone(qtbot: QtBot) -> None:
    model = MaskModel((32, 48))
    square(model, 5, 7)
    before = model.mask()
    model.replace(np.eye(20, 10), "Import")
    assert model.shape == (20, 10)
    model.undo()
    np.testing.assert_array_equal(model.mask(), before)
    model.redo()
    np.testing.assert_array_equal(model.mask(), np.eye(20, 10))
    model.undo()
    model.undo()
    assert model.isEmpty()


def test_invert_clear_and_cancel(qtbot: QtBot) -> None:
    model = MaskModel((16, 16))
    square(model, 0, 0)
    model.invert()
    assert model.count() == 256 - 16
    model.begin("Given up")
    model.paint(QRect(0, 0, 16, 16), np.ones((16, 16), bool), 1)
    model.cancel()
    assert model.count() == 256 - 16
    model.clear()
    assert model.isEmpty()
    assert model.steps() == ["Square 0 0", "Invert", "Clear"]


def test_reset_starts_a_new_history(qtbot: QtBot) -> None:
    model = MaskModel((16, 16))
    square(model, 0, 0)
    model.reset(np.ones((8, 8)))
    assert model.steps() == []
    assert model.count() == 64


def test_the_mask_is_a_copy_and_binary(qtbot: QtBot) -> None:
    model = MaskModel((4, 4))
    model.replace(np.full((4, 4), 255, np.uint8), "Grey")
    model.mask()[...] = 0
    assert model.mask().dtype == np.uint8
    assert set(np.unique(model.mask())) == {1}


@pytest.mark.parametrize("shape", [(3, 3, 3), (0, 4), (5,)])
def test_what_is_no_mask_is_refused(qtbot: QtBot, shape: tuple[int, ...]) -> None:
    model = MaskModel((4, 4))
    with pytest.raises(ValueError, match="shape"):
        model.replace(np.zeros(shape), "Import")
    assert model.steps() == []

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.widgets.paint.labels.test_model import SHAPE, ball, counts_agree
from widgets.paint.labels import model as model_module
from widgets.paint.labels.change import prepared, worked_out
from widgets.paint.labels.model import LabelModel
from widgets.paint.labels.step import Step, apply_step


def painted(*seeds: int) -> LabelModel:
    model = LabelModel(SHAPE)
    for seed in seeds:
        model.begin(f"step {seed}")
        ball(model, seed, seed + 1)
        model.commit()
    return model


def paint(model: LabelModel, seed: int, value: int = 3) -> None:
    model.begin("later")
    ball(model, seed, value)
    model.commit()


LATER: dict[str, Callable[[LabelModel], object]] = {
    "paint": lambda model: paint(model, 8),
    "widen": lambda model: paint(model, 8, 700),
    "undo": lambda model: model.undo(),
    "replace": lambda model: model.replace(np.full(SHAPE, 4), "all"),
    "reset": lambda model: model.reset(np.full(SHAPE, 5)),
    "apply": lambda model: model.apply(worked_out(model.snapshot(), np.full(SHAPE, 6)), "other"),
}


@pytest.mark.parametrize("later", LATER)
def test_a_snapshot_holds_the_labels_of_its_moment(later: str) -> None:
    model = painted(1, 2, 3)
    before = model.array.copy()
    snapshot = model.snapshot()
    LATER[later](model)
    assert not np.array_equal(model.array, before)
    np.testing.assert_array_equal(snapshot.take(), before)


def test_an_abandoned_stroke_does_not_show_in_a_snapshot_of_its_middle() -> None:
    model = painted(1)
    model.begin("stroke")
    ball(model, 5, 9)
    middle = model.array.copy()
    snapshot = model.snapshot()
    model.cancel()
    np.testing.assert_array_equal(snapshot.take(), middle)


def test_a_thread_takes_a_snapshot_while_strokes_are_painted() -> None:
    model = painted(1, 2)
    before = model.array.copy()
    snapshot = model.snapshot()
    taken: list[np.ndarray] = []
    thread = threading.Thread(target=lambda: taken.append(snapshot.take()))
    thread.start()
    for seed in range(30):
        paint(model, seed, seed)
    thread.join()
    np.testing.assert_array_equal(taken[0], before)


@given(
    st.lists(st.integers(0, 99), max_size=3),
    st.sampled_from([1, 300]),
    st.lists(st.sampled_from(sorted(LATER)), max_size=2),
    st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_what_was_worked_out_is_one_step_beside_later_strokes(
    seeds: list[int], value: int, later: list[str], whole: bool
) -> None:
    model = painted(*seeds)
    before = model.array.copy()
    after = np.where(np.random.default_rng(0).random(SHAPE) < 0.3, value, before)
    change = worked_out(model.snapshot(), after)
    assert change.voxels == (after != before).sum()
    for name in later:
        LATER[name](model)
    here = model.array.copy()
    steps: list[Step] = []
    model.stepAdded.connect(steps.append)
    wanted = after if whole else np.where(after != before, after, here)

    assert model.apply(change, "made", whole=whole) == (not np.array_equal(wanted, here))

    np.testing.assert_array_equal(model.array, wanted)
    assert counts_agree(model)
    for step in steps:
        np.testing.assert_array_equal(apply_step(here.copy(), step), wanted)
        model.undo()
        np.testing.assert_array_equal(model.array, here)
        assert counts_agree(model)
        model.redo()
        np.testing.assert_array_equal(model.array, wanted)
        assert counts_agree(model)


@pytest.mark.parametrize("widen", [False, True])
def test_a_large_step_is_taken_back_at_once(widen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_module, "SPARE_FROM", 1)
    model = painted(1, 2)
    before = model.array.copy()
    held = model.array
    model.apply(worked_out(model.snapshot(), np.where(before == 2, 7, 9)), "large")
    after = model.array.copy()
    paint(model, 8, 700 if widen else 3)
    later = model.array.copy()
    snapshot = model.snapshot()
    for _ in range(2):
        model.undo()
        np.testing.assert_array_equal(model.array, after)
        model.undo()
        np.testing.assert_array_equal(model.array, before)
        assert np.shares_memory(model.array, held) != widen
        assert counts_agree(model)
        model.undo()
        model.redo()
        np.testing.assert_array_equal(model.array, before)
        model.redo()
        np.testing.assert_array_equal(model.array, after)
        assert counts_agree(model)
        model.redo()
        np.testing.assert_array_equal(model.array, later)
    np.testing.assert_array_equal(snapshot.take(), later)
    model.goTo(2)
    paint(model, 9)
    other = model.array.copy()
    model.undo()
    np.testing.assert_array_equal(model.array, before)
    model.redo()
    np.testing.assert_array_equal(model.array, other)
    assert counts_agree(model)


def test_a_change_does_not_fit_labels_of_another_shape() -> None:
    model = painted(1)
    change = worked_out(model.snapshot(), np.ones(SHAPE, int))
    model.reset(np.zeros((3, 3, 3), int))
    with pytest.raises(ValueError, match="do not replace"):
        model.apply(change, "late")
    with pytest.raises(ValueError, match="do not replace"):
        worked_out(model.snapshot(), np.ones(SHAPE, int))


def test_prepared_labels_are_taken_over_as_they_are() -> None:
    given_labels = np.random.default_rng(1).integers(0, 400, SHAPE)
    made = prepared(given_labels)
    model = painted(1)
    model.reset(made)
    assert np.shares_memory(model.array, made.labels)
    np.testing.assert_array_equal(model.array, given_labels)
    assert counts_agree(model)
    assert model.names() == []


def test_prepared_labels_are_a_copy() -> None:
    labels = np.ones(SHAPE, np.uint8)
    made = prepared(labels)
    labels[:] = 2
    assert (made.labels == 1).all()


def test_starting_over_with_background() -> None:
    model = painted(1, 2)
    model.clear((4, 5, 6))
    assert model.shape == (4, 5, 6)
    assert not model.array.any()
    assert model.names() == []
    assert counts_agree(model)

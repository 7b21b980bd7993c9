from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from widgets.paint.labels.history import MAX_STEPS
from widgets.paint.labels.model import LabelModel
from widgets.paint.labels.rule import Over, PaintRule
from widgets.paint.labels.step import Step, apply_step
from widgets.viewer.volume.box import Box

SHAPE = (40, 37, 66)


def ball(model: LabelModel, seed: int, value: int, rule: PaintRule | None = None) -> bool:
    """Random voxels of a random box, which may reach out of the volume."""
    random = np.random.default_rng(seed)
    low = [int(random.integers(-10, n)) for n in model.shape]
    size = [int(random.integers(1, 30)) for _ in range(3)]
    box = Box((low[0], low[1], low[2]), (low[0] + size[0], low[1] + size[1], low[2] + size[2]))
    stencil = random.random(box.shape) < 0.5
    return model.paint(box, stencil, value, rule or PaintRule())


def cube(d: int, h: int, w: int, edge: int = 1) -> tuple[Box, np.ndarray]:
    return Box((d, h, w), (d + edge, h + edge, w + edge)), np.ones((edge,) * 3, bool)


def counts_agree(model: LabelModel) -> bool:
    values, counts = np.unique(model.array, return_counts=True)
    return (
        all(model.count(v) == n for v, n in zip(values, counts, strict=True))
        and model.used() == [v for v in values if v]
        and sum(counts) == sum(model.count(v) for v in range(1000))
    )


class Strokes:
    """Random steps; what the labels were after each."""

    def __init__(self, seeds: list[tuple[int, int]]) -> None:
        self.model = LabelModel(SHAPE)
        self.steps: list[Step] = []
        self.states = [self.model.array.copy()]
        self.model.stepAdded.connect(self.steps.append)
        for seed, value in seeds:
            self.model.begin(f"step {seed}")
            ball(self.model, seed, value)
            if seed % 3 == 0:
                self.model.restore()
            ball(self.model, seed + 1, value)
            if self.model.commit():
                self.states.append(self.model.array.copy())


seeds = st.lists(
    st.tuples(st.integers(0, 999), st.sampled_from([0, 1, 2, 7, 255, 256, 900])), max_size=6
)


@settings(max_examples=40, deadline=None)
@given(seeds, st.lists(st.integers(0, 6), max_size=6))
def test_any_journey_through_the_history_restores_exactly(
    strokes: list[tuple[int, int]], journey: list[int]
) -> None:
    done = Strokes(strokes)
    model = done.model
    assert len(model.names()) == len(done.states) - 1 == model.position()
    for place in [*journey, 0, len(done.states)]:
        model.goTo(place)
        assert model.position() == min(place, len(done.states) - 1)
        np.testing.assert_array_equal(model.array, done.states[model.position()])
        assert counts_agree(model)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_steps_read_back_from_bytes_rebuild_the_labels(strokes: list[tuple[int, int]]) -> None:
    done = Strokes(strokes)
    array = np.zeros(SHAPE, np.uint8)
    for step, state in zip(done.steps, done.states[1:], strict=True):
        read = Step.from_bytes(step.to_bytes())
        assert read == step
        array = apply_step(array, read)
        np.testing.assert_array_equal(array, state)
    for step in reversed(done.steps):
        array = apply_step(array, step)
    assert not array.any()


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damaged_bytes_are_refused(data: st.DataObject) -> None:
    whole = Strokes([(3, 4)]).steps[0].to_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))])
    for bad in (whole[:place], damaged + whole[place + 1 :], whole + b"x", data.draw(st.binary())):
        with pytest.raises(ValueError, match="step"):
            Step.from_bytes(bad)


def test_a_step_that_cannot_be_unpacked_leaves_the_labels_alone() -> None:
    step = Strokes([(3, 4)]).steps[0]
    assert len(step.deltas) > 1
    bad = Step("x", (*step.deltas[:-1], type(step.deltas[-1])(step.deltas[-1].box, b"nonsense")))
    array = np.zeros(SHAPE, np.uint8)
    with pytest.raises(ValueError, match="damaged"):
        apply_step(array, bad)
    assert not array.any()
    with pytest.raises(ValueError, match="does not fit"):
        apply_step(np.zeros((2, 3, 4), np.uint8), step)


@settings(max_examples=40, deadline=None)
@given(
    st.sets(st.integers(0, 4)),
    st.sampled_from(Over),
    st.integers(0, 4),
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 4)), max_size=5),
)
def test_painting_keeps_to_its_rule(
    locked: set[int], over: Over, label: int, strokes: list[tuple[int, int]]
) -> None:
    random = np.random.default_rng(1)
    start = random.integers(0, 5, SHAPE).astype(np.uint8)
    image = random.normal(size=SHAPE)
    model = LabelModel(SHAPE)
    model.reset(start)
    rule = PaintRule(frozenset(locked), over, label, image, -0.5, 1.0)
    model.begin("all")
    for seed, value in strokes:
        ball(model, seed, value, rule)
        model.assign(*_noise(seed), rule)
    same = model.array == start
    for value in locked:
        np.testing.assert_array_equal(model.array == value, start == value)
    assert same[(image < -0.5) | (image > 1.0)].all()
    if len(strokes) == 1 and over is not Over.ALL:
        wanted = 0 if over is Over.BACKGROUND else label
        assert (start[~same] == wanted).all()
    assert counts_agree(model)


def _noise(seed: int) -> tuple[Box, np.ndarray]:
    return Box((5, 5, 5), (9, 8, 7)), np.random.default_rng(seed).integers(0, 5, (4, 3, 2), "u1")


def test_a_step_that_changes_nothing_leaves_no_trace() -> None:
    model = LabelModel(SHAPE)
    told: list[object] = []
    model.historyChanged.connect(lambda: told.append(1))
    model.begin("there and back")
    assert model.paint(*cube(3, 3, 3), 5)
    assert model.paint(*cube(3, 3, 3), 0)
    assert not model.commit()
    model.begin("again")
    assert not model.paint(*cube(3, 3, 3), 0)
    assert not model.commit()
    assert not model.replace(np.zeros(SHAPE, np.uint8), "same")
    assert not model.names()
    assert not told
    assert not model.canUndo()


def test_cancel_and_restore_take_back_what_was_painted() -> None:
    model = LabelModel(SHAPE)
    boxes: list[Box] = []
    model.changed.connect(boxes.append)
    model.begin("line")
    model.paint(*cube(3, 3, 3), 5)
    model.restore()
    assert not model.array.any()
    assert boxes[-1] == Box((3, 3, 3), (4, 4, 4))
    model.paint(*cube(30, 30, 60), 5)
    model.cancel()
    assert not model.array.any()
    assert not model.isEditing()
    assert counts_agree(model)


def test_a_new_step_forgets_what_was_undone() -> None:
    model = Strokes([(1, 1), (5, 2), (8, 3)]).model
    model.goTo(1)
    model.begin("other")
    model.paint(*cube(0, 0, 0), 9)
    model.commit()
    assert model.names() == ["step 1", "other"]
    assert not model.redo()


def test_travelling_tells_which_step_and_which_way() -> None:
    done = Strokes([(1, 1), (5, 2)])
    told: list[tuple[str, bool]] = []
    done.model.travelled.connect(lambda step, forward: told.append((step.name, forward)))
    done.model.undo()
    done.model.undo()
    done.model.redo()
    assert told == [("step 5", False), ("step 1", False), ("step 1", True)]


def test_labels_above_255_widen_the_array() -> None:
    model = LabelModel((2, 3, 4))
    rebased: list[int] = []
    model.rebased.connect(lambda: rebased.append(model.array.itemsize))
    model.begin("small")
    model.paint(*cube(0, 0, 0), 255)
    model.paint(*cube(0, 0, 1), 300)
    model.commit()
    assert rebased == [2]
    assert model.array[0, 0, :2].tolist() == [255, 300]
    model.undo()
    assert not model.array.any()


def test_replace_is_one_step_and_reset_starts_over() -> None:
    random = np.random.default_rng(0)
    new = random.integers(0, 400, SHAPE)
    model = Strokes([(1, 1)]).model
    old = model.array.copy()
    assert model.replace(new, "Segment")
    np.testing.assert_array_equal(model.array, new)
    assert counts_agree(model)
    model.undo()
    np.testing.assert_array_equal(model.array, old)
    model.reset(new[:5])
    assert model.shape == (5, 37, 66)
    assert counts_agree(model)
    assert not model.names()
    for bad in (np.zeros((3, 3)), np.full((2, 2, 2), -1), np.full((2, 2, 2), 0.5)):
        with pytest.raises(ValueError, match="labels"):
            model.reset(bad)
    with pytest.raises(ValueError, match="shape"):
        model.replace(np.zeros((2, 2, 2), int), "other grid")


def test_the_history_is_bounded_and_small() -> None:
    model = LabelModel((64, 256, 256))
    for n in range(MAX_STEPS + 5):
        model.begin(str(n))
        model.paint(*cube(n % 60, n % 250, n % 199, 3), 1 + n % 250)
        model.commit()
    assert len(model.names()) == MAX_STEPS
    assert model.names()[0] == "5"
    assert model.historyBytes() < 1000 * MAX_STEPS


def test_readers_cannot_write() -> None:
    model = LabelModel(SHAPE)
    for seen in (model.array, model.peek(Box((0, 0, 0), (2, 2, 2)))):
        with pytest.raises(ValueError, match="read-only"):
            seen[0, 0, 0] = 1


def test_steps_need_begin_and_end_in_order() -> None:
    model = LabelModel(SHAPE)
    for act in (model.commit, model.restore, lambda: model.paint(*cube(0, 0, 0), 1)):
        with pytest.raises(RuntimeError, match="begin"):
            act()
    model.begin("one")
    model.paint(*cube(0, 0, 0), 1)
    assert not model.undo()
    with pytest.raises(RuntimeError, match="not finished"):
        model.begin("two")

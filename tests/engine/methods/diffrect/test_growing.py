"""Batches of two streams; the labelled cases may become more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.data.segmentation.cases import Case
from engine.methods.diffrect.cases import Pool, open_pool
from engine.methods.diffrect.data import Place, SliceStore, Streams
from engine.methods.diffrect.growing import Batching, GrowingData, _mixed
from engine.methods.diffrect.labelled import begin_run, promote
from engine.methods.diffrect.recipe import Recipe
from tests.helpers.adaptdiff_models import run
from tests.helpers.diffrect_models import SIDE, label_file, slices_set


def case(name: str) -> Case:
    return Case(name, name, Path(name), Path(name))


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    """Three patients to train on, two slices each."""
    found: Pool = run(open_pool(slices_set(tmp_path, patients=3, slices=2)))[0]
    return found


def data_of(pool: Pool, folder: Path | None = None, others: int = 2) -> GrowingData:
    known, rest = pool.train[:2], pool.train[2:]
    if folder is not None:
        folder.mkdir(exist_ok=True)
        begin_run(folder, known, rest, "")
    store = SliceStore(Recipe(1, SIDE))
    return GrowingData(store, known, rest, pool.facts, Batching(2, others, 3, 3), folder)


def test_an_epoch_goes_once_through_the_labelled_slices() -> None:
    labelled = [(case("a"), 4), (case("b"), 3)]
    streams = Streams(labelled, [(case("c"), 2)], 3, 3, 0, 0)
    assert streams.length == 2
    drawn = [streams.draw(step) for step in range(2)]
    known = [place for part, _ in drawn for place in part]
    assert len(set(known)) == 6
    assert all(len(others) == 3 for _, others in drawn)
    assert {place.case.name for _, others in drawn for place in others} == {"c"}
    again = Streams(labelled, [(case("c"), 2)], 3, 3, 0, 0)
    assert [again.draw(step) for step in range(2)] == drawn
    later = Streams(labelled, [(case("c"), 2)], 3, 3, 0, 1)
    assert [later.draw(step) for step in range(2)] != drawn


def test_fewer_labelled_slices_than_an_iteration_wants_come_again() -> None:
    streams = Streams([(case("a"), 2)], [], 3, 0, 0, 0)
    assert streams.length == 1
    known, others = streams.draw(0)
    assert len(known) == 3
    assert not others
    assert set(known) == {Place(case("a"), 0), Place(case("a"), 1)}


def test_a_batch(pool: Pool) -> None:
    data = data_of(pool)
    assert data.epoch == -1
    data.begin(0)
    weak, strong, labels, known, places = data.batch(np.random.default_rng(0))
    assert weak.shape == strong.shape == (4, 1, SIDE, SIDE)
    assert labels.shape == (4, SIDE, SIDE)
    assert known.tolist() == [True, False, False, True]
    assert places.tolist() == [0, 1, 2, 3]
    assert all(labels[i].any() == known[i] for i in range(4)), "other labels are not looked at"
    data.begin(1)
    assert data.epoch == 1, "one iteration goes through both labelled slices"


def test_without_unlabelled_cases(pool: Pool) -> None:
    store = SliceStore(Recipe(1, SIDE))
    data = GrowingData(store, pool.train, (), pool.facts, Batching(4, 0, 0, 3))
    data.begin(0)
    assert data.batch(np.random.default_rng(0))[3].tolist() == [True] * 4


def test_parts_of_a_batch_have_both_kinds() -> None:
    assert sorted(_mixed(3, 3)) == list(range(6))
    for first, second in ((3, 3), (12, 12)):
        kinds = [slot < first for slot in _mixed(first, second)]
        half = len(kinds) // 2
        for part in (kinds[:half], kinds[half:], kinds[::2], kinds[1::2]):
            assert any(part)
            assert not all(part)
    assert _mixed(2, 0) == [0, 1]


def test_what_was_promoted_is_labelled_from_the_next_epoch_on(pool: Pool, tmp_path: Path) -> None:
    data = data_of(pool, tmp_path / "run")
    data.begin(0)
    name = pool.train[3].name
    promote(tmp_path / "run", name, label_file(tmp_path / "m.nii.gz", (1, 40, 36), 2))
    kept = data.memory()
    assert not any("labelled" in note for note in data_of(pool).begin(0))
    assert data.begin(1) == (f"Now labelled: {name}; 3 cases in all.",)
    assert [case.name for case in data.labelled] == [c.name for c in pool.train[:2]] + [name]
    assert name not in [case.name for case in data.unlabelled]
    made = data.labelled[-1]
    labels = data.store.slices(made, "promoted").labels
    assert labels is not None
    assert set(np.unique(labels)) == {0, 2}
    again = data_of(pool, tmp_path / "run")
    again.remember(kept)
    assert again.begin(0) == ()
    assert len(again.labelled) == 2, "a continued epoch has the cases that it began with"


def test_cases_are_kept_in_memory_as_far_as_it_goes(pool: Pool) -> None:
    store = SliceStore(Recipe(1, SIDE), limit_bytes=3 * SIDE**2)
    first = store.slices(pool.train[0], "own")
    assert store.slices(pool.train[0], "own") is first
    assert first.image.shape == (1, 1, SIDE, SIDE)
    assert first.image.dtype == np.float16
    assert store.slices(pool.train[0], "none").labels is None
    store.slices(pool.train[1], "own")
    assert store.kept == 1
    assert store.slices(pool.train[0], "own") is not first


def test_labels_are_renumbered_as_the_set_is(pool: Pool) -> None:
    store = SliceStore(Recipe(1, SIDE), {0: 0, 1: 2, 2: 1})
    plain = SliceStore(Recipe(1, SIDE)).slices(pool.train[0], "own").labels
    other = store.slices(pool.train[0], "own").labels
    assert plain is not None
    assert other is not None
    assert np.array_equal(plain == 1, other == 2)

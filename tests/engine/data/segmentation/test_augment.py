"""Random changes keep image and labels together, and follow from the generator alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.data.segmentation.augment import Augmentation, augment, padded, random_patch
from engine.data.segmentation.cases import find_cases
from engine.data.segmentation.preparation import Preparation
from engine.data.segmentation.store import CaseStore
from tests.engine.data.segmentation.sets import decathlon_set, disc, folder_set

PAPER = Augmentation(True, 22.0, (0.75, 1.25), 0.3, 0.05)


def test_labels_stay_on_the_image() -> None:
    image, labels = disc((48, 48), 0)
    pictures = np.stack([image / 255.0] * 3).astype(np.float32)
    geometric = Augmentation(True, 22.0, (0.75, 1.25))
    for seed in range(8):
        rng = np.random.default_rng(seed)
        changed, moved = augment(pictures, labels, rng, geometric)
        assert changed.shape == (3, 48, 48)
        assert changed.dtype == np.float32
        assert set(np.unique(moved)) == {0, 1}
        assert ((changed[0] > 0.47) == (moved > 0)).mean() > 0.97
        assert 0.5 < moved.sum() / labels.sum() < 1.7


def test_zoom_enlarges_and_turns_are_within_bounds() -> None:
    _, labels = disc((64, 64), 1)
    image = labels[None].astype(np.float32)
    larger = augment(image, labels, np.random.default_rng(0), Augmentation(zoom=(1.25, 1.25)))[1]
    assert larger.sum() / labels.sum() == pytest.approx(1.25**2, rel=0.1)
    bar = np.zeros((65, 65), np.uint8)
    bar[31:34] = 1
    for seed in range(20):
        rng = np.random.default_rng(seed)
        turned = augment(bar[None].astype(np.float32), bar, rng, Augmentation(degrees=22.0))[1]
        places = np.argwhere(turned) - 32
        axis = np.linalg.svd(places - places.mean(0), full_matrices=False)[2][0]
        assert abs(np.degrees(np.arctan(axis[0] / axis[1]))) < 22.5


def test_jitter_leaves_labels_and_the_range() -> None:
    image, labels = disc((32, 32), 2)
    colours = np.stack([image / 255.0, image / 300.0, image / 400.0]).astype(np.float32)
    changed, same = augment(
        colours, labels, np.random.default_rng(0), Augmentation(False, jitter=0.5, hue=0.1)
    )
    assert np.array_equal(same, labels)
    assert not np.allclose(changed, colours)
    assert changed.min() >= 0
    assert changed.max() <= 1


def test_the_generator_decides() -> None:
    image, labels = disc((32, 32), 3)
    colours = np.stack([image / 255.0] * 3).astype(np.float32)
    one, two, other = (
        augment(colours, labels, np.random.default_rng(s), PAPER)[0] for s in (7, 7, 8)
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_patches_are_centred_where_asked() -> None:
    image, labels = disc((20, 40, 40), 0)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        patch, marked = random_patch(
            image[None], labels, (9, 9, 9), rng, np.argwhere(labels).astype(np.int32)
        )
        assert patch.shape == (1, 9, 9, 9)
        assert marked[4, 4, 4] == 1


def test_patches_cover_all_and_small_images_get_their_edge_repeated() -> None:
    image = np.arange(5 * 6, dtype=np.float32).reshape(1, 1, 5, 6)
    labels = np.arange(30, dtype=np.uint8).reshape(1, 5, 6)
    firsts = {
        random_patch(image, labels, (1, 3, 3), np.random.default_rng(s))[1][0, 0, 0]
        for s in range(200)
    }
    assert firsts == {r * 6 + c for r in range(3) for c in range(4)}
    patch, marked = random_patch(image, labels, (3, 8, 6), np.random.default_rng(0))
    assert patch.shape == (1, 3, 8, 6)
    assert np.array_equal(marked[0], marked[2])
    assert np.array_equal(marked[0, :2], marked[0, 1:2].repeat(2, 0))
    assert np.array_equal(patch[0], marked.astype(np.float32))
    assert padded(image, labels, (1, 5, 6))[0] is image


def test_cases_are_read_once_and_forgotten_when_memory_is_short(tmp_path: Path) -> None:
    cases = find_cases(folder_set(tmp_path, ["a", "b", "c"])).cases
    store = CaseStore(cases, Preparation(size=(16, 16)))
    assert store.kept == 0
    first = store.sample(0)
    assert store.sample(0) is first
    assert first.image.shape == (1, 1, 16, 16)
    assert first.labels.shape == (1, 16, 16)
    assert (first.labels[tuple(first.foreground.T)] == 1).all()
    tight = CaseStore(cases, Preparation(), limit_bytes=1)
    for i in (0, 1, 2):
        tight.sample(i)
    assert tight.kept == 1


def test_volumes_in_the_store_are_turned(tmp_path: Path) -> None:
    cases = find_cases(decathlon_set(tmp_path, ["a"])).cases
    plain = CaseStore(cases, Preparation(dims=3, range="minmax")).sample(0)
    turned = CaseStore(cases, Preparation(dims=3, range="minmax", orientation="LPI")).sample(0)
    assert np.array_equal(turned.image, plain.image[:, ::-1, ::-1, ::-1])
    assert np.array_equal(turned.labels, plain.labels[::-1, ::-1, ::-1])

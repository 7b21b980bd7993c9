from __future__ import annotations

import numpy as np
import pytest

from engine.data.phantoms import grow_vessel_tree, render_fundus, render_octa
from engine.errors import InputError
from engine.methods.adaptdiff.vessels import (
    VesselImage,
    augment_appearance,
    augment_published,
    check_cases,
    min_max,
    pollute,
    random_crop,
    to_network,
)

SIDE = 128


@pytest.fixture(scope="module")
def fundus() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Image (H, W, 3), vessels, field of view."""
    tree = grow_vessel_tree(256, 256, 3, field="fundus")
    return render_fundus(tree, 3), tree.mask() > 0, tree.field_of_view()


@pytest.mark.parametrize("scale", [1.0, 255.0])
def test_fundus_becomes_bright_vessels(
    fundus: tuple[np.ndarray, np.ndarray, np.ndarray], scale: float
) -> None:
    image, vessels, field = fundus
    seen = to_network(image * scale, "fundus")
    assert seen.dtype == np.float32
    assert seen.shape == vessels.shape
    assert seen.min() >= 0
    assert seen.max() <= 1
    background = seen[field & ~vessels]
    assert seen[field & vessels].mean() > background.mean() + 0.1
    assert np.ptp(seen[~field][10:-10]) < 0.2, "the surround must not be a structure"
    assert np.median(seen[~field]) < seen[field & vessels].mean()


def test_other_kinds_are_grey_and_keep_their_sign() -> None:
    tree = grow_vessel_tree(SIDE, SIDE, 1, field="macula")
    image = render_octa(tree, 1)
    for kind in ("octa", "angiography", "grey"):
        seen = to_network(image * 1000 - 3, kind)
        np.testing.assert_allclose(seen, min_max(image), atol=1e-4)
    colour = np.repeat(image[..., None], 3, axis=2)
    np.testing.assert_allclose(to_network(colour, "octa"), min_max(image), atol=1e-5)


def test_constant_becomes_zero() -> None:
    assert not min_max(np.full((4, 4), 7.0)).any()
    assert np.isfinite(to_network(np.full((64, 64, 3), 9.0), "fundus")).all()


def case(image: np.ndarray, mask: np.ndarray | None = None) -> VesselImage:
    return VesselImage("case_7", image.astype(np.float32), mask)


def test_cases_that_cannot_be_trained_on_are_named() -> None:
    good = np.linspace(0, 1, 64).reshape(8, 8)
    mask = np.zeros((8, 8), np.uint8)
    check_cases([case(good, mask)], labelled=True)
    check_cases([case(good)], labelled=False)
    bad = good.copy()
    bad[3, 3] = np.nan
    for cases, labelled, message in (
        ([], False, "no images"),
        ([case(bad)], False, "case_7 holds NaN"),
        ([case(good * 0)], False, "case_7 is constant"),
        ([case(good)], True, "case_7 has no mask"),
        ([case(good, np.zeros((8, 9), np.uint8))], True, "case_7 is 9 x 8, its image 8 x 8"),
    ):
        with pytest.raises(InputError, match=message):
            check_cases(cases, labelled=labelled)


@pytest.mark.parametrize("shape", [(100, 80), (20, 30), (64, 64), (3, 200)])
@pytest.mark.parametrize("zoom", [(1.0, 1.0), (0.5, 3.0)])
def test_crop_of_any_image(shape: tuple[int, int], zoom: tuple[float, float]) -> None:
    rng = np.random.default_rng(0)
    image = rng.random(shape).astype(np.float32)
    for seed in range(10):
        crop, mask = random_crop(
            case(image, (image > 0.5).astype(np.uint8)), np.random.default_rng(seed), 64, zoom
        )
        assert crop.shape == mask.shape == (64, 64)
        assert crop.dtype == mask.dtype == np.float32
        assert crop.min() >= 0
        assert crop.max() <= 1
        assert set(np.unique(mask)) <= {0, 1}


def test_crop_keeps_image_and_mask_together() -> None:
    mask = grow_vessel_tree(SIDE, SIDE, 2, field="macula").mask()
    for seed in range(6):
        crop, cut = random_crop(case(mask, mask), np.random.default_rng(seed), 64, (1.0, 1.0))
        np.testing.assert_array_equal(crop, cut)
        crop, cut = random_crop(case(mask, mask), np.random.default_rng(seed), 64, (2.0, 2.0))
        np.testing.assert_array_equal(crop > 0.5, cut > 0.5)


def test_zoom_enlarges() -> None:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[::16] = 1  # lines one pixel wide, 16 apart
    plain = random_crop(case(mask, mask), np.random.default_rng(0), 64, (1.0, 1.0))[0]
    large = random_crop(case(mask, mask), np.random.default_rng(0), 64, (2.0, 2.0))[0]

    def lines(crop: np.ndarray) -> int:
        profile = max((crop.mean(axis=a) for a in (0, 1)), key=np.ptp) > 0.3
        return int(np.diff(profile.astype(int)).clip(0).sum() + profile[0])

    assert lines(plain) == 4
    assert lines(large) == 2


def test_crop_without_a_label_has_an_empty_mask() -> None:
    image = np.random.default_rng(0).random((80, 80))
    assert not random_crop(case(image), np.random.default_rng(0), 64, (1.0, 1.0))[1].any()


@pytest.mark.parametrize("augment", [augment_published, augment_appearance])
def test_augmentation_changes_the_image_within_its_range(augment: object) -> None:
    assert callable(augment)
    image = render_octa(grow_vessel_tree(64, 64, 0, field="macula"), 0)
    kept = image.copy()
    changed = 0
    for seed in range(40):
        out = augment(image, np.random.default_rng(seed))
        assert out.shape == image.shape
        assert out.dtype == np.float32
        assert np.isfinite(out).all()
        assert out.min() >= 0
        assert out.max() <= 1
        assert np.array_equal(out, augment(image, np.random.default_rng(seed)))
        changed += not np.allclose(out, image, atol=1e-3)
    assert changed > 30
    assert np.array_equal(image, kept)


@pytest.mark.parametrize(("positive", "negative"), [(0.0, 0.3), (0.05, 0.0), (0.1, 0.5), (0, 1)])
def test_pollution_at_the_rates_that_were_asked_for(positive: float, negative: float) -> None:
    mask = grow_vessel_tree(256, 256, 4, field="macula").mask().astype(np.float32)
    kept = mask.copy()
    weak = pollute(mask, positive, negative, np.random.default_rng(0))
    assert weak.dtype == mask.dtype
    assert (weak[mask == 0] == 1).mean() == pytest.approx(positive, rel=0.2, abs=0.005)
    assert (weak[mask == 1] == 0).mean() == pytest.approx(negative, rel=0.2, abs=0.005)
    assert np.array_equal(mask, kept)
    assert set(np.unique(weak)) <= {0, 1}

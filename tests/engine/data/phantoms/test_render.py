"""Renderings: right range, deterministic, vessels dark or bright as the modality has them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.data.phantoms import (
    PHANTOM_METADATA,
    VesselTree,
    grow_vessel_tree,
    render_angiography,
    render_fundus,
    render_octa,
)


@pytest.fixture(scope="module")
def fundus_tree() -> VesselTree:
    return grow_vessel_tree(256, 288, 3)


@pytest.fixture(scope="module")
def macula_tree() -> VesselTree:
    return grow_vessel_tree(256, 256, 3, field="macula")


@pytest.mark.parametrize("render", [render_fundus, render_octa, render_angiography])
def test_range_type_and_determinism(
    render: Callable[[VesselTree, int], NDArray[np.float32]], fundus_tree: VesselTree
) -> None:
    image = render(fundus_tree, 5)
    assert image.dtype == np.float32
    assert image.shape[:2] == (256, 288)
    assert image.min() >= 0
    assert image.max() <= 1
    np.testing.assert_array_equal(image, render(fundus_tree, 5))
    assert (image != render(fundus_tree, 6)).any()


def test_fundus_vessels_are_dark_the_disc_bright_the_outside_black(fundus_tree: VesselTree) -> None:
    image = render_fundus(fundus_tree, 1)
    green, mask, view = image[..., 1], fundus_tree.mask() > 0, fundus_tree.field_of_view()
    assert green[mask].mean() < 0.8 * green[~mask & view].mean()
    assert image[:4].max() < 0.05
    disc = fundus_tree.disc
    assert disc is not None
    rows, columns = np.ogrid[:256, :288]
    inside = np.hypot(rows - disc.row, columns - disc.column) < 0.7 * disc.radius
    assert green[inside & ~mask].mean() > 1.3 * green[view & ~mask].mean()
    assert image[view, 0].mean() > image[view, 1].mean() > image[view, 2].mean()


def test_octa_vessels_are_bright_and_the_zone_dark(macula_tree: VesselTree) -> None:
    image = render_octa(macula_tree, 1)
    mask, zone = macula_tree.mask() > 0, macula_tree.avascular_zone()
    tissue = image[~mask & ~zone].mean()
    assert image[mask].mean() > 1.7 * tissue
    assert image[zone & ~mask].mean() < 0.5 * tissue


def test_late_leakage_brightens_the_background(fundus_tree: VesselTree) -> None:
    early = render_angiography(fundus_tree, 2)
    late = render_angiography(fundus_tree, 2, leakage=1.0)
    mask, view = fundus_tree.mask() > 0, fundus_tree.field_of_view()
    assert early[mask & view].mean() > 1.7 * early[~mask & view].mean()
    assert late[~mask & view].mean() > early[~mask & view].mean() + 0.02


def test_phantoms_are_labelled_as_such() -> None:
    assert PHANTOM_METADATA["Phantom"] == "true"
    assert "phantom" in PHANTOM_METADATA["Source"]

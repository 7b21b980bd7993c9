"""Every figure of a class against what SimpleITK, MedPy and DeepMind's surface-distance say."""

from __future__ import annotations

import medpy.metric.binary as medpy
import numpy as np
import pytest
import SimpleITK as sitk
import surface_distance
from numpy.typing import NDArray

from engine.metrics.overlap import ClassScore, score_classes

Masks = tuple[NDArray[np.bool_], NDArray[np.bool_]]
TOLERANCE = 1.5
CASES = [
    ((13, 17, 15), (2.5, 0.8, 1.0)),
    ((13, 17, 15), (1.0, 1.0, 1.0)),
    ((31, 27), (0.5, 0.7)),
]


def blobs(shape: tuple[int, ...], seed: int) -> Masks:
    """Two ragged balls that overlap."""
    rng = np.random.default_rng(seed)
    places = np.stack(np.indices(shape), -1)
    middle = np.array(shape) / 2
    masks = []
    for shift in (-1.5, 1.0):
        apart = np.sqrt(((places - middle - shift) ** 2).sum(-1))
        masks.append(apart + rng.uniform(-0.8, 0.8, shape) < min(shape) / 3.5)
    return masks[0], masks[1]


def scored(masks: Masks, spacing: tuple[float, ...]) -> ClassScore:
    found, truth = (mask.astype(np.uint8) for mask in masks)
    return score_classes(found, truth, (1,), spacing, TOLERANCE)[1]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("shape", "spacing"), CASES)
def test_overlap_and_distances(
    shape: tuple[int, ...], spacing: tuple[float, ...], seed: int
) -> None:
    found, truth = blobs(shape, seed)
    score = scored((found, truth), spacing)

    assert score.dice == pytest.approx(medpy.dc(found, truth))
    assert score.iou == pytest.approx(medpy.jc(found, truth))
    assert score.precision == pytest.approx(medpy.precision(found, truth))
    assert score.recall == pytest.approx(medpy.recall(found, truth))
    assert score.volume_error == pytest.approx(medpy.ravd(found, truth))
    assert score.hd == pytest.approx(medpy.hd(found, truth, spacing), rel=1e-5)
    assert score.asd == pytest.approx(_pooled(found, truth, spacing), rel=1e-5)


def _pooled(
    found: NDArray[np.bool_], truth: NDArray[np.bool_], spacing: tuple[float, ...]
) -> float:
    """The mean over both surfaces together; MedPy's assd is the mean of both means."""
    one, other = (
        medpy.__surface_distances(a, b, spacing, 1) for a, b in ((found, truth), (truth, found))
    )
    return float(np.concatenate([one, other]).mean())


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("shape", "spacing"), CASES)
def test_as_simpleitk_has_it(shape: tuple[int, ...], spacing: tuple[float, ...], seed: int) -> None:
    found, truth = blobs(shape, seed)
    score = scored((found, truth), spacing)
    images = []
    for mask in (found, truth):
        image = sitk.GetImageFromArray(mask.astype(np.uint8))
        image.SetSpacing(spacing[::-1])
        images.append(image)

    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(images[0], images[1])
    assert score.dice == pytest.approx(overlap.GetDiceCoefficient(1))
    assert score.iou == pytest.approx(overlap.GetJaccardCoefficient(1))
    # ITK takes distances from whole masks; where neither contains the other that is the same.
    hausdorff = sitk.HausdorffDistanceImageFilter()
    hausdorff.Execute(images[0], images[1])
    assert score.hd == pytest.approx(hausdorff.GetHausdorffDistance(), rel=1e-5)


# The oracle asks SciPy by old names.
@pytest.mark.filterwarnings("ignore:Please import:DeprecationWarning")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("shape", "spacing"), CASES)
def test_surface_dice_is_deepminds(
    shape: tuple[int, ...], spacing: tuple[float, ...], seed: int
) -> None:
    found, truth = blobs(shape, seed)
    distances = surface_distance.compute_surface_distances(truth, found, spacing)
    theirs = surface_distance.compute_surface_dice_at_tolerance(distances, TOLERANCE)

    assert scored((found, truth), spacing).surface_dice == pytest.approx(theirs, rel=1e-4)


def test_hd95_lies_between_what_others_mean_by_it() -> None:
    """MedPy takes the percentile of both ways pooled, we the larger of both, as MONAI does."""
    found, truth = blobs((13, 17, 15), 0)
    spacing = (2.5, 0.8, 1.0)
    score = scored((found, truth), spacing)

    assert medpy.hd95(found, truth, spacing) <= score.hd95 * (1 + 1e-6)
    assert score.hd95 <= score.hd

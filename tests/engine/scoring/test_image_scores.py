"""Images against references: by the libraries' figures, in pairs, as sets, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import metrics

from app.cli import main
from engine.errors import InputError
from engine.metrics.feature_distance import LEAST
from engine.metrics.images import mutual_information
from engine.scoring.image_scores import OTHER, PREDICTION, ImageScores, score_images
from engine.scoring.params import ImageScoreParams
from engine.scoring.report import write_report
from engine.scoring.stored import read_scores

SHAPE = (14, 24, 20)
Values = NDArray[np.float32]


def save(path: Path, values: Values, spacing: tuple[float, ...] = (1.0, 1.0, 3.0)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(values, np.diag([*spacing, 1.0])), path)
    return path


def body(seed: int) -> Values:
    """A ball with texture in a dark margin, in units of its own."""
    places = np.stack(np.indices(SHAPE), -1) - np.array(SHAPE) / 2
    inside = (places**2).sum(-1) < 45
    rng = np.random.default_rng(seed)
    texture = 400 + 80 * np.sin(places.sum(-1)) + 30 * rng.standard_normal(SHAPE)
    return np.where(inside, texture, 0).astype(np.float32)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three patients: a good model and one that is twice as noisy."""
    root = tmp_path_factory.mktemp("images")
    for seed in range(3):
        truth = body(seed)
        noise = np.random.default_rng(9 + seed).standard_normal(SHAPE) * (truth > 0)
        for folder, amount in (("references", 0), ("good", 20), ("bad", 80)):
            save(root / folder / f"p{seed}.nii.gz", (truth + amount * noise).astype(np.float32))
    return root


def scored(root: Path, *, against: str = "", **params: object) -> ImageScores:
    steps = score_images(
        root / "good", root / "references", ImageScoreParams.parse(dict(params)),
        against=root / against if against else None,
    )  # fmt: skip
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: ImageScores = end.value
            return result


def test_figures_are_those_of_the_libraries(root: Path) -> None:
    """With both images in the reference's range, everywhere, nothing of ours is left but slices."""
    row = scored(root, scale="reference", where="all", sets=False).table.rows[0]
    # Axis 2 has the thickest voxels.
    truth, found = (
        np.moveaxis(np.asarray(nib.load(root / f / "p0.nii.gz").dataobj, np.float64), 2, 0)
        for f in ("references", "good")
    )
    low, reach = truth.min(), np.ptp(truth)
    ours, theirs = (found - low) / reach, (truth - low) / reach
    score = row.scores[PREDICTION]
    assert row.slices == SHAPE[2]
    assert score.psnr == pytest.approx(metrics.peak_signal_noise_ratio(theirs, ours, data_range=1))
    assert score.mae == pytest.approx(np.abs(ours - theirs).mean(), rel=1e-5)
    assert score.mi == pytest.approx(
        mutual_information(np.clip(ours, 0, 1).ravel(), theirs.ravel()), rel=1e-3
    )
    ssim = [
        metrics.structural_similarity(
            a, b, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
            full=True,
        )[1].mean()
        for a, b in zip(theirs, ours, strict=True)
    ]  # fmt: skip
    assert score.ssim == pytest.approx(np.mean(ssim), rel=1e-5)


def test_own_ranges_forgive_another_unit_and_the_references_range_does_not(
    root: Path, tmp_path: Path
) -> None:
    for folder, scale in (("references", 1.0), ("good", 3.0)):
        save(tmp_path / folder / "a.nii.gz", scale * body(0))
    own = scored(tmp_path, sets=False).table.rows[0].scores[PREDICTION]
    shared = scored(tmp_path, sets=False, scale="reference").table.rows[0].scores[PREDICTION]
    plain = scored(tmp_path, sets=False, scale="unit")
    assert own.mae < 1e-6
    assert shared.mae > 1
    shown = body(0) > 0.05
    assert plain.table.rows[0].scores[PREDICTION].mae == pytest.approx(
        2 * body(0)[shown].mean(), rel=0.05
    )
    assert "as they are" in plain.table.rule


def test_two_models_in_pairs(root: Path) -> None:
    scores = scored(root, against="bad")
    gain = scores.table.gain(PREDICTION, OTHER, "ssim")
    assert gain.low > 0
    assert gain.count == 3
    fids = {way: found.fid for way, found in scores.sets.items()}
    assert set(fids) == {PREDICTION, OTHER}
    assert "random convolutions" in scores.sets[OTHER].encoder


def test_small_sets_have_no_fid(root: Path) -> None:
    """The ball is seen in 13 of 20 slices of each of 3 cases: 39, and 50 are needed."""
    scores = scored(root)
    slices = sum(row.slices for row in scores.table.rows)
    found = scores.sets[PREDICTION]
    assert slices < LEAST
    assert found.fid is None
    assert f"{slices} images are too few" in found.caution
    assert "not told" in scores.summary()


def test_larger_sets_are_told_and_flagged(root: Path) -> None:
    found = scored(root, where="all").sets[PREDICTION]
    assert found.counts == (60, 60)
    assert found.fid is not None
    assert "too large by an unknown amount" in found.caution


def test_a_constant_prediction_counts(root: Path, tmp_path: Path) -> None:
    save(tmp_path / "references" / "a.nii.gz", body(0))
    save(tmp_path / "good" / "a.nii.gz", np.zeros(SHAPE, np.float32))
    score = scored(tmp_path, sets=False).table.rows[0].scores[PREDICTION]
    assert score.ssim < 0.1
    assert score.mi == 0


def _nan(root: Path) -> None:
    values = body(0)
    values[3, 3, 3] = np.nan
    save(root / "good" / "a.nii.gz", values)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (_nan, "1 values that are NaN"),
        (lambda root: save(root / "good" / "a.nii.gz", body(0)[1:]), "does not lie on the voxels"),
        (lambda root: (root / "good" / "b.nii.gz").unlink(), "1 of 2 references have no image"),
        (
            lambda root: save(root / "references" / "a.nii.gz", np.ones(SHAPE, np.float32)),
            "is constant",
        ),
    ],
)
def test_what_cannot_be_compared(
    tmp_path: Path, spoil: Callable[[Path], object], problem: str
) -> None:
    for folder in ("references", "good"):
        for name in "ab":
            save(tmp_path / folder / f"{name}.nii.gz", body(0))
    spoil(tmp_path)
    with pytest.raises(InputError, match=problem):
        scored(tmp_path, sets=False)


def test_the_command_the_report_and_the_file_again(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, report = tmp_path / "t.json", tmp_path / "r.html"
    arguments = [str(root / "good"), str(root / "references"), "--kind", "images"]
    more = ["--against", str(root / "bad"), "--output", str(table), "--report", str(report)]

    assert main(["score", *arguments, *more, "--where", "all"]) == 0

    assert "prediction: SSIM" in capsys.readouterr().out
    text = report.read_text()
    assert text.count("data:image/png") == 3
    assert "prediction minus other" in text
    assert "fixed random convolutions (not Inception)" in text
    again = read_scores(table)
    assert isinstance(again, ImageScores)
    assert again.params.where == "all"
    told, stored = again.report(), json.loads(table.read_text())
    assert told["rows"] == stored["rows"]
    assert told["files"] == stored["files"]
    assert told["sets of slices"] == stored["sets of slices"]
    assert told["title"] == "good and bad against references"
    assert list(write_report(tmp_path / "again.html", again, again.title))
    assert (tmp_path / "again.html").read_text() == text


def test_options_of_the_other_kind_are_refused(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = [str(root / "good"), str(root / "references")]
    for extra in (["--scale", "own"], ["--kind", "images", "--tolerance", "2"],
                  ["--features", "x.pth"], ["--kind", "images", "--images", "x"]):  # fmt: skip
        assert main(["score", *places, *extra]) == 2
    assert "--features is of no use to --kind labels" in capsys.readouterr().err


def test_colours_count_as_grey(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (20, 24, 3), np.uint8)
    for folder in ("references", "good"):
        (tmp_path / folder).mkdir()
        Image.fromarray(pixels).save(tmp_path / folder / "a.png")
    score = scored(tmp_path, sets=False).table.rows[0].scores[PREDICTION]
    assert (score.ssim, score.mae) == (pytest.approx(1), 0)

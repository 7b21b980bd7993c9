from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import ndimage

from engine.data.images import read_mask
from engine.data.phantoms import grow_vessel_tree, render_octa
from engine.data.png import read_png_metadata
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.adaptdiff.params import PseudoLabelParams
from engine.methods.adaptdiff.pseudo import CUTS, averaged_probability, edge_cut, pseudo_label
from engine.methods.adaptdiff.segmentation import dice, mean_dice, segment, vessel_probability
from engine.methods.adaptdiff.vessels import VesselImage, min_max
from engine.networks.residual_unet import ResidualUNet
from tests.helpers.adaptdiff_models import phantom_folders, run, save_segmenter
from tests.helpers.torch_rules import cpu_context


def segmenter() -> ResidualUNet:
    torch.manual_seed(0)
    return ResidualUNet((4, 8)).eval()


@pytest.mark.parametrize("shape", [(32, 32), (33, 47), (1, 1), (2, 70), (5, 3)])
def test_probability_of_any_size(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).random(shape).astype(np.float32)
    p = vessel_probability(segmenter(), image)
    assert p.shape == shape
    assert p.dtype == np.float32
    assert (p >= 0).all()
    assert (p <= 1).all()
    np.testing.assert_array_equal(segment(segmenter(), image), p > 0.5)


def test_averaged_probability_turns_with_the_image() -> None:
    image = np.random.default_rng(0).random((32, 40)).astype(np.float32)
    model = segmenter()
    p = averaged_probability(model, image)
    assert not np.allclose(p, vessel_probability(model, image), atol=1e-4)
    turned = averaged_probability(model, np.rot90(image)[:, ::-1])
    np.testing.assert_allclose(turned, np.rot90(p)[:, ::-1], atol=1e-5)


def test_dice() -> None:
    a, b, none = np.eye(4), np.ones((4, 4)), np.zeros((4, 4))
    assert dice(a, a) == dice(none, none) == 1
    assert dice(a, none) == 0
    assert dice(a, b) == pytest.approx(2 * 4 / 20)
    cases = [VesselImage("a", np.full((8, 8), 0.5, np.float32), np.ones((8, 8), np.uint8))]
    assert 0 <= mean_dice(segmenter(), cases) <= 1


def too_wide(seed: int) -> tuple[VesselImage, np.ndarray]:
    """An OCT-A phantom, and the probability of a segmenter that draws its vessels too wide."""
    tree = grow_vessel_tree(192, 192, seed, field="macula")
    distance = ndimage.distance_transform_edt(tree.mask() == 0)
    probability = 1 / (1 + np.exp((distance - 3.0) * 1.2))
    image = VesselImage("p", min_max(render_octa(tree, seed)), tree.mask())
    return image, probability.astype(np.float32)


def test_the_cut_on_the_edges_is_better_than_the_middle() -> None:
    cases, probabilities = zip(*(too_wide(seed) for seed in range(3)), strict=True)
    cut = edge_cut(cases, probabilities)
    assert cut in CUTS

    def score(at: float) -> float:
        return float(
            np.mean([dice(p > at, c.mask) for c, p in zip(cases, probabilities, strict=True)])
        )

    assert cut > 0.5
    assert score(cut) > score(0.5) + 0.05
    assert score(cut) > 0.9 * max(score(c) for c in CUTS)


def test_without_any_outline_the_middle_is_cut() -> None:
    case, p = too_wide(0)
    assert edge_cut([case], [np.zeros_like(p)]) == 0.5
    assert edge_cut([case], [np.ones_like(p)]) == 0.5


def pseudo_job(folder: Path, cut: str, output: str = "labels") -> Job:
    segmenter_file = folder / "segmenter.safetensors"
    if not segmenter_file.exists():
        save_segmenter(segmenter_file)
    params = PseudoLabelParams.parse({"checkpoint": str(segmenter_file), "cut": cut})
    inputs = {"images": folder / "images", "output": folder / output}
    return Job("adaptdiff", "pseudo-label", params, inputs)


@pytest.mark.parametrize("cut", ["edges", "argmax"])
def test_one_mask_an_image(tmp_path: Path, cut: str) -> None:
    phantom_folders(tmp_path, side=64)
    result, steps = run(pseudo_label(pseudo_job(tmp_path, cut), cpu_context()))
    files = sorted((tmp_path / "labels").iterdir())
    assert [f.name for f in files] == ["case_0.png", "case_1.png", "case_2.png"]
    masks = [read_mask(f).mask for f in files]
    assert result.figures["vessel share"] == pytest.approx(np.mean([m.mean() for m in masks]))
    assert (result.figures["cut"] == 0.5) or cut == "edges"
    assert read_png_metadata(files[0])["Description"] == "Pseudo-label"
    assert len(steps) == 4


def test_output_that_cannot_be_a_folder(tmp_path: Path) -> None:
    phantom_folders(tmp_path, count=1, side=64)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"):
        run(pseudo_label(pseudo_job(tmp_path, "argmax", "file"), cpu_context()))

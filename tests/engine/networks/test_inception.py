"""Inception as pytorch-fid publishes its weights: names, sizes, and any image size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import CheckpointError
from engine.networks.inception import FEATURES, Inception
from engine.scoring.encoders import open_encoder

CPU = torch.device("cpu")
PUBLISHED = {
    "Conv2d_1a_3x3.conv.weight": (32, 3, 3, 3),
    "Conv2d_4a_3x3.bn.running_var": (192,),
    "Mixed_5b.branch_pool.conv.weight": (32, 192, 1, 1),
    "Mixed_5d.branch5x5_2.conv.weight": (64, 48, 5, 5),
    "Mixed_6a.branch3x3.conv.weight": (384, 288, 3, 3),
    "Mixed_6b.branch7x7_2.conv.weight": (128, 128, 1, 7),
    "Mixed_6e.branch7x7dbl_5.conv.weight": (192, 192, 1, 7),
    "Mixed_7a.branch7x7x3_4.conv.weight": (192, 192, 3, 3),
    "Mixed_7b.branch_pool.conv.weight": (192, 1280, 1, 1),
    "Mixed_7c.branch3x3dbl_3b.conv.weight": (384, 384, 3, 1),
}


def test_names_sizes_and_features() -> None:
    with torch.device("meta"):
        model = Inception().eval()
    shapes = {k: tuple(v.shape) for k, v in model.state_dict().items()}
    assert {k: shapes.get(k) for k in PUBLISHED} == PUBLISHED
    count = sum(p.numel() for p in model.parameters())
    assert count == 23_834_568 - 2_049_000, "torchvision's inception_v3 without its classifiers"
    assert model(torch.rand(2, 3, 40, 30, device="meta")).shape == (2, FEATURES)


def test_an_encoder_from_a_file(tmp_path: Path) -> None:
    torch.manual_seed(0)
    weights = Inception().state_dict()
    file = tmp_path / "inception.pth"
    torch.save({**weights, "fc.weight": torch.zeros(1008, FEATURES)}, file)
    encoder = open_encoder(file)
    assert encoder.name == "Inception (inception.pth)"
    assert "photographs" in encoder.caution
    found = encoder.features(np.random.default_rng(0).random((1, 20, 24), np.float32), CPU)
    assert found.shape == (1, FEATURES)
    assert np.isfinite(found).all()
    del weights["Mixed_7c.branch1x1.bn.bias"]
    torch.save(weights, file)
    with pytest.raises(CheckpointError, match=r"missing \(Mixed_7c\.branch1x1\.bn\.bias"):
        open_encoder(file)

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from benchmarks import cdal_plain
from engine.networks import fir


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_strided_filters_are_those_with_zeros_between(memory: torch.memory_format) -> None:
    x = torch.randn(2, 3, 12, 8).contiguous(memory_format=memory)
    assert_close(fir.downsample(x), cdal_plain.downsample(x))
    assert_close(fir.upsample(x), cdal_plain.upsample(x))
    assert_close(fir.smooth(x, 2), cdal_plain.smooth(x, 2))


def test_gradients_agree_too_and_again_theirs() -> None:
    x = torch.randn(1, 2, 8, 8, dtype=torch.float64, requires_grad=True)
    for fast, plain in (
        (fir.downsample, cdal_plain.downsample), (fir.upsample, cdal_plain.upsample),
    ):  # fmt: skip
        slopes = []
        for resample in (fast, plain):
            (slope,) = torch.autograd.grad(resample(x).pow(3).sum(), x, create_graph=True)
            (second,) = torch.autograd.grad(slope.square().sum(), x)
            slopes.append((slope, second))
        assert_close(slopes[0], slopes[1])


def test_a_flat_image_stays_flat_away_from_the_border() -> None:
    flat = torch.ones(1, 1, 8, 8)
    assert_close(fir.downsample(flat)[..., 1:-1, 1:-1], torch.ones(1, 1, 2, 2))
    assert_close(fir.upsample(flat)[..., 1:-1, 1:-1], torch.ones(1, 1, 14, 14))
    assert fir.upsample(flat)[0, 0, 0, 0] == pytest.approx(0.75**2), "outside is zero"


def test_upsampling_keeps_ramps_and_places() -> None:
    ramp = torch.arange(8.0).expand(1, 1, 8, 8)
    fine = fir.upsample(ramp)[0, 0, 8, 2:-2]
    assert_close(fine, torch.arange(12.0) / 2 + 0.75)

"""Windows one at a time blend as MONAI's sliding window does in one call."""

from __future__ import annotations

import pytest
import torch
from monai.inferers import sliding_window_inference
from torch import Tensor

from engine.methods.cdal.windows import cut


def answer(tiles: Tensor) -> Tensor:
    """(B, C, d, h, w): depends on where in the window a voxel lies, so blending shows."""
    ramp = torch.linspace(0, 1, tiles[0, 0].numel()).reshape(tiles.shape[2:])
    return tiles[:, :1] * (1 + ramp) + ramp


@pytest.mark.parametrize("blend", ["constant", "gaussian"])
@pytest.mark.parametrize(
    ("shape", "window", "overlap"),
    [
        ((20, 30, 25), (8, 8, 8), 0.75),
        ((9, 8, 21), (8, 8, 8), 0.5),
        ((5, 30, 7), (8, 8, 8), 0.25),
        ((1, 40, 33), (1, 16, 16), 0.0),
        ((1, 10, 40), (1, 16, 16), 0.3),
    ],
)
def test_blended_as_monai_does(
    shape: tuple[int, int, int], window: tuple[int, int, int], overlap: float, blend: str
) -> None:
    image = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0))
    expected = sliding_window_inference(
        image[None], window, 1, answer, overlap=overlap, mode=blend, padding_mode="replicate"
    )[0, 0]
    windows = cut(image, window, (overlap,) * 3, blend)
    total, weight = torch.zeros(windows.shape), torch.zeros(windows.shape)
    for place in windows.places:
        total[place] += answer(windows.image[(slice(None), *place)][None])[0, 0] * windows.weight
        weight[place] += windows.weight
    found = (total / weight)[windows.inside]
    assert torch.allclose(found, expected, atol=1e-5)


def test_a_window_of_all() -> None:
    windows = cut(torch.zeros(1, 4, 5, 6), (0, 0, 0), (0.0,) * 3, "constant")
    assert [tuple(s.stop for s in place) for place in windows.places] == [(4, 5, 6)]

"""3x3 convolutions that CPUs do with fewer multiplications where that pays.

Winograd's minimal filtering (Lavin & Gray 2016, arXiv 1509.09308), as NNPACK has it, which torch
carries: about 1e-5 of the largest value off, and some two times as fast as the usual way with many
features on large maps. One image at a time: of several together it is slower than that. CPUs with
AVX-512 do the usual way faster than NNPACK, which knows no vectors longer than those of AVX2.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FEWEST_FEATURES = 64
LEAST_PIXELS = 48 * 48
"""With fewer features or pixels, transforming the map takes more than it saves."""


class Conv3(nn.Conv2d):
    """A 3x3 convolution that keeps the sides: (B, inputs, H, W) -> (B, outputs, H, W)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return conv3(x, self.weight, self.bias)


def conv3(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """(B, C, H, W) and (K, C, 3, 3) -> (B, K, H, W) with padding 1."""
    if not fewer_products(x, weight):
        return F.conv2d(x, weight, bias, padding=1)
    found = [
        torch._nnpack_spatial_convolution(one, weight, bias, (1, 1), (1, 1)) for one in x.split(1)
    ]
    return torch.cat(found) if len(found) > 1 else found[0]


def pays_here() -> bool:
    """Whether this CPU makes fewer products faster than all of them."""
    # Asking NNPACK is also what makes it ready.
    capability = torch.backends.cpu.get_cpu_capability()
    return not capability.startswith("AVX512") and bool(torch._nnpack_available())


def fewer_products(x: Tensor, weight: Tensor) -> bool:
    """Whether the other way is taken: in float32, on a CPU, without gradients, where it pays.

    Maps and weights lie channels first, or bringing them there would take what is saved.
    """
    return (
        not torch.is_grad_enabled()
        and x.device.type == "cpu"
        and x.dtype == weight.dtype == torch.float32
        and min(weight.shape[:2]) >= FEWEST_FEATURES
        and x.shape[2] * x.shape[3] >= LEAST_PIXELS
        and x.is_contiguous()
        and weight.is_contiguous()
        and pays_here()
    )

"""Made-up weights that follow from a parameter's name alone, so that nobody has to store them."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor


def weights_of(state_dict: Mapping[str, Sequence[int]], salt: str) -> dict[str, Tensor]:
    """Parameter name -> shape becomes parameter name -> tensor."""
    return {name: _weight(name, tuple(shape), salt) for name, shape in state_dict.items()}


def _weight(name: str, shape: tuple[int, ...], salt: str) -> Tensor:
    if not shape:  # counters
        return torch.zeros((), dtype=torch.int64)
    rng = np.random.default_rng(zlib.crc32((salt + name).encode()))
    a = rng.standard_normal(shape).astype(np.float32)
    if name.endswith("running_var"):
        a = 0.5 + np.abs(a)
    elif len(shape) > 1:
        a = a / math.sqrt(math.prod(shape[1:]))
    elif name.endswith("weight"):
        a = 1 + 0.1 * a
    else:
        a = 0.1 * a
    return torch.from_numpy(a.astype(np.float32))

"""What a sampler yields; loads no torch, so that every layer may name the type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class DenoiseStep:
    """One reverse step of a batch.

    Attributes:
        index: Position in the run, 0 for the first step taken.
        total: Number of steps of the run.
        t: Timestep that the network was asked about, T-1 (noise) down to 0.
        x_t: State after this step, (B, C, *spatial), on the sampler's device.
        x0_hat: The clean image this step aimed at, same shape; clipped if the sampler clips it.
        eps: The noise this step assumed, same shape.
        evidence: What else a method has to show for this step, such as an attention map.
    """

    index: int
    total: int
    t: int
    x_t: Tensor
    x0_hat: Tensor
    eps: Tensor | None = None
    evidence: Tensor | None = None

"""Exponential moving average of a network's weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from engine.errors import CheckpointError


class EMA:
    """A slow copy of a network, shadow <- d shadow + (1 - d) weight after every update.

    Everything in the network's `state_dict` is followed: parameters and floating-point buffers
    (batch norm's running statistics belong to the weights they were seen with) are averaged,
    integer buffers copied. The shadow is float32 whatever the network's precision: in bfloat16
    the small steps of a slow average would round to nothing.

    Args:
        model: The network, already on the device it trains on.
        decay: d, in [0, 1); 0.999 averages over about 1000 updates.
        warmup: Start faster, with d at most (1 + n) / (10 + n) after n updates, so that early
            averages do not drag the initial weights along.
    """

    def __init__(self, model: nn.Module, decay: float, warmup: bool = True) -> None:
        if not 0.0 <= decay < 1.0:
            raise ValueError(f"decay must be in [0, 1), not {decay}")
        self._model = model
        self.decay = decay
        self.warmup = warmup
        self.updates = 0
        self._shadow = {name: _shadow_of(value) for name, value in model.state_dict().items()}

    @property
    def weights(self) -> Mapping[str, Tensor]:
        """The averages under the network's own names, as `load_state_dict` takes them."""
        return self._shadow

    @torch.no_grad()
    def update(self) -> None:
        """Take in the network's present weights; call once after each optimizer step."""
        decay = self.decay
        if self.warmup:
            decay = min(decay, (1 + self.updates) / (10 + self.updates))
        averaged: list[Tensor] = []
        present: list[Tensor] = []
        for name, value in self._model.state_dict().items():
            if value.is_floating_point():
                averaged.append(self._shadow[name])
                present.append(value.float())
            else:
                self._shadow[name].copy_(value)
        torch._foreach_lerp_(averaged, present, 1.0 - decay)
        self.updates += 1

    @contextmanager
    def applied(self) -> Iterator[None]:
        """While the context is open the network has the averaged weights; then its own again."""
        live = self._model.state_dict()
        own = {name: value.clone() for name, value in live.items()}
        _copy(self._shadow, live)
        try:
            yield
        finally:
            _copy(own, live)

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on later: `updates` and the `shadow` tensors (not copied)."""
        return {"updates": self.updates, "shadow": dict(self._shadow)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from an earlier `state_dict`; nothing is changed if it does not fit.

        Raises:
            CheckpointError: The averages are of another network.
        """
        shadow: Mapping[str, Tensor] = state["shadow"]
        wrong = sorted(shadow.keys() ^ self._shadow.keys()) or [
            name for name, value in shadow.items() if value.shape != self._shadow[name].shape
        ]
        if wrong:
            raise CheckpointError(
                f"The averaged weights are of another network: {', '.join(wrong[:5])} do not fit.",
                "Resume the run with the network configuration it was started with.",
            )
        _copy(shadow, self._shadow)
        self.updates = int(state["updates"])


def _shadow_of(value: Tensor) -> Tensor:
    dtype = torch.float32 if value.is_floating_point() else value.dtype
    return value.detach().to(dtype, copy=True)


@torch.no_grad()
def _copy(source: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> None:
    for name, value in source.items():
        target[name].copy_(value)

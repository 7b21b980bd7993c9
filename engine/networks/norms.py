"""Statistics of batch norm that fit a network without dropout.

Dropout before a batch norm makes what it sees more spread than it is in use, where nothing is
dropped (Li et al., Understanding the Disharmony between Dropout and Batch Normalization by Variance
Shift, CVPR 2019). The fewer features there are, the more a running average is off. Averages over
passes without dropout are right (Wu and Johnson, Rethinking "Batch" in BatchNorm, 2021);
`torch.optim.swa_utils.update_bn` passes with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def measuring_norms(*networks: nn.Module) -> Iterator[None]:
    """Within it batch norms take their statistics anew, as the plain mean over all passes, and
    nothing else of the networks is in training. Afterwards they are in eval mode.

    Without a pass the statistics stay as they were.
    """
    norms = [m for network in networks for m in network.modules() if isinstance(m, _BatchNorm)]
    before = [(norm.momentum, _buffers(norm)) for norm in norms]
    for network in networks:
        network.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    try:
        yield
    finally:
        for norm, (momentum, buffers) in zip(norms, before, strict=True):
            counted = norm.num_batches_tracked
            norm.momentum = momentum
            if counted is not None and not int(counted):
                norm.load_state_dict(buffers, strict=False)
            norm.eval()


def _buffers(norm: _BatchNorm) -> dict[str, torch.Tensor]:
    return {name: buffer.clone() for name, buffer in norm.named_buffers()}

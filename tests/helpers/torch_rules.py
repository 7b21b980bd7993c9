"""What tests with networks share: one thread, the CPU, float32."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from engine.device import Context


def cpu_context(max_batch: int = 0) -> Context:
    """float32 on one thread of the CPU, with nothing loaded."""
    return Context(torch.device("cpu"), torch.float32, 1, max_batch)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny networks are slower on several threads, and other tests want those."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)

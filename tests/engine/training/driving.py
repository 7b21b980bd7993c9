"""Trainings of a toy, run to where a test wants them."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from torch import Tensor, nn

from engine.steps import Step
from engine.training.checkpoint import load_tensors
from engine.training.runs import RunFolder
from tests.helpers.tiny_training import CARD


def folder_of(path: Path) -> RunFolder:
    """A toy's run there, begun or continued."""
    return RunFolder(path, CARD.model_copy(deep=True))


def finish(training: Generator[Step, None, nn.Module]) -> tuple[nn.Module, list[Step]]:
    """Train to the end; returns the network and all steps."""
    steps = []
    while True:
        try:
            steps.append(next(training))
        except StopIteration as end:
            return end.value, steps


def state_of(path: Path) -> dict[str, Tensor]:
    """What a run would be continued from."""
    return load_tensors(path / "checkpoints" / "latest.state")

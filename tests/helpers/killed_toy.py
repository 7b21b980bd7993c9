"""A toy's training that is killed and continued, in processes of its own."""

from __future__ import annotations

import time
from ctypes import c_long
from pathlib import Path

import torch

from engine.steps import TrainStep
from engine.training.fit import FitSettings, fit
from engine.training.runs import RunFolder
from tests.helpers.tiny_training import CARD, Toy
from tests.helpers.torch_rules import cpu_context

INTERVAL = 3
SETTINGS = FitSettings(
    iterations=30, batch=2, lr=1e-2, seed=3, ema_decay=0.9, save_every=INTERVAL, validate_every=5
)


class Judged(Toy):
    """Is judged by its weights alone, so that a continued one is judged alike."""

    def validate(self, model: torch.nn.Module) -> dict[str, float]:
        return {"score": float(next(model.parameters()).sum())}


def train(run: Path, reached: c_long) -> None:
    """Begin or continue the run, slowly enough to be killed on the way."""
    torch.set_num_threads(1)
    for step in fit(Judged(), SETTINGS, cpu_context(), RunFolder(run, CARD.model_copy(deep=True))):
        if isinstance(step, TrainStep):
            reached.value = step.iteration
            time.sleep(0.005)

"""Trains `Toy` into the folder that is given; `accelerate launch` starts it in each process."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from engine.training.fit import FitSettings, fit
from engine.training.runs import RunFolder
from tests.helpers.tiny_training import CARD, Toy
from tests.helpers.torch_rules import cpu_context

SETTINGS = FitSettings(iterations=4, batch=4, lr=1e-2, seed=3, ema_decay=0.9)

if __name__ == "__main__":
    torch.set_num_threads(1)
    run = RunFolder(Path(sys.argv[1]), CARD)
    for _ in fit(Toy(), SETTINGS, cpu_context(), run):
        pass

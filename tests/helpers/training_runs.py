"""Run folders as the engine leaves them, made without a training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.methods.cdal.params import TrainParams
from engine.training.checkpoint import Card
from engine.training.runs import RunFolder
from tests.helpers.cdal_models import TINY_TRAINING

CARD = Card(method="cdal", role="generator", title="Tiny")
WEIGHTS = {"w": torch.zeros(2)}


def open_run(folder: Path, **changes: Any) -> RunFolder:
    """The run of a tiny cDAL training, as its process has it before the first iteration.

    Args:
        changes: Parameters.
    """
    run = RunFolder(folder, CARD.model_copy(deep=True))
    params = TrainParams.parse({**TINY_TRAINING, "iterations": 40, **changes})
    inputs = {"images": str(folder.parent / "images"), "output": str(folder)}
    asked = {"method": "cdal", "task": "train", "parameters": params.model_dump()}
    run.write_request({**asked, "inputs": inputs})
    return run


def go_to(run: RunFolder, first: int, last: int, *, pictures: int = 10) -> None:
    """Iterations as a training writes them; all of it is on disk afterwards."""
    for i in range(first, last + 1):
        figures = {"validation Dice": i / 100} if i % 10 == 0 else {}
        run.log(i, {"loss": 1 / i, "critic": 1.4, **figures, "lr": 1e-4})
        if i % pictures == 0:
            run.save_previews(i, pictures_of(i))
    run.save_weights("best", WEIGHTS, last, {"validation Dice": last / 100})
    run.save_state({**WEIGHTS, "counters.iteration": torch.tensor(last)}, last)


def pictures_of(iteration: int) -> dict[str, np.ndarray]:
    """A grey picture whose level tells the iteration, and labels."""
    grey = np.full((16, 16), iteration / 255, np.float32)
    labels = np.zeros((16, 16), np.uint8)
    labels[4:9, 4:9] = 1
    return {"Image": grey, "Labels": labels}


def make_run(folder: Path, iterations: int = 40, done: int = 20) -> Path:
    """A run that was stopped after `done` of its iterations, or that is finished."""
    run = open_run(folder, iterations=iterations)
    if done:
        go_to(run, 1, done)
    if done == iterations:
        run.save_weights("final", WEIGHTS, done, {})
    run.close()
    return folder

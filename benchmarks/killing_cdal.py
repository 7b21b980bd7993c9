"""The training that is killed: cDAL on a few phantoms, small enough to be over in seconds."""

from __future__ import annotations

from ctypes import c_long
from pathlib import Path

import torch

from engine import methods
from engine.data.phantoms import grow_vessel_tree, render_octa
from engine.data.png import write_png
from engine.device import Context
from engine.jobs import Job
from engine.methods.cdal.params import TrainParams
from engine.steps import TrainStep

ITERATIONS, INTERVAL = 24, 4
SIDE = 32


def prepare(folder: Path) -> None:
    """Six phantoms with their masks."""
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for seed in range(6):
        tree = grow_vessel_tree(SIDE, SIDE, seed, field="macula")
        write_png(folder / "images" / f"{seed}.png", render_octa(tree, seed))
        write_png(folder / "masks" / f"{seed}.png", tree.mask() > 0)


def train(run: Path, reached: c_long) -> None:
    """Begin or continue the run."""
    torch.set_num_threads(1)
    params = TrainParams.parse(
        {
            "size": SIDE, "iterations": ITERATIONS, "batch": 2, "width": 8, "multipliers": "1, 2",
            "attention": "16", "encoder_layers": 1, "encoder_blocks": 1, "latent": 5, "style": 8,
            "discriminator": "small", "discriminator_width": 4, "save_every": INTERVAL,
            "preview_every": INTERVAL, "seed": 5,
        }
    )  # fmt: skip
    data = run.parent
    job = Job(
        "cdal", "train", params,
        {"images": data / "images", "masks": data / "masks", "output": run},
    )  # fmt: skip
    context = Context(torch.device("cpu"), torch.float32, 1)
    for step in methods.run(job, context):
        if isinstance(step, TrainStep):
            reached.value = step.iteration

"""What counts as the same, and where to compute; loads no torch."""

from __future__ import annotations

from typing import Literal

from engine.parameters import Parameters, parameter

RECORDED = "recorded"


class ReproduceParams(Parameters):
    """How an output is made again and compared."""

    epsilon: float = parameter(
        0.005, "Epsilon", "Within it are values of which none differs by more than this share of "
        "their range, and labels of which no larger share of the voxels changed.",
        ge=0, le=1, step=0.001, advanced=True,
    )  # fmt: skip
    dice: float = parameter(
        0.99, "Least Dice", "Labels are within epsilon only if every one overlaps this much.",
        ge=0, le=1, step=0.01, advanced=True,
    )  # fmt: skip
    checkpoint: str = parameter(
        "", "Checkpoint", "Name or file, where none is found that has the recorded hash."
    )
    classifier: str = parameter(
        "", "Classifier", "Likewise, of methods that use a second network.", advanced=True
    )
    device: Literal["recorded", "auto", "cpu", "cuda", "mps"] = parameter(
        RECORDED, "Device", "Where to compute; as recorded, where this machine has it.",
        choices={
            RECORDED: "As recorded", "auto": "The fastest", "cpu": "CPU", "cuda": "CUDA",
            "mps": "MPS",
        }, advanced=True,
    )  # fmt: skip
    precision: Literal["recorded", "auto", "float32", "bfloat16"] = parameter(
        RECORDED, "Precision", "Of the networks.",
        choices={
            RECORDED: "As recorded", "auto": "The fastest", "float32": "float32",
            "bfloat16": "bfloat16",
        }, advanced=True,
    )  # fmt: skip
    threads: int = parameter(
        0, "Threads", "CPU threads of one operation; 0 takes as many as recorded.",
        ge=0, le=1024, advanced=True,
    )  # fmt: skip

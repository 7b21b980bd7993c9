"""How a checkpoint is given to other programs: parameters and formats. Loads no torch."""

from __future__ import annotations

from engine.parameters import Parameters, parameter

FORMATS = {
    ".safetensors": "Weights with their card, for this program and any that reads safetensors",
    ".onnx": "ONNX: the network itself, for ONNX Runtime and others",
    ".pt2": "PyTorch's exported program: the network itself, for torch.export.load",
}
"""Ending -> what it is."""
NETWORKS = (".onnx", ".pt2")
"""Endings of files that hold the network, not only its weights."""


class ExportParams(Parameters):
    """Give a checkpoint to other programs."""

    checkpoint: str = parameter(
        "", "Checkpoint", "A bundled, trained or imported model, or a .safetensors file.",
        kind="choice",
    )  # fmt: skip
    half: bool = parameter(
        False, "Half precision", "Weights of .safetensors as 16-bit numbers, in half the room; "
        "networks are always float32.",
    )  # fmt: skip
    any_size: bool = parameter(
        True, "Any size", "A network takes batches and images of any size that the checkpoint can "
        "take; otherwise one image of the size that it was trained on.",
    )  # fmt: skip
    samples: int = parameter(
        3, "Random inputs", "On so many of each size, file and checkpoint have to answer alike.",
        ge=1, le=100, advanced=True,
    )  # fmt: skip
    tolerance: float = parameter(
        1e-3, "Tolerance", "Largest difference of an answer, as a share of the largest value; a "
        "file that differs by more is thrown away.", ge=0, le=1, advanced=True,
    )  # fmt: skip
    seed: int = parameter(
        0, "Seed", "Of the random inputs.", kind="seed", ge=0, le=2**31 - 1, advanced=True
    )


EXPORT_INPUTS = {"output": ".safetensors, .onnx or .pt2 file"}
EXPORT_TITLE = "Give a checkpoint to other programs"

"""A network as other programs get it: written as ONNX or as a program of torch, and read back."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.errors import CheckpointError, InputError
from engine.training.checkpoint import Card, Checkpoint

BATCH = 2
"""Of the example: 1 would be taken for the only one there is."""
OUTPUT = "output"
CARD_FILE = "reverie.json"
ONNX_NEEDS = ("onnx", "onnxscript", "onnxruntime")
Answers = Callable[[Sequence[Tensor]], Tensor]
"""From inputs to what a network makes of them."""


@dataclass(frozen=True, eq=False)
class Plain:
    """A network as other programs get it: float32, in its plain form, without tricks for a CPU.

    Attributes:
        model: Takes its inputs by position; ready for inference.
        names: Of the inputs.
        draw: (batch, side, generator) -> random inputs that it could be given.
        side: Of the images it was trained on, in pixels.
        step: Sides are multiples of it; 0 where only `side` will do.
    """

    model: nn.Module
    names: tuple[str, ...]
    draw: Callable[[int, int, torch.Generator], tuple[Tensor, ...]]
    side: int
    step: int = 0


def write_network(path: Path, plain: Plain, loaded: Checkpoint, *, any_size: bool) -> Answers:
    """Write a network and read it back.

    Args:
        path: .onnx or .pt2.
        loaded: The checkpoint that it was made from, whose card goes along.
        any_size: Whether it takes batches and images of other sizes than that of `plain`.

    Returns:
        What the file answers.

    Raises:
        CheckpointError: the network does something that cannot be written.
        InputError: what ONNX needs is not installed.
    """
    with _quiet():
        program = _program(plain, loaded, any_size=any_size)
        if path.suffix.lower() == ".onnx":
            return _onnx(program, path, plain, loaded.card)
        extra: dict[str, Any] = {CARD_FILE: loaded.card.model_dump_json()}
        torch.export.save(program, path, extra_files=extra)
        module = torch.export.load(path).module()
    return lambda inputs: module(*inputs)


def _program(plain: Plain, loaded: Checkpoint, *, any_size: bool) -> torch.export.ExportedProgram:
    inputs = plain.draw(BATCH if any_size else 1, plain.side, torch.Generator().manual_seed(0))
    shapes = tuple(_axes(value, plain.step) for value in inputs) if any_size else None
    try:
        return torch.export.export(plain.model, inputs, dynamic_shapes=shapes)
    except (RuntimeError, ValueError, TypeError, AssertionError) as error:
        raise CheckpointError(
            f"The network of {loaded.path.name} cannot be followed through: {_first(error)}.",
            "Export .safetensors, or without --any-size.",
        ) from error


def _axes(value: Tensor, step: int) -> dict[int, Any]:
    """Which axes of an input may have any length: the batch, and the sides of images."""
    sides = (2, 3) if step and value.dim() == 4 else ()
    return dict.fromkeys((0, *sides), torch.export.Dim.AUTO)


def _onnx(program: torch.export.ExportedProgram, path: Path, plain: Plain, card: Card) -> Answers:
    missing = [name for name in ONNX_NEEDS if find_spec(name) is None]
    if missing:
        raise InputError(
            f"ONNX needs {', '.join(missing)}, which is not installed.",
            f"pip install {' '.join(missing)}, or export .pt2.",
        )
    import onnxruntime

    made = torch.onnx.export(
        program, (), input_names=list(plain.names), output_names=[OUTPUT], dynamo=True,
        verbose=False,
    )  # fmt: skip
    assert made is not None, "only the older exporter returns nothing"
    made.model.metadata_props["reverie"] = card.model_dump_json()
    made.save(path, external_data=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def answers(inputs: Sequence[Tensor]) -> Tensor:
        named = {n: value.numpy() for n, value in zip(plain.names, inputs, strict=True)}
        return torch.from_numpy(session.run([OUTPUT], named)[0])

    return answers


def _first(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")


@contextmanager
def _quiet() -> Iterator[None]:
    """torch's exporters talk to their own developers."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
